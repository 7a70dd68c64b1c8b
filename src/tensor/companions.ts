/**
 * The methods of a tensor that are written by hand: reading values, conversion, gradients.
 *
 * @module
 */

import type { Complex } from "./complex.ts";
import type { DType } from "./dtype.ts";
import type { TypedArray } from "./typed_array.ts";
import type { UniqueConsecutiveOptions, UniqueOptions, UniqueResult } from "./unique_types.ts";

/** What `to` changes. */
export interface ToOptions {
  /** The element type; default: as it is. */
  dtype?: DType;
  /** The device; default: as it is. */
  device?: string;
  /** Whether to copy even where nothing changes; default `false`. */
  copy?: boolean;
}

/** Options of `backward`. */
export interface BackwardOptions {
  /** Keep the graph for another `backward()`; default: the value of `createGraph`. */
  retainGraph?: boolean;
  /** Record the backward pass itself, for derivatives of higher order; default `false`. */
  createGraph?: boolean;
}

/** Hand-written methods of a tensor; `T` is the tensor type. */
export interface TensorCompanions<T> {
  /**
   * The value of a tensor with one element. Warns once while tracing, since the trace keeps it as a constant.
   *
   * @throws {RangeError} If an int64 lies outside of the safe integers: use `itemBigInt()`.
   * @throws {TorchError} If there is not exactly one element.
   */
  item(): number | boolean;
  /** The value of a one-element tensor of an integer dtype, exactly. */
  itemBigInt(): bigint;
  /**
   * All elements as nested arrays of numbers (booleans for bool, `{ re, im }` for complex); a single one for no dimensions.
   *
   * @throws {RangeError} If an int64 lies outside of the safe integers: use `toTypedArray()`.
   */
  // deno-lint-ignore no-explicit-any -- the depth is the tensor's, which no type knows
  toArray(): any;
  /**
   * All elements, copied in row-major order, in the TypedArray of the dtype: `BigInt64Array` for int64, `Uint8Array` for
   * bool, pairs of real and imaginary parts for complex, `Float32Array` for bfloat16, which has none of its own.
   */
  toTypedArray(): TypedArray;
  /**
   * Computes gradients of this tensor for the leaves it came from, and adds them to their `grad`.
   *
   * @param gradient The gradient of this tensor; needed unless it has one element.
   */
  backward(gradient?: T | null, options?: BackwardOptions): void;
  /** Sets `requiresGrad`, and returns the tensor. */
  requiresGrad_(on?: boolean): T;
  /** The text that PyTorch prints. */
  toString(): string;
  /** The tensor in another dtype or on another device; this same tensor object where nothing changes. */
  to(options: ToOptions): T;
  /** The tensor with a dtype, on a device, or with both of another tensor. */
  to(target: DType | string | T, options?: { copy?: boolean }): T;
  /** The tensor on the CPU; itself where it is there. */
  cpu(): T;
  /** As float32; itself where it is that. */
  float(): T;
  /** As float64; itself where it is that. */
  double(): T;
  /** As float16; itself where it is that. */
  half(): T;
  /** As bfloat16; itself where it is that. */
  bfloat16(): T;
  /** As int32; itself where it is that. */
  int(): T;
  /** As int64; itself where it is that. */
  long(): T;
  /** As int16; itself where it is that. */
  short(): T;
  /** As bool; itself where it is that. */
  bool(): T;
  /** The distinct elements, sorted, or an array of them and what else was asked for. */
  unique<O extends UniqueOptions = Record<never, never>>(options?: O): UniqueResult<T, O>;
  /** The elements without those that equal the one before, or an array of them and what else was asked for. */
  uniqueConsecutive<O extends UniqueConsecutiveOptions = Record<never, never>>(
    options?: O,
  ): UniqueResult<T, O>;
}

export type { Complex };
