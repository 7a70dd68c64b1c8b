/**
 * Which TypedArray holds which dtype.
 *
 * @module
 */

import { newBuffer } from "../../ffi/mod.ts";
import { noteArray } from "../memory/array_garbage.ts";
import type { Complex } from "./complex.ts";
import type { DType } from "./dtype.ts";

/** A TypedArray whose elements a tensor can hold. `Float16Array` too, where the runtime has it. */
export type TypedArray =
  | Float32Array
  | Float64Array
  | Int8Array
  | Int16Array
  | Int32Array
  | Uint8Array
  | Uint8ClampedArray
  | Uint16Array
  | Uint32Array
  | BigInt64Array
  | BigUint64Array
  | Float16ArrayLike;

/** The shape of `Float16Array`, which older type libraries do not declare. */
export interface Float16ArrayLike extends ArrayBufferView {
  /** The number of elements. */
  readonly length: number;
  /** Always 2. */
  readonly BYTES_PER_ELEMENT: number;
  /** A copy. */
  slice(): Float16ArrayLike;
  /** The elements. */
  [index: number]: number;
}

/** What `torch.tensor` takes. */
export type TensorData = number | bigint | boolean | Complex | TypedArray | readonly TensorData[];

interface ArrayType {
  new (length: number): TypedArray;
  new (buffer: ArrayBufferLike, start?: number, length?: number): TypedArray;
  readonly BYTES_PER_ELEMENT: number;
}

const float16 = (globalThis as { Float16Array?: ArrayType }).Float16Array;

// Complex numbers lie as pairs, real then imaginary; bool as bytes of 0 and 1.
const types: Partial<Record<DType, ArrayType>> = {
  float32: Float32Array,
  float64: Float64Array,
  int8: Int8Array,
  int16: Int16Array,
  int32: Int32Array,
  int64: BigInt64Array,
  uint8: Uint8Array,
  uint16: Uint16Array,
  uint32: Uint32Array,
  uint64: BigUint64Array,
  bool: Uint8Array,
  complex64: Float32Array,
  complex128: Float64Array,
  ...(float16 ? { float16 } : {}),
};

const dtypes: Record<string, DType> = {
  Float32Array: "float32",
  Float64Array: "float64",
  Int8Array: "int8",
  Int16Array: "int16",
  Int32Array: "int32",
  BigInt64Array: "int64",
  Uint8Array: "uint8",
  Uint8ClampedArray: "uint8",
  Uint16Array: "uint16",
  Uint32Array: "uint32",
  BigUint64Array: "uint64",
  Float16Array: "float16",
};

// The getters that every TypedArray has by birth: a subclass may say anything, and native code would believe it.
const born = Object.getPrototypeOf(Uint8Array.prototype);
const getter = (key: PropertyKey) => Object.getOwnPropertyDescriptor(born, key)!.get!;
const nameOf = getter(Symbol.toStringTag);
const lengthGetter = getter("length");
const byteLengthGetter = getter("byteLength");
const bufferGetter = getter("buffer");
const byteOffsetGetter = getter("byteOffset");
const isResizable = Object.getOwnPropertyDescriptor(ArrayBuffer.prototype, "resizable")?.get;

/** Whether a value is a TypedArray, whatever realm it comes from and whatever its prototype says. */
export function isTypedArray(value: unknown): value is TypedArray {
  return nameOf.call(value) !== undefined;
}

/** The number of elements that lie in memory. */
export function lengthOf(array: TypedArray): number {
  return lengthGetter.call(array) as number;
}

/** Whether the memory stays where it is: neither shared between threads nor resizable. */
export function isFixed(array: TypedArray): boolean {
  // Reading `buffer` also moves a small array's elements out of the collected heap, to where they stay.
  const buffer: unknown = bufferGetter.call(array);
  try {
    return isResizable?.call(buffer) === false;
  } catch {
    return false; // A SharedArrayBuffer.
  }
}

/** The size in bytes. */
export function byteLengthOf(array: TypedArray): number {
  return byteLengthGetter.call(array) as number;
}

/** A copy in memory of its own. */
export function copyOf(array: TypedArray): TypedArray {
  const copy = arrayOf(dtypeOfArray(array), lengthOf(array))!;
  born.set.call(copy, array);
  return copy;
}

/** The dtype of a TypedArray's elements. */
export function dtypeOfArray(array: TypedArray): DType {
  return dtypes[nameOf.call(array) as string]!;
}

const lengthFor = (dtype: DType, count: number): number =>
  dtype === "complex64" || dtype === "complex128" ? 2 * count : count;

/** A new array for `count` elements of a dtype; `null` for a dtype that no TypedArray holds (bfloat16, float8). */
export function arrayOf(dtype: DType, count: number): TypedArray | null {
  const type = types[dtype];
  return type === undefined ? null : new type(lengthFor(dtype, count));
}

// From here on, the pages that the system would have to clear for a new array cost more than a buffer with a deleter.
const LARGE_BYTES = 1 << 16;

/**
 * The same where all elements are written next: a large one lies in memory that was freed lately, and whose elements are of
 * any value until then.
 */
export function unsetArrayOf(dtype: DType, count: number): TypedArray | null {
  const type = types[dtype];
  if (type === undefined) return null;
  const bytes = lengthFor(dtype, count) * type.BYTES_PER_ELEMENT;
  if (bytes < LARGE_BYTES) return arrayOf(dtype, count);
  noteArray(bytes);
  const buffer = newBuffer(bytes);
  return buffer === null ? arrayOf(dtype, count) : new type(buffer);
}

/** A dtype's array over a part of a buffer, of so many elements. */
export function arrayOver(
  dtype: DType,
  buffer: ArrayBufferLike,
  start: number,
  count: number,
): TypedArray {
  return new types[dtype]!(buffer, start, lengthFor(dtype, count));
}

/** Where an array begins, and in which buffer. */
export function placeOf(array: TypedArray): { buffer: ArrayBufferLike; start: number } {
  return {
    buffer: bufferGetter.call(array) as ArrayBufferLike,
    start: byteOffsetGetter.call(array) as number,
  };
}
