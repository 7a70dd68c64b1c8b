/**
 * Normalization of each channel of each element of a batch.
 *
 * @module
 */

import { notTheBase } from "../../_arguments.ts";
import { shapeOf, type Tensor } from "../../tensor/tensor.ts";
import { LayerArguments } from "../_layer.ts";
import * as F from "../functional.ts";
import type { BatchNormLayerOptions } from "./batch.ts";
import { checkRank, NORM, RunningNorm } from "./_norm.ts";

/**
 * Options of {@linkcode InstanceNorm1d}, {@linkcode InstanceNorm2d} and {@linkcode InstanceNorm3d}: those of batch normalization, but
 * `affine` and `trackRunningStats` are `false` by default.
 */
export type InstanceNormLayerOptions = BatchNormLayerOptions;

/** What instance normalizations of any dimension share (Ulyanov et al. 2016). */
export abstract class InstanceNorm extends RunningNorm {
  private readonly _rank: number;

  /** Reads the arguments of a layer of `rank` spatial dimensions. */
  constructor(layer: string, rank: number, args: readonly unknown[]) {
    notTheBase(
      new.target,
      InstanceNorm,
      "nn.InstanceNorm",
      "nn.InstanceNorm1d, nn.InstanceNorm2d and nn.InstanceNorm3d",
    );
    super(new LayerArguments(layer, NORM, args), false, false);
    this._rank = rank;
  }

  /** Normalizes the input. */
  override forward(input: Tensor): Tensor {
    const shape = shapeOf(input);
    const rank = this._rank;
    checkRank(this.typeName(), shape, rank + 1, rank + 2);
    const channels = shape.at(-rank - 1)!;
    if (this.affine && channels !== this.numFeatures) {
      throw new RangeError(
        `nn.${this.typeName()}: argument 'input' must have numFeatures (${this.numFeatures}) channels, but has ${channels}`,
      );
    }
    if (shape.length === rank + 2) return this._normalize(input);
    using batch = input.unsqueeze(0);
    using normalized = this._normalize(batch);
    return normalized.squeeze(0);
  }

  /** Normalizes a batch. */
  private _normalize(input: Tensor): Tensor {
    const { weight, bias, running_mean, running_var, eps } = this;
    const own = this.training || !this.trackRunningStats;
    const momentum = this.momentum ?? 0;
    return F.instanceNorm(input, running_mean, running_var, weight, bias, own, momentum, eps);
  }
}

/**
 * Instance normalization of `[N, C, L]` or `[C, L]`.
 *
 * @example
 * ```ts
 * import * as torch from "flambeau";
 * import { assertEquals } from "@std/assert";
 *
 * const layer = new torch.nn.InstanceNorm1d(2, { affine: true });
 * assertEquals(layer(torch.rand([3, 2, 4])).shape, [3, 2, 4]);
 * ```
 */
export class InstanceNorm1d extends InstanceNorm {
  /** Makes the layer. `numFeatures`: the number of channels. */
  constructor(numFeatures: number, options?: InstanceNormLayerOptions);
  constructor(...args: unknown[]) {
    super("InstanceNorm1d", 1, args);
  }
}

/**
 * Instance normalization of `[N, C, H, W]` or `[C, H, W]`.
 *
 * @example
 * ```ts
 * import * as torch from "flambeau";
 * import { assertEquals } from "@std/assert";
 *
 * const layer = new torch.nn.InstanceNorm2d(2, { affine: true });
 * assertEquals(layer(torch.rand([3, 2, 4, 4])).shape, [3, 2, 4, 4]);
 * ```
 */
export class InstanceNorm2d extends InstanceNorm {
  /** Makes the layer. `numFeatures`: the number of channels. */
  constructor(numFeatures: number, options?: InstanceNormLayerOptions);
  constructor(...args: unknown[]) {
    super("InstanceNorm2d", 2, args);
  }
}

/**
 * Instance normalization of `[N, C, D, H, W]` or `[C, D, H, W]`.
 *
 * @example
 * ```ts
 * import * as torch from "flambeau";
 * import { assertEquals } from "@std/assert";
 *
 * const layer = new torch.nn.InstanceNorm3d(2, { affine: true });
 * assertEquals(layer(torch.rand([3, 2, 4, 4, 4])).shape, [3, 2, 4, 4, 4]);
 * ```
 */
export class InstanceNorm3d extends InstanceNorm {
  /** Makes the layer. `numFeatures`: the number of channels. */
  constructor(numFeatures: number, options?: InstanceNormLayerOptions);
  constructor(...args: unknown[]) {
    super("InstanceNorm3d", 3, args);
  }
}
