/**
 * Pooling by the mean.
 *
 * @module
 */

import { notTheBase } from "../../_arguments.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import type { Size } from "../../ops/_call.ts";
import * as F from "../functional.ts";
import { LayerArguments } from "../_layer.ts";
import * as python from "../_python.ts";
import { Module } from "../module.ts";

/** Options of {@linkcode AvgPool1d}. */
export interface AvgPool1dOptions {
  /** The step of the window; default: the window itself. */
  stride?: Size | null;
  /** How many zeros to put at both sides; default `0`. */
  padding?: Size;
  /** Whether a window may end outside; default `false`. */
  ceilMode?: boolean;
  /** Whether those zeros count in the mean; default `true`. */
  countIncludePad?: boolean;
}

/** Options of {@linkcode AvgPool2d} and {@linkcode AvgPool3d}. */
export interface AvgPoolOptions extends AvgPool1dOptions {
  /** What to divide the sum by; default `null`: the number of elements. */
  divisorOverride?: number | null;
}

/** What {@linkcode AvgPool1d}, {@linkcode AvgPool2d} and {@linkcode AvgPool3d} share. */
export abstract class AvgPool extends Module<[input: Tensor], Tensor> {
  /** The window. */
  readonly kernelSize: Size;
  /** The step of the window. */
  readonly stride: Size;
  /** How many zeros are put at both sides. */
  readonly padding: Size;
  /** Whether a window may end outside. */
  readonly ceilMode: boolean;
  /** Whether those zeros count in the mean. */
  readonly countIncludePad: boolean;
  /** What the sum is divided by, `null` for the number of elements. */
  readonly divisorOverride: number | null;

  /** Reads the arguments of a layer of `rank` spatial dimensions. */
  constructor(layer: string, rank: number, args: readonly unknown[]) {
    notTheBase(new.target, AvgPool, "nn.AvgPool", "nn.AvgPool1d, nn.AvgPool2d and nn.AvgPool3d");
    super();
    const names = "kernelSize, stride, padding, ceilMode, countIncludePad";
    const a = new LayerArguments(layer, rank === 1 ? names : `${names}, divisorOverride`, args);
    // PyTorch keeps a list for one dimension, and what was given for others.
    const size = (name: string, fallback?: Size) =>
      rank === 1 ? a.sizes(name, 1, fallback) : a.size(name, rank, fallback);
    this.kernelSize = size("kernelSize");
    this.stride = size("stride", this.kernelSize);
    this.padding = size("padding", 0);
    this.ceilMode = a.bool("ceilMode", false);
    this.countIncludePad = a.bool("countIncludePad", true);
    this.divisorOverride = a.has("divisorOverride") ? a.int("divisorOverride") : null;
  }

  /** As PyTorch prints it. */
  override extraRepr(): string {
    return `kernel_size=${python.size(this.kernelSize)}, stride=${
      python.size(this.stride)
    }, padding=${python.size(this.padding)}`;
  }
}

/**
 * The mean of each window, over one spatial dimension. Input `[N, C, L]`, or without `N`.
 *
 * @example
 * ```ts
 * import * as torch from "flambeau";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(new torch.nn.AvgPool1d(2)(torch.ones([1, 2, 8])).shape, [1, 2, 4]);
 * ```
 */
export class AvgPool1d extends AvgPool {
  /** Makes the layer. `kernelSize`: the window. */
  constructor(kernelSize: Size, options?: AvgPool1dOptions);
  /** The same with the step by place. */
  constructor(kernelSize: Size, stride: Size | null, options?: AvgPool1dOptions);
  constructor(...args: unknown[]) {
    super("AvgPool1d", 1, args);
  }

  /** Applies it. */
  override forward(input: Tensor): Tensor {
    const { kernelSize, stride, padding, ceilMode, countIncludePad } = this;
    return F.avgPool1d(
      input,
      kernelSize,
      stride,
      padding,
      ceilMode,
      countIncludePad,
    );
  }
}

/**
 * The mean of each window, over two spatial dimensions. Input `[N, C, H, W]`, or without `N`.
 *
 * @example
 * ```ts
 * import * as torch from "flambeau";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(new torch.nn.AvgPool2d(2)(torch.ones([1, 2, 8, 8])).shape, [1, 2, 4, 4]);
 * ```
 */
export class AvgPool2d extends AvgPool {
  /** Makes the layer. `kernelSize`: the window. */
  constructor(kernelSize: Size, options?: AvgPoolOptions);
  /** The same with the step by place. */
  constructor(kernelSize: Size, stride: Size | null, options?: AvgPoolOptions);
  constructor(...args: unknown[]) {
    super("AvgPool2d", 2, args);
  }

  /** Applies it. */
  override forward(input: Tensor): Tensor {
    const { kernelSize, stride, padding, ceilMode, countIncludePad, divisorOverride } = this;
    return F.avgPool2d(
      input,
      kernelSize,
      stride,
      padding,
      ceilMode,
      countIncludePad,
      divisorOverride,
    );
  }
}

/**
 * The mean of each window, over three spatial dimensions. Input `[N, C, D, H, W]`, or without `N`.
 *
 * @example
 * ```ts
 * import * as torch from "flambeau";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(new torch.nn.AvgPool3d(2)(torch.ones([1, 2, 8, 8, 8])).shape, [1, 2, 4, 4, 4]);
 * ```
 */
export class AvgPool3d extends AvgPool {
  /** Makes the layer. `kernelSize`: the window. */
  constructor(kernelSize: Size, options?: AvgPoolOptions);
  /** The same with the step by place. */
  constructor(kernelSize: Size, stride: Size | null, options?: AvgPoolOptions);
  constructor(...args: unknown[]) {
    super("AvgPool3d", 3, args);
  }

  /** Applies it. */
  override forward(input: Tensor): Tensor {
    const { kernelSize, stride, padding, ceilMode, countIncludePad, divisorOverride } = this;
    return F.avgPool3d(
      input,
      kernelSize,
      stride,
      padding,
      ceilMode,
      countIncludePad,
      divisorOverride,
    );
  }
}
