/**
 * Values out of tensors: one, all as nested arrays, all as a TypedArray.
 *
 * @module
 */

import { check, context, native, scratch } from "../../ffi/mod.ts";
import type { Complex } from "./complex.ts";
import { convert } from "./convert.ts";
import { type DType, dtypeName } from "./dtype.ts";
import { handleOf, META_DTYPE, META_NUMEL, metaOf, shapeOf, type Tensor } from "./tensor.ts";
import { frozenByTrace } from "./trace_guard.ts";
import { type TypedArray, unsetArrayOf } from "./typed_array.ts";

/** One element in JavaScript. */
export type ElementValue = number | boolean | Complex;

/** Nested arrays of elements; a single one for a tensor without dimensions. */
export type NestedArray = ElementValue | NestedArray[];

/** The single element: see `Tensor.item`. */
export function item(tensor: Tensor): number | boolean | Complex {
  frozenByTrace("item()");
  const value = readItem(tensor, "item");
  if (typeof value === "bigint") {
    throw new RangeError(
      `item(): the value ${value} is outside of the safe integers of a number: use itemBigInt()`,
    );
  }
  return value;
}

/** The single element as a bigint: see `Tensor.itemBigInt`. */
export function itemBigInt(tensor: Tensor): bigint {
  frozenByTrace("itemBigInt()");
  const value = readItem(tensor, "itemBigInt");
  if (typeof value === "bigint") return value;
  if (typeof value === "number" && Number.isInteger(value) && !isFloat(tensor.dtype)) {
    return BigInt(value);
  }
  throw new TypeError(
    `itemBigInt(): the tensor must be of an integer dtype, but it is ${tensor.dtype}`,
  );
}

function isFloat(dtype: DType): boolean {
  return dtype.includes("float");
}

function readItem(tensor: Tensor, op: string): number | bigint | boolean | Complex {
  check(native.fb_tensor_item(handleOf(tensor, op, "self"), context), op);
  const { words } = scratch;
  const value = words[1]!;
  switch (words[0]) {
    case 2:
      return value === 1;
    case 3:
      return { re: value, im: words[2]! };
    case 4:
      return (BigInt(value) << 32n) | BigInt(words[2]!);
    default:
      return value;
  }
}

/** All elements, copied, in row-major order: see `Tensor.toTypedArray`. */
export function toTypedArray(tensor: Tensor): TypedArray {
  frozenByTrace("toTypedArray()");
  return readAll(tensor, "toTypedArray");
}

function readAll(tensor: Tensor, op: string): TypedArray {
  const meta = metaOf(tensor, op);
  const dtype = dtypeName(meta[META_DTYPE]!);
  const array = unsetArrayOf(dtype, meta[META_NUMEL]!);
  if (array === null) {
    using widened = convert(tensor, { dtype: "float32" }, op);
    return readAll(widened, op);
  }
  check(native.fb_tensor_read(handleOf(tensor, op, "self"), array, array.byteLength), op);
  return array;
}

/** Flat elements as JavaScript values, for nested arrays and for printing. */
export function readElements(
  tensor: Tensor,
  op: string,
): ArrayLike<number | bigint | boolean | Complex> {
  const array = readAll(tensor, op);
  const { dtype } = tensor;
  if (dtype === "bool") return Array.from(array as Uint8Array, (value) => value !== 0);
  if (!dtype.startsWith("complex")) return array as Float64Array;
  const parts = array as Float64Array;
  return Array.from({ length: parts.length / 2 }, (_, i) => ({
    re: parts[2 * i]!,
    im: parts[2 * i + 1]!,
  }));
}

/** All elements as nested arrays: see `Tensor.toArray`. */
export function toArray(tensor: Tensor): NestedArray {
  frozenByTrace("toArray()");
  const elements = readElements(tensor, "toArray");
  const values = elements instanceof BigInt64Array || elements instanceof BigUint64Array
    ? Array.from(elements as BigInt64Array, safeNumber)
    : elements as ArrayLike<ElementValue>;
  return nest(values, shapeOf(tensor));
}

function safeNumber(value: bigint): number {
  const number = Number(value);
  if (Number.isSafeInteger(number)) return number;
  throw new RangeError(
    `toArray(): the value ${value} is outside of the safe integers of a number: use toTypedArray()`,
  );
}

function nest(values: ArrayLike<ElementValue>, shape: readonly number[]): NestedArray {
  let position = 0;
  function build(depth: number): NestedArray {
    if (depth === shape.length) return values[position++]!;
    const list: NestedArray[] = [];
    for (let i = 0; i < shape[depth]!; i++) list.push(build(depth + 1));
    return list;
  }
  return build(0);
}
