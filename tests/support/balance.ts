/**
 * Holds a test to freeing what it makes.
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import { native } from "../../ffi/mod.ts";
import * as torch from "../../mod.ts";

/** Counts of native objects. */
export interface Counts {
  tensors: number;
  scripts: number;
  nodes: number;
}

/**
 * Runs a synchronous function, and asserts that no native object is alive after it that was not before.
 */
export function balanced(run: () => void): void {
  const before = liveCounts();
  run();
  assertBack(before);
}

/** Holds the counts to what they were before. */
export function assertBack(before: Counts): void {
  const now = liveCounts();
  // A forgotten tensor of an earlier test takes its hooks along when it is collected.
  now.nodes = Math.max(now.nodes, before.nodes);
  assertEquals(now, before, "Native objects were left alive, or freed twice");
}

/** How many native objects JavaScript holds, by kind. */
export function liveCounts(): Counts {
  const { tensors, scripts, nodes } = torch.memory();
  // With those that the collector freed: it may come by at any time, and find what earlier tests forgot.
  const [moreTensors, moreScripts, moreNodes] = [4, 5, 6].map((what) => native.fb_memory(what));
  return {
    tensors: tensors + moreTensors!,
    scripts: scripts + moreScripts!,
    nodes: nodes + moreNodes!,
  };
}
