import { native } from "../../ffi/mod.ts";

/** What is alive on the native side. */
export interface MemoryReport {
  /** Tensor handles that were given to JavaScript and not yet released. */
  tensors: number;
  /** Script modules, functions, methods and compilation units, likewise. */
  scripts: number;
  /** Nodes of the autograd graph, and functions (hooks and custom functions) that the graph holds, likewise. */
  nodes: number;
}

/**
 * Counts the native objects that JavaScript holds: a program that disposes what it makes comes back to where it began.
 *
 * @example
 * ```ts
 * import * as torch from "flambeau";
 * import { assertEquals } from "@std/assert";
 *
 * const before = torch.memory().tensors;
 * const x = torch.tensor([1, 2]);
 * assertEquals(torch.memory().tensors, before + 1);
 * x.dispose();
 * assertEquals(torch.memory().tensors, before);
 * ```
 */
export function memory(): MemoryReport {
  return { tensors: native.fb_live(0), scripts: native.fb_live(1), nodes: native.fb_live(3) };
}
