/**
 * The recorded samples, as `export.py` writes them, and their values as tensors and numbers.
 *
 * @module
 */

import { readFileSync } from "node:fs";
import * as torch from "../../mod.ts";

/** A tensor: the memory that it spans (`bytes` from `at` in the blob), and how it lies in it. */
export interface TensorCode {
  readonly $: "tensor";
  readonly dtype: string;
  readonly shape: readonly number[];
  /** Left out where the tensor is contiguous. */
  readonly strides?: readonly number[];
  /** Where in the memory it begins; default 0. */
  readonly offset?: number;
  /** Whether the memory is to be read as conjugated. */
  readonly conj?: true;
  readonly at: number;
  readonly bytes: number;
  /** Whether its gradient is compared. */
  readonly grad?: true;
}

/** A value: JSON is itself, and what JSON cannot say is an object with a key `$`. */
export type Code =
  | null
  | boolean
  | number
  | string
  | readonly Code[]
  | TensorCode
  | { readonly $: "complex"; readonly re: Code; readonly im: Code }
  | { readonly $: "float" | "int" | "word"; readonly v: string }
  | { readonly $: "slice"; readonly v: readonly (number | null)[] }
  /** What step `v[0]` returned, or the part of it that the rest of `v` leads to. */
  | { readonly $: "step"; readonly v: readonly number[] }
  | { readonly $: "input"; readonly v: number }
  /** What has no form here, by its type in Python. */
  | { readonly $: "other"; readonly type: string };

/** A call of one function of torch. */
export interface Step {
  /** The name that users call in Python: `linalg.qr`, `Tensor.add`, `ops.aten.add.Tensor`. */
  readonly f: string;
  /** The op of LibTorch of that name, if there is one. */
  readonly op?: string;
  /** Whether it is an attribute that is read. */
  readonly attribute?: true;
  readonly args: readonly Code[];
  readonly kwargs?: Readonly<Record<string, Code>>;
}

/** One sample: calls, and what PyTorch computed. */
export interface Sample {
  /** The entry of the database; in the sample of CI only, which holds many. */
  readonly entry?: string;
  readonly dtype: string;
  readonly seed: number;
  readonly tensors: readonly TensorCode[];
  readonly steps: readonly Step[];
  /** Where among tensors and steps the result is found. */
  readonly returns: Code;
  readonly result: Code;
  /** Gradients of the sum of the result, one for each of `tensors`. */
  readonly grads?: readonly (TensorCode | null)[];
  /** The method that computes the same: its name where the arguments are those of the step. */
  readonly method?: string | Step;
  /** The in-place method that computes the same, likewise. */
  readonly inplace?: string | Step;
}

/** What the first line of a file says. */
export interface Header {
  /** The entry of the database: name and variant. */
  readonly entry: string;
  /** How many samples PyTorch itself refuses, by dtype. */
  readonly refused: Readonly<Record<string, number>>;
}

/** An entry of the database with its samples. */
export interface Entry<S = Sample> {
  readonly header: Header;
  readonly samples: readonly S[];
  readonly blob: Uint8Array;
}

/** Reads `path.jsonl` and `path.bin`. */
export function readEntry<S = Sample>(path: string): Entry<S> {
  const lines = readFileSync(`${path}.jsonl`, "utf8").trimEnd().split("\n");
  const [header, ...samples] = lines.map((line) => JSON.parse(line));
  // A copy, since slices of a Buffer share its memory.
  return { header, samples, blob: new Uint8Array(readFileSync(`${path}.bin`)) };
}

type Numbers = Parameters<typeof torch.fromTypedArray>[0];

const arrays: Record<string, new (buffer: ArrayBuffer) => Numbers> = {
  float32: Float32Array,
  float64: Float64Array,
  complex64: Float32Array,
  complex128: Float64Array,
  int8: Int8Array,
  int16: Int16Array,
  int32: Int32Array,
  int64: BigInt64Array,
  uint8: Uint8Array,
  uint16: Uint16Array,
  uint32: Uint32Array,
  uint64: BigUint64Array,
  bool: Uint8Array,
};

/** The elements of the memory that a tensor spans; those of bfloat16 and float16 as float32, of complex ones pairs. */
export function memoryOf(code: TensorCode, blob: Uint8Array): Numbers {
  const { buffer } = blob.slice(code.at, code.at + code.bytes);
  if (code.dtype === "bfloat16") return fromBfloat16(new Uint16Array(buffer as ArrayBuffer));
  if (code.dtype === "float16" || code.dtype === "complex32") {
    return Float32Array.from(new Uint16Array(buffer as ArrayBuffer), fromFloat16);
  }
  const type = arrays[code.dtype];
  if (!type) throw new Error(`No array for dtype ${code.dtype}`);
  return new type(buffer as ArrayBuffer);
}

function fromBfloat16(bits: Uint16Array): Float32Array {
  return new Float32Array(Uint32Array.from(bits, (half) => half << 16).buffer);
}

function fromFloat16(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  if (exponent === 31) return fraction ? NaN : sign * Infinity;
  return sign *
    (exponent ? (1 + fraction / 1024) * 2 ** (exponent - 15) : fraction / 1024 * 2 ** -14);
}

/** Makes the tensor that a code describes. */
export function makeTensor(code: TensorCode, blob: Uint8Array): torch.Tensor {
  let made = torch.tensor(memoryOf(code, blob));
  if (code.dtype.startsWith("complex")) made = torch.viewAsComplex(made.view([-1, 2]));
  if (made.dtype !== code.dtype) made = made.to(code.dtype);
  made = code.strides
    ? made.asStrided(code.shape, code.strides, code.offset ?? 0)
    : made.view(code.shape);
  if (code.conj) made = made.conj();
  if (code.grad) made.requiresGrad = true;
  return made;
}

/** What a step's arguments may refer to. */
export interface Values {
  readonly tensors: readonly torch.Tensor[];
  readonly steps: readonly unknown[];
}

/** The value that is passed for a code. */
export function decode(code: Code, values: Values): unknown {
  if (code === null || typeof code !== "object") return code;
  if (!("$" in code)) return code.map((element) => decode(element, values));
  switch (code.$) {
    case "complex":
      return { re: decode(code.re, values), im: decode(code.im, values) };
    case "float":
      return Number(code.v.replace("inf", "Infinity"));
    case "int":
      return BigInt(code.v);
    case "word":
      return code.v;
    case "slice":
      return sliceText(code.v);
    case "input":
      return values.tensors[code.v];
    case "step":
      return at(values.steps, code.v);
    default:
      throw new Error(`A value that has no form here: ${JSON.stringify(code)}`);
  }
}

function sliceText([start, stop, step]: readonly (number | null)[]): string {
  const text = `${start ?? ""}:${stop ?? ""}`;
  return step == null ? text : `${text}:${step}`;
}

function at(value: unknown, path: readonly number[]): unknown {
  return path.reduce((part, index) => (part as unknown[])[index], value);
}
