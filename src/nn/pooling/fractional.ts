/**
 * Pooling over windows of random places.
 *
 * @module
 */

import { notTheBase } from "../../_arguments.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import type { Size } from "../../ops/_call.ts";
import * as F from "../functional.ts";
import { LayerArguments } from "../_layer.ts";
import { Module } from "../module.ts";
import type { Buffer } from "../parameter.ts";
import type { Pooled } from "../functional.ts";
import type { ReturnIndices } from "./max.ts";

/** Options of {@linkcode FractionalMaxPool2d} and {@linkcode FractionalMaxPool3d}. */
export interface FractionalMaxPoolLayerOptions {
  /** The output's size; this or `outputRatio` is required. */
  outputSize?: Size | null;
  /** The output's size as a share of the input's, each above 0 and below 1. */
  outputRatio?: number | readonly number[] | null;
  /** Where the windows lie, `[N, C, 2]` or `[N, C, 3]`, from 0 to 1; default: drawn at random. */
  _randomSamples?: Tensor | null;
}

/** What {@linkcode FractionalMaxPool2d} and {@linkcode FractionalMaxPool3d} share (Graham 2014). */
export abstract class FractionalMaxPool<R extends Tensor | Pooled>
  extends Module<[input: Tensor], R> {
  /** The window. */
  readonly kernelSize: readonly number[];
  /** The output's size, or `null`. */
  readonly outputSize: readonly number[] | null;
  /** The output's size as a share of the input's, or `null`. */
  readonly outputRatio: readonly number[] | null;
  /** Whether the indices are returned too. */
  readonly returnIndices: boolean;
  /** Where the windows lie, or `null`. */
  declare _random_samples: Buffer | null;

  /** Reads the arguments of a layer of `rank` spatial dimensions. */
  constructor(layer: string, rank: number, args: readonly unknown[]) {
    notTheBase(
      new.target,
      FractionalMaxPool,
      "nn.FractionalMaxPool",
      "nn.FractionalMaxPool2d and nn.FractionalMaxPool3d",
    );
    super();
    const names = "kernelSize, outputSize, outputRatio, returnIndices, _randomSamples";
    const a = new LayerArguments(layer, names, args);
    this.kernelSize = a.sizes("kernelSize", rank);
    this.returnIndices = a.bool("returnIndices", false);
    this.registerBuffer("_random_samples", a.buffer("_randomSamples"));
    if (a.has("outputSize") === a.has("outputRatio")) {
      throw new TypeError(
        `nn.${layer}(): needs option 'outputSize' or 'outputRatio', and not both`,
      );
    }
    this.outputSize = a.has("outputSize") ? a.sizes("outputSize", rank) : null;
    this.outputRatio = a.has("outputRatio") ? a.floats("outputRatio", rank) : null;
    for (const ratio of this.outputRatio ?? []) {
      if (!(ratio > 0 && ratio < 1)) throw a.wrong("outputRatio", "above 0 and below 1", ratio);
    }
  }
}

/**
 * The largest value of each window, over two spatial dimensions, where the windows' places are drawn at random.
 * Input `[N, C, H, W]`, or without `N`.
 *
 * @example
 * ```ts
 * import * as torch from "flambeau";
 * import { assertEquals } from "@std/assert";
 *
 * const layer = new torch.nn.FractionalMaxPool2d(2, { outputSize: 4 });
 * assertEquals(layer(torch.rand([1, 2, 8, 8])).shape, [1, 2, 4, 4]);
 * ```
 */
export class FractionalMaxPool2d<R extends Tensor | Pooled = Tensor> extends FractionalMaxPool<R> {
  /** Makes the layer. `kernelSize`: the window. `outputSize` or `outputRatio` is required. */
  constructor(kernelSize: Size, options: FractionalMaxPoolLayerOptions & ReturnIndices<R>);
  constructor(...args: unknown[]) {
    super("FractionalMaxPool2d", 2, args);
  }

  /** Applies it. */
  override forward(input: Tensor): R {
    const { kernelSize, outputSize, outputRatio, returnIndices } = this;
    const pool = returnIndices ? F.fractionalMaxPool2dWithIndices : F.fractionalMaxPool2d;
    const options = { outputSize, outputRatio, _randomSamples: this._random_samples };
    return pool(input, kernelSize, options) as R;
  }
}

/**
 * The largest value of each window, over three spatial dimensions, where the windows' places are drawn at random.
 * Input `[N, C, D, H, W]`, or without `N`.
 *
 * @example
 * ```ts
 * import * as torch from "flambeau";
 * import { assertEquals } from "@std/assert";
 *
 * const layer = new torch.nn.FractionalMaxPool3d(2, { outputSize: 4 });
 * assertEquals(layer(torch.rand([1, 2, 8, 8, 8])).shape, [1, 2, 4, 4, 4]);
 * ```
 */
export class FractionalMaxPool3d<R extends Tensor | Pooled = Tensor> extends FractionalMaxPool<R> {
  /** Makes the layer. `kernelSize`: the window. `outputSize` or `outputRatio` is required. */
  constructor(kernelSize: Size, options: FractionalMaxPoolLayerOptions & ReturnIndices<R>);
  constructor(...args: unknown[]) {
    super("FractionalMaxPool3d", 3, args);
  }

  /** Applies it. */
  override forward(input: Tensor): R {
    const { kernelSize, outputSize, outputRatio, returnIndices } = this;
    const pool = returnIndices ? F.fractionalMaxPool3dWithIndices : F.fractionalMaxPool3d;
    const options = { outputSize, outputRatio, _randomSamples: this._random_samples };
    return pool(input, kernelSize, options) as R;
  }
}
