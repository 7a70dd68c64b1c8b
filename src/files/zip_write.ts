/**
 * Writing zip archives of stored entries, as PyTorch lays them out: every content at a multiple of 64 bytes.
 *
 * @module
 */

import { crc32, deflateRawSync } from "node:zlib";
import { encode } from "../../ffi/mod.ts";
import type { Sink } from "./atomic.ts";

const ALIGNMENT = 64;
const PADDING = 0x4246; // "FB", PyTorch's id of the field that only fills
const DATE = 0x21; // The first of January 1980: the same values give the same bytes.
const MAX_16 = 0xffff;
const MAX_32 = 0xffffffff;

interface Written {
  name: Uint8Array;
  method: number;
  crc: number;
  compressedSize: number;
  size: number;
  header: number;
}

/** Writes entries to a sink, one after the other, and the directory at the end. */
export class ZipWriter {
  readonly #sink: Sink;
  readonly #written: Written[] = [];

  /** Nothing is written yet. */
  constructor(sink: Sink) {
    this.#sink = sink;
  }

  /** Adds an entry of `size` bytes, which `fill` writes in pieces of any sizes. */
  add(name: string, size: number, fill: (write: (piece: Uint8Array) => void) => void): void {
    const entry = this.#begin(name, 0, size, size);
    const end = this.#sink.position + size;
    fill((piece) => {
      entry.crc = crc32(piece, entry.crc);
      this.#sink.write(piece);
    });
    if (this.#sink.position !== end) throw new Error(`The entry ${name} has not ${size} bytes`);
    const crc = new DataView(new ArrayBuffer(4));
    crc.setUint32(0, entry.crc, true);
    this.#sink.patch(entry.header + 14, new Uint8Array(crc.buffer));
  }

  /** Adds an entry, stored. */
  addBytes(name: string, bytes: Uint8Array): void {
    this.add(name, bytes.length, (write) => write(bytes));
  }

  /** Adds an entry, deflated. */
  addDeflated(name: string, bytes: Uint8Array): void {
    const packed = deflateRawSync(bytes);
    this.#begin(name, 8, bytes.length, packed.length, crc32(bytes));
    this.#sink.write(packed);
  }

  #begin(name: string, method: number, size: number, compressedSize: number, crc = 0): Written {
    const header = this.#sink.position;
    const entry = { name: encode(name), method, crc, compressedSize, size, header };
    this.#written.push(entry);
    const wide = size >= MAX_32 || compressedSize >= MAX_32;
    const extra = wide ? 20 : 0;
    const content = header + 30 + entry.name.length + extra + 4;
    const padding = (ALIGNMENT - content % ALIGNMENT) % ALIGNMENT;
    const view = new DataView(new ArrayBuffer(content + padding - header));
    view.setUint32(0, 0x04034b50, true);
    putCommon(view, 4, entry, wide);
    view.setUint16(28, extra + 4 + padding, true);
    new Uint8Array(view.buffer).set(entry.name, 30);
    const at = 30 + entry.name.length;
    if (wide) putWide(view, at, [size, compressedSize]);
    view.setUint16(at + extra, PADDING, true);
    view.setUint16(at + extra + 2, padding, true);
    new Uint8Array(view.buffer).fill(0x5a, at + extra + 4);
    this.#sink.write(new Uint8Array(view.buffer));
    return entry;
  }

  /** Writes the directory. Nothing can be added after it. */
  finish(): void {
    const start = this.#sink.position;
    for (const entry of this.#written) this.#sink.write(directoryEntry(entry));
    this.#sink.write(endRecords(this.#written.length, start, this.#sink.position - start));
  }
}

// From "version needed" to the length of the name: the same in the local header and in the directory.
function putCommon(view: DataView, at: number, entry: Written, wide: boolean): void {
  const unicode = entry.name.some((byte) => byte > 127);
  view.setUint16(at, wide ? 45 : 20, true);
  view.setUint16(at + 2, unicode ? 0x800 : 0, true);
  view.setUint16(at + 4, entry.method, true);
  view.setUint16(at + 6, 0, true);
  view.setUint16(at + 8, DATE, true);
  view.setUint32(at + 10, entry.crc, true);
  view.setUint32(at + 14, wide ? MAX_32 : entry.compressedSize, true);
  view.setUint32(at + 18, wide ? MAX_32 : entry.size, true);
  view.setUint16(at + 22, entry.name.length, true);
}

function putWide(view: DataView, at: number, numbers: readonly number[]): void {
  view.setUint16(at, 1, true);
  view.setUint16(at + 2, 8 * numbers.length, true);
  numbers.forEach((number, i) => view.setBigUint64(at + 4 + 8 * i, BigInt(number), true));
}

function directoryEntry(entry: Written): Uint8Array {
  const { name, size, compressedSize, header } = entry;
  const large = size >= MAX_32 || compressedSize >= MAX_32;
  const far = header >= MAX_32;
  const numbers = [...(large ? [size, compressedSize] : []), ...(far ? [header] : [])];
  const extra = numbers.length === 0 ? 0 : 4 + 8 * numbers.length;
  const view = new DataView(new ArrayBuffer(46 + name.length + extra));
  view.setUint32(0, 0x02014b50, true);
  view.setUint16(4, 45, true);
  putCommon(view, 6, entry, large);
  view.setUint16(30, extra, true);
  view.setUint32(42, far ? MAX_32 : header, true);
  new Uint8Array(view.buffer).set(name, 46);
  if (extra > 0) putWide(view, 46 + name.length, numbers);
  return new Uint8Array(view.buffer);
}

function endRecords(count: number, start: number, size: number): Uint8Array {
  const wide = count >= MAX_16 || start >= MAX_32 || size >= MAX_32;
  const at = wide ? 76 : 0;
  const view = new DataView(new ArrayBuffer(at + 22));
  if (wide) {
    view.setUint32(0, 0x06064b50, true);
    view.setBigUint64(4, 44n, true);
    view.setUint16(12, 45, true);
    view.setUint16(14, 45, true);
    [count, count, size, start].forEach((number, i) =>
      view.setBigUint64(24 + 8 * i, BigInt(number), true)
    );
    view.setUint32(56, 0x07064b50, true);
    view.setBigUint64(64, BigInt(start + size), true);
    view.setUint32(72, 1, true);
  }
  view.setUint32(at, 0x06054b50, true);
  view.setUint16(at + 8, wide ? MAX_16 : count, true);
  view.setUint16(at + 10, wide ? MAX_16 : count, true);
  view.setUint32(at + 12, wide ? MAX_32 : size, true);
  view.setUint32(at + 16, wide ? MAX_32 : start, true);
  return new Uint8Array(view.buffer);
}
