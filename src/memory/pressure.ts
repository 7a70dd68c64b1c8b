/**
 * What is done when forgotten tensors pile up faster than the collector comes by.
 *
 * @module
 */

import { setTimeout } from "node:timers";
import { collectGarbage, collectsLate, native } from "../../ffi/mod.ts";

const BYTES_A_LOOK = 32 << 20;
const GROWTH = 1.25;
const SLACK = 128 << 20;
// A collection may take this share of the time since the one before, or the larger one where twice the slack is passed.
const SHARE = 0.1;
const LARGE_SHARE = 0.3;
// No server keeps its event loop waiting for so long, or the pause of a collection is not what its users feel.
const STRETCH_MS = 50;
// Of the machine's memory: past this, collecting is worth any pause.
const CRITICAL = 0.5;

let unseen = 0;
let floor = 0;
let collected = -Infinity;
let took = 0;
let stretch: number | null = null;
let warned = false;

/** Notes that pages of `bytes` came to life; looks at the whole from time to time. */
export function feelPressure(bytes: number): void {
  unseen += bytes;
  if (unseen < BYTES_A_LOOK) return;
  unseen = 0;
  look();
}

function look(): void {
  const held = native.fb_memory(0);
  if (held < floor) floor = held;
  const dead = held - floor * GROWTH;
  const critical = held > CRITICAL * native.fb_memory(3) && dead > 0;
  // V8 frees young garbage soon, but none while it marks, and in a loop that does not await it marks most of the time.
  const late = dead > SLACK && (collectsLate || isStretch());
  if (!critical && !late) return;
  const start = performance.now();
  if (start - collected < took / (dead > 2 * SLACK ? LARGE_SHARE : SHARE)) return;
  collect();
  collected = performance.now();
  took = collected - start;
  if (critical && floor > 0.9 * held) warn(held);
}

/** Whether the event loop has not come round for a while. */
function isStretch(): boolean {
  const now = performance.now();
  if (stretch === null) {
    stretch = now;
    setTimeout(() => stretch = null, 0).unref();
  }
  return now - stretch > STRETCH_MS;
}

/** Collects garbage, frees the tensors that were found, and notes what is left. */
export function collect(): void {
  collectGarbage();
  native.fb_pages_free();
  floor = native.fb_memory(0);
}

function warn(held: number): void {
  if (warned) return;
  warned = true;
  console.warn(
    `Flambeau: tensors hold ${
      (held / 2 ** 30).toFixed(1)
    } GB, more than half of this machine's memory, and collecting ` +
      "garbage freed little of it. Free what is not needed any more: with `using`, dispose() or torch.scope(), " +
      "run what needs no gradients in torch.noGrad(), and await something now and then in long loops.",
  );
}
