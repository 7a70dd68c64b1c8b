/**
 * Functions that PyTorch writes in Python over ops: `unique`, `uniqueConsecutive`, `tensordot`, `einsum`.
 *
 * @module
 */

import {
  asBool,
  asInt,
  asInts,
  asList,
  asString,
  asTensor,
  asTensors,
  begin,
  Op,
  putBool,
  putNumber,
  putNumbers,
  putOptionalNumber,
  putString,
  putTensor,
  putTensors,
  run,
  runTensor,
  takeTensor,
} from "../tensor/call.ts";
import { install } from "../tensor/attach.ts";
import { isTensor, type Tensor } from "../tensor/tensor.ts";
import type {
  UniqueConsecutiveOptions,
  UniqueOptions,
  UniqueResult,
} from "../tensor/unique_types.ts";
import { isOptions, lastOptions, type Options, readOptions } from "./_arguments.ts";

export type {
  UniqueConsecutiveOptions,
  UniqueOptions,
  UniqueResult,
} from "../tensor/unique_types.ts";

const uniqueAll = new Op("aten::_unique2", "unique");
const uniqueDim = new Op("aten::unique_dim", "unique");
const consecutive = new Op("aten::unique_consecutive", "uniqueConsecutive");
const tensordotOp = new Op("aten::tensordot", "tensordot");
const einsumOp = new Op("aten::einsum", "einsum");

function flag(options: Options, name: string, op: string, fallback = false): boolean {
  const value = options[name];
  return value === undefined ? fallback : asBool(value, op, name);
}

function optionalDim(options: Options, op: string): number | null {
  const { dim } = options;
  return dim === undefined || dim === null ? null : asInt(dim, op, "dim");
}

/** The distinct elements, then where each element went and how often each occurs, as far as asked for. */
function takeDistinct(inverse: boolean, counts: boolean): Tensor | Tensor[] {
  const results = [takeTensor(), takeTensor(), takeTensor()];
  const wanted = [true, inverse, counts];
  results.forEach((tensor, i) => wanted[i] || tensor.dispose());
  const kept = results.filter((_, i) => wanted[i]);
  return kept.length === 1 ? kept[0]! : kept;
}

/**
 * The distinct elements, sorted; with `dim` the distinct slices along it.
 *
 * @example
 * ```ts
 * import * as torch from "flambeau";
 * import { assertEquals } from "@std/assert";
 *
 * const x = torch.tensor([3, 1, 3]);
 * assertEquals(torch.unique(x).toArray(), [1, 3]);
 * const [values, counts] = torch.unique(x, { returnCounts: true });
 * assertEquals([values.toArray(), counts.toArray()], [[1, 3], [1, 2]]);
 * ```
 */
export function unique<O extends UniqueOptions = Record<never, never>>(
  self: Tensor,
  options?: O,
): UniqueResult<Tensor, O>;
export function unique(self: unknown, options?: unknown, extra?: unknown): unknown {
  const known = "sorted, returnInverse, returnCounts, dim";
  const tensor = asTensor(self, "unique", "self");
  const given = lastOptions("unique", known, options, 1, extra);
  const sorted = flag(given, "sorted", "unique", true);
  const inverse = flag(given, "returnInverse", "unique");
  const counts = flag(given, "returnCounts", "unique");
  const dim = optionalDim(given, "unique");
  begin();
  putTensor(tensor, "unique", "self");
  if (dim !== null) putNumber(dim);
  putBool(sorted);
  putBool(inverse);
  putBool(counts);
  run(dim === null ? uniqueAll : uniqueDim);
  return takeDistinct(inverse, counts);
}

/**
 * The elements without those that equal the one before; with `dim` slices along it.
 *
 * @example
 * ```ts
 * import * as torch from "flambeau";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(torch.uniqueConsecutive(torch.tensor([1, 1, 2, 1])).toArray(), [1, 2, 1]);
 * ```
 */
export function uniqueConsecutive<O extends UniqueConsecutiveOptions = Record<never, never>>(
  self: Tensor,
  options?: O,
): UniqueResult<Tensor, O>;
export function uniqueConsecutive(self: unknown, options?: unknown, extra?: unknown): unknown {
  const tensor = asTensor(self, "uniqueConsecutive", "self");
  const known = "returnInverse, returnCounts, dim";
  const given = lastOptions("uniqueConsecutive", known, options, 1, extra);
  const inverse = flag(given, "returnInverse", "uniqueConsecutive");
  const counts = flag(given, "returnCounts", "uniqueConsecutive");
  const dim = optionalDim(given, "uniqueConsecutive");
  begin();
  putTensor(tensor, "uniqueConsecutive", "self");
  putBool(inverse);
  putBool(counts);
  putOptionalNumber(dim);
  run(consecutive);
  return takeDistinct(inverse, counts);
}

