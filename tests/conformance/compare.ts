/**
 * Whether a value is the one that PyTorch computed: with the tolerances of `torch.testing.assert_close`.
 *
 * @module
 */

import * as torch from "../../mod.ts";
import { type Code, decode, memoryOf, type TensorCode } from "./sample.ts";

/** Relative and absolute tolerance by dtype; integers and booleans must be equal. */
const tolerances: Record<string, readonly [relative: number, absolute: number]> = {
  bfloat16: [1.6e-2, 1e-5],
  float16: [1e-3, 1e-5],
  float32: [1.3e-6, 1e-5],
  float64: [1e-7, 1e-7],
  complex32: [1e-3, 1e-5],
  complex64: [1.3e-6, 1e-5],
  complex128: [1e-7, 1e-7],
};

/** How to compare. */
export interface Comparison {
  readonly blob: Uint8Array;
  /** Whether only dtypes and shapes count, since the values are what happened to lie in memory. */
  readonly shapesOnly: boolean;
}

/** What differs, or `null`. */
export function difference(actual: unknown, expected: Code, how: Comparison): string | null {
  if (expected !== null && typeof expected === "object") {
    if (!("$" in expected)) return listDifference(actual, expected, how);
    if (expected.$ === "tensor") return tensorDifference(actual, expected, how);
  }
  return scalarDifference(actual, expected, how);
}

function listDifference(
  actual: unknown,
  expected: readonly Code[],
  how: Comparison,
): string | null {
  if (!Array.isArray(actual)) return `got ${show(actual)}, not a list`;
  if (actual.length !== expected.length) {
    return `got a list of ${actual.length}, not ${expected.length}`;
  }
  for (let i = 0; i < expected.length; i++) {
    const found = difference(actual[i], expected[i]!, how);
    if (found !== null) return `result ${i}: ${found}`;
  }
  return null;
}

function scalarDifference(actual: unknown, code: Code, how: Comparison): string | null {
  const expected = decode(code, { tensors: [], steps: [] });
  if (expected === null && (actual === null || actual === undefined)) return null;
  if (how.shapesOnly && typeof actual === typeof expected) return null;
  if (isComplex(actual) && isComplex(expected)) {
    if (close(actual.re, expected.re, "float32") && close(actual.im, expected.im, "float32")) {
      return null;
    }
  }
  if (typeof expected === "bigint" && Number.isInteger(actual)) {
    if (BigInt(actual as number) === expected) return null;
  }
  if (typeof actual === "number" && typeof expected === "number") {
    if (close(actual, expected, "float64")) return null;
  }
  return Object.is(actual, expected) ? null : `got ${show(actual)}, not ${show(expected)}`;
}

function isComplex(value: unknown): value is torch.Complex {
  return typeof value === "object" && value !== null && "re" in value && "im" in value;
}

function tensorDifference(actual: unknown, code: TensorCode, how: Comparison): string | null {
  if (!(actual instanceof torch.Tensor)) return `got ${show(actual)}, not a Tensor`;
  if (actual.dtype !== code.dtype) return `dtype ${actual.dtype}, not ${code.dtype}`;
  const shape = actual.shape;
  if (shape.join() !== code.shape.join()) return `shape [${shape}], not [${code.shape}]`;
  if (how.shapesOnly) return null;
  // No array holds half-precision complex numbers.
  const readable = code.dtype === "complex32" ? actual.to("complex64") : actual;
  return valueDifference(readable.detach().toTypedArray(), rowMajor(code, how.blob), code.dtype);
}

type Elements = ArrayLike<number | bigint>;

/** The elements of a recorded tensor in row-major order; complex ones as pairs. */
function rowMajor(code: TensorCode, blob: Uint8Array): Elements {
  const memory = memoryOf(code, blob) as Elements;
  if (!code.strides && !code.conj) return memory;
  const complex = code.dtype.startsWith("complex");
  const places = code.strides ? positions(code) : memory.length;
  const list = typeof places === "number"
    ? [...Array(complex ? places / 2 : places).keys()]
    : places;
  if (!complex) return list.map((place) => memory[place]!);
  const sign = code.conj ? -1 : 1;
  return list.flatMap((place) => [
    memory[2 * place] as number,
    sign * (memory[2 * place + 1] as number),
  ]);
}

function positions({ shape, strides, offset = 0 }: TensorCode): number[] {
  let list = shape.includes(0) ? [] : [offset];
  shape.forEach((size, dim) => {
    const steps = Array.from({ length: size }, (_, index) => index * strides![dim]!);
    list = list.flatMap((place) => steps.map((step) => place + step));
  });
  return list;
}

function valueDifference(actual: Elements, expected: Elements, dtype: string): string | null {
  let count = 0;
  let first = -1;
  for (let i = 0; i < expected.length; i++) {
    const [a, b] = [actual[i]!, expected[i]!];
    if (a === b || close(Number(a), Number(b), dtype)) continue;
    if (count++ === 0) first = i;
  }
  if (count === 0) return null;
  return `${count} of ${expected.length} values differ, the first is ${actual[first]}, not ${
    expected[first]
  }`;
}

function close(actual: number, expected: number, dtype: string): boolean {
  if (Object.is(actual, expected) || actual === expected) return true;
  const [relative, absolute] = tolerances[dtype] ?? [0, 0];
  return Math.abs(actual - expected) <= absolute + relative * Math.abs(expected) &&
    Number.isFinite(expected);
}

function show(value: unknown): string {
  if (value instanceof torch.Tensor) return "a Tensor";
  if (Array.isArray(value)) return `a list of ${value.length}`;
  if (typeof value === "bigint") return `${value}n`;
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}
