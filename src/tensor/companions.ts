/**
 * The methods of a tensor that are written by hand: reading values, conversion, gradients.
 *
 * @module
 */

import type { Complex, Scalar } from "./complex.ts";
import type { Slice } from "./slice.ts";
import type { DType } from "./dtype.ts";
import type { GradFn, HookHandle } from "./grad_types.ts";
import type { Layout, MemoryFormat } from "./formats.ts";
import type { TensorData, TypedArray } from "./typed_array.ts";
import type { UniqueConsecutiveOptions, UniqueOptions, UniqueResult } from "./unique_types.ts";

/** What `to` changes. */
export interface ToOptions {
  /** The element type; default: as it is. */
  dtype?: DType;
  /** The device; default: as it is. */
  device?: string;
  /** Whether to copy even where nothing changes; default `false`. */
  copy?: boolean;
  /** Whether a copy to or from a GPU may go on in the background; default `false`. */
  nonBlocking?: boolean;
  /** The order of the dimensions in memory; default: as it is. */
  memoryFormat?: MemoryFormat;
}

/** Options of `backward`; `T` is the tensor type. */
export interface BackwardOptions<T> {
  /** Keep the graph for another `backward()`; default: the value of `createGraph`. */
  retainGraph?: boolean;
  /** Record the backward pass itself, for derivatives of higher order; default `false`. */
  createGraph?: boolean;
  /** The leaves, or other tensors, to whose `grad` is added; default: all leaves that the graph leads to. */
  inputs?: T | readonly T[];
}

/** Nested arrays of positions or booleans. */
export type IndexArray = readonly (number | boolean | IndexArray)[];

/**
 * One index of `x.index(...)`: a position, a slice (`"1:3"`, `"::2"`, or a {@linkcode Slice}), `null` for a new axis, `"..."` for
 * as many whole dimensions as are left, a boolean, or a mask or positions as a tensor or an array.
 */
