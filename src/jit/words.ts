/**
 * Writes and reads the words of values in the scratch memory. Knows tags, not JavaScript's types: see `encode.ts` and
 * `decode.ts` for those.
 *
 * @module
 */

import { decode, encode, scratch } from "../../ffi/mod.ts";

let position = 0;

/** Goes to the start of the memory. */
export function rewind(): void {
  position = 0;
}

/** Goes to word `at`. */
export function seek(at: number): void {
  position = at;
}

/** Writes one word. */
export function put(word: number): void {
  if (position === scratch.words.length) scratch.grow(position + 1, position);
  scratch.words[position++] = word;
}

/** Writes a string: its byte length, then its bytes in whole words. */
export function putText(text: string): void {
  putBytes(encode(text));
}

/** Writes bytes as a string of any encoding. */
export function putBytes(bytes: Uint8Array): void {
  const words = Math.ceil(bytes.length / 8);
  put(bytes.length);
  if (position + words > scratch.words.length) scratch.grow(position + words, position);
  scratch.bytes.set(bytes, position * 8);
  position += words;
}

/** Writes a 64-bit integer as its halves. */
export function putInt64(value: bigint): void {
  put(Number(value >> 32n));
  put(Number(value & 0xffffffffn));
}

/** Reads one word. */
export function take(): number {
  return scratch.words[position++]!;
}

/** Reads a string. */
export function takeString(): string {
  const length = take();
  const start = position * 8;
  position += Math.ceil(length / 8);
  return decode(scratch.bytes.subarray(start, start + length));
}

/** Reads a string as the bytes that it is. */
export function takeBytesOfString(): Uint8Array<ArrayBuffer> {
  const length = take();
  const start = position * 8;
  position += Math.ceil(length / 8);
  return scratch.bytes.slice(start, start + length);
}

/** Reads a 64-bit integer. */
export function takeInt64(): bigint {
  const high = BigInt(take());
  return (high << 32n) | BigInt(take());
}
