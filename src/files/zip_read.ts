/**
 * Reading zip archives, synchronously, and trusting nothing that they say of themselves: every offset and size is held against
 * the file, entries may not overlap, and contents against their CRC.
 *
 * @module
 */

import { crc32, inflateRawSync } from "node:zlib";
import { contentError } from "./path.ts";
import { CHUNK, type Source } from "./source.ts";

const END = 0x06054b50;
const END64 = 0x06064b50;
const END64_LOCATOR = 0x07064b50;
const CENTRAL = 0x02014b50;
const LOCAL = 0x04034b50;
const STORED = 0;
const DEFLATED = 8;
const ENCRYPTED = 1;
const SIZES_FOLLOW = 8;
const MAX_16 = 0xffff;
const MAX_32 = 0xffffffff;
/** Larger directories than any archive of this library's subjects has. */
const MAX_DIRECTORY = 256 << 20;

/** An entry of an archive. */
export interface ZipEntry {
  /** Its name. */
  readonly name: string;
  /** Its size. */
  readonly size: number;
  /** 0 where it is stored as it is, 8 where it is deflated. */
  readonly method: number;
  /** Its size in the archive. */
  readonly compressedSize: number;
  /** The checksum of its content. */
  readonly crc: number;
  /** Where its local header is. */
  readonly header: number;
  /** Where its content is. */
  start: number;
}

/** Whether bytes begin like a zip archive's. */
export function isZip(source: Source): boolean {
  if (source.size < 22) return false;
  const start = new Uint8Array(4);
  source.read(0, start);
  return start[0] === 0x50 && start[1] === 0x4b && start[2] === 3 && start[3] === 4 ||
    start[0] === 0x50 && start[1] === 0x4b && start[2] === 5 && start[3] === 6;
}

/** An archive whose directory was read and checked. */
export class ZipArchive {
  readonly #source: Source;
  readonly #op: string;
  /** Its entries by name. */
  readonly entries: ReadonlyMap<string, ZipEntry>;

  /** Reads the directory. */
  constructor(source: Source, op: string) {
    this.#source = source;
    this.#op = op;
    const { offset, size, count } = this.#end();
    const entries = parseDirectory(this.#view(offset, size), count, this.#fail);
    this.#locate(entries, offset);
    this.entries = new Map(entries.map((entry) => [entry.name, entry]));
    if (this.entries.size !== entries.length) throw this.#fail("two entries have the same name");
  }

  readonly #fail = (message: string): Error =>
    contentError(this.#op, `${this.#source.name} is a damaged zip archive: ${message}`);

  #view(position: number, size: number): DataView {
    const bytes = new Uint8Array(size);
    this.#source.read(position, bytes);
    return new DataView(bytes.buffer);
  }

  // The record at the very end, or before a comment that reaches exactly to the end.
  #end(): { offset: number; size: number; count: number } {
    const { size: total } = this.#source;
    const length = Math.min(total, 22 + MAX_16);
    const tail = this.#view(total - length, length);
    let at = length - 22;
    while (at >= 0 && !(tail.getUint32(at, true) === END && isEnd(tail, at))) at--;
    if (at < 0) throw this.#fail("its directory is missing, so it was cut off");
    const position = total - length + at;
    let count = tail.getUint16(at + 10, true);
    let size = tail.getUint32(at + 12, true);
    let offset = tail.getUint32(at + 16, true);
    let limit = position;
    if (count === MAX_16 || size === MAX_32 || offset === MAX_32) {
      ({ count, size, offset, limit } = this.#end64(position, { count, size, offset, limit }));
    }
    if (offset + size > limit) throw this.#fail("its directory does not lie inside of it");
    if (size > MAX_DIRECTORY) throw this.#fail(`its directory of ${size} bytes is absurd`);
    return { offset, size, count };
  }

  #end64<T extends Record<"count" | "size" | "offset" | "limit", number>>(end: number, small: T) {
    if (end < 20 + 56) return small;
    const locator = this.#view(end - 20, 20);
    if (locator.getUint32(0, true) !== END64_LOCATOR) return small;
    const position = this.#number(locator, 8);
    if (position + 56 > end - 20) throw this.#fail("its zip64 directory does not lie inside of it");
    const record = this.#view(position, 56);
    if (record.getUint32(0, true) !== END64) throw this.#fail("its zip64 directory is missing");
    return {
      count: this.#number(record, 32),
      size: this.#number(record, 40),
      offset: this.#number(record, 48),
      limit: position,
    };
  }

