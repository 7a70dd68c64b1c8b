/**
 * Losses with a margin.
 *
 * @module
 */

import type { Tensor } from "../../tensor/tensor.ts";
import type { Reduction } from "../../ops/_call.ts";
import * as F from "../functional.ts";
import { LayerArguments } from "../_layer.ts";
import { Module } from "../module.ts";
import type { Buffer } from "../parameter.ts";
import { PairwiseDistance } from "../distance.ts";
import type { LossOptions } from "./number.ts";

/** Options of {@linkcode MarginRankingLoss}. */
export interface MarginRankingLossOptions {
  /** The margin; default `0`. */
  margin?: number;
  /** How the losses of all elements become one: `"none"`, `"mean"` or `"sum"`; default `"mean"`. */
  reduction?: Reduction;
}

/**
 * Two inputs that are to be ranked: the first above the second where the target is 1, below where it is -1.
 *
 * @example
 * ```ts
 * import * as torch from "flambeau";
 * import { assertEquals } from "@std/assert";
 *
 * const loss = new torch.nn.MarginRankingLoss();
 * assertEquals(loss(torch.ones([1]), torch.zeros([1]), torch.ones([1])).item(), 0);
 * ```
 */
export class MarginRankingLoss
  extends Module<[input1: Tensor, input2: Tensor, target: Tensor], Tensor> {
  /** The margin. */
  readonly margin: number;
  /** How the losses of all elements become one: `"none"`, `"mean"` or `"sum"`. */
  readonly reduction: Reduction;

  /** Makes the layer. */
  constructor(margin: number, options?: MarginRankingLossOptions);
  /** The same by name. */
  constructor(options?: MarginRankingLossOptions);
  constructor(...args: unknown[]) {
    super();
    const a = new LayerArguments("MarginRankingLoss", "margin, reduction", args);
    this.margin = a.float("margin", 0);
    this.reduction = a.reduction();
  }

  /** Computes the loss. */
  override forward(input1: Tensor, input2: Tensor, target: Tensor): Tensor {
    const { margin, reduction } = this;
    return F.marginRankingLoss(input1, input2, target, { margin, reduction });
  }
}

/** Options of {@linkcode CosineEmbeddingLoss}. */
export interface CosineEmbeddingLossOptions {
  /** The margin; default `0`. */
  margin?: number;
  /** How the losses of all elements become one: `"none"`, `"mean"` or `"sum"`; default `"mean"`. */
  reduction?: Reduction;
}

/**
 * Two vectors that are to be alike where the target is 1, and unlike where it is -1.
 *
 * @example
 * ```ts
 * import * as torch from "flambeau";
 * import { assertAlmostEquals } from "@std/assert";
 *
 * const x = torch.ones([1, 3]);
 * assertAlmostEquals(new torch.nn.CosineEmbeddingLoss()(x, x, torch.ones([1])).item() as number, 0, 1e-6);
 * ```
 */
export class CosineEmbeddingLoss
  extends Module<[input1: Tensor, input2: Tensor, target: Tensor], Tensor> {
  /** The margin. */
  readonly margin: number;
  /** How the losses of all elements become one: `"none"`, `"mean"` or `"sum"`. */
  readonly reduction: Reduction;

  /** Makes the layer. */
  constructor(margin: number, options?: CosineEmbeddingLossOptions);
  /** The same by name. */
  constructor(options?: CosineEmbeddingLossOptions);
  constructor(...args: unknown[]) {
    super();
    const a = new LayerArguments("CosineEmbeddingLoss", "margin, reduction", args);
    this.margin = a.float("margin", 0);
    this.reduction = a.reduction();
  }

  /** Computes the loss. */
  override forward(input1: Tensor, input2: Tensor, target: Tensor): Tensor {
    const { margin, reduction } = this;
    return F.cosineEmbeddingLoss(input1, input2, target, { margin, reduction });
  }
}

/** Options of {@linkcode HingeEmbeddingLoss}. */
export interface HingeEmbeddingLossOptions {
  /** The margin; default `1`. */
  margin?: number;
  /** How the losses of all elements become one: `"none"`, `"mean"` or `"sum"`; default `"mean"`. */
  reduction?: Reduction;
}

/**
 * A distance that is to be small where the target is 1, and at least the margin where it is -1.
 *
 * @example
 * ```ts
 * import * as torch from "flambeau";
 * import { assertEquals } from "@std/assert";
 *
 * const loss = new torch.nn.HingeEmbeddingLoss();
 * assertEquals(loss(torch.tensor([0.25]), torch.ones([1])).item(), 0.25);
 * ```
 */
