/**
 * Losses of numbers.
 *
 * @module
 */

import type { Tensor } from "../../tensor/tensor.ts";
import type { Reduction } from "../../ops/_call.ts";
import * as F from "../functional.ts";
import { LayerArguments } from "../_layer.ts";
import { Module } from "../module.ts";

/** Options of losses that have no others. */
export interface LossOptions {
  /** How the losses of all elements become one; default `"mean"`. */
  reduction?: Reduction;
}

/** How {@linkcode KLDivLoss} is reduced. */
export type KLDivReduction = Reduction | "batchmean";

/** What a call of {@linkcode CTCLoss} takes, as `nn.functional.ctcLoss` does. */
export type CTCArguments = [
  logProbs: Tensor,
  targets: Tensor,
  inputLengths: Tensor | readonly number[],
  targetLengths: Tensor | readonly number[],
];

/**
 * The mean absolute error.
 *
 * @example
 * ```ts
 * import * as torch from "flambeau";
 * import { assertEquals } from "@std/assert";
 *
 * const loss = new torch.nn.L1Loss();
 * assertEquals(loss(torch.tensor([1.0, 2.5]), torch.tensor([1.0, 2.0])).item(), 0.25);
 * ```
 */
export class L1Loss extends Module<[input: Tensor, target: Tensor], Tensor> {
  /** How the losses of all elements become one: `"none"`, `"mean"` or `"sum"`. */
  readonly reduction: Reduction;

  /** Makes the layer. */
  constructor(options?: LossOptions);
  constructor(...args: unknown[]) {
    super();
    const a = new LayerArguments("L1Loss", "reduction", args);
    this.reduction = a.reduction();
  }

  /** Computes the loss. */
  override forward(input: Tensor, target: Tensor): Tensor {
    return F.l1Loss(input, target, { reduction: this.reduction });
  }
}

/**
 * The mean squared error.
 *
 * @example
 * ```ts
 * import * as torch from "flambeau";
 * import { assertEquals } from "@std/assert";
 *
 * const loss = new torch.nn.MSELoss();
 * assertEquals(loss(torch.tensor([1.0, 2.5]), torch.tensor([1.0, 2.0])).item(), 0.125);
 * ```
 */
export class MSELoss extends Module<[input: Tensor, target: Tensor], Tensor> {
  /** How the losses of all elements become one: `"none"`, `"mean"` or `"sum"`. */
  readonly reduction: Reduction;

  /** Makes the layer. */
  constructor(options?: LossOptions);
  constructor(...args: unknown[]) {
    super();
    const a = new LayerArguments("MSELoss", "reduction", args);
    this.reduction = a.reduction();
  }

  /** Computes the loss. */
  override forward(input: Tensor, target: Tensor): Tensor {
    return F.mseLoss(input, target, { reduction: this.reduction });
  }
}

/** Options of {@linkcode SmoothL1Loss}. */
export interface SmoothL1LossLayerOptions {
  /** How the losses of all elements become one: `"none"`, `"mean"` or `"sum"`; default `"mean"`. */
  reduction?: Reduction;
  /** Where the parts meet; default `1`. */
  beta?: number;
}

/**
 * Squared where it is below `beta`, absolute where it is above (Girshick 2015).
 *
 * @example
 * ```ts
 * import * as torch from "flambeau";
 * import { assertEquals } from "@std/assert";
 *
 * const loss = new torch.nn.SmoothL1Loss();
 * assertEquals(loss(torch.tensor([1.0, 2.5]), torch.tensor([1.0, 2.0])).item(), 0.0625);
 * ```
 */
export class SmoothL1Loss extends Module<[input: Tensor, target: Tensor], Tensor> {
  /** How the losses of all elements become one: `"none"`, `"mean"` or `"sum"`. */
  readonly reduction: Reduction;
  /** Where the parts meet. */
  readonly beta: number;

  /** Makes the layer. */
  constructor(options?: SmoothL1LossLayerOptions);
  constructor(...args: unknown[]) {
    super();
    const a = new LayerArguments("SmoothL1Loss", "reduction, beta", args);
    this.reduction = a.reduction();
    this.beta = a.float("beta", 1);
  }

  /** Computes the loss. */
  override forward(input: Tensor, target: Tensor): Tensor {
    return F.smoothL1Loss(input, target, { reduction: this.reduction, beta: this.beta });
  }
}

