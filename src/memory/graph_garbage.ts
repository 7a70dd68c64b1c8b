/**
 * What a step of training leaves behind: by the end of its backward pass nearly all that it made is dead.
 *
 * No moment is better for a collection, and in the midst of a forward pass none is worse: it frees little, and takes a core
 * from the kernels. So where the runtime lets a program collect what is young (JavaScriptCore does), large graphs are collected
 * when their pass is done, and claims that stay keep the collector from coming by in between.
 *
 * @module
 */

import { native, viewMemory } from "../../ffi/mod.ts";
import { Sweeper } from "./sweeper.ts";

// The number of `fb_memory` for what tensors hold.
const TENSORS = 0;
// So much is worth a collection, which takes a millisecond.
const WORTH = 32 << 20;
// As much again may pile up where no backward pass comes by.
const ANCHOR = 64 << 20;
// What outlives a collection by chance.
const SLACK = 32 << 20;

const sweeper = new Sweeper(TENSORS, SLACK);
let made = 0;
let anchor: ArrayBuffer | null = null;

/** Notes that a tensor of `bytes` with a graph behind it came to life. */
export function noteGraph(bytes: number): void {
  made += bytes;
}

/** To be called when a pass has freed its graph. */
export function collectGraph(): void {
  if (made < WORTH || !sweeper.sweep()) return;
  made = 0;
  anchor ??= viewMemory(native.fb_ballast(0), ANCHOR);
}
