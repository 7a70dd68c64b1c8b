/**
 * Losses of classes.
 *
 * @module
 */

import { shapeOf, type Tensor } from "../../tensor/tensor.ts";
import type { Reduction } from "../../ops/_call.ts";
import * as F from "../functional.ts";
import { readChunking } from "../functional/chunked_loss.ts";
import { LayerArguments } from "../_layer.ts";
import * as python from "../_python.ts";
import type { FactoryOptions } from "../layer_options.ts";
import { Module } from "../module.ts";
import type { Buffer } from "../parameter.ts";
import { Linear } from "../linear.ts";
import type { LossOptions } from "./number.ts";

/** Options of {@linkcode NLLLoss}. */
export interface NLLLossLayerOptions {
  /** The factor of each class, `[C]`; default `null`. */
  weight?: Tensor | null;
  /** The class whose elements count nothing; default `-100`. */
  ignoreIndex?: number;
  /** How the losses of all elements become one: `"none"`, `"mean"` or `"sum"`; default `"mean"`. */
  reduction?: Reduction;
}

/**
 * The negative of the log probabilities of the target classes. Input `[N, C, ...]`, target `[N, ...]` of classes.
 *
 * @example
 * ```ts
 * import * as torch from "flambeau";
 * import { assertEquals } from "@std/assert";
 *
 * const logs = torch.zeros([2, 3]);
 * assertEquals(new torch.nn.NLLLoss()(logs, torch.tensor([0, 2])).item(), 0);
 * ```
 */
export class NLLLoss extends Module<[input: Tensor, target: Tensor], Tensor> {
  /** The class whose elements count nothing. */
  readonly ignoreIndex: number;
  /** How the losses of all elements become one: `"none"`, `"mean"` or `"sum"`. */
  readonly reduction: Reduction;
  /** The factor of each class, or `null`. */
  declare weight: Buffer | null;

  /** Makes the layer. */
  constructor(options?: NLLLossLayerOptions);
  constructor(...args: unknown[]) {
    super();
    const a = new LayerArguments("NLLLoss", "weight, ignoreIndex, reduction", args);
    this.ignoreIndex = a.int("ignoreIndex", -100);
    this.reduction = a.reduction();
    this.registerBuffer("weight", a.buffer("weight"));
  }

  /** Computes the loss. */
  override forward(input: Tensor, target: Tensor): Tensor {
    const { weight, ignoreIndex, reduction } = this;
    return F.nllLoss(input, target, { weight, ignoreIndex, reduction });
  }
}

/** Options of {@linkcode CrossEntropyLoss}. */
export interface CrossEntropyLossOptions {
  /** The factor of each class, `[C]`; default `null`. */
  weight?: Tensor | null;
  /** The class whose elements count nothing; default `-100`. */
  ignoreIndex?: number;
  /** How the losses of all elements become one: `"none"`, `"mean"` or `"sum"`; default `"mean"`. */
  reduction?: Reduction;
  /** The share that is spread over all classes, from 0 to 1; default `0`. */
  labelSmoothing?: number;
}

/**
 * The cross entropy of logits and classes or probabilities. Input `[N, C, ...]`, target `[N, ...]` of classes, or
 * probabilities of the input's shape.
 *
 * @example
 * ```ts
 * import * as torch from "flambeau";
 * import { assertAlmostEquals } from "@std/assert";
 *
 * const loss = new torch.nn.CrossEntropyLoss();
 * assertAlmostEquals(loss(torch.zeros([2, 4]), torch.tensor([0, 2])).item() as number, Math.log(4), 1e-6);
 * ```
 */
export class CrossEntropyLoss extends Module<[input: Tensor, target: Tensor], Tensor> {
  /** The class whose elements count nothing. */
  readonly ignoreIndex: number;
  /** How the losses of all elements become one: `"none"`, `"mean"` or `"sum"`. */
  readonly reduction: Reduction;
  /** The share that is spread over all classes, from 0 to 1. */
  readonly labelSmoothing: number;
  /** The factor of each class, or `null`. */
  declare weight: Buffer | null;

