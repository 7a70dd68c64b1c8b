/**
 * Protocol buffers, as far as an event file needs them: fields written one after the other, by their numbers.
 *
 * @module
 */

import { encode } from "../../ffi/mod.ts";

const VARINT = 0;
const BITS_64 = 1;
const LENGTH = 2;
const BITS_32 = 5;

/** A message that is being written. */
export class WireMessage {
  readonly #bytes: number[] = [];

  /** What was written. */
  finish(): Uint8Array<ArrayBuffer> {
    return Uint8Array.from(this.#bytes);
  }

  #tag(field: number, type: number): void {
    this.#varint(field * 8 + type);
  }

  #varint(value: number): void {
    let rest = value;
    for (; rest >= 128; rest = Math.floor(rest / 128)) this.#bytes.push(rest % 128 + 128);
    this.#bytes.push(rest);
  }

  #append(bytes: Uint8Array): void {
    for (const byte of bytes) this.#bytes.push(byte);
  }

  #block(field: number, bytes: Uint8Array): void {
    this.#tag(field, LENGTH);
    this.#varint(bytes.length);
    this.#append(bytes);
  }

  /** A whole number, of 64 bits where it is negative. */
  int(field: number, value: number): void {
    this.#tag(field, VARINT);
    if (value >= 0) return this.#varint(value);
    let rest = BigInt.asUintN(64, BigInt(value));
    for (; rest >= 128n; rest >>= 7n) this.#bytes.push(Number(rest & 127n) + 128);
    this.#bytes.push(Number(rest));
  }

  /** A number of 64 bits. */
  double(field: number, value: number): void {
    this.#tag(field, BITS_64);
    this.#append(new Uint8Array(new Float64Array([value]).buffer));
  }

  /** A number of 32 bits. */
  float(field: number, value: number): void {
    this.#tag(field, BITS_32);
    this.#append(new Uint8Array(new Float32Array([value]).buffer));
  }

  /** Numbers of 64 bits in one field. */
  doubles(field: number, values: readonly number[]): void {
    this.#block(field, new Uint8Array(Float64Array.from(values).buffer));
  }

  /** A text. */
  text(field: number, value: string): void {
    this.#block(field, encode(value));
  }

  /** A message in this one. */
  message(field: number, fill: (inner: WireMessage) => void): void {
    const inner = new WireMessage();
    fill(inner);
    this.#block(field, inner.finish());
  }
}
