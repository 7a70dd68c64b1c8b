/**
 * Losses of numbers and distributions.
 *
 * @module
 */

import * as ops from "../../ops/mod.ts";
import * as native from "../../ops/native_nn.ts";
import { isTensor, shapeOf, type Tensor } from "../../tensor/tensor.ts";
import { Arguments, reduce, type Reduction, Temporaries, unchecked } from "../../ops/_call.ts";

/** Options of {@linkcode mseLoss} and {@linkcode l1Loss}. */
export interface ErrorLossOptions {
  /** How to reduce; default `"mean"`. */
  reduction?: Reduction;
  /** A factor for each element, in the shape of `input`. */
  weight?: Tensor | null;
}

/** Reads input and target, broadcast to one shape. */
function pair(a: Arguments, t: Temporaries): [Tensor, Tensor] {
  const list = ops.broadcastTensors([a.tensor("input"), a.tensor("target")]);
  return [t.note(list[0]!), t.note(list[1]!)];
}

/** A weighted loss: its mean is over the weights. */
function weighted(loss: Tensor, weight: Tensor, reduction: Reduction, t: Temporaries): Tensor {
  const each = loss.mul(weight);
  if (reduction === "none") return each;
  const sum = t.note(each).sum();
  return reduction === "sum" ? sum : t.note(sum).div(t.note(weight.sum()));
}

function readWeight(a: Arguments): Tensor | null {
  const weight = a.optionalTensor("weight");
  if (weight) a.sameShape("weight", weight, "input", a.tensor("input"));
  return weight;
}

/**
 * The squared error.
 *
 * ATen: `aten::mse_loss`
 *
 * @param input Any shape.
 * @param target The same, or one that broadcasts.
 *
 * @example
 * ```ts
 * import * as torch from "flambeau";
 * import { assertEquals } from "@std/assert";
 *
 * const x = torch.tensor([1.5, 2.5]);
 * const y = torch.tensor([0.5, 4.5]);
 * assertEquals(torch.nn.functional.mseLoss(x, y).item(), 2.5);
 * ```
 */
export function mseLoss(input: Tensor, target: Tensor, options?: ErrorLossOptions): Tensor;
/** The same by place. */
export function mseLoss(
  input: Tensor,
  target: Tensor,
  reduction: Reduction,
  weight?: Tensor | null,
): Tensor;
export function mseLoss(...args: unknown[]): Tensor {
  const a = new Arguments("mseLoss", "input, target, reduction, weight", args);
  const reduction = a.reduction();
  const weight = readWeight(a);
  using t = new Temporaries();
  const [input, target] = pair(a, t);
  if (!weight) return native.mseLoss(input, target, reduction);
  return weighted(t.note(t.note(input.sub(target)).square()), weight, reduction, t);
}

/**
 * The absolute error.
 *
 * ATen: `aten::l1_loss`
 *
 * @param input Any shape.
 * @param target The same, or one that broadcasts.
 *
 * @example
 * ```ts
 * import * as torch from "flambeau";
 * import { assertEquals } from "@std/assert";
 *
 * const x = torch.tensor([1.5, 2.5]);
 * const y = torch.tensor([0.5, 4.5]);
 * assertEquals(torch.nn.functional.l1Loss(x, y).item(), 1.5);
 * ```
 */
export function l1Loss(input: Tensor, target: Tensor, options?: ErrorLossOptions): Tensor;
/** The same by place. */
export function l1Loss(
  input: Tensor,
  target: Tensor,
  reduction: Reduction,
  weight?: Tensor | null,
): Tensor;
export function l1Loss(...args: unknown[]): Tensor {
  const a = new Arguments("l1Loss", "input, target, reduction, weight", args);
  const reduction = a.reduction();
  const weight = readWeight(a);
  using t = new Temporaries();
  const [input, target] = pair(a, t);
  if (!weight) return native.l1Loss(input, target, reduction);
  return weighted(t.note(t.note(input.sub(target)).abs()), weight, reduction, t);
}

/** Options of {@linkcode smoothL1Loss}. */
export interface SmoothL1LossOptions {
  /** How to reduce; default `"mean"`. */
  reduction?: Reduction;
  /** Where the square ends and the absolute error begins; default `1`. */
  beta?: number;
}

/**
 * The squared error below `beta`, the absolute one above.
 *
 * ATen: `aten::smooth_l1_loss`
 *
 * @param input Any shape.
 * @param target The same, or one that broadcasts.
 */
