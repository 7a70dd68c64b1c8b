/**
 * The memory through which arguments and results travel: one context a thread, views over it, and text.
 *
 * @module
 */

import { native } from "./library.ts";

const INITIAL_WORDS = 1 << 14;

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/**
 * The context's memory. `words` and `bytes` are replaced when it grows, so read them anew after anything
 * that can grow it, and never keep them.
 */
class Scratch {
  words: Float64Array<ArrayBuffer>;
  bytes: Uint8Array<ArrayBuffer>;
  readonly context: number;

  constructor() {
    // Views over a buffer made first: JavaScriptCore moves a small view's memory when its buffer is asked for.
    const memory = new ArrayBuffer(INITIAL_WORDS * 8);
    this.words = new Float64Array(memory);
    this.bytes = new Uint8Array(memory);
    this.context = native.fb_context_new(this.words, INITIAL_WORDS);
  }

  /** Makes room for `capacity` words, keeping the first `used`. */
  grow(capacity: number, used: number): void {
    const size = Math.max(capacity, this.words.length * 2);
    const memory = new ArrayBuffer(size * 8);
    const words = new Float64Array(memory);
    words.set(this.words.subarray(0, used));
    native.fb_context_resize(this.context, words, size);
    this.words = words;
    this.bytes = new Uint8Array(memory);
  }

  /** Brings a result of `count` words, which may not have fitted, to the start of the memory. */
  receive(count: number): void {
    if (count <= this.words.length) return;
    this.grow(count, 0);
    native.fb_context_overflow(this.context);
  }
}

/** This thread's memory. */
export const scratch: Scratch = new Scratch();

/** The native context that owns a view of {@linkcode scratch}. */
export const context: number = scratch.context;

/** Bytes of a text for a native call. */
export function encode(text: string): Uint8Array<ArrayBuffer> {
  return encoder.encode(text);
}

/** Text of bytes that native code wrote. */
export function decode(bytes: Uint8Array): string {
  return decoder.decode(bytes);
}

/** The bytes that the last native call announced as text. */
export function takeBytes(size: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(size);
  native.fb_text_copy(context, bytes, size);
  return bytes;
}

/** The same as a string. */
export function takeText(size: number): string {
  return size <= 0 ? "" : decode(takeBytes(size));
}