/** Options of {@linkcode HuberLoss}. */
export interface HuberLossLayerOptions {
  /** How the losses of all elements become one: `"none"`, `"mean"` or `"sum"`; default `"mean"`. */
  reduction?: Reduction;
  /** Where the parts meet, above 0; default `1`. */
  delta?: number;
}

/**
 * Squared where it is below `delta`, straight where it is above.
 *
 * @example
 * ```ts
 * import * as torch from "flambeau";
 * import { assertEquals } from "@std/assert";
 *
 * const loss = new torch.nn.HuberLoss();
 * assertEquals(loss(torch.tensor([1.0, 2.5]), torch.tensor([1.0, 2.0])).item(), 0.0625);
 * ```
 */
export class HuberLoss extends Module<[input: Tensor, target: Tensor], Tensor> {
  /** How the losses of all elements become one: `"none"`, `"mean"` or `"sum"`. */
  readonly reduction: Reduction;
  /** Where the parts meet, above 0. */
  readonly delta: number;

  /** Makes the layer. */
  constructor(options?: HuberLossLayerOptions);
  constructor(...args: unknown[]) {
    super();
    const a = new LayerArguments("HuberLoss", "reduction, delta", args);
    this.reduction = a.reduction();
    this.delta = a.float("delta", 1);
  }

  /** Computes the loss. */
  override forward(input: Tensor, target: Tensor): Tensor {
    return F.huberLoss(input, target, { reduction: this.reduction, delta: this.delta });
  }
}

/** Options of {@linkcode PoissonNLLLoss}. */
export interface PoissonNLLLossLayerOptions {
  /** Whether the input is the logarithm of the expected count; default `true`. */
  logInput?: boolean;
  /** Whether the Stirling term is added; default `false`. */
  full?: boolean;
  /** What is added inside the logarithm; default `1e-8`. */
  eps?: number;
  /** How the losses of all elements become one: `"none"`, `"mean"` or `"sum"`; default `"mean"`. */
  reduction?: Reduction;
}

/**
 * The negative log likelihood of counts under a Poisson distribution.
 *
 * @example
 * ```ts
 * import * as torch from "flambeau";
 * import { assertAlmostEquals } from "@std/assert";
 *
 * const loss = new torch.nn.PoissonNLLLoss({ logInput: false });
 * assertAlmostEquals(loss(torch.ones([2]), torch.ones([2])).item() as number, 1, 1e-6);
 * ```
 */
export class PoissonNLLLoss extends Module<[input: Tensor, target: Tensor], Tensor> {
  /** Whether the input is the logarithm of the expected count. */
  readonly logInput: boolean;
  /** Whether the Stirling term is added. */
  readonly full: boolean;
  /** What is added inside the logarithm. */
  readonly eps: number;
  /** How the losses of all elements become one: `"none"`, `"mean"` or `"sum"`. */
  readonly reduction: Reduction;

  /** Makes the layer. */
  constructor(options?: PoissonNLLLossLayerOptions);
  constructor(...args: unknown[]) {
    super();
    const a = new LayerArguments("PoissonNLLLoss", "logInput, full, eps, reduction", args);
    this.logInput = a.bool("logInput", true);
    this.full = a.bool("full", false);
    this.eps = a.float("eps", 1e-8);
    this.reduction = a.reduction();
  }

  /** Computes the loss. */
  override forward(input: Tensor, target: Tensor): Tensor {
    const { logInput, full, eps, reduction } = this;
    return F.poissonNllLoss(input, target, { logInput, full, eps, reduction });
  }
}

/** Options of {@linkcode GaussianNLLLoss}. */
export interface GaussianNLLLossLayerOptions {
  /** Whether the constant term is added; default `false`. */
  full?: boolean;
  /** The smallest variance; default `1e-6`. */
  eps?: number;
  /** How the losses of all elements become one: `"none"`, `"mean"` or `"sum"`; default `"mean"`. */
  reduction?: Reduction;
}

/**
 * The negative log likelihood under normal distributions of given variance: a call takes input, target and variance.
 *
 * @example
 * ```ts
 * import * as torch from "flambeau";
 * import { assertEquals } from "@std/assert";
 *
 * const loss = new torch.nn.GaussianNLLLoss();
 * assertEquals(loss(torch.ones([2]), torch.ones([2]), torch.ones([2])).item(), 0);
 * ```
 */
