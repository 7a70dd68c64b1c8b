/**
 * TorchScript archives taken apart and put together again, for tests that change what is in one.
 *
 * @module
 */

import { inflateRawSync } from "node:zlib";

/** Contents of records by name, without the archive's folder. */
export type Records = Map<string, Uint8Array>;

const table = Uint32Array.from({ length: 256 }, (_, i) => {
  let crc = i;
  for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  return crc;
});

/** CRC-32, a byte a step. */
export function crc32(bytes: Uint8Array): number {
  let crc = ~0;
  for (const byte of bytes) crc = (crc >>> 8) ^ table[(crc ^ byte) & 0xff]!;
  return ~crc >>> 0;
}

/** Where a record lies in an archive. */
export interface Place {
  name: string;
  /** Of its header. */
  header: number;
  /** Of its data, and how many bytes. */
  data: number;
  size: number;
  deflated: boolean;
}

/** The records of an archive as its directory lists them. */
export function placesOf(bytes: Uint8Array): Place[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const end = bytes.length - 22;
  let at = view.getUint32(end + 16, true);
  const places: Place[] = [];
  for (let i = view.getUint16(end + 10, true); i > 0; i--) {
    const [nameSize, extra, comment] = [28, 30, 32].map((field) =>
      view.getUint16(at + field, true)
    );
    const header = view.getUint32(at + 42, true);
    const name = new TextDecoder().decode(bytes.subarray(at + 46, at + 46 + nameSize!));
    const data = header + 30 + view.getUint16(header + 26, true) +
      view.getUint16(header + 28, true);
    places.push({
      name: name.slice(name.indexOf("/") + 1),
      header,
      data,
      size: view.getUint32(at + 20, true),
      deflated: view.getUint16(at + 10, true) === 8,
    });
    at += 46 + nameSize! + extra! + comment!;
  }
  return places;
}

/** The contents of an archive. */
export function unzip(bytes: Uint8Array): Records {
  const records: Records = new Map();
  for (const { name, data, size, deflated } of placesOf(bytes)) {
    const stored = bytes.subarray(data, data + size);
    records.set(name, deflated ? new Uint8Array(inflateRawSync(stored)) : stored.slice());
  }
  return records;
}

/** What an entry of a directory says, where it is to lie. */
export interface Lie {
  size?: number;
  stored?: number;
  crc?: number;
  method?: number;
  name?: string;
  flags?: number;
  offset?: number;
}

/** An archive with these contents, not compressed. `lies` changes what the directory, and where `both` the header, says. */
export function zip(
  records: Iterable<readonly [string, Uint8Array]>,
  lies: Record<string, Lie> = {},
  both = false,
): Uint8Array<ArrayBuffer> {
  const parts: Uint8Array[] = [];
  const directory: Uint8Array[] = [];
  let at = 0;
  const add = (part: Uint8Array) => {
    parts.push(part);
    at += part.length;
  };
  for (const [name, content] of records) {
    const lie = lies[name] ?? {};
    const given = new TextEncoder().encode(`model/${name}`);
    const listed = new TextEncoder().encode(lie.name ?? `model/${name}`);
    const offset = at;
    const crc = crc32(content);
    const fields = (one: Lie): number[] => [
      one.crc ?? crc,
      one.stored ?? content.length,
      one.size ?? content.length,
    ];
    const local = both ? lie : {};
    const own = both ? listed : given;
    add(
      header(0x04034b50, 30, [[6, local.flags ?? 0], [8, local.method ?? 0], [26, own.length]], [
        14,
        fields(local),
      ]),
    );
    add(own);
    add(content);
    const short: [number, number][] = [[8, lie.flags ?? 0], [10, lie.method ?? 0], [
      28,
      listed.length,
    ]];
    const entry = header(0x02014b50, 46, short, [16, fields(lie)]);
    new DataView(entry.buffer).setUint32(42, lie.offset ?? offset, true);
    directory.push(entry, listed);
  }
  const start = at;
  for (const part of directory) add(part);
  const count = directory.length / 2;
  const size = at - start;
  add(header(0x06054b50, 22, [[8, count], [10, count]], [12, [size, start]]));
  const whole = new Uint8Array(at);
  let position = 0;
  for (const part of parts) {
    whole.set(part, position);
    position += part.length;
  }
  return whole;
}

function header(
  signature: number,
  size: number,
  short: [number, number][],
  [at, long]: [number, number[]],
): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(size);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, signature, true);
  for (const [place, value] of short) view.setUint16(place, value, true);
  long.forEach((value, i) => view.setUint32(at + 4 * i, value, true));
  return bytes;
}

/** An archive with some records replaced (`null` takes one away), and checksums that fit. */
export function edited(
  bytes: Uint8Array,
  changes: Record<string, string | Uint8Array | null>,
): Uint8Array<ArrayBuffer> {
  const records = unzip(bytes);
  // The fingerprint is of the old contents.
  records.delete(".data/serialization_id");
  for (const [name, content] of Object.entries(changes)) {
    if (content === null) records.delete(name);
    else {records.set(
        name,
        typeof content === "string" ? new TextEncoder().encode(content) : content,
      );}
  }
  return zip(records);
}
