/**
 * Pooling by the largest value: `maxPool1d` to `maxPool3d`, and the way back.
 *
 * @module
 */

import * as ops from "../../ops/mod.ts";
import * as native from "../../ops/native_nn.ts";
import { namedArray } from "../../ops/_arguments.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { Arguments, type Size, unchecked } from "../../ops/_call.ts";

/** What pooling gives with `returnIndices`: the values, and where each was found. */
export type Pooled = [output: Tensor, indices: Tensor] & {
  readonly output: Tensor;
  readonly indices: Tensor;
};

const PooledArray = namedArray(["output", "indices"]);

/** Names the two results of an op. */
export function pooled([output, indices]: readonly Tensor[]): Pooled {
  const named = new PooledArray();
  named.push(output, indices);
  return named as Pooled;
}

/** Options of {@linkcode maxPool1d}, {@linkcode maxPool2d} and {@linkcode maxPool3d}. */
export interface MaxPoolOptions {
  /** The step of the window; default: the window itself. */
  stride?: Size | null;
  /** How many negative infinities to put at both sides; default `0`. */
  padding?: Size;
  /** The distance of the elements of a window; default `1`. */
  dilation?: Size;
  /** Whether a window may end outside; default `false`. */
  ceilMode?: boolean;
  /** Whether to say where each value was found, for {@linkcode maxUnpool2d}; default `false`. */
  returnIndices?: boolean;
}

const MAX_POOL = "input, kernelSize, stride, padding, dilation, ceilMode, returnIndices";

type Pool = (...args: unknown[]) => Tensor;
type PoolPair = (...args: unknown[]) => readonly Tensor[];

const pool1 = unchecked<Tensor>(ops.maxPool1d);
const pool2 = unchecked<Tensor>(ops.maxPool2d);
const pool3 = unchecked<Tensor>(ops.maxPool3d);
const pair1 = unchecked<Tensor[]>(ops.maxPool1dWithIndices);
const pair2 = unchecked<Tensor[]>(native.maxPool2dWithIndices);
const pair3 = unchecked<Tensor[]>(native.maxPool3dWithIndices);

function maxPool(a: Arguments, plain: Pool, both: PoolPair, indices?: true): Tensor | Pooled {
  const list = [
    a.tensor("input"),
    a.get("kernelSize"),
    a.get("stride"),
    a.get("padding"),
    a.get("dilation"),
    a.get("ceilMode"),
  ];
  return indices ?? a.bool("returnIndices", false) ? pooled(both(...list)) : plain(...list);
}

/**
 * The largest value of each window, over one spatial dimension.
 *
 * ATen: `aten::max_pool1d`, with `returnIndices` `aten::max_pool1d_with_indices`
 *
 * @param input `[N, C, L]`, or without `N`.
 * @param kernelSize The window.
 *
 * @example
 * ```ts
 * import * as torch from "flambeau";
 * import { assertEquals } from "@std/assert";
 *
 * const x = torch.tensor([[[1.5, 3.5, 2.5, 0.5]]]);
 * assertEquals(torch.nn.functional.maxPool1d(x, 2).toArray(), [[[3.5, 2.5]]]);
 * ```
 */
export function maxPool1d(
  input: Tensor,
  kernelSize: Size,
  options: MaxPoolOptions & { returnIndices: true },
): Pooled;
/** The values only. */
export function maxPool1d(
  input: Tensor,
  kernelSize: Size,
  options?: MaxPoolOptions & { returnIndices?: false },
): Tensor;
/** The same by place. */
export function maxPool1d(
  input: Tensor,
  kernelSize: Size,
  stride: Size | null,
  padding?: Size,
  dilation?: Size,
  ceilMode?: boolean,
): Tensor;
export function maxPool1d(...args: unknown[]): Tensor | Pooled {
  return maxPool(new Arguments("maxPool1d", MAX_POOL, args), pool1, pair1);
}

