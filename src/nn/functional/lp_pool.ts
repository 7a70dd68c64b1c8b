/**
 * Pooling by a power mean's sum: `lpPool1d` to `lpPool3d`.
 *
 * @module
 */

import * as ops from "../../ops/mod.ts";
import * as native from "../../ops/native_nn.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { Arguments, type Size, Temporaries, unchecked } from "../../ops/_call.ts";

/** Options of {@linkcode lpPool1d}, {@linkcode lpPool2d} and {@linkcode lpPool3d}. */
export interface LpPoolOptions {
  /** The step of the window; default: the window itself. */
  stride?: Size | null;
  /** Whether a window may end outside; default `false`. */
  ceilMode?: boolean;
}

const LP_POOL = "input, normType, kernelSize, stride, ceilMode";

type Pool = (...args: unknown[]) => Tensor;

/** The sum is the mean times the window's size; its root is taken of what is not negative, as PyTorch does. */
function lpPool(a: Arguments, rank: number, average: Pool, largest: Pool): Tensor {
  const input = a.tensor("input");
  const p = a.float("normType");
  const kernel = a.sizes("kernelSize", rank);
  const stride = a.sizes("stride", rank, kernel);
  const ceil = a.bool("ceilMode", false);
  using t = new Temporaries();
  if (Math.abs(p) === Infinity) {
    return extreme(p, t.note(input.abs()), [kernel, stride, ceil], largest);
  }
  const mean = t.note(average(t.note(input.pow(p)), kernel, stride, 0, ceil));
  const positive = t.note(t.note(mean.abs()).relu());
  const signed = t.note(t.note(mean.sign()).mul(positive));
  const count = kernel.reduce((product, size) => product * size, 1);
  return t.note(signed.mul(count)).pow(1 / p);
}

function extreme(p: number, input: Tensor, window: unknown[], largest: Pool): Tensor {
  const [kernel, stride, ceil] = window;
  if (p > 0) return largest(input, kernel, stride, 0, 1, ceil);
  using negative = input.neg();
  using found = largest(negative, kernel, stride, 0, 1, ceil);
  return found.neg();
}

const average1 = unchecked<Tensor>(ops.avgPool1d);
const largest1 = unchecked<Tensor>(ops.maxPool1d);

/**
 * The `normType`-th root of the sum of each window's powers, over one spatial dimension.
 *
 * ATen: `aten::avg_pool1d`
 *
 * @param input `[N, C, L]`, or without `N`.
 * @param normType The power; `Infinity` gives the largest magnitude.
 * @param kernelSize The window.
 *
 * @example
 * ```ts
 * import * as torch from "flambeau";
 * import { assertEquals } from "@std/assert";
 *
 * const x = torch.tensor([[3.0, 4.0, 0.5, 0]]).float();
 * assertEquals(torch.nn.functional.lpPool1d(x, 1, 2).toArray(), [[7, 0.5]]);
 * ```
 */
export function lpPool1d(
  input: Tensor,
  normType: number,
  kernelSize: Size,
  options?: LpPoolOptions,
): Tensor;
/** The same by place. */
export function lpPool1d(
  input: Tensor,
  normType: number,
  kernelSize: Size,
  stride: Size | null,
  ceilMode?: boolean,
): Tensor;
export function lpPool1d(...args: unknown[]): Tensor {
  return lpPool(new Arguments("lpPool1d", LP_POOL, args), 1, average1, largest1);
}

const average2 = unchecked<Tensor>(native.avgPool2d);
const largest2 = unchecked<Tensor>(ops.maxPool2d);

/**
 * The `normType`-th root of the sum of each window's powers, over two spatial dimensions.
 *
 * ATen: `aten::avg_pool2d`
 *
 * @param input `[N, C, H, W]`, or without `N`.
 * @param normType The power; `Infinity` gives the largest magnitude.
 * @param kernelSize The window.
 */
export function lpPool2d(
  input: Tensor,
  normType: number,
  kernelSize: Size,
  options?: LpPoolOptions,
): Tensor;
/** The same by place. */
export function lpPool2d(
  input: Tensor,
  normType: number,
  kernelSize: Size,
  stride: Size | null,
  ceilMode?: boolean,
): Tensor;
export function lpPool2d(...args: unknown[]): Tensor {
  return lpPool(new Arguments("lpPool2d", LP_POOL, args), 2, average2, largest2);
}

const average3 = unchecked<Tensor>(native.avgPool3d);
const largest3 = unchecked<Tensor>(ops.maxPool3d);

/**
 * The `normType`-th root of the sum of each window's powers, over three spatial dimensions.
 *
 * ATen: `aten::avg_pool3d`
 *
 * @param input `[N, C, D, H, W]`, or without `N`.
 * @param normType The power; `Infinity` gives the largest magnitude.
 * @param kernelSize The window.
 */
export function lpPool3d(
  input: Tensor,
  normType: number,
  kernelSize: Size,
  options?: LpPoolOptions,
): Tensor;
/** The same by place. */
export function lpPool3d(
  input: Tensor,
  normType: number,
  kernelSize: Size,
  stride: Size | null,
  ceilMode?: boolean,
): Tensor;
export function lpPool3d(...args: unknown[]): Tensor {
  return lpPool(new Arguments("lpPool3d", LP_POOL, args), 3, average3, largest3);
}
