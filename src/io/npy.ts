/**
 * Numpy's `.npy` files: a header that Python's syntax describes the array in, and its bytes.
 *
 * @module
 */

import { encode } from "../../ffi/mod.ts";
import { CHUNK, contentError, openSource, writeAtomically } from "../files/mod.ts";
import { type DType, itemSize } from "../tensor/dtype.ts";
import { writeStorage } from "../tensor/storage.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { checkDense, elementsOf, filled, shaped } from "./memory.ts";

const MAGIC = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59];
const MAX_HEADER = 1 << 20;
const ALIGNMENT = 64;

const descriptions: Partial<Record<DType, string>> = {
  float64: "<f8",
  float32: "<f4",
  float16: "<f2",
  int64: "<i8",
  int32: "<i4",
  int16: "<i2",
  int8: "|i1",
  uint64: "<u8",
  uint32: "<u4",
  uint16: "<u2",
  uint8: "|u1",
  bool: "|b1",
  complex64: "<c8",
  complex128: "<c16",
};

const dtypes = new Map(
  Object.entries(descriptions).map(([dtype, text]) => [text.slice(1), dtype as DType]),
);

/** What a header says. */
interface Header {
  readonly dtype: DType;
  readonly shape: readonly number[];
  readonly columnMajor: boolean;
  readonly bigEndian: boolean;
  /** Where the elements begin. */
  readonly start: number;
}

// ---- Saving ----

/**
 * Saves a tensor as a `.npy` file, in row-major order, as `numpy.save` does. The file is written whole or not at all.
 *
 * @param tensor A dense tensor of any dtype that numpy has: not bfloat16, float8, complex32 or a quantized one.
 * @param path A path or a file URL.
 * @throws {TypeError} If the dtype is none of numpy's.
 * @throws {TorchError} If the file cannot be written; nothing is left behind then.
 *
 * @example
 * ```ts
 * import * as torch from "flambeau";
 * import { assertEquals } from "@std/assert";
 * import { tmpdir } from "node:os";
 * import { join } from "node:path";
 *
 * const path = join(tmpdir(), "flambeau-example.npy");
 * torch.io.saveNpy(torch.tensor([[1, 2], [3, 4]]), path);
 * assertEquals(torch.io.loadNpy(path).toArray(), [[1, 2], [3, 4]]);
 * ```
 */
export function saveNpy(tensor: Tensor, path: string | URL): void {
  checkDense(tensor, "io.saveNpy", "tensor");
  const header = npyHeader(tensor, "io.saveNpy", "tensor");
  using elements = elementsOf(tensor, "io.saveNpy");
  writeAtomically(path, "io.saveNpy", (sink) => {
    sink.write(header);
    elements.write((piece) => sink.write(piece));
  });
}

/** The header of a tensor's file. */
export function npyHeader(tensor: Tensor, op: string, argument: string): Uint8Array {
  const { dtype, shape } = tensor;
  const description = descriptions[dtype];
  if (description === undefined) {
    throw new TypeError(
      `${op}(): argument '${argument}' is of ${dtype}, which numpy has not: convert it, say with float()`,
    );
  }
  const sizes = shape.length === 1 ? `${shape[0]},` : shape.join(", ");
  const text = `{'descr': '${description}', 'fortran_order': False, 'shape': (${sizes}), }`;
  const length = Math.ceil((10 + text.length + 1) / ALIGNMENT) * ALIGNMENT;
  const bytes = new Uint8Array(length).fill(0x20);
  bytes.set(MAGIC);
  bytes.set([1, 0], 6);
  new DataView(bytes.buffer).setUint16(8, length - 10, true);
  bytes.set(encode(text), 10);
  bytes[length - 1] = 0x0a;
  return bytes;
}

// ---- Loading ----

/**
 * Loads a `.npy` file of numbers or booleans. Arrays in Fortran order keep it as their strides; those of the other byte order
 * are converted. Arrays of Python objects, which could run anything, strings and records are refused.
 *
 * @param source A path, a file URL, or the bytes.
 * @throws {TorchError} If the file cannot be read, is no `.npy` file, or holds what no tensor can.
 */
export function loadNpy(source: string | URL | Uint8Array): Tensor {
  using bytes = openSource(source, "io.loadNpy");
  using reader = new NpyReader(bytes.name, bytes.size, "io.loadNpy");
  const buffer = new Uint8Array(Math.min(CHUNK, Math.max(bytes.size, 64)));
  for (let offset = 0; offset < bytes.size; offset += CHUNK) {
    const piece = buffer.subarray(0, Math.min(CHUNK, bytes.size - offset));
    bytes.read(offset, piece);
    reader.push(piece, offset);
  }
  return reader.finish();
}

/** Makes a tensor of a file's pieces, of which the first must hold the whole header. */
export class NpyReader implements Disposable {
  readonly #size: number;
  readonly #fail: (reason: string) => Error;
  #header: Header | null = null;
  #memory: Tensor | null = null;
  // Bytes of an element whose other half comes with the next piece.
  #rest: Uint8Array = new Uint8Array();