/** {@linkcode maxPool1d} with `returnIndices`. */
export function maxPool1dWithIndices(
  input: Tensor,
  kernelSize: Size,
  options?: MaxPoolOptions,
): Pooled;
/** The same by place. */
export function maxPool1dWithIndices(
  input: Tensor,
  kernelSize: Size,
  stride: Size | null,
  padding?: Size,
  dilation?: Size,
  ceilMode?: boolean,
): Pooled;
export function maxPool1dWithIndices(...args: unknown[]): Pooled {
  const a = new Arguments("maxPool1dWithIndices", MAX_POOL, args);
  return maxPool(a, pool1, pair1, true) as Pooled;
}

/**
 * The largest value of each window, over two spatial dimensions.
 *
 * ATen: `aten::max_pool2d`, with `returnIndices` `aten::max_pool2d_with_indices`
 *
 * @param input `[N, C, H, W]`, or without `N`.
 * @param kernelSize The window.
 *
 * @example
 * ```ts
 * import * as torch from "flambeau";
 * import { assertEquals } from "@std/assert";
 *
 * const x = torch.tensor([[[1.5, 3.5], [2.5, 0.5]]]);
 * const { output, indices } = torch.nn.functional.maxPool2d(x, 2, { returnIndices: true });
 * assertEquals([output.item(), indices.item()], [3.5, 1]);
 * ```
 */
export function maxPool2d(
  input: Tensor,
  kernelSize: Size,
  options: MaxPoolOptions & { returnIndices: true },
): Pooled;
/** The values only. */
export function maxPool2d(
  input: Tensor,
  kernelSize: Size,
  options?: MaxPoolOptions & { returnIndices?: false },
): Tensor;
/** The same by place. */
export function maxPool2d(
  input: Tensor,
  kernelSize: Size,
  stride: Size | null,
  padding?: Size,
  dilation?: Size,
  ceilMode?: boolean,
): Tensor;
export function maxPool2d(...args: unknown[]): Tensor | Pooled {
  return maxPool(new Arguments("maxPool2d", MAX_POOL, args), pool2, pair2);
}

/** {@linkcode maxPool2d} with `returnIndices`. */
export function maxPool2dWithIndices(
  input: Tensor,
  kernelSize: Size,
  options?: MaxPoolOptions,
): Pooled;
/** The same by place. */
export function maxPool2dWithIndices(
  input: Tensor,
  kernelSize: Size,
  stride: Size | null,
  padding?: Size,
  dilation?: Size,
  ceilMode?: boolean,
): Pooled;
export function maxPool2dWithIndices(...args: unknown[]): Pooled {
  const a = new Arguments("maxPool2dWithIndices", MAX_POOL, args);
  return maxPool(a, pool2, pair2, true) as Pooled;
}

/**
 * The largest value of each window, over three spatial dimensions.
 *
 * ATen: `aten::max_pool3d`, with `returnIndices` `aten::max_pool3d_with_indices`
 *
 * @param input `[N, C, D, H, W]`, or without `N`.
 * @param kernelSize The window.
 */
export function maxPool3d(
  input: Tensor,
  kernelSize: Size,
  options: MaxPoolOptions & { returnIndices: true },
): Pooled;
/** The values only. */
export function maxPool3d(
  input: Tensor,
  kernelSize: Size,
  options?: MaxPoolOptions & { returnIndices?: false },
): Tensor;
/** The same by place. */
export function maxPool3d(
  input: Tensor,
  kernelSize: Size,
  stride: Size | null,
  padding?: Size,
  dilation?: Size,
  ceilMode?: boolean,
): Tensor;
export function maxPool3d(...args: unknown[]): Tensor | Pooled {
  return maxPool(new Arguments("maxPool3d", MAX_POOL, args), pool3, pair3);
}

/** {@linkcode maxPool3d} with `returnIndices`. */
export function maxPool3dWithIndices(
  input: Tensor,
  kernelSize: Size,
  options?: MaxPoolOptions,
): Pooled;
/** The same by place. */
export function maxPool3dWithIndices(
  input: Tensor,
  kernelSize: Size,
  stride: Size | null,
  padding?: Size,
  dilation?: Size,
  ceilMode?: boolean,
): Pooled;
export function maxPool3dWithIndices(...args: unknown[]): Pooled {
  const a = new Arguments("maxPool3dWithIndices", MAX_POOL, args);
  return maxPool(a, pool3, pair3, true) as Pooled;
}
