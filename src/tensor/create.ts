/**
 * Tensors from JavaScript values.
 *
 * @module
 */

import { checkHandle, context, native, scratch } from "../../ffi/mod.ts";
import { convert } from "./convert.ts";
import { type Complex, isComplex } from "./complex.ts";
import { type DType, dtypeCode } from "./dtype.ts";
import { borrowMemory } from "./memory_share.ts";
import { describe, isTensor, OWNED, Tensor } from "./tensor.ts";
import { defaultDType } from "./state.ts";
import {
  arrayOf,
  byteLengthOf,
  copyOf,
  dtypeOfArray,
  isFixed,
  isTypedArray,
  lengthOf,
  type TensorData,
  type TypedArray,
} from "./typed_array.ts";

/** Options of everything that makes a tensor. */
export interface TensorOptions {
  /** The element type; default: inferred from the data, or the default dtype for factories. */
  dtype?: DType;
  /** The device; default `"cpu"`. */
  device?: string;
  /** Whether gradients flow to the tensor; default `false`. */
  requiresGrad?: boolean;
}

type Element = number | bigint | boolean | Complex;

// Deeper than any tensor (LibTorch's limit is 64 dimensions), so a cyclic array ends here.
const MAX_DEPTH = 64;

interface Flat {
  shape: number[];
  values: Element[];
  /** The dtypes of the TypedArrays met. */
  arrays: Set<DType>;
}

/**
 * Makes a tensor from numbers, bigints, booleans, complex values, nested arrays of them, or a TypedArray. The data is copied.
 *
 * The dtype is inferred as PyTorch does it: whole numbers give int64, any fraction the default dtype
 * (float32), booleans bool, `{ re, im }` complex64, a TypedArray its own dtype (`Float16Array` float16, and so on).
 *
 * @param data The values. Nested arrays must be regular: all rows of one length.
 * @param options `dtype`, `device` and `requiresGrad`. A fraction is truncated for an integer dtype, as in PyTorch.
 * @returns A new tensor.
 * @throws {TypeError} If the data holds anything else, or rows of different lengths.
 * @throws {RangeError} If a value does not fit the dtype.
 *
 * @example
 * ```ts
 * import * as torch from "flambeau";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(torch.tensor([[1, 2.5], [3, 4]]).dtype, "float32");
 * assertEquals(torch.tensor([1, 2, 3]).dtype, "int64");
 * assertEquals(torch.tensor([true, false]).toArray(), [true, false]);
 * assertEquals(torch.tensor(new Float64Array([1, 2])).dtype, "float64");
 * ```
 */
export function tensor(data: TensorData | Tensor, options: TensorOptions = {}): Tensor {
  const { dtype, device, requiresGrad } = checkOptions(options);
  if (dtype !== undefined) dtypeCode(dtype, "tensor", "dtype");
  const made = isTensor(data)
    ? convert(data, { dtype, device, copy: true, detach: true })
    : onDevice(isTypedArray(data) ? fromArray(data, dtype) : fromNested(data, dtype), device);
  if (!requiresGrad) return made;
  try {
    made.requiresGrad = true;
    return made;
  } catch (error) {
    made.dispose();
    throw error;
  }
}

/**
 * Makes a tensor that shares the memory of a TypedArray: a write to either is seen in the other. Nothing is copied, and
 * the array is kept alive for as long as LibTorch holds the memory. A Worker that ends, however it comes, keeps it until what
 * its `runAsync` still runs is done; what tensors of other Workers still hold of it goes on in memory of LibTorch's own.
 *
 * @param array A TypedArray over an ArrayBuffer that cannot be resized. Do not transfer its buffer away while the tensor lives.
 * @param shape The sizes; default: one dimension.
 * @returns A tensor of the array's own dtype.
 * @throws {TypeError} If the array's memory can move: a resizable or shared buffer.
 * @throws {RangeError} If the shape has another number of elements than the array.
 *
 * @example
 * ```ts
 * import * as torch from "flambeau";
 * import { assertEquals } from "@std/assert";
 *
 * const array = new Float32Array(4);
 * const x = torch.fromTypedArray(array, [2, 2]);
 * array[0] = 7;
 * assertEquals(x.toArray(), [[7, 0], [0, 0]]);
 * ```
 */
