import { assert, assertEquals } from "@std/assert";
import { describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { EarlyLook } from "../src/jobs/early_look.ts";

/** A watcher that counts, and jobs that are done after so many looks (never: Infinity). */
function watched(looksUntilDone: number) {
  const seen = { looks: 0, wakes: 0, rests: 0, left: looksUntilDone };
  const watcher = { wake: () => void seen.wakes++, rest: () => void seen.rests++ };
  const look = new EarlyLook(watcher, () => ++seen.looks < seen.left);
  return { seen, look };
}

// Far longer than it looks by itself.
const LONG_MS = 30;

describe("EarlyLook", () => {
  it("wakes nobody for a job that is done at once", async () => {
    const { seen, look } = watched(1);
    look.wake(true);
    await sleep(LONG_MS);
    assertEquals([seen.looks, seen.wakes], [1, 0]);
  });

  it("wakes the watcher once for a job that takes longer, and stops looking", async () => {
    const { seen, look } = watched(Infinity);
    look.wake(true);
    look.wake();
    await sleep(LONG_MS);
    assertEquals(seen.wakes, 1);
    const { looks } = seen;
    assert(looks > 0);
    await sleep(LONG_MS);
    assertEquals(seen.looks, looks);
  });

  it("leaves the looking out after jobs that took longer, twice as often each time, and resumes it", async () => {
    const { seen, look } = watched(Infinity);
    const looked: boolean[] = [];
    for (let i = 0; i < 8; i++) {
      const { looks } = seen;
      look.wake(true);
      await sleep(LONG_MS);
      looked.push(seen.looks > looks);
    }
    assertEquals(looked, [true, false, true, false, false, true, false, false]);
    assertEquals(seen.wakes, 8);
  });

  it("leaves jobs that are queued while others are awaited to the watcher", async () => {
    const { seen, look } = watched(1);
    look.wake();
    await sleep(LONG_MS);
    assertEquals([seen.looks, seen.wakes], [0, 1]);
    look.rest();
    assertEquals(seen.rests, 1);
  });
});
