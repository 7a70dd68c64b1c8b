/**
 * Pooling to a size of the output: `adaptiveMaxPool1d` and the like.
 *
 * @module
 */

import * as ops from "../../ops/mod.ts";
import * as native from "../../ops/native_nn.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { Arguments, firstOf, type OutputSize } from "../../ops/_call.ts";
import { type Pooled, pooled } from "./max_pool.ts";

const ADAPTIVE = "input, outputSize, returnIndices";

function adaptive(
  a: Arguments,
  rank: number,
  pool: (input: Tensor, size: number[]) => Tensor[],
  indices?: true,
): Tensor | Pooled {
  const input = a.tensor("input");
  const size = a.outputSizes("outputSize", rank, input);
  const wanted = indices ?? a.bool("returnIndices", false);
  const results = pool(input, size);
  return wanted ? pooled(results) : firstOf(results);
}

/**
 * The largest value of each of `outputSize` windows, over one spatial dimension.
 *
 * ATen: `aten::adaptive_max_pool1d`
 *
 * @param input `[N, C, L]`, or without `N`.
 * @param outputSize How many windows; `null` is the input's own size.
 *
 * @example
 * ```ts
 * import * as torch from "flambeau";
 * import { assertEquals } from "@std/assert";
 *
 * const x = torch.tensor([[1.5, 3.5, 2.5, 0.5]]);
 * assertEquals(torch.nn.functional.adaptiveMaxPool1d(x, 2).toArray(), [[3.5, 2.5]]);
 * ```
 */
export function adaptiveMaxPool1d(
  input: Tensor,
  outputSize: OutputSize,
  returnIndices: true | { returnIndices: true },
): Pooled;
/** The values only. */
export function adaptiveMaxPool1d(
  input: Tensor,
  outputSize: OutputSize,
  returnIndices?: false | { returnIndices?: false },
): Tensor;
export function adaptiveMaxPool1d(...args: unknown[]): Tensor | Pooled {
  return adaptive(new Arguments("adaptiveMaxPool1d", ADAPTIVE, args), 1, ops.adaptiveMaxPool1d);
}

/** {@linkcode adaptiveMaxPool1d} with `returnIndices`. */
export function adaptiveMaxPool1dWithIndices(input: Tensor, outputSize: OutputSize): Pooled;
export function adaptiveMaxPool1dWithIndices(...args: unknown[]): Pooled {
  const a = new Arguments("adaptiveMaxPool1dWithIndices", ADAPTIVE, args);
  return adaptive(a, 1, ops.adaptiveMaxPool1d, true) as Pooled;
}

/**
 * The largest value of each of `outputSize` windows, over two spatial dimensions.
 *
 * ATen: `aten::adaptive_max_pool2d`
 *
 * @param input `[N, C, H, W]`, or without `N`.
 * @param outputSize How many windows; `null` is the input's own size.
 */
export function adaptiveMaxPool2d(
  input: Tensor,
  outputSize: OutputSize,
  returnIndices: true | { returnIndices: true },
): Pooled;
/** The values only. */
export function adaptiveMaxPool2d(
  input: Tensor,
  outputSize: OutputSize,
  returnIndices?: false | { returnIndices?: false },
): Tensor;
export function adaptiveMaxPool2d(...args: unknown[]): Tensor | Pooled {
  return adaptive(new Arguments("adaptiveMaxPool2d", ADAPTIVE, args), 2, native.adaptiveMaxPool2d);
}

/** {@linkcode adaptiveMaxPool2d} with `returnIndices`. */
export function adaptiveMaxPool2dWithIndices(input: Tensor, outputSize: OutputSize): Pooled;
export function adaptiveMaxPool2dWithIndices(...args: unknown[]): Pooled {
  const a = new Arguments("adaptiveMaxPool2dWithIndices", ADAPTIVE, args);
  return adaptive(a, 2, native.adaptiveMaxPool2d, true) as Pooled;
}

/**
 * The largest value of each of `outputSize` windows, over three spatial dimensions.
 *
 * ATen: `aten::adaptive_max_pool3d`
 *
 * @param input `[N, C, D, H, W]`, or without `N`.
 * @param outputSize How many windows; `null` is the input's own size.
 */
export function adaptiveMaxPool3d(
  input: Tensor,
  outputSize: OutputSize,
  returnIndices: true | { returnIndices: true },
): Pooled;
/** The values only. */
export function adaptiveMaxPool3d(
  input: Tensor,
  outputSize: OutputSize,
  returnIndices?: false | { returnIndices?: false },
): Tensor;
export function adaptiveMaxPool3d(...args: unknown[]): Tensor | Pooled {
  return adaptive(new Arguments("adaptiveMaxPool3d", ADAPTIVE, args), 3, native.adaptiveMaxPool3d);
}

/** {@linkcode adaptiveMaxPool3d} with `returnIndices`. */
export function adaptiveMaxPool3dWithIndices(input: Tensor, outputSize: OutputSize): Pooled;
export function adaptiveMaxPool3dWithIndices(...args: unknown[]): Pooled {
  const a = new Arguments("adaptiveMaxPool3dWithIndices", ADAPTIVE, args);
  return adaptive(a, 3, native.adaptiveMaxPool3d, true) as Pooled;
}

/**
 * The mean of each of `outputSize` windows, over two spatial dimensions.
 *
 * ATen: `aten::adaptive_avg_pool2d`
 *
 * @param input `[N, C, H, W]`, or without `N`.
 * @param outputSize How many windows; `null` is the input's own size.
 */
export function adaptiveAvgPool2d(input: Tensor, outputSize: OutputSize): Tensor;
/** The same with the size by name. */
export function adaptiveAvgPool2d(input: Tensor, options: { outputSize: OutputSize }): Tensor;
export function adaptiveAvgPool2d(...args: unknown[]): Tensor {
  const a = new Arguments("adaptiveAvgPool2d", "input, outputSize", args);
  const input = a.tensor("input");
  return native.adaptiveAvgPool2d(input, a.outputSizes("outputSize", 2, input));
}

/**
 * The mean of each of `outputSize` windows, over three spatial dimensions.
 *
 * ATen: `aten::adaptive_avg_pool3d`
 *
 * @param input `[N, C, D, H, W]`, or without `N`.
 * @param outputSize How many windows; `null` is the input's own size.
 */
export function adaptiveAvgPool3d(input: Tensor, outputSize: OutputSize): Tensor;
/** The same with the size by name. */
export function adaptiveAvgPool3d(input: Tensor, options: { outputSize: OutputSize }): Tensor;
export function adaptiveAvgPool3d(...args: unknown[]): Tensor {
  const a = new Arguments("adaptiveAvgPool3d", "input, outputSize", args);
  const input = a.tensor("input");
  return native.adaptiveAvgPool3d(input, a.outputSizes("outputSize", 3, input));
}