  #number(view: DataView, at: number): number {
    const value = Number(view.getBigUint64(at, true));
    if (Number.isSafeInteger(value)) return value;
    throw this.#fail(`it speaks of ${value} bytes`);
  }

  // An entry's local header, which must agree with the directory, says where the content begins.
  #locate(entries: readonly ZipEntry[], limit: number): void {
    const ordered = [...entries].sort((a, b) => a.header - b.header);
    ordered.forEach((entry, i) => {
      const { name, header } = entry;
      const end = ordered[i + 1]?.header ?? limit;
      if (header + 30 > end) throw this.#fail(`the entry '${name}' overlaps another`);
      const local = this.#view(header, 30);
      if (local.getUint32(0, true) !== LOCAL) throw this.#fail(`the entry '${name}' is not there`);
      const nameLength = local.getUint16(26, true);
      entry.start = header + 30 + nameLength + local.getUint16(28, true);
      if (entry.start + entry.compressedSize > end) {
        throw this.#fail(`the entry '${name}' overlaps another, or the directory`);
      }
      const there = decodeName(this.#view(header + 30, nameLength));
      const flags = local.getUint16(6, true);
      const differs = there !== name || local.getUint16(8, true) !== entry.method ||
        (flags & SIZES_FOLLOW) === 0 && local.getUint32(14, true) !== entry.crc;
      if (differs) throw this.#fail(`the entry '${name}' differs from what the directory says`);
    });
  }

  #entry(name: string): ZipEntry {
    const entry = this.entries.get(name);
    if (entry === undefined) {
      throw contentError(this.#op, `${this.#source.name} has no record '${name}'`);
    }
    return entry;
  }

  /** Hands out an entry's content in pieces, with their place in it; throws at the end if it is not what was written. */
  visit(name: string, use: (piece: Uint8Array<ArrayBuffer>, offset: number) => void): void {
    const entry = this.#entry(name);
    let crc = 0;
    if (entry.method === DEFLATED) {
      const bytes = this.#inflate(entry);
      crc = crc32(bytes);
      use(bytes, 0);
    } else {
      const buffer = new Uint8Array(Math.min(CHUNK, Math.max(entry.size, 64)));
      for (let offset = 0; offset < entry.size; offset += CHUNK) {
        const piece = buffer.subarray(0, Math.min(CHUNK, entry.size - offset));
        this.#source.read(entry.start + offset, piece);
        crc = crc32(piece, crc);
        use(piece, offset);
      }
    }
    if (crc === entry.crc) return;
    throw contentError(
      this.#op,
      `${this.#source.name} is damaged: the record '${name}' is not what was written (its CRC-32 differs)`,
    );
  }

  #inflate(entry: ZipEntry): Uint8Array<ArrayBuffer> {
    const packed = new Uint8Array(entry.compressedSize);
    this.#source.read(entry.start, packed);
    let bytes: Uint8Array<ArrayBuffer>;
    try {
      // Stops at the size that the directory says, so that a bomb stays small.
      bytes = new Uint8Array(inflateRawSync(packed, { maxOutputLength: Math.max(entry.size, 1) }));
    } catch (cause) {
      throw contentError(this.#op, `the record '${entry.name}' cannot be inflated`, cause);
    }
    if (bytes.length === entry.size) return bytes;
    throw this.#fail(`the entry '${entry.name}' has another size than the directory says`);
  }

  /** An entry's whole content, of at most `limit` bytes. */
  bytes(name: string, limit: number): Uint8Array<ArrayBuffer> {
    const { size } = this.#entry(name);
    if (size > limit) {
      throw contentError(
        this.#op,
        `the record '${name}' has ${size} bytes, and at most ${limit} are read`,
      );
    }
    const whole = new Uint8Array(size);
    this.visit(name, (piece, offset) => whole.set(piece, offset));
    return whole;
  }
}

function isEnd(view: DataView, at: number): boolean {
  return at + 22 + view.getUint16(at + 20, true) === view.byteLength;
}

function decodeName(view: DataView): string {
  return new TextDecoder().decode(view);
}

function parseDirectory(
  view: DataView,
  count: number,
  fail: (message: string) => Error,
): ZipEntry[] {
  const entries: ZipEntry[] = [];
  let at = 0;
  while (at < view.byteLength) {
    if (at + 46 > view.byteLength || view.getUint32(at, true) !== CENTRAL) {
      throw fail("its directory is not one");
    }
    const nameEnd = at + 46 + view.getUint16(at + 28, true);
    const extraEnd = nameEnd + view.getUint16(at + 30, true);
    const next = extraEnd + view.getUint16(at + 32, true);
    if (next > view.byteLength) throw fail("its directory is cut off");
    const name = decodeName(new DataView(view.buffer, at + 46, nameEnd - at - 46));
    entries.push(parseEntry(view, at, name, nameEnd, extraEnd, fail));
    at = next;
  }
  if (entries.length === count) return entries;
  throw fail(`its directory has ${entries.length} entries, and should have ${count}`);
}

function parseEntry(
  view: DataView,
  at: number,
  name: string,
  extra: number,
  extraEnd: number,
  fail: (message: string) => Error,
): ZipEntry {
  const method = view.getUint16(at + 10, true);
  if (view.getUint16(at + 8, true) & ENCRYPTED) throw fail(`the entry '${name}' is encrypted`);
  if (method !== STORED && method !== DEFLATED) {
    throw fail(`the entry '${name}' is compressed by the unknown method ${method}`);
  }
  const wide = wideNumbers(view, extra, extraEnd);
  const read = (position: number) => {
    const value = view.getUint32(position, true);
    return value === MAX_32 ? wide.next().value ?? value : value;
  };
  const size = read(at + 24);
  const compressedSize = read(at + 20);
  const header = read(at + 42);
  const crc = view.getUint32(at + 16, true);
  if (![size, compressedSize, header].every(Number.isSafeInteger)) {
    throw fail(`the entry '${name}' is absurdly large`);
  }
  if (method === STORED && size !== compressedSize) {
    throw fail(`the entry '${name}' has two sizes`);
  }
  return { name, size, method, compressedSize, crc, header, start: 0 };
}

// The 64-bit numbers of the zip64 field, in their order.
function* wideNumbers(view: DataView, extra: number, end: number): Generator<number, undefined> {
  for (let at = extra; at + 4 <= end;) {
    const next = at + 4 + view.getUint16(at + 2, true);
    if (view.getUint16(at, true) === 1) {
      for (let field = at + 4; field + 8 <= Math.min(next, end); field += 8) {
        yield Number(view.getBigUint64(field, true));
      }
    }
    at = next;
  }
}