  /** Makes the layer. */
  constructor(options?: CrossEntropyLossOptions);
  constructor(...args: unknown[]) {
    super();
    const a = new LayerArguments(
      "CrossEntropyLoss",
      "weight, ignoreIndex, reduction, labelSmoothing",
      args,
    );
    this.ignoreIndex = a.int("ignoreIndex", -100);
    this.reduction = a.reduction();
    this.labelSmoothing = a.float("labelSmoothing", 0);
    this.registerBuffer("weight", a.buffer("weight"));
  }

  /** Computes the loss. */
  override forward(input: Tensor, target: Tensor): Tensor {
    const { weight, ignoreIndex, reduction, labelSmoothing } = this;
    return F.crossEntropy(input, target, { weight, ignoreIndex, reduction, labelSmoothing });
  }
}

/** Options of {@linkcode BCELoss}. */
export interface BCELossOptions {
  /** The factor of each element; default `null`. */
  weight?: Tensor | null;
  /** How the losses of all elements become one: `"none"`, `"mean"` or `"sum"`; default `"mean"`. */
  reduction?: Reduction;
}

/**
 * The cross entropy of probabilities and targets from 0 to 1.
 *
 * @example
 * ```ts
 * import * as torch from "flambeau";
 * import { assertAlmostEquals } from "@std/assert";
 *
 * const half = torch.tensor([0.5]);
 * assertAlmostEquals(new torch.nn.BCELoss()(half, torch.ones([1])).item() as number, Math.log(2), 1e-6);
 * ```
 */
export class BCELoss extends Module<[input: Tensor, target: Tensor], Tensor> {
  /** How the losses of all elements become one: `"none"`, `"mean"` or `"sum"`. */
  readonly reduction: Reduction;
  /** The factor of each element, or `null`. */
  declare weight: Buffer | null;

  /** Makes the layer. */
  constructor(options?: BCELossOptions);
  constructor(...args: unknown[]) {
    super();
    const a = new LayerArguments("BCELoss", "weight, reduction", args);
    this.reduction = a.reduction();
    this.registerBuffer("weight", a.buffer("weight"));
  }

  /** Computes the loss. */
  override forward(input: Tensor, target: Tensor): Tensor {
    const { weight, reduction } = this;
    return F.binaryCrossEntropy(input, target, { weight, reduction });
  }
}

/** Options of {@linkcode BCEWithLogitsLoss}. */
export interface BCEWithLogitsLossOptions {
  /** The factor of each element; default `null`. */
  weight?: Tensor | null;
  /** How the losses of all elements become one: `"none"`, `"mean"` or `"sum"`; default `"mean"`. */
  reduction?: Reduction;
  /** The factor of positive targets, one a class; default `null`. */
  posWeight?: Tensor | null;
}

/**
 * {@linkcode BCELoss} of the sigmoid of its input, more exact than both in a row.
 *
 * @example
 * ```ts
 * import * as torch from "flambeau";
 * import { assertAlmostEquals } from "@std/assert";
 *
 * const loss = new torch.nn.BCEWithLogitsLoss();
 * assertAlmostEquals(loss(torch.zeros([1]), torch.ones([1])).item() as number, Math.log(2), 1e-6);
 * ```
 */
export class BCEWithLogitsLoss extends Module<[input: Tensor, target: Tensor], Tensor> {
  /** How the losses of all elements become one: `"none"`, `"mean"` or `"sum"`. */
  readonly reduction: Reduction;
  /** The factor of each element, or `null`. */
  declare weight: Buffer | null;
  /** The factor of positive targets, or `null`. */
  declare pos_weight: Buffer | null;

  /** Makes the layer. */
  constructor(options?: BCEWithLogitsLossOptions);
  constructor(...args: unknown[]) {
    super();
    const a = new LayerArguments("BCEWithLogitsLoss", "weight, reduction, posWeight", args);
    this.reduction = a.reduction();
    this.registerBuffer("weight", a.buffer("weight"));
    this.registerBuffer("pos_weight", a.buffer("posWeight"));
  }

