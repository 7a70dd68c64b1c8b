/**
 * Normalization over a batch.
 *
 * @module
 */

import { notTheBase } from "../../_arguments.ts";
import { noGrad } from "../../autograd/modes.ts";
import { shapeOf, type Tensor } from "../../tensor/tensor.ts";
import { LayerArguments } from "../_layer.ts";
import * as F from "../functional.ts";
import type { FactoryOptions } from "../layer_options.ts";
import { checkRank, NORM, RunningNorm } from "./_norm.ts";

/** Options of {@linkcode BatchNorm1d}, {@linkcode BatchNorm2d} and {@linkcode BatchNorm3d}. */
export interface BatchNormLayerOptions extends FactoryOptions {
  /** Added to the variance; default `1e-5`. */
  eps?: number;
  /** The share of a batch in the running statistics, `null` for a plain average over all batches; default `0.1`. */
  momentum?: number | null;
  /** Whether a scale and, with `bias`, a shift are learned; default `true`. */
  affine?: boolean;
  /** Whether the shift is, where `affine` is on; default `true`. */
  bias?: boolean;
  /** Whether running statistics are kept and used in evaluation; default `true`. */
  trackRunningStats?: boolean;
}

/** What batch normalizations of any dimension share (Ioffe and Szegedy 2015). */
export abstract class BatchNorm extends RunningNorm {
  /** Reads the arguments of a layer. */
  constructor(layer: string, args: readonly unknown[]) {
    notTheBase(
      new.target,
      BatchNorm,
      "nn.BatchNorm",
      "nn.BatchNorm1d, nn.BatchNorm2d and nn.BatchNorm3d",
    );
    super(new LayerArguments(layer, NORM, args), true, true);
  }

  /** Refuses inputs of another number of dimensions. */
  protected abstract checkInput(shape: readonly number[]): void;

  /** Normalizes the input. */
  override forward(input: Tensor): Tensor {
    this.checkInput(shapeOf(input));
    const { weight, bias, eps, running_mean, running_var } = this;
    const training = this.training || running_mean === null;
    const momentum = this._count();
    const use = !this.training || this.trackRunningStats;
    const [mean, variance] = use ? [running_mean, running_var] : [null, null];
    return F.batchNorm(input, mean, variance, weight, bias, training, momentum, eps);
  }

  /** Counts the batch, and gives its share in the running statistics. */
  private _count(): number {
    const batches = this.num_batches_tracked;
    if (!this.training || batches === null) return this.momentum ?? 0;
    noGrad(() => batches.add_(1));
    return this.momentum ?? 1 / Number(batches.item());
  }
}

/**
 * Batch normalization of `[N, C]` or `[N, C, L]`.
 *
 * @example
 * ```ts
 * import * as torch from "flambeau";
 * import { assertEquals } from "@std/assert";
 *
 * const layer = new torch.nn.BatchNorm1d(2);
 * assertEquals(layer(torch.rand([3, 2])).shape, [3, 2]);
 * assertEquals(layer.numBatchesTracked?.item(), 1);
 * ```
 */
export class BatchNorm1d extends BatchNorm {
  /** Makes the layer. `numFeatures`: the number of channels. */
  constructor(numFeatures: number, options?: BatchNormLayerOptions);
  constructor(...args: unknown[]) {
    super("BatchNorm1d", args);
  }

  /** Refuses inputs of another number of dimensions. */
  protected override checkInput(shape: readonly number[]): void {
    checkRank("BatchNorm1d", shape, 2, 3);
  }
}

/**
 * Batch normalization of `[N, C, H, W]`.
 *
 * @example
 * ```ts
 * import * as torch from "flambeau";
 * import { assertEquals } from "@std/assert";
 *
 * const layer = new torch.nn.BatchNorm2d(2);
 * assertEquals(layer(torch.rand([3, 2, 4, 4])).shape, [3, 2, 4, 4]);
 * assertEquals(layer.numBatchesTracked?.item(), 1);
 * ```
 */
export class BatchNorm2d extends BatchNorm {
  /** Makes the layer. `numFeatures`: the number of channels. */
  constructor(numFeatures: number, options?: BatchNormLayerOptions);
  constructor(...args: unknown[]) {
    super("BatchNorm2d", args);
  }

  /** Refuses inputs of another number of dimensions. */
  protected override checkInput(shape: readonly number[]): void {
    checkRank("BatchNorm2d", shape, 4);
  }
}

/**
 * Batch normalization of `[N, C, D, H, W]`.
 *
 * @example
 * ```ts
 * import * as torch from "flambeau";
 * import { assertEquals } from "@std/assert";
 *
 * const layer = new torch.nn.BatchNorm3d(2);
 * assertEquals(layer(torch.rand([3, 2, 4, 4, 4])).shape, [3, 2, 4, 4, 4]);
 * assertEquals(layer.numBatchesTracked?.item(), 1);
 * ```
 */
export class BatchNorm3d extends BatchNorm {
  /** Makes the layer. `numFeatures`: the number of channels. */
  constructor(numFeatures: number, options?: BatchNormLayerOptions);
  constructor(...args: unknown[]) {
    super("BatchNorm3d", args);
  }

  /** Refuses inputs of another number of dimensions. */
  protected override checkInput(shape: readonly number[]): void {
    checkRank("BatchNorm3d", shape, 5);
  }
}
