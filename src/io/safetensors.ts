/**
 * Safetensors files: the length of a header, the header as JSON, and the tensors' bytes.
 *
 * @module
 */

import { asOptions } from "../_arguments.ts";
import { encode } from "../../ffi/mod.ts";
import { contentError, openSource, type Source, writeAtomically } from "../files/mod.ts";
import { deviceCode } from "../tensor/device.ts";
import { type DType, itemSize } from "../tensor/dtype.ts";
import { describe, type Tensor } from "../tensor/tensor.ts";
import { type Elements, elementsOf, filledFrom, setKey, shaped, tensorEntries } from "./memory.ts";

/** What {@linkcode inspectSafetensors} tells. */
export interface SafetensorsInfo {
  /** What was saved beside the tensors. */
  metadata: Record<string, string>;
  /** The tensors by name, in the order of their bytes. */
  tensors: Record<string, { dtype: DType; shape: number[] }>;
}

/** Options of {@linkcode loadSafetensors}. */
export interface LoadSafetensorsOptions {
  /** Where the tensors go; default `"cpu"`. */
  device?: string;
  /** The names to load; default: all. */
  names?: readonly string[];
}

// The format's own limit.
const MAX_HEADER = 100_000_000;

// In the order in which the format's own writer puts them: the widest first, so that every tensor is aligned to its elements.
const names: Partial<Record<DType, string>> = {
  uint64: "U64",
  int64: "I64",
  float64: "F64",
  complex64: "C64",
  float32: "F32",
  uint32: "U32",
  int32: "I32",
  bfloat16: "BF16",
  float16: "F16",
  uint16: "U16",
  int16: "I16",
  float8_e5m2fnuz: "F8_E5M2FNUZ",
  float8_e4m3fnuz: "F8_E4M3FNUZ",
  float8_e4m3fn: "F8_E4M3",
  float8_e5m2: "F8_E5M2",
  int8: "I8",
  uint8: "U8",
  bool: "BOOL",
};

const ranks = Object.keys(names);

const dtypes = new Map(Object.entries(names).map(([dtype, name]) => [name, dtype as DType]));

interface Entry {
  readonly name: string;
  readonly dtype: DType;
  readonly shape: number[];
  readonly start: number;
  readonly end: number;
}

interface Header {
  readonly entries: readonly Entry[];
  readonly metadata: Record<string, string>;
}

// ---- Saving ----

/**
 * Saves tensors by name as a safetensors file, which any reader of the format takes. Tensors are written in row-major order, each
 * for itself: what shared memory does not share it in the file. The file is written whole or not at all.
 *
 * @param tensors An object or a `Map`, such as a `stateDict()`.
 * @param path A path or a file URL.
 * @param metadata Strings by name that are saved beside the tensors.
 * @throws {TypeError} If a value is no dense tensor, or of a dtype that the format has not (complex128).
 * @throws {TorchError} If the file cannot be written; nothing is left behind then.
 *
 * @example
 * ```ts
 * import * as torch from "flambeau";
 * import { assertEquals } from "@std/assert";
 * import { tmpdir } from "node:os";
 * import { join } from "node:path";
 *
 * const path = join(tmpdir(), "flambeau-example.safetensors");
 * torch.io.saveSafetensors({ weight: torch.eye(2) }, path, { format: "pt" });
 * assertEquals(torch.io.loadSafetensors(path).weight!.toArray(), [[1, 0], [0, 1]]);
 * assertEquals(torch.io.inspectSafetensors(path).metadata, { format: "pt" });
 * ```
 */
