import { native } from "../../ffi/mod.ts";

/** What is alive on the native side. */
export interface MemoryReport {
  /** Tensor handles that were given to JavaScript and not yet released. */
  tensors: number;
  /** Script modules, functions, methods and compilation units, likewise. */
  scripts: number;
  /** Nodes of the autograd graph, likewise. */
  nodes: number;
  /** Bytes of CPU memory that LibTorch's tensors hold in this process, those of models and gradients included. */
  bytes: number;
  /** The most that they held at once. */
  peakBytes: number;
  /** Bytes that were freed and are kept for the next tensors: see {@linkcode emptyCache}. */
  cachedBytes: number;
}

/**
 * Counts the native objects that JavaScript holds, and the memory of all tensors: a program that disposes what it makes
 * comes back to where it began. The counts are the process's, those of all Workers together.
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
  return {
    tensors: native.fb_live(0),
    scripts: native.fb_live(1),
    nodes: native.fb_live(3),
    bytes: native.fb_memory(0),
    peakBytes: native.fb_memory(2),
    cachedBytes: native.fb_memory(1),
  };
}

/**
 * Gives freed blocks that are kept for the next tensors back to the system.
 *
 * Blocks of 64 kB and more are kept for about three seconds after they were freed, an eighth of the machine's memory at most,
 * since getting them anew from the system costs more than most ops on them. Of smaller ones each thread keeps 32 MB at most;
 * another thread gives its own back when it frees the next one.
 *
 * @example
 * ```ts
 * import * as torch from "flambeau";
 * import { assert } from "@std/assert";
 *
 * torch.zeros([1024, 1024]).dispose();
 * const { cachedBytes } = torch.memory();
 * torch.emptyCache();
 * assert(torch.memory().cachedBytes <= cachedBytes - 4 * 1024 * 1024);
 * ```
 */
export function emptyCache(): void {
  native.fb_memory_trim();
}