export class HingeEmbeddingLoss extends Module<[input: Tensor, target: Tensor], Tensor> {
  /** The margin. */
  readonly margin: number;
  /** How the losses of all elements become one: `"none"`, `"mean"` or `"sum"`. */
  readonly reduction: Reduction;

  /** Makes the layer. */
  constructor(margin: number, options?: HingeEmbeddingLossOptions);
  /** The same by name. */
  constructor(options?: HingeEmbeddingLossOptions);
  constructor(...args: unknown[]) {
    super();
    const a = new LayerArguments("HingeEmbeddingLoss", "margin, reduction", args);
    this.margin = a.float("margin", 1);
    this.reduction = a.reduction();
  }

  /** Computes the loss. */
  override forward(input: Tensor, target: Tensor): Tensor {
    return F.hingeEmbeddingLoss(input, target, { margin: this.margin, reduction: this.reduction });
  }
}

/** Options of {@linkcode MultiMarginLoss}. */
export interface MultiMarginLossLayerOptions {
  /** The exponent, 1 or 2; default `1`. */
  p?: number;
  /** The margin; default `1`. */
  margin?: number;
  /** The factor of each class, `[C]`; default `null`. */
  weight?: Tensor | null;
  /** How the losses of all elements become one: `"none"`, `"mean"` or `"sum"`; default `"mean"`. */
  reduction?: Reduction;
}

/**
 * The hinge loss of several classes. Input `[N, C]` or `[C]`, target `[N]` or `[]` of classes.
 *
 * @example
 * ```ts
 * import * as torch from "flambeau";
 * import { assertEquals } from "@std/assert";
 *
 * const x = torch.tensor([[0.5, 2.0]]);
 * assertEquals(new torch.nn.MultiMarginLoss()(x, torch.tensor([1])).item(), 0);
 * ```
 */
export class MultiMarginLoss extends Module<[input: Tensor, target: Tensor], Tensor> {
  /** The exponent, 1 or 2. */
  readonly p: number;
  /** The margin. */
  readonly margin: number;
  /** How the losses of all elements become one: `"none"`, `"mean"` or `"sum"`. */
  readonly reduction: Reduction;
  /** The factor of each class, or `null`. */
  declare weight: Buffer | null;

  /** Makes the layer. */
  constructor(options?: MultiMarginLossLayerOptions);
  constructor(...args: unknown[]) {
    super();
    const a = new LayerArguments("MultiMarginLoss", "p, margin, weight, reduction", args);
    this.p = a.int("p", 1);
    this.margin = a.float("margin", 1);
    this.reduction = a.reduction();
    if (this.p !== 1 && this.p !== 2) throw a.wrong("p", "1 or 2", this.p);
    const weight = a.buffer("weight");
    if (weight !== null) a.rank("weight", weight, 1);
    this.registerBuffer("weight", weight);
  }

  /** Computes the loss. */
  override forward(input: Tensor, target: Tensor): Tensor {
    const { p, margin, weight, reduction } = this;
    return F.multiMarginLoss(input, target, { p, margin, weight, reduction });
  }
}

/**
 * The hinge loss of several labels. Input `[N, C]` or `[C]`, target likewise: labels, then -1.
 *
 * @example
 * ```ts
 * import * as torch from "flambeau";
 * import { assertEquals } from "@std/assert";
 *
 * const x = torch.tensor([[0.5, 2.0]]);
 * assertEquals(new torch.nn.MultiLabelMarginLoss()(x, torch.tensor([[1, -1]])).item(), 0);
 * ```
 */
export class MultiLabelMarginLoss extends Module<[input: Tensor, target: Tensor], Tensor> {
  /** How the losses of all elements become one: `"none"`, `"mean"` or `"sum"`. */
  readonly reduction: Reduction;

  /** Makes the layer. */
  constructor(options?: LossOptions);
  constructor(...args: unknown[]) {
    super();
    const a = new LayerArguments("MultiLabelMarginLoss", "reduction", args);
    this.reduction = a.reduction();
  }

  /** Computes the loss. */
  override forward(input: Tensor, target: Tensor): Tensor {
    return F.multilabelMarginLoss(input, target, { reduction: this.reduction });
  }
}

/** Options of {@linkcode TripletMarginLoss}. */
export interface TripletMarginLossLayerOptions {
  /** The margin; default `1`. */
  margin?: number;
  /** The exponent of the norm; default `2`. */
  p?: number;
  /** What is added to each difference; default `1e-6`. */
  eps?: number;
  /** Whether the positive may take the anchor's part where it is nearer to the negative; default `false`. */
  swap?: boolean;
  /** How the losses of all elements become one: `"none"`, `"mean"` or `"sum"`; default `"mean"`. */
  reduction?: Reduction;
}

