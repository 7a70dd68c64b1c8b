/**
 * Pooling over windows of random places: `fractionalMaxPool2d` and `fractionalMaxPool3d`.
 *
 * @module
 */

import * as ops from "../../ops/mod.ts";
import * as native from "../../ops/native_nn.ts";
import { shapeOf, type Tensor } from "../../tensor/tensor.ts";
import { Arguments, firstOf, type Size } from "../../ops/_call.ts";
import { type Pooled, pooled } from "./max_pool.ts";

/** Options of {@linkcode fractionalMaxPool2d} and {@linkcode fractionalMaxPool3d}. */
export interface FractionalMaxPoolOptions {
  /** The output's size; this or `outputRatio` is required. */
  outputSize?: Size | null;
  /** The output's size as a share of the input's, each above 0 and below 1. */
  outputRatio?: number | readonly number[] | null;
  /** Whether to say where each value was found; default `false`. */
  returnIndices?: boolean;
  /** Where the windows lie, `[N, C, 2]` or `[N, C, 3]`, from 0 to 1; default: drawn at random. */
  _randomSamples?: Tensor | null;
}

const FRACTIONAL = "input, kernelSize, outputSize, outputRatio, returnIndices, _randomSamples";

type Pool = (input: Tensor, kernel: number[], size: number[], samples: Tensor) => Tensor[];

function fractional(a: Arguments, rank: number, pool: Pool, indices?: true): Tensor | Pooled {
  const input = a.tensor("input");
  a.rank("input", input, rank + 1, rank + 2);
  const kernel = a.sizes("kernelSize", rank);
  const size = sizeOf(a, input, rank);
  const wanted = indices ?? a.bool("returnIndices", false);
  const given = a.optionalTensor("_randomSamples");
  if (given) return finish(pool(input, kernel, size, given), wanted);
  using samples = drawSamples(input, rank);
  return finish(pool(input, kernel, size, samples), wanted);
}

function finish(results: Tensor[], indices: boolean): Tensor | Pooled {
  return indices ? pooled(results) : firstOf(results);
}

function drawSamples(input: Tensor, rank: number): Tensor {
  const shape = shapeOf(input);
  const batch = shape.length === rank + 1 ? 1 : shape[0]!;
  const { dtype, device } = input;
  return ops.rand([batch, shape.at(-rank - 1)!, rank], { dtype, device });
}

function sizeOf(a: Arguments, input: Tensor, rank: number): number[] {
  if (a.has("outputSize")) return a.sizes("outputSize", rank);
  if (!a.has("outputRatio")) {
    throw new TypeError(`${a.op}(): needs argument 'outputSize' or 'outputRatio'`);
  }
  const ratios = a.floats("outputRatio", rank);
  return ratios.map((ratio, i) => {
    if (ratio > 0 && ratio < 1) return Math.trunc(shapeOf(input).at(i - rank)! * ratio);
    throw a.wrong("outputRatio", "above 0 and below 1", ratio);
  });
}

/**
 * The largest value of each window, over two spatial dimensions, where the windows' places are drawn at random.
 *
 * ATen: `aten::fractional_max_pool2d`
 *
 * @param input `[N, C, H, W]`, or without `N`.
 * @param kernelSize The window.
 * @param options `outputSize` or `outputRatio` is required.
 *
 * @example
 * ```ts
 * import * as torch from "flambeau";
 * import { assertEquals } from "@std/assert";
 *
 * const x = torch.rand([1, 3, 9, 9]);
 * const y = torch.nn.functional.fractionalMaxPool2d(x, 2, { outputSize: 4 });
 * assertEquals(y.shape, [1, 3, 4, 4]);
 * ```
 */
export function fractionalMaxPool2d(
  input: Tensor,
  kernelSize: Size,
  options: FractionalMaxPoolOptions & { returnIndices: true },
): Pooled;
/** The values only. */
export function fractionalMaxPool2d(
  input: Tensor,
  kernelSize: Size,
  options: FractionalMaxPoolOptions & { returnIndices?: false },
): Tensor;
/** The same by place. */
export function fractionalMaxPool2d(
  input: Tensor,
  kernelSize: Size,
  outputSize: Size | null,
  outputRatio?: number | readonly number[] | null,
): Tensor;
export function fractionalMaxPool2d(...args: unknown[]): Tensor | Pooled {
  const a = new Arguments("fractionalMaxPool2d", FRACTIONAL, args);
  return fractional(a, 2, native.fractionalMaxPool2d);
}

/** {@linkcode fractionalMaxPool2d} with `returnIndices`. */
export function fractionalMaxPool2dWithIndices(
  input: Tensor,
  kernelSize: Size,
  options: FractionalMaxPoolOptions,
): Pooled;
export function fractionalMaxPool2dWithIndices(...args: unknown[]): Pooled {
  const a = new Arguments("fractionalMaxPool2dWithIndices", FRACTIONAL, args);
  return fractional(a, 2, native.fractionalMaxPool2d, true) as Pooled;
}

/**
 * The largest value of each window, over three spatial dimensions, where the windows' places are drawn at random.
 *
 * ATen: `aten::fractional_max_pool3d`
 *
 * @param input `[N, C, D, H, W]`, or without `N`.
 * @param kernelSize The window.
 * @param options `outputSize` or `outputRatio` is required.
 */
export function fractionalMaxPool3d(
  input: Tensor,
  kernelSize: Size,
  options: FractionalMaxPoolOptions & { returnIndices: true },
): Pooled;
/** The values only. */
export function fractionalMaxPool3d(
  input: Tensor,
  kernelSize: Size,
  options: FractionalMaxPoolOptions & { returnIndices?: false },
): Tensor;
/** The same by place. */
export function fractionalMaxPool3d(
  input: Tensor,
  kernelSize: Size,
  outputSize: Size | null,
  outputRatio?: number | readonly number[] | null,
): Tensor;
export function fractionalMaxPool3d(...args: unknown[]): Tensor | Pooled {
  const a = new Arguments("fractionalMaxPool3d", FRACTIONAL, args);
  return fractional(a, 3, native.fractionalMaxPool3d);
}

/** {@linkcode fractionalMaxPool3d} with `returnIndices`. */
export function fractionalMaxPool3dWithIndices(
  input: Tensor,
  kernelSize: Size,
  options: FractionalMaxPoolOptions,
): Pooled;
export function fractionalMaxPool3dWithIndices(...args: unknown[]): Pooled {
  const a = new Arguments("fractionalMaxPool3dWithIndices", FRACTIONAL, args);
  return fractional(a, 3, native.fractionalMaxPool3d, true) as Pooled;
}