/** Checks `dims` of tensordot: how many, or which of either tensor. */
function readDims(dims: unknown, rank: number): [number[], number[]] {
  if (typeof dims === "number" || typeof dims === "bigint") {
    const count = asInt(dims, "tensordot", "dims");
    if (count < 0 || count > rank) {
      throw new RangeError(
        `tensordot(): argument 'dims' must be from 0 to ${rank}, but got ${count}`,
      );
    }
    const list = Array.from({ length: count }, (_, i) => i);
    return [list.map((i) => i - count), list];
  }
  const pair = asList(
    dims,
    "tensordot",
    "dims",
    (value, op, argument) => asInts(value, op, argument),
  );
  if (pair.length !== 2) {
    throw new RangeError(
      `tensordot(): argument 'dims' must be a number or two lists, but got ${pair.length} lists`,
    );
  }
  return [pair[0]!, pair[1]!];
}

/**
 * Sums products over some dimensions: the last `dims` of `self` with the first of `other`, or those listed.
 *
 * @example
 * ```ts
 * import * as torch from "flambeau";
 * import { assertEquals } from "@std/assert";
 *
 * const x = torch.ones([2, 3]);
 * assertEquals(torch.tensordot(x, torch.ones([3, 4]), 1).shape, [2, 4]);
 * assertEquals(torch.tensordot(x, x, [[0, 1], [0, 1]]).item(), 6);
 * ```
 */
export function tensordot(
  self: Tensor,
  other: Tensor,
  dims?: number | readonly [number | readonly number[], number | readonly number[]],
): Tensor;
/** The same with `dims` in an options object. */
export function tensordot(
  self: Tensor,
  other: Tensor,
  options: { dims?: number | readonly [number | readonly number[], number | readonly number[]] },
): Tensor;
export function tensordot(
  self: unknown,
  other: unknown,
  dims?: unknown,
  options?: unknown,
  extra?: unknown,
): Tensor {
  const first = asTensor(self, "tensordot", "self");
  const second = asTensor(other, "tensordot", "other");
  const given = isOptions(dims)
    ? readOptions("tensordot", "dims", dims, options ?? extra).dims
    : (lastOptions("tensordot", "", options, 3, extra), dims);
  const [left, right] = readDims(given ?? 2, Math.min(first.ndim, second.ndim));
  begin();
  putTensor(first, "tensordot", "self");
  putTensor(second, "tensordot", "other");
  putNumbers(left);
  putNumbers(right);
  return runTensor(tensordotOp);
}

/**
 * Sums products as Einstein's notation says; the tensors follow one by one, or as an array.
 *
 * @example
 * ```ts
 * import * as torch from "flambeau";
 * import { assertEquals } from "@std/assert";
 *
 * const x = torch.tensor([[1, 2], [3, 4]]);
 * assertEquals(torch.einsum("ij,jk->ik", x, x).toArray(), [[7, 10], [15, 22]]);
 * assertEquals(torch.einsum("ii", [x]).item(), 5);
 * ```
 */
export function einsum(equation: string, ...tensors: Tensor[]): Tensor;
/** The same with the tensors in an array; `path` is an order of contraction. */
export function einsum(
  equation: string,
  tensors: readonly Tensor[],
  options?: { path?: readonly number[] | null },
): Tensor;
export function einsum(equation: unknown, ...rest: unknown[]): Tensor {
  const text = asString(equation, "einsum", "equation");
  const last = rest.at(-1);
  const options = isOptions(last) ? readOptions("einsum", "path", last, undefined) : undefined;
  if (options) rest.pop();
  const single = rest.length === 1 && !isTensor(rest[0]);
  const tensors = asTensors(single ? rest[0] : rest, "einsum", "tensors");
  const given = options?.path;
  const path = given === undefined || given === null ? null : asInts(given, "einsum", "path");
  begin();
  putString(text);
  putTensors(tensors, "einsum", "tensors");
  putNumbers(path);
  return runTensor(einsumOp);
}

install({
  unique(this: Tensor, options?: unknown, extra?: unknown): unknown {
    return (unique as Untyped)(this, options, extra);
  },
  uniqueConsecutive(this: Tensor, options?: unknown, extra?: unknown): unknown {
    return (uniqueConsecutive as Untyped)(this, options, extra);
  },
});

// The functions check what they are given.
// deno-lint-ignore no-explicit-any
type Untyped = (...args: any[]) => unknown;
