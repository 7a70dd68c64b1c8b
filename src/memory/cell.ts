/**
 * Where tensor handles are kept, so that a forgotten one is released all the same.
 *
 * Registering every tensor with a `FinalizationRegistry` would cost half as much as a small op. So handles of
 * small tensors share a page: one registration frees all of them, once none is reachable any more. Since a page waits
 * for its last tensor, pages hold the fewer handles the larger the tensors are, and a large tensor has one of its own.
 *
 * @module
 */

import { native } from "../../ffi/mod.ts";

// At most 256 kB or 1 MB wait for one tensor that lives on.
const TINY_BYTES = 1 << 10;
const TINY_SLOTS = 256;
const SMALL_BYTES = 1 << 15;
const SMALL_SLOTS = 32;

/** Handles that are finalized together. The page is reachable from each of its tensors, and from here only while it has room. */
export class Page {
  /** A handle a slot; 0 once it is released. */
  readonly handles: Float64Array<ArrayBuffer>;
  /** Slots given out. */
  used = 0;

  /** Makes a page of `slots` and registers it. */
  constructor(slots: number) {
    this.handles = new Float64Array(slots);
    registry.register(this, this.handles);
  }
}

// A module constant: Bun collects a registry that only a local refers to, with its registrations.
const registry = new FinalizationRegistry((handles: Float64Array<ArrayBuffer>) => {
  native.fb_tensor_release_many(handles, handles.length);
  handles.fill(0);
});

let tiny: Page | null = null;
let small: Page | null = null;

/** What a disposed tensor points to: a page without a handle. */
export const GONE: Page = new Page(1);

/** A page with a free slot for a tensor that holds `bytes`; the slot is `page.used - 1` once this returns. */
export function pageFor(bytes: number): Page {
  let page: Page;
  if (bytes < TINY_BYTES) {
    if (tiny === null || tiny.used === TINY_SLOTS) tiny = new Page(TINY_SLOTS);
    page = tiny;
  } else if (bytes < SMALL_BYTES) {
    if (small === null || small.used === SMALL_SLOTS) small = new Page(SMALL_SLOTS);
    page = small;
  } else {
    page = new Page(1);
  }
  page.used++;
  return page;
}

/** Releases the handle in a slot. The tensor must forget page and slot: the slot may be another's next. */
export function releaseSlot(page: Page, slot: number): void {
  const handle = page.handles[slot]!;
  if (handle === 0) return;
  page.handles[slot] = 0;
  // The newest of a page that is still being filled: its slot serves again, and short-lived tensors use up no pages.
  if (slot === page.used - 1 && (page === tiny || page === small)) page.used--;
  native.fb_tensor_release(handle);
}
