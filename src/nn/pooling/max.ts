/**
 * Pooling by the largest value.
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
import type { Pooled } from "../functional.ts";

/** Options of {@linkcode MaxPool1d}, {@linkcode MaxPool2d} and {@linkcode MaxPool3d}. */
export interface MaxPoolLayerOptions {
  /** The step of the window; default: the window itself. */
  stride?: Size | null;
  /** How many negative infinities to put at both sides; default `0`. */
  padding?: Size;
  /** The distance of the elements of a window; default `1`. */
  dilation?: Size;
  /** Whether a window may end outside; default `false`. */
  ceilMode?: boolean;
}

/** Whether a pooling layer returns the indices too: by the type of what it returns. */
export type ReturnIndices<R> = R extends Tensor ? {
    /** Whether the indices are returned too, for {@linkcode MaxUnpool2d} and its kind; default `false`. */
    returnIndices?: false;
  }
  : {
    /** Whether the indices are returned too, for {@linkcode MaxUnpool2d} and its kind. */
    returnIndices: true;
  };

/** What {@linkcode MaxPool1d}, {@linkcode MaxPool2d} and {@linkcode MaxPool3d} share. */
export abstract class MaxPool<R extends Tensor | Pooled> extends Module<[input: Tensor], R> {
  /** The window. */
  readonly kernelSize: Size;
  /** The step of the window. */
  readonly stride: Size;
  /** How many negative infinities are put at both sides. */
  readonly padding: Size;
  /** The distance of the elements of a window. */
  readonly dilation: Size;
  /** Whether the indices are returned too. */
  readonly returnIndices: boolean;
  /** Whether a window may end outside. */
  readonly ceilMode: boolean;

  /** Reads the arguments of a layer of `rank` spatial dimensions. */
  constructor(layer: string, rank: number, args: readonly unknown[]) {
    notTheBase(new.target, MaxPool, "nn.MaxPool", "nn.MaxPool1d, nn.MaxPool2d and nn.MaxPool3d");
    super();
    const names = "kernelSize, stride, padding, dilation, returnIndices, ceilMode";
    const a = new LayerArguments(layer, names, args);
    this.kernelSize = a.size("kernelSize", rank);
    this.stride = a.size("stride", rank, this.kernelSize);
    this.padding = a.size("padding", rank, 0);
    this.dilation = a.size("dilation", rank, 1);
    this.returnIndices = a.bool("returnIndices", false);
    this.ceilMode = a.bool("ceilMode", false);
  }

  /** As PyTorch prints it. */
  override extraRepr(): string {
    const show = python.size;
    return `kernel_size=${show(this.kernelSize)}, stride=${show(this.stride)}, padding=${
      show(this.padding)
    }, dilation=${show(this.dilation)}, ceil_mode=${python.bool(this.ceilMode)}`;
  }
}

/**
 * The largest value of each window, over one spatial dimension. Input `[N, C, L]`, or without `N`.
 *
 * With `returnIndices` a call gives `[output, indices]`.
 *
 * @example
 * ```ts
 * import * as torch from "flambeau";
 * import { assertEquals } from "@std/assert";
 *
 * const layer = new torch.nn.MaxPool1d(2);
 * assertEquals(layer(torch.ones([1, 2, 8])).shape, [1, 2, 4]);
 * ```
 */
export class MaxPool1d<R extends Tensor | Pooled = Tensor> extends MaxPool<R> {
  /** Makes the layer. `kernelSize`: the window. */
  constructor(kernelSize: Size, options?: MaxPoolLayerOptions & ReturnIndices<R>);
  /** The same with the step by place. */
  constructor(
    kernelSize: Size,
    stride: Size | null,
    options?: MaxPoolLayerOptions & ReturnIndices<R>,
  );
  constructor(...args: unknown[]) {
    super("MaxPool1d", 1, args);
  }

  /** Applies it. */
  override forward(input: Tensor): R {
    const { kernelSize, stride, padding, dilation, ceilMode, returnIndices } = this;
    const pool = returnIndices ? F.maxPool1dWithIndices : F.maxPool1d;
    return pool(input, kernelSize, stride, padding, dilation, ceilMode) as R;
  }
}

/**
 * The largest value of each window, over two spatial dimensions. Input `[N, C, H, W]`, or without `N`.
 *
 * With `returnIndices` a call gives `[output, indices]`.
 *
 * @example
 * ```ts
 * import * as torch from "flambeau";
 * import { assertEquals } from "@std/assert";
 *
 * const layer = new torch.nn.MaxPool2d(2);
 * assertEquals(layer(torch.ones([1, 2, 8, 8])).shape, [1, 2, 4, 4]);
 * ```
 */
export class MaxPool2d<R extends Tensor | Pooled = Tensor> extends MaxPool<R> {
  /** Makes the layer. `kernelSize`: the window. */
  constructor(kernelSize: Size, options?: MaxPoolLayerOptions & ReturnIndices<R>);
  /** The same with the step by place. */
  constructor(
    kernelSize: Size,
    stride: Size | null,
    options?: MaxPoolLayerOptions & ReturnIndices<R>,
  );
  constructor(...args: unknown[]) {
    super("MaxPool2d", 2, args);
  }

  /** Applies it. */
  override forward(input: Tensor): R {
    const { kernelSize, stride, padding, dilation, ceilMode, returnIndices } = this;
    const pool = returnIndices ? F.maxPool2dWithIndices : F.maxPool2d;
    return pool(input, kernelSize, stride, padding, dilation, ceilMode) as R;
  }
}

/**
 * The largest value of each window, over three spatial dimensions. Input `[N, C, D, H, W]`, or without `N`.
 *
 * With `returnIndices` a call gives `[output, indices]`.
 *
 * @example
 * ```ts
 * import * as torch from "flambeau";
 * import { assertEquals } from "@std/assert";
 *
 * const layer = new torch.nn.MaxPool3d(2);
 * assertEquals(layer(torch.ones([1, 2, 8, 8, 8])).shape, [1, 2, 4, 4, 4]);
 * ```
 */
export class MaxPool3d<R extends Tensor | Pooled = Tensor> extends MaxPool<R> {
  /** Makes the layer. `kernelSize`: the window. */
  constructor(kernelSize: Size, options?: MaxPoolLayerOptions & ReturnIndices<R>);
  /** The same with the step by place. */
  constructor(
    kernelSize: Size,
    stride: Size | null,
    options?: MaxPoolLayerOptions & ReturnIndices<R>,
  );
  constructor(...args: unknown[]) {
    super("MaxPool3d", 3, args);
  }

  /** Applies it. */
  override forward(input: Tensor): R {
    const { kernelSize, stride, padding, dilation, ceilMode, returnIndices } = this;
    const pool = returnIndices ? F.maxPool3dWithIndices : F.maxPool3d;
    return pool(input, kernelSize, stride, padding, dilation, ceilMode) as R;
  }
}
