/**
 * Pooling to a size of the output.
 *
 * @module
 */

import { notTheBase } from "../../_arguments.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import type { OutputSize, Size } from "../../ops/_call.ts";
import * as F from "../functional.ts";
import { LayerArguments } from "../_layer.ts";
import * as python from "../_python.ts";
import { Module } from "../module.ts";
import type { Pooled } from "../functional.ts";
import type { ReturnIndices } from "./max.ts";

/** What {@linkcode AdaptiveAvgPool1d} and its kind share. */
export abstract class AdaptivePool<R> extends Module<[input: Tensor], R> {
  /** How many windows; `null` for the input's own size. */
  readonly outputSize: OutputSize;

  /** Takes the checked size. */
  constructor(outputSize: OutputSize) {
    notTheBase(
      new.target,
      AdaptivePool,
      "nn.AdaptivePool",
      "nn.AdaptiveAvgPool2d, nn.AdaptiveMaxPool2d and their kin",
    );
    super();
    this.outputSize = outputSize;
  }

  /** As PyTorch prints it. */
  override extraRepr(): string {
    return `output_size=${python.size(this.outputSize)}`;
  }
}

/**
 * The mean of each of `outputSize` windows, over one spatial dimension. Input `[N, C, L]`, or without `N`.
 *
 * @example
 * ```ts
 * import * as torch from "flambeau";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(new torch.nn.AdaptiveAvgPool1d(3)(torch.ones([1, 2, 8])).shape, [1, 2, 3]);
 * ```
 */
export class AdaptiveAvgPool1d extends AdaptivePool<Tensor> {
  /** Makes the layer. `outputSize`: how many windows. */
  constructor(outputSize: Size);
  constructor(...args: unknown[]) {
    const a = new LayerArguments("AdaptiveAvgPool1d", "outputSize", args);
    super(a.size("outputSize", 1));
  }

  /** Applies it. */
  override forward(input: Tensor): Tensor {
    return F.adaptiveAvgPool1d(input, this.outputSize as Size);
  }
}

/**
 * The mean of each of `outputSize` windows, over two spatial dimensions. Input `[N, C, H, W]`, or without `N`.
 *
 * @example
 * ```ts
 * import * as torch from "flambeau";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(new torch.nn.AdaptiveAvgPool2d(3)(torch.ones([1, 2, 8, 8])).shape, [1, 2, 3, 3]);
 * ```
 */
export class AdaptiveAvgPool2d extends AdaptivePool<Tensor> {
  /** Makes the layer. `outputSize`: how many windows; `null` for the input's own size. */
  constructor(outputSize: OutputSize);
  constructor(...args: unknown[]) {
    const a = new LayerArguments("AdaptiveAvgPool2d", "outputSize", args);
    super(a.outputSize("outputSize", 2));
  }

  /** Applies it. */
  override forward(input: Tensor): Tensor {
    return F.adaptiveAvgPool2d(input, this.outputSize);
  }
}

/**
 * The mean of each of `outputSize` windows, over three spatial dimensions. Input `[N, C, D, H, W]`, or without `N`.
 *
 * @example
 * ```ts
 * import * as torch from "flambeau";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(new torch.nn.AdaptiveAvgPool3d(3)(torch.ones([1, 2, 8, 8, 8])).shape, [1, 2, 3, 3, 3]);
 * ```
 */
export class AdaptiveAvgPool3d extends AdaptivePool<Tensor> {
  /** Makes the layer. `outputSize`: how many windows; `null` for the input's own size. */
  constructor(outputSize: OutputSize);
  constructor(...args: unknown[]) {
    const a = new LayerArguments("AdaptiveAvgPool3d", "outputSize", args);
    super(a.outputSize("outputSize", 3));
  }

  /** Applies it. */
  override forward(input: Tensor): Tensor {
    return F.adaptiveAvgPool3d(input, this.outputSize);
  }
}