export type TensorIndex<T> = number | boolean | string | null | Slice | T | TypedArray | IndexArray;

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
   * The tensor's own memory as the TypedArray of its dtype: nothing is copied, what is written to one is read from the other, and
   * the memory lives as long as the longer of the two. Autograd does not see what is written. The way in is
   * {@linkcode fromTypedArray}.
   *
   * @throws {TorchError} If the tensor is not contiguous (call `contiguous()` first), requires gradients (`detach()`), is not dense
   * or not on the CPU.
   * @throws {TypeError} If no TypedArray holds its dtype (bfloat16).
   *
   * @example
   * ```ts
   * import * as torch from "flambeau";
   * import { assertEquals } from "@std/assert";
   *
   * const x = torch.zeros([2, 3]);
   * const values = x.asTypedArray() as Float32Array;
   * values[4] = 7;
   * assertEquals(x.toArray(), [[0, 0, 0], [0, 7, 0]]);
   * ```
   */
  asTypedArray(): TypedArray;
  /** The rows: views of the parts along the first dimension, as Python's `for row in x` gives them. */
  [Symbol.iterator](): IterableIterator<T>;
  /**
   * What `JSON.stringify` writes: nested arrays, as {@linkcode toArray} gives them; NaN and infinities become `null`, as JSON
   * has none.
   */
  // deno-lint-ignore no-explicit-any -- as of toArray
  toJSON(): any;
  /** {@linkcode toArray} under PyTorch's name. */
  // deno-lint-ignore no-explicit-any -- as of toArray
  tolist(): any;
  /** The number of elements. */
  nelement(): number;
  /** The number of dimensions. */
  ndimension(): number;
  /** Bytes of one element. */
  elementSize(): number;
  /** Bytes of one element. */
  readonly itemsize: number;
  /** Bytes of all elements. */
  readonly nbytes: number;
  /** How the elements lie in memory: `"strided"`, or the kind of sparse tensor. */
  readonly layout: Layout;
  /** Whether this is a sparse tensor in coordinates. */
  readonly isSparse: boolean;
  /** Whether this is a sparse tensor in compressed rows. */
  readonly isSparseCsr: boolean;
  /** Whether the elements are in the CPU's memory. */
  readonly isCpu: boolean;
  /** Whether the elements are in a GPU's memory. */
  readonly isCuda: boolean;
  /** Whether the tensor has a shape, but no elements. */
  readonly isMeta: boolean;
  /** Whether the elements are quantized. */
  readonly isQuantized: boolean;
  /** The values outside of autograd: a new tensor at each read, over the same memory. Assign one to exchange the memory. */
  data: T;
  /** A tensor of this one's dtype, on its device: see `torch.tensor`. */
  newTensor(
    data: TensorData,
    options?: { dtype?: DType; device?: string; requiresGrad?: boolean },
  ): T;
  /**
   * Picks parts, as PyTorch's square brackets do. Numbers, slices, `null` and `"..."` give a view; masks and
   * integer tensors or arrays a copy.
   *
   * @throws {RangeError} If a position is out of bounds, or there are more indices than dimensions.
   *
   * @example
   * ```ts
   * import * as torch from "flambeau";
   * import { assertEquals } from "@std/assert";
   *
   * const x = torch.arange(12).reshape([3, 4]);
   * assertEquals(x.index(1, "1:3").toArray(), [5, 6]);
   * assertEquals(x.index("...", -1).toArray(), [3, 7, 11]);
   * assertEquals(x.index([2, 0]).shape, [2, 4]);
   * assertEquals(x.index(x.gt(9)).toArray(), [10, 11]);
   * ```
   */
  index(...indices: TensorIndex<T>[]): T;
  /**
   * Assigns to parts, in place: PyTorch's `x[indices] = value`. The value is broadcast. Returns the tensor.
   *
   * @example
   * ```ts
   * import * as torch from "flambeau";
   * import { assertEquals } from "@std/assert";
   *
   * const x = torch.zeros([2, 3]);
   * x.setAt([":", 1], 5).setAt([0], [1, 2, 3]);
   * assertEquals(x.toArray(), [[1, 2, 3], [0, 5, 0]]);
   * ```
   */
  setAt(indices: readonly TensorIndex<T>[], value: T | Scalar | TensorData): T;
  /**
   * A copy with the elements at `indices` (integer tensors, one a dimension, `null` for a whole one; or what {@linkcode index}
   * takes) replaced by `value`, or added to with `accumulate`: `aten::index_put`.
   */
  indexPut(
    indices: readonly TensorIndex<T>[],
    value: T | Scalar,
    accumulate?: boolean | { accumulate?: boolean },
  ): T;
  /**
   * Computes the derivative of this tensor, and adds it to the `grad` of each leaf that gradients flow to.
   *
   * @param gradient What flows in from above; needed unless the tensor has one element.
   * @throws {TorchError} If no graph leads here, it was freed by a pass before, or `gradient` is missing.
   *
   * @example
   * ```ts
   * import * as torch from "flambeau";
   * import { assertEquals } from "@std/assert";
   *
   * const x = torch.tensor([1, 2], { dtype: "float32", requiresGrad: true });
   * x.mul(x).sum().backward();
   * assertEquals(x.grad?.toArray(), [2, 4]);
   * ```
   */
  backward(gradient?: T | null, options?: BackwardOptions<T>): void;
  /** The same with the gradient among the options. */
  backward(options: BackwardOptions<T> & { gradient?: T | null }): void;
  /** The function of the graph that made this tensor, or `null` for a leaf. A new object at each read. */
  readonly gradFn: GradFn<T> | null;
  /**
   * Calls a function with the gradient of this tensor in each backward pass, before the gradient is used. A tensor that it
   * returns takes the gradient's place; the gradient itself must not be changed.
   *
   * The function is kept for as long as the tensor, or until the hook is removed. One that holds on to the tensor keeps
   * both alive until then.
   *
   * @throws {TorchError} If no gradient flows to the tensor.
   *
   * @example
   * ```ts
   * import * as torch from "flambeau";
   * import { assertEquals } from "@std/assert";
   *
   * const x = torch.tensor([1, 2], { dtype: "float32", requiresGrad: true });
   * using hook = x.registerHook((gradient) => gradient.mul(10));
   * x.sum().backward();
   * assertEquals(x.grad?.toArray(), [10, 10]);
   * ```
   */
  registerHook(hook: (gradient: T) => T | null | undefined | void): HookHandle;
  /**
   * Calls a function with this leaf each time that a gradient was added to its `grad`: to step an optimizer within the
   * backward pass, say.
   *
   * @throws {TorchError} If this is no leaf, or takes no gradient.
   */
  registerPostAccumulateGradHook(hook: (tensor: T) => void): HookHandle;
  /** Keeps the `grad` of a tensor that is no leaf in the passes to come. */
  retainGrad(): void;
  /** Whether this is no leaf, and keeps its `grad` all the same. */
  readonly retainsGrad: boolean;
  /** Sets `requiresGrad`, and returns the tensor. */
  requiresGrad_(on?: boolean | { requiresGrad?: boolean }): T;
  /** The text that PyTorch prints. */
  toString(): string;
  /** The tensor in another dtype or on another device; this same tensor object where nothing changes. */
  to(options: ToOptions): T;
  /** The tensor with a dtype, on a device, or with both of another tensor. */
  to(
    target: DType | string | T,
    options?: { nonBlocking?: boolean; copy?: boolean; memoryFormat?: MemoryFormat },
  ): T;
  /** The same with all that PyTorch takes by place. */
  to(
    target: DType | T,
    nonBlocking: boolean,
    copy?: boolean,
    options?: { memoryFormat?: MemoryFormat },
  ): T;
  /** Device and dtype by place. */
  to(
    device: string,
    dtype: DType | null,
    nonBlocking?: boolean,
    copy?: boolean,
    options?: { memoryFormat?: MemoryFormat },
  ): T;
  /** The tensor on the CPU; itself where it is there. */
  cpu(options?: { memoryFormat?: MemoryFormat }): T;
  /** As float32; itself where it is that. */
  float(options?: { memoryFormat?: MemoryFormat }): T;
  /** As float64; itself where it is that. */
  double(options?: { memoryFormat?: MemoryFormat }): T;
  /** As float16; itself where it is that. */
  half(options?: { memoryFormat?: MemoryFormat }): T;
  /** As bfloat16; itself where it is that. */
  bfloat16(options?: { memoryFormat?: MemoryFormat }): T;
  /** As int32; itself where it is that. */
  int(options?: { memoryFormat?: MemoryFormat }): T;
  /** As int64; itself where it is that. */
  long(options?: { memoryFormat?: MemoryFormat }): T;
  /** As int16; itself where it is that. */
  short(options?: { memoryFormat?: MemoryFormat }): T;
  /** As bool; itself where it is that. */
  bool(options?: { memoryFormat?: MemoryFormat }): T;
  /** As uint8; itself where it is that. */
  byte(options?: { memoryFormat?: MemoryFormat }): T;
  /** As int8; itself where it is that. */
  char(options?: { memoryFormat?: MemoryFormat }): T;
  /** As complex64; itself where it is that. */
  cfloat(options?: { memoryFormat?: MemoryFormat }): T;
  /** As complex128; itself where it is that. */
  cdouble(options?: { memoryFormat?: MemoryFormat }): T;
  /** The distinct elements, sorted, or an array of them and what else was asked for. */
  unique<O extends UniqueOptions = Record<never, never>>(options?: O): UniqueResult<T, O>;
  /** The elements without those that equal the one before, or an array of them and what else was asked for. */
  uniqueConsecutive<O extends UniqueConsecutiveOptions = Record<never, never>>(
    options?: O,
  ): UniqueResult<T, O>;
}

export type { Complex };
