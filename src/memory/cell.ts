/**
 * Where tensor handles are kept, so that a forgotten one is released all the same.
 *
 * Registering every tensor with a `FinalizationRegistry` would cost half as much as a small op. So handles of
 * small tensors share a page: one registration frees up to 64 of them, once none is reachable any more. A
 * large tensor has a page of its own, since waiting for its neighbours would hold its memory back.
 *
 * @module
 */

import { native } from "../../ffi/mod.ts";

const PAGE_SLOTS = 64;
const LARGE_BYTES = 4096;

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

let current: Page | null = null;

/** A page with a free slot for a tensor that holds `bytes`; the slot is `page.used - 1` once this returns. */
export function pageFor(bytes: number): Page {
  let page: Page;
  if (bytes >= LARGE_BYTES) {
    page = new Page(1);
  } else {
    page = current ??= new Page(PAGE_SLOTS);
    if (page.used === PAGE_SLOTS - 1) current = null;
  }
  page.used++;
  return page;
}

/** Releases the handle in a slot, if it is still there. */
export function releaseSlot(page: Page, slot: number): void {
  const handle = page.handles[slot]!;
  if (handle === 0) return;
  page.handles[slot] = 0;
  native.fb_tensor_release(handle);
}
