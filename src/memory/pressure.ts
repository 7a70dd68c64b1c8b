/**
 * What is done when forgotten tensors pile up faster than the collector comes by.
 *
 * @module
 */

import { collectGarbage, collectsLate, native } from "../../ffi/mod.ts";

const BYTES_A_LOOK = 32 << 20;
const GROWTH = 1.25;
const SLACK = 128 << 20;
// A collection may take this share of the time since the one before.
const SHARE = 0.1;
// Of the machine's memory: past this, collecting is worth any pause.
const CRITICAL = 0.5;

let unseen = 0;
let floor = 0;
let next = 0;
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
  const critical = held > CRITICAL * native.fb_memory(3) && held > floor * GROWTH;
  if (!critical && (!collectsLate || held < floor * GROWTH + SLACK)) return;
  const start = performance.now();
  if (start < next) return;
  collect();
  next = performance.now() + (performance.now() - start) / SHARE;
  if (critical && floor > 0.9 * held) warn(held);
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