export function smoothL1Loss(input: Tensor, target: Tensor, options?: SmoothL1LossOptions): Tensor;
/** The same by place. */
export function smoothL1Loss(
  input: Tensor,
  target: Tensor,
  reduction: Reduction,
  beta?: number,
): Tensor;
export function smoothL1Loss(...args: unknown[]): Tensor {
  const a = new Arguments("smoothL1Loss", "input, target, reduction, beta", args);
  const reduction = a.reduction();
  const beta = a.float("beta", 1);
  using t = new Temporaries();
  const [input, target] = pair(a, t);
  if (beta === 0) return native.l1Loss(input, target, reduction);
  return native.smoothL1Loss(input, target, reduction, beta);
}

/** Options of {@linkcode huberLoss}. */
export interface HuberLossOptions extends ErrorLossOptions {
  /** Where the square ends and the absolute error begins; default `1`. */
  delta?: number;
}

/**
 * Half the squared error below `delta`, `delta` times the absolute one above.
 *
 * ATen: `aten::huber_loss`
 *
 * @param input Any shape.
 * @param target The same, or one that broadcasts.
 */
export function huberLoss(input: Tensor, target: Tensor, options?: HuberLossOptions): Tensor;
/** The same by place. */
export function huberLoss(
  input: Tensor,
  target: Tensor,
  reduction: Reduction,
  delta?: number,
  weight?: Tensor | null,
): Tensor;
export function huberLoss(...args: unknown[]): Tensor {
  const a = new Arguments("huberLoss", "input, target, reduction, delta, weight", args);
  const reduction = a.reduction();
  const delta = a.float("delta", 1);
  const weight = readWeight(a);
  using t = new Temporaries();
  const [input, target] = pair(a, t);
  if (!weight) return native.huberLoss(input, target, reduction, delta);
  const loss = t.note(native.huberLoss(input, target, "none", delta));
  return reduce(loss.mul(weight), reduction);
}

/** Options of {@linkcode klDiv}. */
export interface KlDivOptions {
  /** How to reduce; `"batchmean"` divides the sum by the first dimension; default `"mean"`. */
  reduction?: Reduction | "batchmean";
  /** Whether `target` holds logarithms too; default `false`. */
  logTarget?: boolean;
}

/**
 * The Kullback-Leibler divergence.
 *
 * ATen: `aten::kl_div`
 *
 * @param input Logarithms of probabilities.
 * @param target Probabilities, or their logarithms with `logTarget`.
 */
export function klDiv(input: Tensor, target: Tensor, options?: KlDivOptions): Tensor;
/** The same by place. */
export function klDiv(
  input: Tensor,
  target: Tensor,
  reduction: Reduction | "batchmean",
  logTarget?: boolean,
): Tensor;
export function klDiv(...args: unknown[]): Tensor {
  const a = new Arguments("klDiv", "input, target, reduction, logTarget", args);
  const input = a.tensor("input");
  const target = a.tensor("target");
  const how = a.choice("reduction", ["none", "mean", "sum", "batchmean"], "mean");
  const logTarget = a.bool("logTarget", false);
  if (how !== "batchmean") return ops.klDiv(input, target, how, { logTarget });
  const sum = ops.klDiv(input, target, "sum", { logTarget });
  if (shapeOf(input).length === 0) return sum;
  using whole = sum;
  return whole.div(shapeOf(input)[0]!);
}

/** Options of {@linkcode poissonNllLoss}. */
export interface PoissonNllLossOptions {
  /** Whether `input` holds logarithms of the rate; default `true`. */
  logInput?: boolean;
  /** Whether to add Stirling's approximation; default `false`. */
  full?: boolean;
  /** Added to a rate before its logarithm is taken; default `1e-8`. */
  eps?: number;
  /** How to reduce; default `"mean"`. */
  reduction?: Reduction;
}

/**
 * The negative log-likelihood of counts from a Poisson distribution.
 *
 * ATen: `aten::poisson_nll_loss`
 *
 * @param input Rates, or their logarithms.
 * @param target Counts.
 */
export function poissonNllLoss(
  input: Tensor,
  target: Tensor,
  options?: PoissonNllLossOptions,
): Tensor;
/** The same by place. */
export function poissonNllLoss(
  input: Tensor,
  target: Tensor,
  logInput: boolean,
  full?: boolean,
  eps?: number,
  reduction?: Reduction,
): Tensor;
export function poissonNllLoss(...args: unknown[]): Tensor {
  const names = "input, target, logInput, full, eps, reduction";
  const a = new Arguments("poissonNllLoss", names, args);
  return ops.poissonNllLoss(
    a.tensor("input"),
    a.tensor("target"),
    a.bool("logInput", true),
    a.bool("full", false),
    a.float("eps", 1e-8),
    a.reduction(),
  );
}

/** Options of {@linkcode gaussianNllLoss}. */
export interface GaussianNllLossOptions {
  /** Whether to add the constant term; default `false`. */
  full?: boolean;
  /** The smallest variance; default `1e-6`. */
  eps?: number;
  /** How to reduce; default `"mean"`. */
  reduction?: Reduction;
}

