/**
 * Finalizers of handles that are not tensors'.
 *
 * @module
 */

import { native } from "./library.ts";

/** What a handle points to, as csrc/flambeau.h numbers it. */
export type HandleKind = "object" | "callable" | "unit" | "generator" | "node";

const KINDS: readonly HandleKind[] = ["object", "callable", "unit", "generator", "node"];

/** Releases a handle that was forgotten, and counts it as such. What a Worker has left when it ends, native code releases. */
export function releaseForgotten(kind: HandleKind, handle: number): void {
  native.fb_handle_forgotten(KINDS.indexOf(kind), handle);
}