export function fromTypedArray(array: TypedArray, shape?: readonly number[]): Tensor {
  if (!isTypedArray(array)) {
    throw new TypeError(
      `fromTypedArray(): argument 'array' must be a TypedArray, but got ${describe(array)}`,
    );
  }
  const length = lengthOf(array);
  const sizes = shape === undefined ? [length] : checkShape(shape, length);
  return borrowMemory(array, sizes, dtypeOfArray(array));
}

const known = ["dtype", "device", "requiresGrad"];

function checkOptions(options: TensorOptions): TensorOptions {
  if (typeof options !== "object" || options === null || Array.isArray(options)) {
    throw new TypeError(
      `tensor(): argument 'options' must be an object, but got ${describe(options)}`,
    );
  }
  for (const key in options) {
    if (!known.includes(key)) {
      throw new TypeError(`tensor(): unknown option '${key}'; its options are ${known.join(", ")}`);
    }
  }
  return options;
}

function checkShape(shape: readonly number[], length: number): number[] {
  const sizes = Array.from(shape);
  for (const size of sizes) {
    if (!Number.isInteger(size) || size < 0) {
      throw new RangeError(
        `fromTypedArray(): argument 'shape' must hold integers of at least 0, but got ${
          describe(size)
        }`,
      );
    }
  }
  const count = sizes.reduce((product, size) => product * size, 1);
  if (count !== length) {
    throw new RangeError(
      `fromTypedArray(): argument 'shape' must have as many elements as the array, but [${
        sizes.join(", ")
      }] has ${count} and the array ${length}`,
    );
  }
  return sizes;
}

function onDevice(made: Tensor, device: string | undefined): Tensor {
  if (device === undefined || device === "cpu") return made;
  try {
    return convert(made, { device });
  } finally {
    made.dispose();
  }
}

function fromArray(array: TypedArray, dtype: DType | undefined): Tensor {
  const own = dtypeOfArray(array);
  // Shared memory may change under the copy, and a view over it is refused by one of the runtimes.
  const made = upload(isFixed(array) ? array : copyOf(array), [lengthOf(array)], own);
  return dtype === undefined || dtype === own ? made : converted(made, dtype);
}

function fromNested(data: TensorData, dtype: DType | undefined): Tensor {
  const flat: Flat = { shape: [], values: [], arrays: new Set() };
  flatten(data, 0, flat);
  const [common] = flat.arrays.size === 1 ? flat.arrays : [];
  const target = dtype ?? common ?? inferDType(flat.values);
  const array = arrayOf(target, flat.values.length);
  if (array === null) {
    const wide: DType = target === "complex32" ? "complex64" : "float64";
    return converted(fill(flat, wide, arrayOf(wide, flat.values.length)!), target);
  }
  return fill(flat, target, array);
}

function converted(made: Tensor, dtype: DType): Tensor {
  try {
    return convert(made, { dtype });
  } finally {
    made.dispose();
  }
}

function flatten(data: TensorData, depth: number, flat: Flat): void {
  if (Array.isArray(data) || isTypedArray(data)) {
    if (depth === MAX_DEPTH) {
      throw new TypeError(
        `tensor(): argument 'data' is nested more than ${MAX_DEPTH} arrays deep, or contains itself`,
      );
    }
    const length = data.length;
    if (flat.shape.length === depth && flat.values.length === 0) flat.shape.push(length);
    if (flat.shape[depth] !== length) throw ragged(flat.shape[depth], length, depth);
    if (isTypedArray(data)) flat.arrays.add(dtypeOfArray(data));
    for (let i = 0; i < length; i++) flatten(data[i] as TensorData, depth + 1, flat);
    return;
  }
  if (depth !== flat.shape.length) throw ragged(flat.shape[depth], undefined, depth);
  if (isTensor(data)) {
    throw new TypeError(
      "tensor(): argument 'data' holds a Tensor inside an array: use torch.stack, or take its item()",
    );
  }
  if (isComplex(data)) {
    const { re, im } = data;
    if (typeof re !== "number" || typeof im !== "number") {
      throw new TypeError(
        `tensor(): argument 'data' holds { re, im } whose parts are not numbers, but ${
          describe(re)
        } and ${describe(im)}`,
      );
    }
    flat.values.push({ re, im });
  } else if (typeof data === "number" || typeof data === "bigint" || typeof data === "boolean") {
    flat.values.push(data);
  } else {
    throw new TypeError(
      `tensor(): argument 'data' must hold numbers, bigints, booleans or { re, im }, but got ${
        describe(data)
      }`,
    );
  }
}