/**
 * An anchor that is to be nearer to the positive than to the negative, by the margin (Balntas et al. 2016).
 *
 * @example
 * ```ts
 * import * as torch from "flambeau";
 * import { assertAlmostEquals } from "@std/assert";
 *
 * const x = torch.zeros([1, 2]);
 * assertAlmostEquals(new torch.nn.TripletMarginLoss()(x, x, x).item() as number, 1, 1e-5);
 * ```
 */
export class TripletMarginLoss
  extends Module<[anchor: Tensor, positive: Tensor, negative: Tensor], Tensor> {
  /** The margin. */
  readonly margin: number;
  /** The exponent of the norm. */
  readonly p: number;
  /** What is added to each difference. */
  readonly eps: number;
  /** Whether the positive may take the anchor's part where it is nearer to the negative. */
  readonly swap: boolean;
  /** How the losses of all elements become one: `"none"`, `"mean"` or `"sum"`. */
  readonly reduction: Reduction;

  /** Makes the layer. */
  constructor(options?: TripletMarginLossLayerOptions);
  constructor(...args: unknown[]) {
    super();
    const a = new LayerArguments("TripletMarginLoss", "margin, p, eps, swap, reduction", args);
    this.margin = a.float("margin", 1);
    this.p = a.float("p", 2);
    this.eps = a.float("eps", 1e-6);
    this.swap = a.bool("swap", false);
    this.reduction = a.reduction();
    if (!(this.margin > 0)) throw a.wrong("margin", "above 0", this.margin);
  }

  /** Computes the loss. */
  override forward(anchor: Tensor, positive: Tensor, negative: Tensor): Tensor {
    const { margin, p, eps, swap, reduction } = this;
    return F.tripletMarginLoss(anchor, positive, negative, { margin, p, eps, swap, reduction });
  }
}

/** Options of {@linkcode TripletMarginWithDistanceLoss}. */
export interface TripletMarginWithDistanceLossLayerOptions {
  /** The distance of two batches, a new tensor; a module is a submodule; default: {@linkcode PairwiseDistance}. */
  distanceFunction?: ((a: Tensor, b: Tensor) => Tensor) | null;
  /** The margin, above 0; default `1`. */
  margin?: number;
  /** Whether the positive may take the anchor's part where it is nearer to the negative; default `false`. */
  swap?: boolean;
  /** How the losses of all elements become one; default `"mean"`. */
  reduction?: Reduction;
}

/**
 * {@linkcode TripletMarginLoss} with a distance of one's own.
 *
 * @example
 * ```ts
 * import * as torch from "flambeau";
 * import { assertEquals } from "@std/assert";
 *
 * const distanceFunction = (a: torch.Tensor, b: torch.Tensor) => a.sub(b).abs().amax(1);
 * const loss = new torch.nn.TripletMarginWithDistanceLoss({ distanceFunction });
 * const x = torch.zeros([1, 2]);
 * assertEquals(loss(x, x, x).item(), 1);
 * ```
 */
export class TripletMarginWithDistanceLoss
  extends Module<[anchor: Tensor, positive: Tensor, negative: Tensor], Tensor> {
  /** The distance, under PyTorch's name: where it is a module, it is a submodule. */
  readonly distance_function: (a: Tensor, b: Tensor) => Tensor;
  /** The margin. */
  readonly margin: number;
  /** Whether the positive may take the anchor's part. */
  readonly swap: boolean;
  /** How the losses of all elements become one. */
  readonly reduction: Reduction;

  /** Makes the loss. */
  constructor(options?: TripletMarginWithDistanceLossLayerOptions);
  constructor(...args: unknown[]) {
    super();
    const names = "distanceFunction, margin, swap, reduction";
    const a = new LayerArguments("TripletMarginWithDistanceLoss", names, args);
    const distance = a.get("distanceFunction") ?? new PairwiseDistance();
    if (typeof distance !== "function") throw a.wrongType("distanceFunction", "a function");
    this.margin = a.float("margin", 1);
    this.swap = a.bool("swap", false);
    this.reduction = a.reduction();
    if (!(this.margin > 0)) throw a.wrong("margin", "above 0", this.margin);
    this.distance_function = distance as (a: Tensor, b: Tensor) => Tensor;
  }

  /** The distance. */
  get distanceFunction(): (a: Tensor, b: Tensor) => Tensor {
    return this.distance_function;
  }

  /** Computes the loss. */
  override forward(anchor: Tensor, positive: Tensor, negative: Tensor): Tensor {
    const { distanceFunction, margin, swap, reduction } = this;
    const options = { distanceFunction, margin, swap, reduction };
    return F.tripletMarginWithDistanceLoss(anchor, positive, negative, options);
  }
}
