/**
 * Where tensor handles are kept, so that a forgotten one is released all the same.
 *
 * Handles of small tensors share a page: one piece of ballast frees all of them, once none is reachable any more. Since a
 * page waits for its last tensor, pages hold the fewer handles the more memory a tensor may hold: a large one, or a view
 * of one, has a page of its own; and where a program keeps some of what it makes, each has (`sharing.ts`).
 *
 * @module
 */

import { ballast, context, heavyWeight, native, smallWeight, viewMemory } from "../../ffi/mod.ts";
import { feelPressure } from "./pressure.ts";
import { isSingle, noteShared, noteSingle } from "./sharing.ts";

/** A tensor of this weight has a page of its own, and so has one from LARGE on; csrc/internal.h has the same numbers. */
export const HEAVY: number = 1 << 15;
const LARGE = 5 << 15;
// Enough to be felt. A tensor without data has a size too, which may be any.
const MOST_BALLAST = 1 << 30;
const MOST_MORE = 12 << 20;
const TINY_BYTES = 1 << 10;

interface Kind {
  /** How many handles share a page. */
  readonly slots: number;
  /** What the collector is told that a page holds: about what its tensors take, with their own objects. */
  readonly bytes: number;
}

const TINY: Kind = { slots: 256, bytes: 256 << 9 };
const SMALL: Kind = { slots: 32, bytes: 32 << 13 };
const WITH_GRAPH: Kind = { slots: 8, bytes: 8 << 13 };
const MEDIUM: Kind = { slots: 8, bytes: 8 << 16 };

/**
 * What the collector is told of a page: more than there is, up to where memory is out of the processor's cache anyway before it
 * serves again.
 */
function claimOf(slots: number, bytes: number): number {
  if (slots === TINY.slots) return bytes;
  if (slots === MEDIUM.slots && bytes === MEDIUM.bytes) return bytes * heavyWeight;
  if (slots > 1) return bytes * smallWeight;
  return Math.min(bytes * heavyWeight, bytes + MOST_MORE, MOST_BALLAST);
}

const SLAB_WORDS = 1 << 16;
const slabs: Float64Array[] = [];

function slab(index: number): Float64Array {
  return slabs[index] ??= new Float64Array(viewMemory(native.fb_slab(index), SLAB_WORDS * 8));
}

/** Handles that are freed together. Reachable from each of its tensors, and from here only while it has room. */
export class Page {
  /** The memory that the page is a part of: a handle a slot, 0 once it is released. */
  readonly handles: Float64Array;
  /** The page's next slot that was not given out. */
  next: number;
  /** Where the page ends. */
  readonly end: number;
  /** What the ballast claims. */
  readonly bytes: number;
  /** Whether it is a large tensor's own. */
  readonly alone: boolean;
  /** Its collection frees the page. */
  readonly ballast: object | null;

  /** Takes a page from native memory: not between reading a handle and using it. */
  constructor(slots: number, bytes: number) {
    const at = native.fb_page_new(slots, bytes, context);
    this.handles = slab(Math.floor(at / SLAB_WORDS));
    this.next = at % SLAB_WORDS;
    this.end = this.next + slots;
    this.bytes = bytes;
    this.alone = slots === 1;
    this.ballast = ballast(native.fb_page_last(context), claimOf(slots, bytes));
    feelPressure(bytes);
  }
}

// Lives until the next collection: what that found is freed once the event loop comes round, even if no tensor is made.
const canaries = new FinalizationRegistry(() => {
  native.fb_pages_free();
  watchCollector();
});

function watchCollector(): void {
  canaries.register({}, null);
}

watchCollector();

const first = new Page(TINY.slots, TINY.bytes);
let tiny = first;
let small = first;
let graph = first;
let medium = first;

// Pages of large tensors that were disposed, by size: a program that frees what it makes needs no new ones.
const MOST_SPARE = 8;
const MOST_SIZES = 64;
const spare = new Map<number, Page[]>();

/** What a disposed tensor points to: a page without a handle. */
export const GONE: Page = new Page(1, 1);
/** The slot of {@linkcode GONE}. */
export const GONE_SLOT: number = GONE.next;

/** A page with a free slot, `page.next`, for a tensor of the given weight (see `bytesHeld` in csrc/internal.h). */
export function pageFor(bytes: number): Page {
  if (bytes >= LARGE || bytes === HEAVY) return ownPage(bytes);
  if (isSingle()) return singlePage(bytes);
  if (bytes < 0) {
    if (graph.next === graph.end || graph === first) graph = sharedPage(WITH_GRAPH);
    return graph;
  }
  if (bytes < TINY_BYTES) {
    if (tiny.next === tiny.end) tiny = sharedPage(TINY);
    return tiny;
  }
  if (bytes > HEAVY) {
    if (medium.next === medium.end || medium === first) medium = sharedPage(MEDIUM);
    return medium;
  }
  if (small.next === small.end || small === first) small = sharedPage(SMALL);
  return small;
}

function ownPage(bytes: number): Page {
  return spare.get(bytes)?.pop() ?? new Page(1, bytes);
}

function sharedPage({ slots, bytes }: Kind): Page {
  noteShared(bytes);
  return new Page(slots, bytes);
}

function singlePage(bytes: number): Page {
  if (bytes > HEAVY) return ownPage(bytes);
  noteSingle();
  const { slots, bytes: all } = bytes < 0 ? WITH_GRAPH : bytes < TINY_BYTES ? TINY : SMALL;
  return ownPage(all / slots);
}

/** Releases the handle in a slot. The tensor must forget page and slot: the slot may be another's next. */
export function releaseSlot(page: Page, slot: number): void {
  const handle = page.handles[slot]!;
  if (handle === 0) return;
  page.handles[slot] = 0;
  if (page.alone) keepSpare(page, slot);
  // The newest of a page that is still being filled: its slot serves again, and short-lived tensors use up no pages.
  else if (slot === page.next - 1 && isOpen(page)) page.next--;
  native.fb_tensor_release(handle);
}

function isOpen(page: Page): boolean {
  return page === tiny || page === small || page === graph || page === medium;
}

function keepSpare(page: Page, slot: number): void {
  let pages = spare.get(page.bytes);
  if (pages === undefined) {
    if (spare.size === MOST_SIZES) spare.clear();
    spare.set(page.bytes, pages = []);
  }
  if (pages.length === MOST_SPARE) return;
  page.next = slot;
  pages.push(page);
}
