/**
 * Holds a test to freeing what it makes.
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import { native } from "../../ffi/mod.ts";
import * as torch from "../../mod.ts";

/**
 * Runs a synchronous function, and asserts that no native object is alive after it that was not before.
 */
export function balanced(run: () => void): void {
  const before = liveCounts();
  run();
  assertEquals(liveCounts(), before, "Native objects were left alive, or freed twice");
}

/** How many native objects JavaScript holds, by kind. */
export function liveCounts(): Record<string, number> {
  const { tensors, scripts, nodes } = torch.memory();
  // With those that the collector freed: it may come by at any time, and find what earlier tests forgot.
  return { tensors: tensors + native.fb_memory(4), scripts, nodes };
}
