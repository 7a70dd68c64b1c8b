/**
 * What LibTorch warns of, shown by `console.warn`.
 *
 * @module
 */

import { native } from "./library.ts";
import { context, takeText } from "./scratch.ts";

// Native code writes to it. Its memory is made first: JavaScriptCore moves a small view's when its buffer is asked for.
const raised = new Uint32Array(new ArrayBuffer(8));
native.fb_warnings_watch(raised);

const MOST_SHOWN = 1000;
const shown = new Set<string>();

/** Has what LibTorch warned of in a native call shown soon; to be called after it. */
export function noticeWarnings(): void {
  if (raised[0] !== 0) showSoon();
}

// Not at once: the call's results are still to be read, and `console.warn` may be the user's own.
function showSoon(): void {
  raised[0] = 0;
  queueMicrotask(show);
}

// Each text once, as Python does: what warns in a loop would say the same again and again.
function show(): void {
  for (const one of takeText(native.fb_warnings_take(context)).split("\x01")) {
    const text = one.trimEnd();
    if (text === "" || shown.has(text)) continue;
    if (shown.size < MOST_SHOWN) shown.add(text);
    console.warn(text);
  }
}