  /** Computes the loss. */
  override forward(input: Tensor, target: Tensor): Tensor {
    const { weight, pos_weight: posWeight, reduction } = this;
    return F.binaryCrossEntropyWithLogits(input, target, { weight, posWeight, reduction });
  }
}

/**
 * The logistic loss of targets 1 and -1.
 *
 * @example
 * ```ts
 * import * as torch from "flambeau";
 * import { assertAlmostEquals } from "@std/assert";
 *
 * const loss = new torch.nn.SoftMarginLoss();
 * assertAlmostEquals(loss(torch.zeros([1]), torch.ones([1])).item() as number, Math.log(2), 1e-6);
 * ```
 */
export class SoftMarginLoss extends Module<[input: Tensor, target: Tensor], Tensor> {
  /** How the losses of all elements become one: `"none"`, `"mean"` or `"sum"`. */
  readonly reduction: Reduction;

  /** Makes the layer. */
  constructor(options?: LossOptions);
  constructor(...args: unknown[]) {
    super();
    const a = new LayerArguments("SoftMarginLoss", "reduction", args);
    this.reduction = a.reduction();
  }

  /** Computes the loss. */
  override forward(input: Tensor, target: Tensor): Tensor {
    return F.softMarginLoss(input, target, { reduction: this.reduction });
  }
}

/** Options of {@linkcode MultiLabelSoftMarginLoss}. */
export interface MultiLabelSoftMarginLossOptions {
  /** The factor of each class, `[C]`; default `null`. */
  weight?: Tensor | null;
  /** How the losses of all elements become one: `"none"`, `"mean"` or `"sum"`; default `"mean"`. */
  reduction?: Reduction;
}

/**
 * The mean over classes of {@linkcode BCEWithLogitsLoss}. Input and target `[N, C]`.
 *
 * @example
 * ```ts
 * import * as torch from "flambeau";
 * import { assertAlmostEquals } from "@std/assert";
 *
 * const loss = new torch.nn.MultiLabelSoftMarginLoss();
 * assertAlmostEquals(loss(torch.zeros([1, 2]), torch.ones([1, 2])).item() as number, Math.log(2), 1e-6);
 * ```
 */
export class MultiLabelSoftMarginLoss extends Module<[input: Tensor, target: Tensor], Tensor> {
  /** How the losses of all elements become one: `"none"`, `"mean"` or `"sum"`. */
  readonly reduction: Reduction;
  /** The factor of each class, or `null`. */
  declare weight: Buffer | null;

  /** Makes the layer. */
  constructor(options?: MultiLabelSoftMarginLossOptions);
  constructor(...args: unknown[]) {
    super();
    const a = new LayerArguments("MultiLabelSoftMarginLoss", "weight, reduction", args);
    this.reduction = a.reduction();
    this.registerBuffer("weight", a.buffer("weight"));
  }

  /** Computes the loss. */
  override forward(input: Tensor, target: Tensor): Tensor {
    const { weight, reduction } = this;
    return F.multilabelSoftMarginLoss(input, target, { weight, reduction });
  }
}

/** Options of {@linkcode LinearCrossEntropyLoss}. */
export interface LinearCrossEntropyLossOptions extends FactoryOptions {
  /** Further dimensions of the logits, each with classes of its own; default `[]`. */
  outFeatures?: readonly number[];
  /** Whether the linear layer has a bias; default `false`. */
  bias?: boolean;
  /** How the losses of all elements become one; default `"mean"`. */
  reduction?: Reduction;
  /** The factor of each class, `[numClasses]`; default `null`. */
  weight?: Tensor | null;
  /** The class whose elements count nothing; default `null`: -100. */
  ignoreIndex?: number | null;
  /** The share that is spread over all classes, from 0 to 1; default `0`. */
  labelSmoothing?: number;
  /** How to take the batch in pieces: see `nn.functional.linearCrossEntropy`; default `null`: no pieces. */
  options?: F.ChunkingOptions | null;
}

/**
 * The cross entropy of classes and the logits of a linear layer of its own.
 *
 * @example
 * ```ts
 * import * as torch from "flambeau";
 * import { assertEquals } from "@std/assert";
 *
 * const loss = new torch.nn.LinearCrossEntropyLoss(4, 3);
 * assertEquals(loss(torch.rand([2, 4]), torch.tensor([0, 2])).shape, []);
 * assertEquals(Object.keys(loss.stateDict()), ["linear.weight"]);
 * ```
 */
