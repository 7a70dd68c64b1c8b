/**
 * Whether small tensors may share pages.
 *
 * A page is freed when the last of its tensors is. That costs little as long as tensors that are made together die together,
 * and much where a program keeps one in fifty: it would keep the others too. So the memory of pages that do not die is
 * watched, and once there is more of it than before, small tensors have pages of their own for a while, which costs some
 * microseconds each. By those is seen how many survive: pages are shared again where nearly none do, or most.
 *
 * @module
 */

import { native } from "../../ffi/mod.ts";
import { collect } from "./pressure.ts";

const LEAST_ALLOWED = 32 << 20;
const MOST_ALLOWED = 256 << 20;
// Pages for so many bytes are made between two looks, so that the collector was there in between.
const WINDOW = 64 << 20;
const SHORTEST = 1 << 12;
const LONGEST = 1 << 20;
const FEW = 0.003;
const MOST = 0.5;

const SHARED_BYTES = 7;
const SINGLES = 8;
const LEAST_SHARED = 9;

// What may be held by shared pages: more than by those that were there when it was found that they do no harm.
let more = LEAST_ALLOWED;
let allowed = LEAST_ALLOWED;
// Bytes of shared pages since the last look.
let made = 0;
// Tensors that the trial still takes, if there is one, how many it takes in all, and how many pages there were before.
let left = 0;
let length = SHORTEST;
let before = 0;

/** Whether a small tensor is to have a page of its own. */
export function isSingle(): boolean {
  return left > 0;
}

/** Gives each small tensor a page of its own from now on, so that what is left alive can be counted. */
export function shareNothing(): void {
  left = Infinity;
}

/** Notes that a page for several tensors is made. */
export function noteShared(bytes: number): void {
  made += bytes;
  if (made < WINDOW) return;
  made = 0;
  // Where it is little even when the collector has just come by, nothing is kept.
  if (native.fb_memory(LEAST_SHARED) > allowed) beginTrial();
}

/** Notes that a page for one small tensor is made. */
export function noteSingle(): void {
  if (--left === 0) endTrial();
}

function beginTrial(): void {
  before = native.fb_memory(SINGLES);
  left = length;
}

function endTrial(): void {
  collect();
  const survive = (native.fb_memory(SINGLES) - before) / length;
  if (survive > FEW && survive < MOST) {
    length = Math.min(2 * length, LONGEST);
    beginTrial();
    return;
  }
  length = SHORTEST;
  allowed = native.fb_memory(SHARED_BYTES) + more;
  more = Math.min(2 * more, MOST_ALLOWED);
}
