/**
 * Ops that PyTorch's Python code gives more forms than LibTorch has: `nonzero`, `norm`, `cdist`.
 *
 * @module
 */

import { begin, Op, putTensor, run, takeTensors } from "../tensor/call.ts";
import { install } from "../tensor/attach.ts";
import type { Scalar } from "../tensor/complex.ts";
import type { DType } from "../tensor/dtype.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { Arguments, unchecked } from "./_call.ts";
import { isOptions } from "./_arguments.ts";
import * as ops from "./generated/torch.ts";
import * as linalg from "./linalg.ts";

const nonzeroTuple = new Op("aten::nonzero_numpy", "nonzero");

/**
 * The places of all elements that are not zero.
 *
 * ATen: `aten::nonzero(Tensor self) -> Tensor`, with `asTuple` `aten::nonzero_numpy(Tensor self) -> Tensor[]`
 *
 * @param self Any shape.
 * @param options `asTuple` (default `false`): a tensor of places for each dimension, as an index takes them, not one
 * of shape `[count, dimensions]`.
 *
 * @example
 * ```ts
 * import * as torch from "flambeau";
 * import { assertEquals } from "@std/assert";
 *
 * const x = torch.tensor([[0, 5], [7, 0]]);
 * assertEquals(torch.nonzero(x).toArray(), [[0, 1], [1, 0]]);
 * const places = torch.nonzero(x, { asTuple: true });
 * assertEquals(places.map((one) => one.toArray()), [[0, 1], [1, 0]]);
 * ```
 */
export function nonzero(self: Tensor, options: { asTuple: true }): Tensor[];
/** One tensor of all places. */
export function nonzero(self: Tensor, options?: { asTuple?: false }): Tensor;
export function nonzero(...args: unknown[]): Tensor | Tensor[] {
  const a = new Arguments("nonzero", "self, asTuple", args);
  const self = a.tensor("self");
  if (!a.bool("asTuple", false)) return ops.nonzero(self);
  begin();
  putTensor(self, "nonzero", "self");
  run(nonzeroTuple);
  return takeTensors();
}

/** Options of {@linkcode norm}. */
export interface NormOptions {
  /** Which norm; default: the root of the sum of squares. */
  p?: Scalar | "fro" | "nuc" | null;
  /** The dimensions that are a vector or a matrix; default: all. */
  dim?: number | readonly number[] | null;
  /** Whether those dimensions stay, with size 1; default `false`. */
  keepdim?: boolean;
  /** The dtype to compute in. */
  dtype?: DType | null;
}

const plainNorm = unchecked<Tensor>(ops.norm);
const vectorNorm = unchecked<Tensor>(linalg.vectorNorm);
const matrixNorm = unchecked<Tensor>(linalg.matrixNorm);

/**
 * The norm of a vector: the `p`-th root of the sum of `p`-th powers; or a norm of matrices by name.
 *
 * ATen: `aten::norm`; for `"fro"` `aten::linalg_vector_norm`, for `"nuc"` `aten::linalg_matrix_norm.str_ord`
 *
 * @param self Any shape, floating-point or complex.
 * @param p The power, or `"fro"` (as 2) or `"nuc"` (the sum of singular values).
 *
 * @example
 * ```ts
 * import * as torch from "flambeau";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(torch.norm(torch.tensor([3, 4]).float(), "fro").item(), 5);
 * ```
 */
export function norm(self: Tensor, options?: NormOptions): Tensor;
/** The same by place. */
export function norm(
  self: Tensor,
  p: Scalar | "fro" | "nuc" | null,
  dim?: number | readonly number[] | null,
  keepdim?: boolean,
): Tensor;
/** With the norm by place and the others by name. */
export function norm(
  self: Tensor,
  p: Scalar | "fro" | "nuc" | null,
  options: Omit<NormOptions, "p">,
): Tensor;
export function norm(...args: unknown[]): Tensor {
  const options = args.find(isOptions);
  const p = args[1] === options ? options?.p : args[1];
  return typeof p === "string" ? namedNorm(args) : plainNorm(...args);
}

function namedNorm(args: unknown[]): Tensor {
  const a = new Arguments("norm", "self, p, dim, keepdim, dtype", args);
  const p = a.choice("p", ["fro", "nuc"], "fro");
  const given = a.has("dim") ? a.ints("dim") : null;
  const options = { keepdim: a.bool("keepdim", false), dtype: a.get("dtype") ?? null };
  if (p === "fro") return vectorNorm(a.tensor("self"), 2, given, options);
  return matrixNorm(a.tensor("self"), p, given ?? [-2, -1], options);
}

/** How {@linkcode cdist} computes distances: by matrix products, where there are more than 25 rows, always or never. */
export type CdistMode =
  | "use_mm_for_euclid_dist_if_necessary"
  | "use_mm_for_euclid_dist"
  | "donot_use_mm_for_euclid_dist";

const CDIST_MODES: readonly CdistMode[] = [
  "use_mm_for_euclid_dist_if_necessary",
  "use_mm_for_euclid_dist",
  "donot_use_mm_for_euclid_dist",
];

/**
 * The distance of each row of one matrix to each of another.
 *
 * ATen: `aten::cdist(Tensor x1, Tensor x2, float p=2, int? compute_mode=None) -> Tensor`
 *
 * @param x1 `[..., P, M]`.
 * @param x2 `[..., R, M]`.
 * @param p The norm; default `2`.
 * @param computeMode Whether to use matrix products; default `"use_mm_for_euclid_dist_if_necessary"`.
 *
 * @example
 * ```ts
 * import * as torch from "flambeau";
 * import { assertEquals } from "@std/assert";
 *
 * const x = torch.tensor([[0, 0], [3, 4]]).float();
 * assertEquals(torch.cdist(x, x).toArray(), [[0, 5], [5, 0]]);
 * ```
 */
export function cdist(x1: Tensor, x2: Tensor, p?: number, computeMode?: CdistMode): Tensor;
/** The same with options by name. */
export function cdist(
  x1: Tensor,
  x2: Tensor,
  options: { p?: number; computeMode?: CdistMode },
): Tensor;
export function cdist(...args: unknown[]): Tensor {
  const a = new Arguments("cdist", "x1, x2, p, computeMode", args);
  const mode = CDIST_MODES.indexOf(a.choice("computeMode", CDIST_MODES, CDIST_MODES[0]!));
  return ops.cdist(a.tensor("x1"), a.tensor("x2"), a.float("p", 2), mode === 0 ? null : mode);
}

install({
  nonzero(this: Tensor, ...args: unknown[]) {
    return unchecked<Tensor | Tensor[]>(nonzero)(this, ...args);
  },
  norm(this: Tensor, ...args: unknown[]) {
    return unchecked<Tensor>(norm)(this, ...args);
  },
});