export function saveSafetensors(
  tensors: Record<string, Tensor> | ReadonlyMap<string, Tensor>,
  path: string | URL,
  metadata: Record<string, string> = {},
): void {
  const entries = tensorEntries(tensors, "io.saveSafetensors").map(([name, tensor]) =>
    described(name, tensor)
  );
  const rank = ({ dtype }: { dtype: DType }) => ranks.indexOf(dtype);
  entries.sort((a, b) => rank(a) - rank(b) || (a.name < b.name ? -1 : 1));
  const elements: Elements[] = [];
  try {
    for (const { tensor } of entries) elements.push(elementsOf(tensor, "io.saveSafetensors"));
    const header = headerOf(entries, elements, metadata);
    writeAtomically(path, "io.saveSafetensors", (sink) => {
      sink.write(header);
      for (const one of elements) one.write((piece) => sink.write(piece));
    });
  } finally {
    for (const one of elements) one[Symbol.dispose]();
  }
}

function described(name: string, tensor: Tensor) {
  const { dtype } = tensor;
  if (names[dtype] === undefined) {
    throw new TypeError(
      `io.saveSafetensors(): argument 'tensors[${
        JSON.stringify(name)
      }]' is of ${dtype}, which the format has not`,
    );
  }
  if (name === "__metadata__") {
    throw new TypeError(
      "io.saveSafetensors(): no tensor can be named '__metadata__', which the format keeps for itself",
    );
  }
  return { name, tensor, dtype, shape: tensor.shape };
}

function headerOf(
  entries: readonly { name: string; dtype: DType; shape: number[] }[],
  elements: readonly Elements[],
  metadata: unknown,
): Uint8Array {
  const header: Record<string, unknown> = {};
  const texts = checkedMetadata(metadata);
  if (Object.keys(texts).length > 0) header.__metadata__ = texts;
  let at = 0;
  entries.forEach(({ name, dtype, shape }, i) => {
    const end = at + elements[i]!.bytes;
    setKey(header, name, { dtype: names[dtype], shape, data_offsets: [at, end] });
    at = end;
  });
  const json = encode(JSON.stringify(header));
  const length = Math.ceil(json.length / 8) * 8;
  const bytes = new Uint8Array(8 + length).fill(0x20);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(length), true);
  bytes.set(json, 8);
  return bytes;
}

function checkedMetadata(metadata: unknown): Record<string, string> {
  if (typeof metadata !== "object" || metadata === null) {
    throw new TypeError(
      `io.saveSafetensors(): argument 'metadata' must be an object of strings, but got ${
        describe(metadata)
      }`,
    );
  }
  const copy: Record<string, string> = {};
  for (const [key, value] of Object.entries(metadata)) {
    if (typeof value !== "string") {
      throw new TypeError(
        `io.saveSafetensors(): argument 'metadata[${
          JSON.stringify(key)
        }]' must be a string, but got ${describe(value)}`,
      );
    }
    setKey(copy, key, value);
  }
  return copy;
}

// ---- Loading ----

/**
 * Loads the tensors of a safetensors file by name. The header is held against the file and the format's rules first.
 *
 * @param source A path, a file URL, or the bytes.
 * @param options `device`: where the tensors go; `names`: which to load.
 * @throws {TorchError} If the file cannot be read, or is no safetensors file.
 */
export function loadSafetensors(
  source: string | URL | Uint8Array,
  options: LoadSafetensorsOptions = {},
): Record<string, Tensor> {
  const op = "io.loadSafetensors";
  const { device = "cpu", names: wanted } = asOptions(options, op, "device, names");
  deviceCode(device, op, "device");
  using bytes = openSource(source, op);
  const { entries } = readHeader(bytes, op);
  const chosen = wanted === undefined ? entries : choose(entries, wanted);
  const result: Record<string, Tensor> = {};
  try {
    for (const { name, dtype, shape, start, end } of chosen) {
      const here = shaped(filledFrom(bytes, start, end - start, op), dtype, shape);
      setKey(result, name, device === "cpu" ? here : moved(here, device));
    }
    return result;
  } catch (error) {
    for (const tensor of Object.values(result)) tensor.dispose();
    throw error;
  }
}

function moved(tensor: Tensor, device: string): Tensor {
  using source = tensor;
  return source.to({ device, copy: true });
}