export class GaussianNLLLoss
  extends Module<[input: Tensor, target: Tensor, variance: Tensor | number], Tensor> {
  /** Whether the constant term is added. */
  readonly full: boolean;
  /** The smallest variance. */
  readonly eps: number;
  /** How the losses of all elements become one: `"none"`, `"mean"` or `"sum"`. */
  readonly reduction: Reduction;

  /** Makes the layer. */
  constructor(options?: GaussianNLLLossLayerOptions);
  constructor(...args: unknown[]) {
    super();
    const a = new LayerArguments("GaussianNLLLoss", "full, eps, reduction", args);
    this.full = a.bool("full", false);
    this.eps = a.float("eps", 1e-6);
    this.reduction = a.reduction();
  }

  /** Computes the loss. */
  override forward(input: Tensor, target: Tensor, variance: Tensor | number): Tensor {
    const { full, eps, reduction } = this;
    return F.gaussianNllLoss(input, target, variance, { full, eps, reduction });
  }
}

/** Options of {@linkcode KLDivLoss}. */
export interface KLDivLossOptions {
  /** How the losses of all elements become one; `"batchmean"` divides the sum by the size of the batch; default `"mean"`. */
  reduction?: KLDivReduction;
  /** Whether the target are logarithms too; default `false`. */
  logTarget?: boolean;
}

/**
 * The Kullback–Leibler divergence of logarithms of probabilities from probabilities. The divergence proper is the sum divided by the
 * size of the batch.
 *
 * @example
 * ```ts
 * import * as torch from "flambeau";
 * import { assertEquals } from "@std/assert";
 *
 * const logs = torch.tensor([0.5, 0.5]).log();
 * assertEquals(new torch.nn.KLDivLoss({ reduction: "sum" })(logs, torch.tensor([0.5, 0.5])).item(), 0);
 * ```
 */
export class KLDivLoss extends Module<[input: Tensor, target: Tensor], Tensor> {
  /** How the losses of all elements become one; `"batchmean"` divides the sum by the size of the batch. */
  readonly reduction: KLDivReduction;
  /** Whether the target are logarithms too. */
  readonly logTarget: boolean;

  /** Makes the layer. */
  constructor(options?: KLDivLossOptions);
  constructor(...args: unknown[]) {
    super();
    const a = new LayerArguments("KLDivLoss", "reduction, logTarget", args);
    this.reduction = a.choice("reduction", ["none", "mean", "sum", "batchmean"], "mean");
    this.logTarget = a.bool("logTarget", false);
  }

  /** Computes the loss. */
  override forward(input: Tensor, target: Tensor): Tensor {
    return F.klDiv(input, target, { reduction: this.reduction, logTarget: this.logTarget });
  }
}

/** Options of {@linkcode CTCLoss}. */
export interface CTCLossOptions {
  /** The class of no label; default `0`. */
  blank?: number;
  /** How the losses of all elements become one: `"none"`, `"mean"` or `"sum"`; default `"mean"`. */
  reduction?: Reduction;
  /** Whether infinite losses become 0; default `false`. */
  zeroInfinity?: boolean;
}

/**
 * The loss of sequences without alignment (Graves et al. 2006).
 *
 * @example
 * ```ts
 * import * as torch from "flambeau";
 * import { assertEquals } from "@std/assert";
 *
 * const logs = torch.randn([5, 1, 4]).logSoftmax(2);
 * const loss = new torch.nn.CTCLoss()(logs, torch.tensor([[1, 2]]), [5], [2]);
 * assertEquals(loss.shape, []);
 * ```
 */
export class CTCLoss extends Module<CTCArguments, Tensor> {
  /** The class of no label. */
  readonly blank: number;
  /** How the losses of all elements become one: `"none"`, `"mean"` or `"sum"`. */
  readonly reduction: Reduction;
  /** Whether infinite losses become 0. */
  readonly zeroInfinity: boolean;

  /** Makes the layer. */
  constructor(options?: CTCLossOptions);
  constructor(...args: unknown[]) {
    super();
    const a = new LayerArguments("CTCLoss", "blank, reduction, zeroInfinity", args);
    this.blank = a.int("blank", 0);
    this.reduction = a.reduction();
    this.zeroInfinity = a.bool("zeroInfinity", false);
  }

  /** Computes the loss. */
  override forward(...[logProbs, targets, inputLengths, targetLengths]: CTCArguments): Tensor {
    const { blank, reduction, zeroInfinity } = this;
    return F.ctcLoss(logProbs, targets, inputLengths, targetLengths, {
      blank,
      reduction,
      zeroInfinity,
    });
  }
}