function ragged(expected: number | undefined, given: number | undefined, depth: number): TypeError {
  const say = (length: number | undefined) =>
    length === undefined ? "a single value" : `an array of length ${length}`;
  return new TypeError(
    `tensor(): argument 'data' must be regular, but at depth ${depth} it has ${say(expected)} and ${
      say(given)
    }`,
  );
}

function inferDType(values: readonly Element[]): DType {
  if (values.length === 0) return defaultDType();
  let kind = 0; // bool, int, float, complex: the widest wins
  for (const value of values) {
    if (typeof value === "boolean") continue;
    if (typeof value === "object") return defaultDType() === "float64" ? "complex128" : "complex64";
    const whole = typeof value === "bigint" ||
      (Number.isSafeInteger(value) && !Object.is(value, -0));
    kind = Math.max(kind, whole ? 1 : 2);
  }
  return kind === 0 ? "bool" : kind === 1 ? "int64" : defaultDType();
}

function fill(flat: Flat, dtype: DType, array: TypedArray): Tensor {
  const { values } = flat;
  if (dtype.startsWith("complex")) fillComplex(values, array as Float64Array);
  else if (dtype.startsWith("float")) fillFloats(values, dtype, array as Float64Array);
  else if (dtype === "bool") fillBools(values, array as Uint8Array);
  else fillIntegers(values, dtype, array);
  return upload(array, flat.shape, dtype);
}

function fillComplex(values: readonly Element[], array: Float64Array | Float32Array): void {
  values.forEach((value, i) => {
    array[2 * i] = typeof value === "object" ? value.re : Number(value);
    array[2 * i + 1] = typeof value === "object" ? value.im : 0;
  });
}

function fillFloats(values: readonly Element[], dtype: DType, array: Float64Array): void {
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!;
    if (typeof value === "object") throw unfit(value, dtype);
    array[i] = Number(value);
  }
}

function fillBools(values: readonly Element[], array: Uint8Array): void {
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!;
    array[i] = typeof value === "object" ? Number(value.re !== 0 || value.im !== 0) : value ? 1 : 0;
    if (Number.isNaN(value)) array[i] = 1;
  }
}

function fillIntegers(values: readonly Element[], dtype: DType, array: TypedArray): void {
  const big = array instanceof BigInt64Array || array instanceof BigUint64Array;
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!;
    if (typeof value === "object" || !(typeof value !== "number" || Number.isFinite(value))) {
      throw unfit(value, dtype);
    }
    const whole = typeof value === "bigint" ? value : BigInt(Math.trunc(Number(value)));
    if (big) array[i] = whole;
    else array[i] = Number(whole);
    if (BigInt(array[i]!) !== whole) throw unfit(value, dtype);
  }
}

function unfit(value: Element, dtype: DType): RangeError {
  const shown = typeof value === "object" ? `${value.re} + ${value.im}i` : String(value);
  return new RangeError(`tensor(): the value ${shown} does not fit the dtype ${dtype}`);
}

function upload(array: TypedArray, shape: readonly number[], dtype: DType): Tensor {
  const { words } = scratch;
  words[0] = shape.length;
  words.set(shape, 1);
  const code = dtypeCode(dtype, "tensor", "dtype");
  const bytes = byteLengthOf(array);
  const handle = native.fb_tensor_from_data(context, array, bytes, code);
  return new Tensor(checkHandle(handle, "tensor"), bytes, OWNED);
}
