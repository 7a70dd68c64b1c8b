/**
 * The sample that runs in CI: of every op and dtype some of the samples that pass, small ones first.
 *
 * @module
 */

import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { Buffer } from "node:buffer";
import { gunzipSync, gzipSync } from "node:zlib";
import type { Result } from "./batches.ts";
import { type Code, type Entry, readEntry, type Sample, type TensorCode } from "./sample.ts";

/** A sample: its file, and what is taken for it. */
export interface Golden {
  readonly file: URL;
  /** How many samples of an entry and dtype; default 2. */
  readonly share: Readonly<Record<string, number>>;
  /** Samples with more than this are left to the whole run. */
  readonly bytes: number;
}

/** The samples of ops (float32 has the gradients, and so more of them), and those of modules. */
export const GOLDEN: { readonly ops: Golden; readonly modules: Golden } = {
  ops: {
    file: new URL("../golden/conformance.gz", import.meta.url),
    share: { float32: 6 },
    bytes: 8192,
  },
  modules: {
    file: new URL("../golden/conformance_modules.gz", import.meta.url),
    share: {},
    bytes: 16384,
  },
};

/** Writes the sample from what passed, and passed in other runs too: results that hang on the processor do not. */
export function writeGolden(
  golden: Golden,
  results: readonly Result[],
  others: readonly Result[][],
): void {
  const failed = new Set(others.flat().filter(({ kind }) => kind !== "passed").map(keyOf));
  const blob = new Bytes();
  const lines: string[] = [];
  for (const [path, list] of Map.groupBy(results, (result) => result.path)) {
    const entry = readEntry(path);
    const robust = list.filter((result) => !failed.has(keyOf(result)));
    for (const index of chosen(robust, entry, golden)) {
      const sample = moved(entry.samples[index]!, entry.blob, blob) as Sample;
      lines.push(JSON.stringify({ ...sample, entry: entry.header.entry }));
    }
  }
  store(golden, lines, blob);
}

/** Writes the sample anew with those of its samples that `keep` says. */
export function rewriteGolden(
  keep: (sample: Sample, index: number) => boolean,
  golden: Golden = GOLDEN.ops,
): void {
  const { samples, blob } = readGolden(golden);
  const kept = new Bytes();
  const lines = samples.filter(keep).map((sample) => JSON.stringify(moved(sample, blob, kept)));
  store(golden, lines, kept);
}

function store(golden: Golden, lines: readonly string[], blob: Bytes): void {
  const text = new TextEncoder().encode(lines.join("\n"));
  mkdirSync(new URL(".", golden.file), { recursive: true });
  const head = new Uint8Array(new Uint32Array([text.length]).buffer);
  // The name of the system is in the header of gzip: the file is to be the same everywhere.
  const packed = gzipSync(Buffer.concat([head, text, blob.all()]), { level: 9 });
  packed[9] = 255;
  writeFileSync(golden.file, packed);
}

function keyOf({ path, index }: Result): string {
  return `${path}:${index}`;
}

/** Reads a sample, by default that of ops. */
export function readGolden<S = Sample>(
  { file }: Golden = GOLDEN.ops,
): { samples: S[]; blob: Uint8Array } {
  const bytes = new Uint8Array(gunzipSync(readFileSync(file)));
  const length = new DataView(bytes.buffer).getUint32(0, true);
  const text = new TextDecoder().decode(bytes.subarray(4, 4 + length));
  const samples = text.split("\n").map((line) => JSON.parse(line));
  return { samples, blob: bytes.slice(4 + length) };
}

/** Of each dtype the first that passed, then others evenly spread over those that passed. */
function chosen(results: readonly Result[], entry: Entry, { share, bytes }: Golden): number[] {
  const passed = results.filter(({ kind }) => kind === "passed");
  return [...Map.groupBy(passed, ({ dtype }) => dtype)].flatMap(([dtype, list]) => {
    const small = list.filter(({ index }) => sizeOf(entry.samples[index]!) <= bytes);
    const count = Math.min(share[dtype] ?? 2, small.length);
    const spread = Array.from({ length: count }, (_, i) => Math.floor(i * small.length / count));
    return spread.map((i) => small[i]!.index);
  });
}

function sizeOf(sample: Sample): number {
  return tensorsIn(sample).reduce((sum, { bytes }) => sum + bytes, 0);
}

function tensorsIn(value: unknown): TensorCode[] {
  if (typeof value !== "object" || value === null) return [];
  if ("$" in value && value.$ === "tensor") return [value as TensorCode];
  return Object.values(value).flatMap(tensorsIn);
}

/** A copy of a part of a sample, with its tensors' bytes in another blob. */
function moved(value: unknown, from: Uint8Array, to: Bytes): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map((element) => moved(element, from, to));
  const code = value as Code;
  if (isTensor(code)) {
    return { ...code, at: to.add(from.subarray(code.at, code.at + code.bytes)) };
  }
  return Object.fromEntries(
    Object.entries(value).map(([key, part]) => [key, moved(part, from, to)]),
  );
}

function isTensor(code: Code): code is TensorCode {
  return typeof code === "object" && code !== null && "$" in code && code.$ === "tensor";
}

/** Bytes that grow, each content once. */
class Bytes {
  readonly #parts: Uint8Array[] = [];
  readonly #places = new Map<string, number>();
  #size = 0;

  /** Where the content lies. */
  add(content: Uint8Array): number {
    const key = content.join();
    let place = this.#places.get(key);
    if (place === undefined) {
      place = this.#size;
      this.#places.set(key, place);
      this.#parts.push(content);
      this.#size += content.length;
    }
    return place;
  }

  /** All of it. */
  all(): Uint8Array {
    return Buffer.concat(this.#parts);
  }
}