  /** `name` and `size` of the file, or of the record in an archive. */
  constructor(name: string, size: number, op: string) {
    this.#size = size;
    this.#fail = (reason) => contentError(op, `${name} is no .npy file of numbers: ${reason}`);
  }

  /** Takes the next piece. It may be changed. */
  push(piece: Uint8Array, offset: number): void {
    if (this.#header === null) {
      this.#header = parseHeader(piece, this.#fail);
      const bytes = this.#bytes(this.#header);
      this.#memory = filled(bytes, () => {});
    }
    const { start } = this.#header;
    const from = Math.max(start - offset, 0);
    this.#put(piece.subarray(from), offset + from - start, this.#header);
  }

  #bytes({ shape, dtype, start }: Header): number {
    const bytes = shape.reduce((product, size) => product * size, itemSize(dtype));
    if (start + bytes === this.#size) return bytes;
    throw this.#fail(
      `its header asks for ${bytes} bytes of elements, and it has ${this.#size - start}`,
    );
  }

  #put(piece: Uint8Array, at: number, header: Header): void {
    if (!header.bigEndian) return writeStorage(this.#memory!, at, piece, "io.loadNpy");
    const whole = new Uint8Array(this.#rest.length + piece.length);
    whole.set(this.#rest);
    whole.set(piece, this.#rest.length);
    const width = itemSize(header.dtype) / (header.dtype.startsWith("complex") ? 2 : 1);
    const usable = whole.length - whole.length % width;
    for (let i = 0; i < usable; i += width) whole.subarray(i, i + width).reverse();
    writeStorage(this.#memory!, at - this.#rest.length, whole.subarray(0, usable), "io.loadNpy");
    this.#rest = whole.slice(usable);
  }

  /** The tensor. */
  finish(): Tensor {
    if (this.#header === null) throw this.#fail("it is empty");
    const memory = this.#memory!;
    this.#memory = null;
    const { dtype, shape, columnMajor } = this.#header;
    return shaped(memory, dtype, shape, columnMajor);
  }

  /** Frees what {@linkcode finish} did not hand out. */
  [Symbol.dispose](): void {
    this.#memory?.dispose();
  }
}

function parseHeader(piece: Uint8Array, fail: (reason: string) => Error): Header {
  if (piece.length < 12 || !MAGIC.every((byte, i) => piece[i] === byte)) {
    throw fail("it does not begin like one");
  }
  const view = new DataView(piece.buffer, piece.byteOffset, piece.byteLength);
  const version = piece[6]!;
  if (version < 1 || version > 3) throw fail(`it is of the unknown version ${version}`);
  const head = version === 1 ? 10 : 12;
  const length = version === 1 ? view.getUint16(8, true) : view.getUint32(8, true);
  if (length > MAX_HEADER) throw fail(`its header of ${length} bytes is absurd`);
  if (head + length > piece.length) throw fail("its header is cut off");
  const text = new TextDecoder(version === 3 ? "utf-8" : "latin1")
    .decode(piece.subarray(head, head + length));
  return { ...parseDescription(text, fail), start: head + length };
}

const FIELDS =
  /^\{\s*((?:'(?:descr|fortran_order|shape)'\s*:\s*(?:'[^']*'|True|False|\([\dL,\s]*\)|\[[^]*\])\s*,?\s*){3})\}\s*$/;

function parseDescription(
  text: string,
  fail: (reason: string) => Error,
): Omit<Header, "start"> {
  const fields = FIELDS.exec(text)?.[1] ?? "";
  const description = /'descr'\s*:\s*('[^']*'|\[)/.exec(fields)?.[1];
  const order = /'fortran_order'\s*:\s*(True|False)/.exec(fields)?.[1];
  const shape = /'shape'\s*:\s*\(([\dL,\s]*)\)/.exec(fields)?.[1];
  if (description === undefined || order === undefined || shape === undefined) {
    throw fail("its header is not one");
  }
  const sizes = shape.split(",").map((size) => size.trim().replace(/L$/, ""))
    .filter((size) => size !== "").map(Number);
  if (!sizes.every(Number.isSafeInteger) || sizes.length > 64) throw fail("its shape is absurd");
  const { dtype, bigEndian } = parseType(description, fail);
  return { dtype, bigEndian, shape: sizes, columnMajor: order === "True" };
}

const kinds: Record<string, string> = {
  O: "Python objects, which could run anything",
  S: "byte strings",
  U: "strings",
  V: "raw records",
  M: "dates",
  m: "time differences",
};

function parseType(
  description: string,
  fail: (reason: string) => Error,
): { dtype: DType; bigEndian: boolean } {
  if (description === "[") throw fail("its elements are records");
  const type = description.slice(1, -1);
  const [, order, kind, size] = /^([<>=|])?([a-zA-Z])(\d*)/.exec(type) ?? [];
  const dtype = dtypes.get(`${kind}${size}`);
  if (dtype !== undefined) return { dtype, bigEndian: order === ">" };
  const known = kind === undefined ? undefined : kinds[kind];
  throw fail(
    known === undefined
      ? `its elements are of numpy's type '${type}', which no tensor has`
      : `its elements are ${known}`,
  );
}
