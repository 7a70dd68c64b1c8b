/**
 * Windows as columns, and back: `unfold` and `fold`.
 *
 * @module
 */

import * as native from "../../ops/native_nn.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { Arguments, type Size } from "../../ops/_call.ts";

/** Options of {@linkcode unfold} and {@linkcode fold}. */
export interface FoldOptions {
  /** The distance of the elements of a window; default `1`. */
  dilation?: Size;
  /** How many zeros to put at both sides; default `0`. */
  padding?: Size;
  /** The step of the window; default `1`. */
  stride?: Size;
}

/**
 * The windows of an image as columns.
 *
 * ATen: `aten::im2col`
 *
 * @param input `[N, C, H, W]` or `[C, H, W]`.
 * @param kernelSize The window.
 *
 * @example
 * ```ts
 * import * as torch from "flambeau";
 * import { assertEquals } from "@std/assert";
 *
 * const x = torch.arange(4).float().reshape([1, 1, 2, 2]);
 * assertEquals(torch.nn.functional.unfold(x, [1, 2]).toArray(), [[[0, 2], [1, 3]]]);
 * ```
 */
export function unfold(input: Tensor, kernelSize: Size, options?: FoldOptions): Tensor;
/** The same by place. */
export function unfold(
  input: Tensor,
  kernelSize: Size,
  dilation: Size,
  padding?: Size,
  stride?: Size,
): Tensor;
export function unfold(...args: unknown[]): Tensor {
  const a = new Arguments("unfold", "input, kernelSize, dilation, padding, stride", args);
  return native.im2col(
    a.tensor("input"),
    a.sizes("kernelSize", 2),
    a.sizes("dilation", 2, 1),
    a.sizes("padding", 2, 0),
    a.sizes("stride", 2, 1),
  );
}

/**
 * The image whose windows are the columns; where they overlap, their sum.
 *
 * ATen: `aten::col2im`
 *
 * @param input `[N, C * window, L]`, or without `N`.
 * @param outputSize The size of the image.
 * @param kernelSize The window.
 *
 * @example
 * ```ts
 * import * as torch from "flambeau";
 * import { assertEquals } from "@std/assert";
 *
 * const columns = torch.ones([1, 2, 2]);
 * assertEquals(torch.nn.functional.fold(columns, 2, [1, 2]).toArray(), [[[[1, 1], [1, 1]]]]);
 * ```
 */
export function fold(
  input: Tensor,
  outputSize: Size,
  kernelSize: Size,
  options?: FoldOptions,
): Tensor;
/** The same by place. */
export function fold(
  input: Tensor,
  outputSize: Size,
  kernelSize: Size,
  dilation: Size,
  padding?: Size,
  stride?: Size,
): Tensor;
export function fold(...args: unknown[]): Tensor {
  const names = "input, outputSize, kernelSize, dilation, padding, stride";
  const a = new Arguments("fold", names, args);
  return native.col2im(
    a.tensor("input"),
    a.sizes("outputSize", 2),
    a.sizes("kernelSize", 2),
    a.sizes("dilation", 2, 1),
    a.sizes("padding", 2, 0),
    a.sizes("stride", 2, 1),
  );
}
