/**
 * Holds a test to freeing what it makes.
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import * as torch from "../../mod.ts";

/**
 * Runs a synchronous function, and asserts that no native object is alive after it that was not before. What is forgotten is
 * freed between macrotasks, as long as it is little, so what earlier tests forgot cannot disturb the count.
 */
export function balanced(run: () => void): void {
  const before = liveCounts();
  run();
  assertEquals(liveCounts(), before, "Native objects were left alive, or freed twice");
}

/** How many native objects JavaScript holds, by kind. */
export function liveCounts(): Record<string, number> {
  const { tensors, scripts, nodes } = torch.memory();
  return { tensors, scripts, nodes };
}
