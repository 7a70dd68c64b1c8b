/**
 * Where tensor handles are kept, so that a forgotten one is released all the same.
 *
 * Handles of small tensors share a page: one piece of ballast frees all of them, once none is reachable any more. Since a
 * page waits for its last tensor, pages hold the fewer handles the more memory a tensor may hold: a large one, or a view
 * of one, has a page of its own; and where a program keeps some of what it makes, each has (`sharing.ts`).
 *
 * @module
 */

import {
  anchorBytes,
  ballast,
  graphWeight,
  heavyWeight,
  mediumGraphWeight,
  native,
  smallWeight,
  viewMemory,
} from "../../ffi/mod.ts";
import { noteGraph } from "./graph_garbage.ts";
import { feelPressure } from "./pressure.ts";
import { isSingle, noteShared, noteSingle } from "./sharing.ts";

/** The weight of a view of a large tensor, which has a page of its own; csrc/internal.h has the same numbers. */
export const HEAVY: number = 1 << 15;
const VIEW = HEAVY + 1;
const LARGE = 3 << 15;
// A view has no memory of its own, and the collector would come by all the time for a thousand of them if they claimed some.
const VIEW_CLAIM = 1 << 11;
// Enough to be felt. A tensor without data has a size too, which may be any.
const MOST_BALLAST = 1 << 30;
const MOST_MORE = 12 << 20;
const TINY_BYTES = 1 << 10;

const SLAB_WORDS = 1 << 16;

interface Slab {
  readonly address: number;
  readonly words: Float64Array;
}

const slabs: Slab[] = [];

function slabAt(index: number): Slab {
  return slabs[index] ?? openSlab(index);
}

function openSlab(index: number): Slab {
  const address = native.fb_slab(index);
  if (address === 0) throw new Error("There is no memory for the handles of more tensors.");
  return slabs[index] = { address, words: new Float64Array(viewMemory(address, SLAB_WORDS * 8)) };
}

/** Handles that are freed together. Reachable from each of its tensors, and from here only while it has room. */
export class Page {
  /** The memory that the page is a part of: a handle a slot, 0 once it is released. */
  readonly handles: Float64Array;
  /** The page's next slot that was not given out. */
  next: number;
  /** Where the page ends. */
  readonly end: number;
  /** About what its tensors take. */
  readonly bytes: number;
  /** What it is one of, unless it is one tensor's own. */
  readonly kind: Kind | null;
  /** Its collection frees the page. */
  readonly ballast: object | null;

  /** Takes a page from native memory: not between reading a handle and using it. */
  constructor(slots: number, bytes: number, claim: number, kind: Kind | null = null) {
    const at = native.fb_page_new(slots, bytes);
    const { address, words } = slabAt(Math.floor(at / SLAB_WORDS));
    this.handles = words;
    this.next = at % SLAB_WORDS;
    this.end = this.next + slots;
    this.bytes = bytes;
    this.kind = kind;
    this.ballast = ballast(address + this.next * 8, claim);
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

// Pages of large tensors that were disposed, by size: a program that frees what it makes needs no new ones.
const MOST_SPARE = 8;
const MOST_SIZES = 64;
const spare = new Map<number, Page[]>();

// Whoever has made so many tensors with a graph behind them trains; whoever has filled twice as many pages of small ones goes on
// to forget small tensors by the thousand.
let untilAnchor = 1000;
const PAGE_TO_ANCHOR = 1 / 2;

const anchors: ArrayBuffer[] = [];

function dropAnchor(): void {
  const bytes = anchorBytes();
  if (bytes > 0) anchors.push(viewMemory(native.fb_ballast(0), bytes));
}

function nearAnchor(by: number): void {
  if (untilAnchor > 0 && (untilAnchor -= by) <= 0) dropAnchor();
}

/** What a disposed tensor points to: a page without a handle, and without room. */
export const GONE: Page = new Page(1, 1, 1);
/** The slot of {@linkcode GONE}. */
export const GONE_SLOT: number = GONE.next++;

/** Tensors that share pages. */
class Kind {
  /** The page that is being filled. */
  open: Page = GONE;
  readonly #slots: number;
  readonly #each: number;
  readonly #claim: number;

  /**
   * @param slots How many share a page.
   * @param each About what one of them takes, with its own objects.
   * @param weight How many times that the collector is told of.
   */
  constructor(slots: number, each: number, weight: number) {
    this.#slots = slots;
    this.#each = each;
    this.#claim = slots * each * weight;
  }

  /** A page with room. */
  page(): Page {
    if (isSingle()) return this.#single();
    return this.open.next === this.open.end ? this.#fresh() : this.open;
  }

  #fresh(): Page {
    const bytes = this.#slots * this.#each;
    noteShared(bytes);
    nearAnchor(PAGE_TO_ANCHOR);
    return this.open = new Page(this.#slots, bytes, this.#claim, this);
  }

  #single(): Page {
    noteSingle();
    return ownPage(this.#each, 1);
  }
}

const tiny = new Kind(256, 1 << 9, 1);
const small = new Kind(32, 1 << 13, smallWeight);
const medium = new Kind(8, 1 << 16, heavyWeight);
// The graph holds most of what a step of training makes until it is done, however often the collector comes by: it costs most
// where collections do (`graphWeight`).
const graph = new Kind(8, 1 << 13, graphWeight);
const mediumGraph = new Kind(8, 1 << 16, mediumGraphWeight);
const views = new Kind(8, 1 << 16, VIEW_CLAIM / (1 << 16));

/** A page with a free slot, `page.next`, for a tensor of the given weight (see `bytesHeld` in csrc/internal.h). */
export function pageFor(bytes: number): Page {
  if (bytes < 0) return pageWithGraph(-1 - bytes);
  if (bytes < TINY_BYTES) return tiny.page();
  if (bytes < HEAVY) return small.page();
  return heavyPage(bytes, medium, heavyWeight);
}

function pageWithGraph(bytes: number): Page {
  nearAnchor(1);
  if (bytes < HEAVY) return graph.page();
  noteGraph(bytes);
  return heavyPage(bytes, mediumGraph, 1);
}

function heavyPage(bytes: number, shared: Kind, weight: number): Page {
  if (bytes === HEAVY) return ownPage(HEAVY, VIEW_CLAIM / HEAVY);
  if (bytes === VIEW) return views.page();
  return bytes < LARGE ? shared.page() : ownPage(bytes, weight);
}

/**
 * Of a large tensor the collector is told more than there is, up to where memory is out of the processor's cache anyway before it
 * serves again.
 */
function ownPage(bytes: number, weight: number): Page {
  const kept = spare.get(bytes)?.pop();
  if (kept !== undefined) return kept;
  return new Page(1, bytes, Math.min(bytes * weight, bytes + MOST_MORE, MOST_BALLAST));
}

/** Releases the handle in a slot. The tensor must forget page and slot: the slot may be another's next. */
export function releaseSlot(page: Page, slot: number): void {
  const handle = page.handles[slot]!;
  if (handle === 0) return;
  page.handles[slot] = 0;
  if (page.kind === null) keepSpare(page, slot);
  // The newest of a page that is still being filled: its slot serves again, and short-lived tensors use up no pages.
  else if (slot === page.next - 1 && page.kind.open === page) page.next--;
  native.fb_tensor_release(handle);
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
