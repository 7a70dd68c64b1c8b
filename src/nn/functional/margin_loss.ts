/**
 * Losses with a margin: of ranks, embeddings and triplets.
 *
 * @module
 */

import * as ops from "../../ops/mod.ts";
import * as native from "../../ops/native_nn.ts";
import { describe, shapeOf, type Tensor } from "../../tensor/tensor.ts";
import { Arguments, reduce, type Reduction, Temporaries } from "../../ops/_call.ts";

/** Options of losses with a margin. */
export interface MarginLossOptions {
  /** How far apart is far enough; the default is the loss's own. */
  margin?: number;
  /** How to reduce; default `"mean"`. */
  reduction?: Reduction;
}

/**
 * How far two scores are from their order.
 *
 * ATen: `aten::margin_ranking_loss`
 *
 * @param input1 Scores.
 * @param input2 Scores.
 * @param target `1` where the first should be larger, else `-1`.
 */
export function marginRankingLoss(
  input1: Tensor,
  input2: Tensor,
  target: Tensor,
  options?: MarginLossOptions,
): Tensor;
/** The same by place. */
export function marginRankingLoss(
  input1: Tensor,
  input2: Tensor,
  target: Tensor,
  margin: number,
  reduction?: Reduction,
): Tensor;
export function marginRankingLoss(...args: unknown[]): Tensor {
  const a = new Arguments("marginRankingLoss", "input1, input2, target, margin, reduction", args);
  const [input1, input2, target] = [a.tensor("input1"), a.tensor("input2"), a.tensor("target")];
  a.rank("input2", input2, shapeOf(input1).length);
  a.rank("target", target, shapeOf(input1).length);
  return ops.marginRankingLoss(input1, input2, target, a.float("margin", 0), a.reduction());
}

/**
 * How far two embeddings are from being alike, or not alike.
 *
 * ATen: `aten::cosine_embedding_loss`
 *
 * @param input1 `[N, D]` or `[D]`.
 * @param input2 The same.
 * @param target `1` where they should be alike, else `-1`.
 */
export function cosineEmbeddingLoss(
  input1: Tensor,
  input2: Tensor,
  target: Tensor,
  options?: MarginLossOptions,
): Tensor;
/** The same by place. */
export function cosineEmbeddingLoss(
  input1: Tensor,
  input2: Tensor,
  target: Tensor,
  margin: number,
  reduction?: Reduction,
): Tensor;
export function cosineEmbeddingLoss(...args: unknown[]): Tensor {
  const a = new Arguments("cosineEmbeddingLoss", "input1, input2, target, margin, reduction", args);
  return ops.cosineEmbeddingLoss(
    a.tensor("input1"),
    a.tensor("input2"),
    a.tensor("target"),
    a.float("margin", 0),
    a.reduction(),
  );
}

/**
 * A distance where the target is 1, and what it lacks of the margin where it is -1.
 *
 * ATen: `aten::hinge_embedding_loss`
 *
 * @param input Distances.
 * @param target `1` or `-1`.
 */
export function hingeEmbeddingLoss(
  input: Tensor,
  target: Tensor,
  options?: MarginLossOptions,
): Tensor;
/** The same by place. */
export function hingeEmbeddingLoss(
  input: Tensor,
  target: Tensor,
  margin: number,
  reduction?: Reduction,
): Tensor;
export function hingeEmbeddingLoss(...args: unknown[]): Tensor {
  const a = new Arguments("hingeEmbeddingLoss", "input, target, margin, reduction", args);
  return ops.hingeEmbeddingLoss(
    a.tensor("input"),
    a.tensor("target"),
    a.float("margin", 1),
    a.reduction(),
  );
}

/** Options of {@linkcode multiMarginLoss}. */
export interface MultiMarginLossOptions extends MarginLossOptions {
  /** The power of the margin: 1 or 2; default `1`. */
  p?: number;
  /** A factor for each class, `[C]`. */
  weight?: Tensor | null;
}

/**
 * How much wrong classes come near the right one.
 *
 * ATen: `aten::multi_margin_loss`
 *
 * @param input Scores, `[N, C]` or `[C]`.
 * @param target Classes, int64.
 */
export function multiMarginLoss(
  input: Tensor,
  target: Tensor,
  options?: MultiMarginLossOptions,
): Tensor;
/** The same by place. */
export function multiMarginLoss(
  input: Tensor,
  target: Tensor,
  p: number,
  margin?: number,
  weight?: Tensor | null,
  reduction?: Reduction,
): Tensor;
export function multiMarginLoss(...args: unknown[]): Tensor {
  const a = new Arguments("multiMarginLoss", "input, target, p, margin, weight, reduction", args);
  const p = a.int("p", 1);
  if (p !== 1 && p !== 2) throw a.wrong("p", "1 or 2", p);
  const weight = a.optionalTensor("weight");
  if (weight) a.rank("weight", weight, 1);
  return native.multiMarginLoss(
    a.tensor("input"),
    a.tensor("target"),
    p,
    a.float("margin", 1),
    weight,
    a.reduction(),
  );
}

/** Options of {@linkcode multilabelSoftMarginLoss}. */
export interface MultilabelSoftMarginLossOptions {
  /** A factor for each class, `[C]`. */
  weight?: Tensor | null;
  /** How to reduce; default `"mean"`. */
  reduction?: Reduction;
}

