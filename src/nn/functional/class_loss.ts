/**
 * Losses of classes: cross entropy and what it is made of.
 *
 * @module
 */

import * as ops from "../../ops/mod.ts";
import * as native from "../../ops/native_nn.ts";
import { shapeOf, type Tensor } from "../../tensor/tensor.ts";
import { chunkedLoss, type ChunkingOptions, readChunking } from "./chunked_loss.ts";
import { Arguments, type Reduction, Temporaries } from "../../ops/_call.ts";

/** Options of {@linkcode nllLoss}. */
export interface NllLossOptions {
  /** A factor for each class, `[C]`. */
  weight?: Tensor | null;
  /** How to reduce; default `"mean"`. */
  reduction?: Reduction;
  /** The class whose elements count nothing; default `-100`. */
  ignoreIndex?: number;
}

/** Options of {@linkcode crossEntropy}. */
export interface CrossEntropyOptions extends NllLossOptions {
  /** The share that is spread over all classes; default `0`. */
  labelSmoothing?: number;
}

/** Options of {@linkcode binaryCrossEntropy}. */
export interface BinaryCrossEntropyOptions {
  /** A factor for each element, in a shape that broadcasts. */
  weight?: Tensor | null;
  /** How to reduce; default `"mean"`. */
  reduction?: Reduction;
}

/** Options of {@linkcode binaryCrossEntropyWithLogits}. */
export interface BinaryCrossEntropyWithLogitsOptions extends BinaryCrossEntropyOptions {
  /** A factor for the positive examples of each class. */
  posWeight?: Tensor | null;
}

/**
 * The cross entropy of logits and classes.
 *
 * ATen: `aten::cross_entropy_loss`
 *
 * @param input Logits, `[N, C, ...]` or `[C]`.
 * @param target Classes, int64 `[N, ...]`, or probabilities in the shape of `input`.
 *
 * @example
 * ```ts
 * import * as torch from "flambeau";
 * import { assertEquals } from "@std/assert";
 *
 * const logits = torch.tensor([[0.5, 0.5]]);
 * const loss = torch.nn.functional.crossEntropy(logits, torch.tensor([1]));
 * assertEquals(Number(loss.item()).toFixed(4), Math.LN2.toFixed(4));
 * ```
 */
export function crossEntropy(input: Tensor, target: Tensor, options?: CrossEntropyOptions): Tensor;
/** The same by place. */
export function crossEntropy(
  input: Tensor,
  target: Tensor,
  weight: Tensor | null,
  ignoreIndex?: number,
  reduction?: Reduction,
  labelSmoothing?: number,
): Tensor;
export function crossEntropy(...args: unknown[]): Tensor {
  const names = "input, target, weight, ignoreIndex, reduction, labelSmoothing";
  const a = new Arguments("crossEntropy", names, args);
  return native.crossEntropyLoss(
    a.tensor("input"),
    a.tensor("target"),
    a.optionalTensor("weight"),
    a.reduction(),
    a.int("ignoreIndex", -100),
    a.float("labelSmoothing", 0),
  );
}

/**
 * The negative log-likelihood of classes.
 *
 * ATen: `aten::nll_loss_nd`
 *
 * @param input Logarithms of probabilities, `[N, C, ...]` or `[C]`.
 * @param target Classes, int64 `[N, ...]`.
 *
 * @example
 * ```ts
 * import * as torch from "flambeau";
 * import { assertEquals } from "@std/assert";
 *
 * const x = torch.tensor([[-0.5, -1.5]]);
 * assertEquals(torch.nn.functional.nllLoss(x, torch.tensor([1])).item(), 1.5);
 * ```
 */
export function nllLoss(input: Tensor, target: Tensor, options?: NllLossOptions): Tensor;
/** The same by place. */
export function nllLoss(
  input: Tensor,
  target: Tensor,
  weight: Tensor | null,
  ignoreIndex?: number,
  reduction?: Reduction,
): Tensor;
export function nllLoss(...args: unknown[]): Tensor {
  const a = new Arguments("nllLoss", "input, target, weight, ignoreIndex, reduction", args);
  return native.nllLossNd(
    a.tensor("input"),
    a.tensor("target"),
    a.optionalTensor("weight"),
    a.reduction(),
    a.int("ignoreIndex", -100),
  );
}

/**
 * The cross entropy of probabilities and binary targets.
 *
 * ATen: `aten::binary_cross_entropy`
 *
 * @param input Probabilities, from 0 to 1.
 * @param target From 0 to 1, in the shape of `input`.
 */
export function binaryCrossEntropy(
  input: Tensor,
  target: Tensor,
  options?: BinaryCrossEntropyOptions,
): Tensor;
/** The same by place. */
export function binaryCrossEntropy(
  input: Tensor,
  target: Tensor,
  weight: Tensor | null,
  reduction?: Reduction,
): Tensor;
export function binaryCrossEntropy(...args: unknown[]): Tensor {
  const a = new Arguments("binaryCrossEntropy", "input, target, weight, reduction", args);
  const input = a.tensor("input");
  const target = a.tensor("target");
  const weight = a.optionalTensor("weight");
  const reduction = a.reduction();
  a.sameShape("target", target, "input", input);
  if (!weight) return native.binaryCrossEntropy(input, target, null, reduction);
  using t = new Temporaries();
  const [, expanded] = ops.broadcastTensors([target, weight]).map((one) => t.note(one));
  return native.binaryCrossEntropy(input, target, expanded, reduction);
}