/**
 * The largest value of each of `outputSize` windows, over one spatial dimension. Input `[N, C, L]`, or without `N`.
 *
 * With `returnIndices` a call gives `[output, indices]`.
 *
 * @example
 * ```ts
 * import * as torch from "flambeau";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(new torch.nn.AdaptiveMaxPool1d(3)(torch.ones([1, 2, 8])).shape, [1, 2, 3]);
 * ```
 */
export class AdaptiveMaxPool1d<R extends Tensor | Pooled = Tensor> extends AdaptivePool<R> {
  /** Whether the indices are returned too. */
  readonly returnIndices: boolean;

  /** Makes the layer. `outputSize`: how many windows. */
  constructor(outputSize: Size, options?: ReturnIndices<R>);
  constructor(...args: unknown[]) {
    const a = new LayerArguments("AdaptiveMaxPool1d", "outputSize, returnIndices", args);
    super(a.outputSize("outputSize", 1));
    this.returnIndices = a.bool("returnIndices", false);
  }

  /** Applies it. */
  override forward(input: Tensor): R {
    const pool = this.returnIndices ? F.adaptiveMaxPool1dWithIndices : F.adaptiveMaxPool1d;
    return pool(input, this.outputSize) as R;
  }
}

/**
 * The largest value of each of `outputSize` windows, over two spatial dimensions. Input `[N, C, H, W]`, or without `N`.
 *
 * With `returnIndices` a call gives `[output, indices]`.
 *
 * @example
 * ```ts
 * import * as torch from "flambeau";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(new torch.nn.AdaptiveMaxPool2d(3)(torch.ones([1, 2, 8, 8])).shape, [1, 2, 3, 3]);
 * ```
 */
export class AdaptiveMaxPool2d<R extends Tensor | Pooled = Tensor> extends AdaptivePool<R> {
  /** Whether the indices are returned too. */
  readonly returnIndices: boolean;

  /** Makes the layer. `outputSize`: how many windows; `null` for the input's own size. */
  constructor(outputSize: OutputSize, options?: ReturnIndices<R>);
  constructor(...args: unknown[]) {
    const a = new LayerArguments("AdaptiveMaxPool2d", "outputSize, returnIndices", args);
    super(a.outputSize("outputSize", 2));
    this.returnIndices = a.bool("returnIndices", false);
  }

  /** Applies it. */
  override forward(input: Tensor): R {
    const pool = this.returnIndices ? F.adaptiveMaxPool2dWithIndices : F.adaptiveMaxPool2d;
    return pool(input, this.outputSize) as R;
  }
}

/**
 * The largest value of each of `outputSize` windows, over three spatial dimensions. Input `[N, C, D, H, W]`, or without `N`.
 *
 * With `returnIndices` a call gives `[output, indices]`.
 *
 * @example
 * ```ts
 * import * as torch from "flambeau";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(new torch.nn.AdaptiveMaxPool3d(3)(torch.ones([1, 2, 8, 8, 8])).shape, [1, 2, 3, 3, 3]);
 * ```
 */
export class AdaptiveMaxPool3d<R extends Tensor | Pooled = Tensor> extends AdaptivePool<R> {
  /** Whether the indices are returned too. */
  readonly returnIndices: boolean;

  /** Makes the layer. `outputSize`: how many windows; `null` for the input's own size. */
  constructor(outputSize: OutputSize, options?: ReturnIndices<R>);
  constructor(...args: unknown[]) {
    const a = new LayerArguments("AdaptiveMaxPool3d", "outputSize, returnIndices", args);
    super(a.outputSize("outputSize", 3));
    this.returnIndices = a.bool("returnIndices", false);
  }

  /** Applies it. */
  override forward(input: Tensor): R {
    const pool = this.returnIndices ? F.adaptiveMaxPool3dWithIndices : F.adaptiveMaxPool3d;
    return pool(input, this.outputSize) as R;
  }
}
