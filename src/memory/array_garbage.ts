/**
 * Arrays that a program reads tensors into and forgets.
 *
 * JavaScriptCore lets a heap grow with what it holds, and the memory of arrays is part of it: of 64 MB each it let twenty pile
 * up. Each lay in memory that the system had to make, page by page, which takes five times as long as the copy.
 *
 * @module
 */

import { native } from "../../ffi/mod.ts";
import { Sweeper } from "./sweeper.ts";

// The number of `fb_memory` for what arrays hold.
const ARRAYS = 10;
// A collection takes a millisecond, and to write so much 20.
const WORTH = 256 << 20;
const GROWTH = 1.25;

const sweeper = new Sweeper(ARRAYS, WORTH / 2);
let limit = Infinity;

/** To be called before an array of `bytes` is made, so that it may lie in the memory of one that is dead. */
export function noteArray(bytes: number): void {
  const held = native.fb_memory(ARRAYS);
  limit = Math.min(limit, held * GROWTH + WORTH);
  if (held + bytes > limit && sweeper.sweep()) limit = Infinity;
}
