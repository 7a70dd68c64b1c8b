/**
 * Holds a test to freeing what it makes.
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import * as torch from "../../mod.ts";

/**
 * Runs a synchronous function, and asserts that no native object is alive after it that was not before. Finalizers run
 * between macrotasks only, so what earlier tests forgot cannot disturb the count.
 */
export function balanced(run: () => void): void {
  const before = torch.memory();
  run();
  assertEquals(torch.memory(), before, "Native objects were left alive, or freed twice");
}
