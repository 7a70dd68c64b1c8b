/**
 * `torch.nn.functional`: ops of neural networks, without state.
 *
 * @module
 */

import { batchNorm as batchNormOp, dropout as dropoutOp } from "../ops/generated/general_a_h.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { shapeOf } from "../tensor/tensor.ts";

export * from "../ops/functional.ts";
export {
  adaptiveAvgPool2d,
  adaptiveAvgPool3d,
  adaptiveMaxPool1d,
  adaptiveMaxPool1dWithIndices,
  adaptiveMaxPool2d,
  adaptiveMaxPool2dWithIndices,
  adaptiveMaxPool3d,
  adaptiveMaxPool3dWithIndices,
  fractionalMaxPool2d,
  fractionalMaxPool2dWithIndices,
  fractionalMaxPool3d,
  fractionalMaxPool3dWithIndices,
  type FractionalMaxPoolOptions,
  lpPool1d,
  lpPool2d,
  lpPool3d,
  type LpPoolOptions,
  maxPool1d,
  maxPool1dWithIndices,
  maxPool2d,
  maxPool2dWithIndices,
  maxPool3d,
  maxPool3dWithIndices,
  type MaxPoolOptions,
  maxUnpool1d,
  maxUnpool2d,
  maxUnpool3d,
  type MaxUnpoolOptions,
  type Pooled,
} from "./functional/pooling.ts";
export {
  binaryCrossEntropy,
  type BinaryCrossEntropyOptions,
  binaryCrossEntropyWithLogits,
  type BinaryCrossEntropyWithLogitsOptions,
  cosineEmbeddingLoss,
  crossEntropy,
  type CrossEntropyOptions,
  ctcLoss,
  type CtcLossOptions,
  type ErrorLossOptions,
  gaussianNllLoss,
  type GaussianNllLossOptions,
  hingeEmbeddingLoss,
  huberLoss,
  type HuberLossOptions,
  klDiv,
  type KlDivOptions,
  l1Loss,
  linearCrossEntropy,
  type LinearCrossEntropyOptions,
  type MarginLossOptions,
  marginRankingLoss,
  mseLoss,
  multilabelSoftMarginLoss,
  type MultilabelSoftMarginLossOptions,
  multiMarginLoss,
  type MultiMarginLossOptions,
  nllLoss,
  type NllLossOptions,
  poissonNllLoss,
  type PoissonNllLossOptions,
  smoothL1Loss,
  type SmoothL1LossOptions,
  tripletMarginLoss,
  type TripletMarginLossOptions,
  tripletMarginWithDistanceLoss,
  type TripletMarginWithDistanceLossOptions,
} from "./functional/loss.ts";
export type { OutputSize, Reduction, Size } from "./functional/_arguments.ts";
export { flatten, relu, relu_, selu, sigmoid, tanh } from "../ops/mod.ts";

/**
 * Zeroes elements at random, and scales the others by `1 / (1 - p)`.
 *
 * `aten::dropout(Tensor input, float p, bool train) -> Tensor`
 *
 * @param input Any shape, floating-point.
 * @param p The chance of an element to be zeroed; default `0.5`.
 * @param training Whether to do anything at all; default `true`.
 * @throws {RangeError} If `p` is not from 0 to 1.
 *
 * @example
 * ```ts
 * import * as torch from "flambeau";
 * import { assertEquals } from "@std/assert";
 *
 * const x = torch.ones([4]);
 * assertEquals(torch.nn.functional.dropout(x, 0.5, false).toArray(), [1, 1, 1, 1]);
 * ```
 */
export function dropout(input: Tensor, p: number = 0.5, training: boolean = true): Tensor {
  checkProbability(p, "dropout");
  return dropoutOp(input, p, training);
}

/** Refuses what is no probability. */
export function checkProbability(p: number, op: string): void {
  if (typeof p === "number" && p >= 0 && p <= 1) return;
  throw new RangeError(
    `${op}(): argument 'p' must be a probability from 0 to 1, but got ${String(p)}`,
  );
}

/** Options of {@linkcode batchNorm}. */
export interface BatchNormOptions {
  /** Scale of each channel, `[C]`. */
  weight?: Tensor | null;
  /** Shift of each channel, `[C]`. */
  bias?: Tensor | null;
  /** Whether to use the batch's own statistics, and to update the running ones; default `false`. */
  training?: boolean;
  /** The share of the batch in the running statistics; default `0.1`. */
  momentum?: number;
  /** Added to the variance; default `1e-5`. */
  eps?: number;
}

/**
 * Normalizes each channel of a batch.
 *
 * `aten::batch_norm`
 *
 * @param input `[N, C, ...]`.
 * @param runningMean `[C]`, or `null` to use the batch's.
 * @param runningVar `[C]`, likewise.
 *
 * @example
 * ```ts
 * import * as torch from "flambeau";
 * import { assertEquals } from "@std/assert";
 *
 * const x = torch.tensor([[1.5], [2.5]]);
 * const y = torch.nn.functional.batchNorm(x, null, null, { training: true, eps: 0 });
 * assertEquals(y.toArray(), [[-1], [1]]);
 * ```
 */
export function batchNorm(
  input: Tensor,
  runningMean: Tensor | null,
  runningVar: Tensor | null,
  options: BatchNormOptions = {},
): Tensor {
  const { weight = null, bias = null, training = false, momentum = 0.1, eps = 1e-5 } = options;
  if (training) checkBatch(input);
  return batchNormOp(input, weight, bias, runningMean, runningVar, training, momentum, eps, true);
}

function checkBatch(input: Tensor): void {
  const shape = shapeOf(input);
  const values = shape.reduce((product, size, dim) => dim === 1 ? product : product * size, 1);
  if (values !== 1) return;
  throw new RangeError(
    `batchNorm(): argument 'input' must have more than one value a channel when training, but its shape is [${
      shape.join(", ")
    }]`,
  );
}