/** The variance in the shape of the input, or with one dimension of 1. */
function readVariance(a: Arguments, input: Tensor, t: Temporaries): Tensor {
  const given = a.get("var");
  if (typeof given === "number" && given < 0) throw a.wrong("var", "not negative", given);
  const variance = isTensor(given) ? a.tensor("var") : t.note(ops.fullLike(input, a.float("var")));
  using negative = t.note(variance.lt(0)).any();
  if (negative.item()) throw a.wrong("var", "not negative", "a tensor with a negative element");
  const shape = shapeOf(input);
  const own = shapeOf(variance);
  const differ = shape.filter((size, i) => size !== own[i]);
  if (own.length === shape.length && differ.length === 0) return variance;
  if (own.length === shape.length - 1 && own.every((size, i) => size === shape[i])) {
    return t.note(variance.unsqueeze(-1));
  }
  const ones = own.filter((size, i) => size !== shape[i]);
  if (own.length === shape.length && ones.length === 1 && ones[0] === 1) return variance;
  throw a.wrong("var", "in the shape of 'input'", `one of [${own.join(", ")}]`);
}

/** No smaller than `eps`, while the gradient passes as if nothing was done. */
function clamped(variance: Tensor, eps: number): Tensor {
  const copy = variance.clone();
  using detached = copy.detach();
  detached.clamp_({ min: eps });
  return copy;
}

/**
 * The negative log-likelihood of values from normal distributions.
 *
 * ATen: `aten::log`, `aten::clamp_` and others
 *
 * @param input Means.
 * @param target Values.
 * @param var_ Variances: a number, or a tensor in the shape of `input`, perhaps without the last dimension.
 */
export function gaussianNllLoss(
  input: Tensor,
  target: Tensor,
  var_: Tensor | number,
  options?: GaussianNllLossOptions,
): Tensor;
/** The same by place. */
export function gaussianNllLoss(
  input: Tensor,
  target: Tensor,
  var_: Tensor | number,
  full: boolean,
  eps?: number,
  reduction?: Reduction,
): Tensor;
export function gaussianNllLoss(...args: unknown[]): Tensor {
  const a = new Arguments("gaussianNllLoss", "input, target, var, full, eps, reduction", args);
  const input = a.tensor("input");
  const target = a.tensor("target");
  const full = a.bool("full", false);
  const eps = a.float("eps", 1e-6);
  const reduction = a.reduction();
  using t = new Temporaries();
  const variance = t.note(clamped(readVariance(a, input, t), eps));
  const squares = t.note(t.note(input.sub(target)).square());
  const sum = t.note(t.note(variance.log()).add(t.note(squares.div(variance))));
  const loss = sum.mul(0.5);
  return reduce(full ? t.note(loss).add(0.5 * Math.log(2 * Math.PI)) : loss, reduction);
}

const ctc = unchecked<Tensor>(ops.ctcLoss);

/** Options of {@linkcode ctcLoss}. */
export interface CtcLossOptions {
  /** The blank label; default `0`. */
  blank?: number;
  /** How to reduce; default `"mean"`. */
  reduction?: Reduction;
  /** Whether infinite losses count as zero; default `false`. */
  zeroInfinity?: boolean;
}

/**
 * The connectionist temporal classification loss.
 *
 * ATen: `aten::ctc_loss`
 *
 * @param logProbs Logarithms of probabilities, `[T, N, C]` or `[T, C]`.
 * @param targets Labels, `[N, S]`, or all in one dimension.
 * @param inputLengths The length of each sequence of `logProbs`.
 * @param targetLengths The length of each target.
 */
export function ctcLoss(
  logProbs: Tensor,
  targets: Tensor,
  inputLengths: Tensor | readonly number[],
  targetLengths: Tensor | readonly number[],
  options?: CtcLossOptions,
): Tensor;
/** The same by place. */
export function ctcLoss(
  logProbs: Tensor,
  targets: Tensor,
  inputLengths: Tensor | readonly number[],
  targetLengths: Tensor | readonly number[],
  blank: number,
  reduction?: Reduction,
  zeroInfinity?: boolean,
): Tensor;
export function ctcLoss(...args: unknown[]): Tensor {
  const names = "logProbs, targets, inputLengths, targetLengths, blank, reduction, zeroInfinity";
  const a = new Arguments("ctcLoss", names, args);
  return ctc(
    a.tensor("logProbs"),
    a.tensor("targets"),
    a.get("inputLengths"),
    a.get("targetLengths"),
    a.int("blank", 0),
    a.reduction(),
    a.bool("zeroInfinity", false),
  );
}
