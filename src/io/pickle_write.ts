/**
 * Writing pickles of protocol 2, which every reader of PyTorch's takes.
 *
 * @module
 */

import { encode } from "../../ffi/mod.ts";

const MARK = 0x28;
const SHORT_MEMO = 256;

/** Appends pickle instructions to bytes that grow. */
export class PickleWriter {
  #bytes = new Uint8Array(4096);
  #length = 0;
  readonly #memo = new Map<unknown, number>();

  /** Begins with the protocol. */
  constructor() {
    this.#put(0x80, 2);
  }

  #put(...bytes: number[]): void {
    this.#append(bytes);
  }

  #append(bytes: ArrayLike<number>): void {
    const end = this.#length + bytes.length;
    if (end > this.#bytes.length) {
      const grown = new Uint8Array(Math.max(end, 2 * this.#bytes.length));
      grown.set(this.#bytes.subarray(0, this.#length));
      this.#bytes = grown;
    }
    this.#bytes.set(bytes, this.#length);
    this.#length = end;
  }

  #number(size: number, write: (view: DataView) => void): void {
    const view = new DataView(new ArrayBuffer(size));
    write(view);
    this.#append(new Uint8Array(view.buffer));
  }

  /** Ends the pickle. */
  finish(): Uint8Array {
    this.#put(0x2e);
    return this.#bytes.subarray(0, this.#length);
  }

  // ---- Values ----

  none(): void {
    this.#put(0x4e);
  }

  bool(value: boolean): void {
    this.#put(value ? 0x88 : 0x89);
  }

  float(value: number): void {
    this.#put(0x47);
    this.#number(8, (view) => view.setFloat64(0, value, false));
  }

  /** A whole number; at most 255 bytes of it. */
  int(value: number | bigint): void {
    if (typeof value === "number" && value >= 0 && value < 256) return this.#put(0x4b, value);
    if (typeof value === "number" && value === (value | 0)) {
      this.#put(0x4a);
      return this.#number(4, (view) => view.setInt32(0, value, true));
    }
    const bytes = longBytes(BigInt(value));
    if (bytes.length > 255) throw new RangeError("a whole number of more than 255 bytes");
    this.#put(0x8a, bytes.length);
    this.#append(bytes);
  }

  /** A string, once: the next time it is only referred to. */
  string(value: string): void {
    if (this.recall(value)) return;
    const bytes = encode(value);
    this.#put(0x58);
    this.#number(4, (view) => view.setUint32(0, bytes.length, true));
    this.#append(bytes);
    this.remember(value);
  }

  /** Something of Python's by its module and name. */
  global(module: string, name: string): void {
    const key = `${module}\n${name}\n`;
    // Not the key of the string that reads the same.
    const symbol = Symbol.for(key);
    if (this.recall(symbol)) return;
    this.#put(0x63);
    this.#append(encode(key));
    this.remember(symbol);
  }

  // ---- Containers ----

  emptyList(): void {
    this.#put(0x5d);
  }

  emptyDict(): void {
    this.#put(0x7d);
  }

  emptyTuple(): void {
    this.#put(0x29);
  }

  /** Begins the items of what {@linkcode appends}, {@linkcode setItems} or {@linkcode tuple} ends. */
  mark(): void {
    this.#put(MARK);
  }

  /** Appends the items since the mark to the list before it. */
  appends(): void {
    this.#put(0x65);
  }

  /** Sets the keys and values since the mark in the dict before it. */
  setItems(): void {
    this.#put(0x75);
  }

  /** Makes a tuple of the items since the mark. */
  tuple(): void {
    this.#put(0x74);
  }

  /** Calls what is below with the tuple above. */
  reduce(): void {
    this.#put(0x52);
  }

  /** Sets the state above on the instance below. */
  build(): void {
    this.#put(0x62);
  }

  /** Turns the id above to what it stands for, outside of the pickle. */
  persistent(): void {
    this.#put(0x51);
  }

  // ---- Memo ----

  /** Notes that the topmost value is `key`. */
  remember(key: unknown): void {
    const index = this.#memo.size;
    this.#memo.set(key, index);
    this.#indexed(0x71, 0x72, index);
  }

  /** Pushes the value that was noted for `key`; false where there is none. */
  recall(key: unknown): boolean {
    const index = this.#memo.get(key);
    if (index === undefined) return false;
    this.#indexed(0x68, 0x6a, index);
    return true;
  }

  #indexed(short: number, long: number, index: number): void {
    if (index < SHORT_MEMO) return this.#put(short, index);
    this.#put(long);
    this.#number(4, (view) => view.setUint32(0, index, true));
  }
}

// Two's complement, least byte first, in as few bytes as keep the sign.
function longBytes(value: bigint): number[] {
  const bytes: number[] = [];
  for (let rest = value;; rest >>= 8n) {
    const byte = Number(rest & 0xffn);
    bytes.push(byte);
    const next = rest >> 8n;
    if ((next === 0n && byte < 128) || (next === -1n && byte >= 128)) return bytes;
  }
}
