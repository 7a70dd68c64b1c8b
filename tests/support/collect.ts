/**
 * The garbage collector, for tests of what it frees.
 *
 * @module
 */

import { setTimeout } from "node:timers/promises";
import v8 from "node:v8";
import vm from "node:vm";
import * as torch from "../../mod.ts";
import { isDeno } from "./program.ts";

let collect: (() => void) | undefined;

function collector(): () => void {
  if (!isDeno) {
    const { Bun } = globalThis as unknown as { Bun: { gc(force: boolean): void } };
    return () => Bun.gc(true);
  }
  v8.setFlagsFromString("--expose-gc");
  return vm.runInNewContext("gc");
}

/** Collects until `done` says so; finalizers run between macrotasks. Whether it was done after a few rounds. */
export async function collectUntil(done: () => boolean): Promise<boolean> {
  collect ??= collector();
  for (let i = 0; i < 20; i++) {
    collect();
    await setTimeout(i < 5 ? 0 : 20);
    if (done()) return true;
  }
  return false;
}

/** Collects what earlier tests forgot, until nothing more is freed: counts that are taken from here on are a test's own. */
export async function settled(): Promise<void> {
  let before = "";
  await collectUntil(() => {
    const now = JSON.stringify(torch.memory(), ["tensors", "scripts", "nodes", "bytes"]);
    const same = now === before;
    before = now;
    return same;
  });
}