function choose(entries: readonly Entry[], wanted: readonly string[]): Entry[] {
  return Array.from(wanted, (name) => {
    const entry = entries.find((one) => one.name === name);
    if (entry !== undefined) return entry;
    throw new RangeError(`io.loadSafetensors(): the file has no tensor ${JSON.stringify(name)}`);
  });
}

/** What a safetensors file holds, without loading it: metadata, and the tensors' dtypes and shapes. */
export function inspectSafetensors(source: string | URL | Uint8Array): SafetensorsInfo {
  using bytes = openSource(source, "io.inspectSafetensors");
  const { entries, metadata } = readHeader(bytes, "io.inspectSafetensors");
  const tensors: SafetensorsInfo["tensors"] = {};
  for (const { name, dtype, shape } of entries) setKey(tensors, name, { dtype, shape });
  return { metadata, tensors };
}

function readHeader(source: Source, op: string): Header {
  const fail = (reason: string) =>
    contentError(op, `${source.name} is no safetensors file: ${reason}`);
  if (source.size < 8) throw fail(`it has ${source.size} bytes`);
  const head = new Uint8Array(8);
  source.read(0, head);
  const length = Number(new DataView(head.buffer).getBigUint64(0, true));
  if (length > MAX_HEADER) throw fail(`its header of ${length} bytes is absurd`);
  if (8 + length > source.size) throw fail("its header is cut off");
  const text = new Uint8Array(length);
  source.read(8, text);
  const json = parseJson(text, fail);
  const entries = Object.entries(json)
    .filter(([name]) => name !== "__metadata__")
    .map(([name, value]) => parseEntry(name, value, 8 + length, fail));
  entries.sort((a, b) => a.start - b.start || a.end - b.end);
  checkCover(entries, 8 + length, source.size, fail);
  const metadata = Object.hasOwn(json, "__metadata__") ? json.__metadata__ : {};
  if (!isRecord(metadata) || !Object.values(metadata).every((one) => typeof one === "string")) {
    throw fail("its metadata holds what is no string");
  }
  return { entries, metadata: metadata as Record<string, string> };
}

function parseJson(text: Uint8Array, fail: (reason: string) => Error): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(text));
  } catch {
    throw fail("its header is no JSON");
  }
  if (text[0] === 0x7b && isRecord(value)) return value;
  throw fail("its header is no object");
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isCounts(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((one) => Number.isSafeInteger(one) && one >= 0);
}

function parseEntry(
  name: string,
  value: unknown,
  base: number,
  fail: (reason: string) => Error,
): Entry {
  const { dtype, shape, data_offsets: offsets } = isRecord(value) ? value : {};
  if (typeof dtype !== "string" || !isCounts(shape) || !isCounts(offsets) || offsets.length !== 2) {
    throw fail(`it says nothing of use of the tensor ${JSON.stringify(name)}`);
  }
  const known = dtypes.get(dtype);
  if (known === undefined) {
    throw fail(
      `the tensor ${JSON.stringify(name)} is of the unknown dtype ${JSON.stringify(dtype)}`,
    );
  }
  const [start, end] = offsets as [number, number];
  const bytes = shape.reduce((product, size) => product * size, itemSize(known));
  if (shape.length > 64 || end - start !== bytes) {
    throw fail(
      `the tensor ${JSON.stringify(name)} of ${known} and shape [${
        shape.join(", ")
      }] does not have ${end - start} bytes`,
    );
  }
  return { name, dtype: known, shape, start: base + start, end: base + end };
}

// The format leaves no byte unused, so that none can hide something.
function checkCover(
  entries: readonly Entry[],
  start: number,
  size: number,
  fail: (reason: string) => Error,
): void {
  let at = start;
  for (const entry of entries) {
    if (entry.start !== at) {
      throw fail(`the tensor ${JSON.stringify(entry.name)} overlaps another or leaves a gap`);
    }
    at = entry.end;
  }
  if (at > size) throw fail(`it is cut off: it has ${size} bytes, and ${at} are needed`);
  if (at < size) throw fail(`it has ${size - at} bytes that belong to no tensor`);
}