export class LinearCrossEntropyLoss extends Module<[input: Tensor, target: Tensor], Tensor> {
  /** The number of classes. */
  readonly numClasses: number;
  /** Further dimensions of the logits. */
  readonly outFeatures: readonly number[];
  /** How the losses of all elements become one. */
  readonly reduction: Reduction;
  /** The class whose elements count nothing, or `null`. */
  readonly ignoreIndex: number | null;
  /** The share that is spread over all classes. */
  readonly labelSmoothing: number;
  /** How the batch is taken in pieces, or `null`. */
  readonly options: Required<F.ChunkingOptions> | null;
  /** The factor of each class, or `null`. */
  declare weight: Buffer | null;
  /** The linear layer. */
  readonly linear: Linear;

  /** Makes the loss, with a layer of random weights. */
  constructor(inFeatures: number, numClasses: number, options?: LinearCrossEntropyLossOptions);
  constructor(...args: unknown[]) {
    super();
    const names = "inFeatures, numClasses, outFeatures, bias, device, dtype, reduction, weight, " +
      "ignoreIndex, labelSmoothing, options";
    const a = new LayerArguments("LinearCrossEntropyLoss", names, args);
    this.options = a.has("options") ? readChunking(a.get("options"), a.op) : null;
    this.numClasses = a.count("numClasses");
    this.outFeatures = a.has("outFeatures") ? a.ints("outFeatures") : [];
    this.reduction = a.reduction();
    this.ignoreIndex = a.has("ignoreIndex") ? a.int("ignoreIndex") : null;
    this.labelSmoothing = a.probability("labelSmoothing", 0);
    const weight = a.buffer("weight");
    if (weight !== null && shapeOf(weight).join() !== `${this.numClasses}`) {
      throw a.wrong("weight", `of shape [${this.numClasses}]`, `[${shapeOf(weight).join(", ")}]`);
    }
    this.registerBuffer("weight", weight);
    const rows = this.outFeatures.reduce((product, size) => product * size, this.numClasses);
    const options = { bias: a.bool("bias", false), ...a.factory() };
    this.linear = new Linear(a.count("inFeatures"), rows, options);
  }

  /** Computes the loss. */
  override forward(input: Tensor, target: Tensor): Tensor {
    const { linear, numClasses, outFeatures, weight, reduction, ignoreIndex, labelSmoothing } =
      this;
    using matrix = linear.weight.reshape([numClasses, ...outFeatures, linear.inFeatures]);
    using linearBias = linear.bias?.reshape([numClasses, ...outFeatures]) ?? null;
    const { options } = this;
    const given = { linearBias, weight, reduction, ignoreIndex, labelSmoothing, options };
    return F.linearCrossEntropy(input, matrix, target, given);
  }

  /** As PyTorch prints it. */
  override extraRepr(): string {
    const { linear, ignoreIndex } = this;
    return `in_features=${linear.inFeatures}, num_classes=${this.numClasses}, out_features=${
      python.size(this.outFeatures)
    }, bias=${python.bool(linear.bias !== null)}, reduction=${this.reduction}, ignore_index=${
      ignoreIndex ?? "None"
    }, label_smoothing=${python.float(this.labelSmoothing)}, options=${showOptions(this.options)}`;
  }
}

function showOptions(options: Required<F.ChunkingOptions> | null): string {
  if (options === null) return "None";
  const { allowRetainGraph, batchChunkSize, chunkingMethod, accPolicy, accDtype } = options;
  const method = chunkingMethod === null ? "None" : `'${chunkingMethod}'`;
  return `LinearCrossEntropyOptions(allow_retain_graph=${
    python.bool(allowRetainGraph)
  }, batch_chunk_size=${
    python.size(batchChunkSize)
  }, chunking_method=${method}, acc_policy='${accPolicy}', acc_dtype=${
    accDtype === null ? "None" : `torch.${accDtype}`
  })`;
}