/**
 * The cross entropy of logits and binary targets, without rounding `sigmoid` first.
 *
 * ATen: `aten::binary_cross_entropy_with_logits`
 *
 * @param input Logits.
 * @param target From 0 to 1, in the shape of `input`.
 *
 * @example
 * ```ts
 * import * as torch from "flambeau";
 * import { assertEquals } from "@std/assert";
 *
 * const { binaryCrossEntropyWithLogits } = torch.nn.functional;
 * const loss = binaryCrossEntropyWithLogits(torch.tensor([0]).float(), torch.tensor([1]).float());
 * assertEquals(Number(loss.item()).toFixed(4), Math.LN2.toFixed(4));
 * ```
 */
export function binaryCrossEntropyWithLogits(
  input: Tensor,
  target: Tensor,
  options?: BinaryCrossEntropyWithLogitsOptions,
): Tensor;
/** The same by place. */
export function binaryCrossEntropyWithLogits(
  input: Tensor,
  target: Tensor,
  weight: Tensor | null,
  reduction?: Reduction,
  posWeight?: Tensor | null,
): Tensor;
export function binaryCrossEntropyWithLogits(...args: unknown[]): Tensor {
  const names = "input, target, weight, reduction, posWeight";
  const a = new Arguments("binaryCrossEntropyWithLogits", names, args);
  const input = a.tensor("input");
  const target = a.tensor("target");
  a.sameShape("target", target, "input", input);
  return ops.binaryCrossEntropyWithLogits(
    input,
    target,
    a.optionalTensor("weight"),
    a.optionalTensor("posWeight"),
    a.reduction(),
  );
}

/** Options of {@linkcode linearCrossEntropy}. */
export interface LinearCrossEntropyOptions {
  /** Added to the logits, `[C, ...]`. */
  linearBias?: Tensor | null;
  /** A factor for each class, `[C]`. */
  weight?: Tensor | null;
  /** How to reduce; default `"mean"`. */
  reduction?: Reduction;
  /** The class whose elements count nothing; default `-100`. */
  ignoreIndex?: number | null;
  /** The share that is spread over all classes; default `0`. */
  labelSmoothing?: number;
  /**
   * Takes the batch in pieces, so that the logits of all rows are never in memory at once: a gain where the classes are many more
   * than the features. `{}` is PyTorch's own choice of pieces; default `null`: no pieces. For classes as int64, without
   * `labelSmoothing` and further dimensions; else it is left aside. The loss then has a first derivative only.
   */
  options?: ChunkingOptions | null;
}

/**
 * The cross entropy of classes and the logits that a linear layer gives.
 *
 * ATen: `aten::linear`, `aten::cross_entropy_loss`
 *
 * @param input `[N, inFeatures]` or `[inFeatures]`.
 * @param linearWeight `[C, ..., inFeatures]`.
 * @param target Classes, int64 `[N, ...]`, or probabilities in the shape of the logits.
 */
export function linearCrossEntropy(
  input: Tensor,
  linearWeight: Tensor,
  target: Tensor,
  options?: LinearCrossEntropyOptions,
): Tensor;
export function linearCrossEntropy(...args: unknown[]): Tensor {
  const names =
    "input, linearWeight, target, linearBias, weight, reduction, ignoreIndex, labelSmoothing, options";
  const a = new Arguments("linearCrossEntropy", names, args);
  const input = a.tensor("input");
  const linearWeight = a.tensor("linearWeight");
  const bias = a.optionalTensor("linearBias");
  a.rank("input", input, 1, 2);
  const features = shapeOf(input).at(-1)!;
  const classes = shapeOf(linearWeight).slice(0, -1);
  const how = a.has("options") ? readChunking(a.get("options"), a.op) : null;
  const target = a.tensor("target");
  const weight = a.optionalTensor("weight");
  const [ignoreIndex, smoothing] = [a.int("ignoreIndex", -100), a.float("labelSmoothing", 0)];
  if (how !== null && classes.length === 1 && smoothing === 0 && target.dtype === "int64") {
    checkPieces(a, input, linearWeight, bias, target, weight);
    const reduction = a.reduction();
    const matrix = linearWeight;
    return chunkedLoss({ input, matrix, bias, target, weight, reduction, ignoreIndex }, how);
  }
  using t = new Temporaries();
  const matrix = t.note(linearWeight.reshape([-1, features]));
  const flat = bias && t.note(bias.reshape([-1]));
  const rows = t.note(native.linear(input, matrix, flat));
  const logits = t.note(rows.reshape([...shapeOf(input).slice(0, -1), ...classes]));
  return native.crossEntropyLoss(
    logits,
    target,
    weight,
    a.reduction(),
    ignoreIndex,
    smoothing,
  );
}

/** What LibTorch would find out at the whole, before there are pieces. */
function checkPieces(
  a: Arguments,
  input: Tensor,
  matrix: Tensor,
  bias: Tensor | null,
  target: Tensor,
  weight: Tensor | null,
): void {
  const [classes, features] = shapeOf(matrix) as [number, number];
  const check = (name: string, tensor: Tensor | null, ...expected: number[]) => {
    if (tensor === null || shapeOf(tensor).join() === expected.join()) return;
    throw a.wrong(name, `of shape [${expected.join(", ")}]`, `[${shapeOf(tensor).join(", ")}]`);
  };
  check("input", input, ...shapeOf(input).slice(0, -1), features);
  check("linearBias", bias, classes);
  check("weight", weight, classes);
  check("target", target, ...shapeOf(input).slice(0, -1));
}