/**
 * The mean over classes of the cross entropy of each, for several labels at once.
 *
 * ATen: `aten::log_sigmoid` and others
 *
 * @param input Logits, `[N, C]` or `[C]`.
 * @param target `0` or `1`, in the same shape.
 */
export function multilabelSoftMarginLoss(
  input: Tensor,
  target: Tensor,
  options?: MultilabelSoftMarginLossOptions,
): Tensor;
/** The same by place. */
export function multilabelSoftMarginLoss(
  input: Tensor,
  target: Tensor,
  weight: Tensor | null,
  reduction?: Reduction,
): Tensor;
export function multilabelSoftMarginLoss(...args: unknown[]): Tensor {
  const a = new Arguments("multilabelSoftMarginLoss", "input, target, weight, reduction", args);
  const input = a.tensor("input");
  const target = a.tensor("target");
  const weight = a.optionalTensor("weight");
  const reduction = a.reduction();
  using t = new Temporaries();
  const right = t.note(target.mul(t.note(native.logSigmoid(input))));
  const others = t.note(t.note(target.neg()).add(1));
  const wrong = t.note(others.mul(t.note(native.logSigmoid(t.note(input.neg())))));
  const loss = t.note(t.note(right.add(wrong)).neg());
  const each = weight ? t.note(loss.mul(weight)) : loss;
  const sum = t.note(each.sum([-1]));
  return reduce(sum.div(shapeOf(input).at(-1) ?? 1), reduction);
}

/** Options of {@linkcode tripletMarginLoss}. */
export interface TripletMarginLossOptions extends MarginLossOptions {
  /** The norm of the distance; default `2`. */
  p?: number;
  /** Added to differences; default `1e-6`. */
  eps?: number;
  /** Whether the positive may take the anchor's part where it is nearer to the negative; default `false`. */
  swap?: boolean;
}

function readMargin(a: Arguments): number {
  const margin = a.float("margin", 1);
  if (margin > 0) return margin;
  throw a.wrong("margin", "above 0", margin);
}

/**
 * How much nearer a negative example is than a positive one, and a margin.
 *
 * ATen: `aten::triplet_margin_loss`
 *
 * @param anchor `[N, D]` or `[D]`.
 * @param positive What should be near it.
 * @param negative What should be farther, by the margin.
 */
export function tripletMarginLoss(
  anchor: Tensor,
  positive: Tensor,
  negative: Tensor,
  options?: TripletMarginLossOptions,
): Tensor;
/** The same by place. */
export function tripletMarginLoss(
  anchor: Tensor,
  positive: Tensor,
  negative: Tensor,
  margin: number,
  p?: number,
  eps?: number,
  swap?: boolean,
  reduction?: Reduction,
): Tensor;
export function tripletMarginLoss(...args: unknown[]): Tensor {
  const names = "anchor, positive, negative, margin, p, eps, swap, reduction";
  const a = new Arguments("tripletMarginLoss", names, args);
  return ops.tripletMarginLoss(
    a.tensor("anchor"),
    a.tensor("positive"),
    a.tensor("negative"),
    readMargin(a),
    a.float("p", 2),
    a.float("eps", 1e-6),
    a.bool("swap", false),
    a.reduction(),
  );
}

/** Options of {@linkcode tripletMarginWithDistanceLoss}. */
export interface TripletMarginWithDistanceLossOptions extends MarginLossOptions {
  /** The distance of two batches, a new tensor; default: {@linkcode pairwiseDistance}. */
  distanceFunction?: ((a: Tensor, b: Tensor) => Tensor) | null;
  /** Whether the positive may take the anchor's part where it is nearer to the negative; default `false`. */
  swap?: boolean;
}

type Distance = (a: Tensor, b: Tensor) => Tensor;

function readDistance(a: Arguments): Distance {
  const given = a.get("distanceFunction") ?? ops.pairwiseDistance;
  if (typeof given === "function") return given as Distance;
  throw new TypeError(
    `${a.op}(): argument 'distanceFunction' must be a function, but got ${describe(given)}`,
  );
}

/**
 * {@linkcode tripletMarginLoss} with a distance of one's own.
 *
 * ATen: `aten::clamp_min` and others
 *
 * @param anchor `[N, D]` or `[D]`.
 * @param positive What should be near it.
 * @param negative What should be farther, by the margin.
 */
export function tripletMarginWithDistanceLoss(
  anchor: Tensor,
  positive: Tensor,
  negative: Tensor,
  options?: TripletMarginWithDistanceLossOptions,
): Tensor;
export function tripletMarginWithDistanceLoss(...args: unknown[]): Tensor {
  const names = "anchor, positive, negative, distanceFunction, margin, swap, reduction";
  const a = new Arguments("tripletMarginWithDistanceLoss", names, args);
  const [anchor, positive, negative] = [
    a.tensor("anchor"),
    a.tensor("positive"),
    a.tensor("negative"),
  ];
  const distance = readDistance(a);
  const margin = readMargin(a);
  const swap = a.bool("swap", false);
  const reduction = a.reduction();
  a.rank("positive", positive, shapeOf(anchor).length);
  a.rank("negative", negative, shapeOf(anchor).length);
  using t = new Temporaries();
  const near = t.note(distance(anchor, positive));
  const direct = t.note(distance(anchor, negative));
  const far = swap ? t.note(ops.minimum(direct, t.note(distance(positive, negative)))) : direct;
  return reduce(t.note(t.note(near.add(margin)).sub(far)).clampMin(0), reduction);
}
