/**
 * What a step of training leaves behind: by the end of its backward pass nearly all that it made is dead.
 *
 * No moment is better for a collection, and in the midst of a forward pass none is worse: it frees little, and takes a core
 * from the kernels. So where the runtime lets a program collect what is young (JavaScriptCore does), large graphs are collected
 * when their pass is done, and claims that stay keep the collector from coming by in between.
 *
 * @module
 */

import { collectYoung, native, viewMemory } from "../../ffi/mod.ts";
import { collect } from "./pressure.ts";

// So much is worth a collection, which takes a millisecond.
const WORTH = 32 << 20;
// As much again may pile up where no backward pass comes by.
const ANCHOR = 64 << 20;
// Of the time, for a heap in which a collection takes longer.
const SHARE = 0.1;

// What outlives a collection by chance is old to the next, which leaves it alone: past this, all is looked at.
const GROWTH = 1.25;
const SLACK = 32 << 20;

let made = 0;
let floor = 0;
let anchor: ArrayBuffer | null = null;

/** A kind of collection, and when its like may come next. */
interface Turn {
  readonly run: () => void;
  next: number;
}

const young: Turn = { run: () => collectYoung!(), next: -Infinity };
const all: Turn = { run: collect, next: -Infinity };

/** Notes that a tensor of `bytes` with a graph behind it came to life. */
export function noteGraph(bytes: number): void {
  made += bytes;
}

/** To be called when a pass has freed its graph. */
export function collectGraph(): void {
  if (collectYoung === null || made < WORTH || !take(young)) return;
  made = 0;
  anchor ??= viewMemory(native.fb_ballast(0), ANCHOR);
  native.fb_pages_free();
  floor = Math.min(floor, native.fb_memory(0));
  if (native.fb_memory(0) > floor * GROWTH + SLACK && take(all)) floor = native.fb_memory(0);
}

function take(turn: Turn): boolean {
  const start = performance.now();
  if (start < turn.next) return false;
  turn.run();
  const end = performance.now();
  turn.next = end + (end - start) / SHARE;
  return true;
}
