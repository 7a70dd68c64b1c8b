/**
 * Normalization of the elements themselves, over their last dimensions or groups of channels.
 *
 * @module
 */

import type { Tensor } from "../../tensor/tensor.ts";
import type { Size } from "../../ops/_call.ts";
import { noGrad } from "../../autograd/modes.ts";
import * as F from "../functional.ts";
import { LayerArguments } from "../_layer.ts";
import * as python from "../_python.ts";
import { emptyParameter, type FactoryOptions } from "../layer_options.ts";
import { Module } from "../module.ts";
import type { Parameter } from "../parameter.ts";

/** Options of {@linkcode LayerNorm}. */
export interface LayerNormLayerOptions extends FactoryOptions {
  /** Added to the variance; default `1e-5`. */
  eps?: number;
  /** Whether a scale and, with `bias`, a shift are learned; default `true`. */
  elementwiseAffine?: boolean;
  /** Whether a shift is learned too; default `true`. */
  bias?: boolean;
}

/**
 * Normalizes over the last dimensions, then scales and shifts (Ba et al. 2016). Input `[..., ...normalizedShape]`.
 *
 * @example
 * ```ts
 * import * as torch from "flambeau";
 * import { assertEquals } from "@std/assert";
 *
 * const layer = new torch.nn.LayerNorm(4);
 * assertEquals(layer(torch.rand([3, 4])).shape, [3, 4]);
 * assertEquals(String(layer), "LayerNorm((4,), eps=1e-05, elementwise_affine=True, bias=True)");
 * ```
 */
export class LayerNorm extends Module<[input: Tensor], Tensor> {
  /** The last dimensions, which are normalized together. */
  readonly normalizedShape: readonly number[];
  /** Added to the variance. */
  readonly eps: number;
  /** Whether a scale and, with `bias`, a shift are learned. */
  readonly elementwiseAffine: boolean;
  /** `normalizedShape`, or `null`. */
  declare weight: Parameter | null;
  /** `normalizedShape`, or `null`. */
  declare bias: Parameter | null;

  /** Makes the layer. `normalizedShape`: The last dimensions, which are normalized together. */
  constructor(normalizedShape: Size, options?: LayerNormLayerOptions);
  constructor(...args: unknown[]) {
    super();
    const a = new LayerArguments(
      "LayerNorm",
      "normalizedShape, eps, elementwiseAffine, bias, device, dtype",
      args,
    );
    this.normalizedShape = a.ints("normalizedShape");
    this.eps = a.float("eps", 1e-5);
    this.elementwiseAffine = a.bool("elementwiseAffine", true);
    const fresh = () => emptyParameter(this.normalizedShape, a.factory());
    this.registerParameter("weight", this.elementwiseAffine ? fresh() : null);
    this.registerParameter("bias", this.elementwiseAffine && a.bool("bias", true) ? fresh() : null);
    this.resetParameters();
  }

  /** Sets the scale to 1 and the shift to 0. */
  resetParameters(): void {
    noGrad(() => {
      this.weight?.fill_(1);
      this.bias?.zero_();
    });
  }

  /** Applies it. */
  override forward(input: Tensor): Tensor {
    return F.layerNorm(input, this.normalizedShape, this.weight, this.bias, this.eps);
  }

  /** As PyTorch prints it. */
  override extraRepr(): string {
    return `${python.size(this.normalizedShape)}, eps=${
      python.float(this.eps)
    }, elementwise_affine=${python.bool(this.elementwiseAffine)}, bias=${
      python.bool(this.bias !== null)
    }`;
  }
}

/** Options of {@linkcode RMSNorm}. */
export interface RMSNormOptions extends FactoryOptions {
  /** Added to the mean square; `null`: the dtype's machine epsilon; default `null`. */
  eps?: number | null;
  /** Whether a scale is learned; default `true`. */
  elementwiseAffine?: boolean;
}

/**
 * Divides by the root of the mean square over the last dimensions, then scales (Zhang and Sennrich 2019).
 * Input `[..., ...normalizedShape]`.
 *
 * @example
 * ```ts
 * import * as torch from "flambeau";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(new torch.nn.RMSNorm([4])(torch.rand([3, 4])).shape, [3, 4]);
 * ```
 */
export class RMSNorm extends Module<[input: Tensor], Tensor> {
  /** The last dimensions, which are normalized together. */
  readonly normalizedShape: readonly number[];
  /** Added to the mean square; `null`: the dtype's machine epsilon. */
  readonly eps: number | null;
  /** Whether a scale is learned. */
  readonly elementwiseAffine: boolean;
  /** `normalizedShape`, or `null`. */
  declare weight: Parameter | null;

  /** Makes the layer. `normalizedShape`: The last dimensions, which are normalized together. */
  constructor(normalizedShape: Size, options?: RMSNormOptions);
  constructor(...args: unknown[]) {
    super();
    const a = new LayerArguments(
      "RMSNorm",
      "normalizedShape, eps, elementwiseAffine, device, dtype",
      args,
    );
    this.normalizedShape = a.ints("normalizedShape");
    this.eps = a.has("eps") ? a.float("eps") : null;
    this.elementwiseAffine = a.bool("elementwiseAffine", true);
    const fresh = () => emptyParameter(this.normalizedShape, a.factory());
    this.registerParameter("weight", this.elementwiseAffine ? fresh() : null);
    this.resetParameters();
  }

  /** Sets the scale to 1. */
  resetParameters(): void {
    noGrad(() => {
      this.weight?.fill_(1);
    });
  }

  /** Applies it. */
  override forward(input: Tensor): Tensor {
    return F.rmsNorm(input, this.normalizedShape, this.weight, this.eps);
  }

  /** As PyTorch prints it. */
  override extraRepr(): string {
    return `${python.size(this.normalizedShape)}, eps=${
      this.eps === null ? "None" : python.float(this.eps)
    }, elementwise_affine=${python.bool(this.elementwiseAffine)}`;
  }
}

/** Options of {@linkcode GroupNorm}. */
export interface GroupNormOptions extends FactoryOptions {
  /** Added to the variance; default `1e-5`. */
  eps?: number;
  /** Whether a scale and, with `bias`, a shift are learned; default `true`. */
  affine?: boolean;
  /** Whether a shift is learned too; default `true`. */
  bias?: boolean;
}

/**
 * Normalizes groups of channels of each element of a batch (Wu and He 2018). Input `[N, numChannels, ...]`.
 *
 * @example
 * ```ts
 * import * as torch from "flambeau";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(new torch.nn.GroupNorm(2, 4)(torch.rand([3, 4, 5])).shape, [3, 4, 5]);
 * ```
 */
export class GroupNorm extends Module<[input: Tensor], Tensor> {
  /** The number of groups. */
  readonly numGroups: number;
  /** The number of channels. */
  readonly numChannels: number;
  /** Added to the variance. */
  readonly eps: number;
  /** Whether a scale and, with `bias`, a shift are learned. */
  readonly affine: boolean;
  /** `[numChannels]`, or `null`. */
  declare weight: Parameter | null;
  /** `[numChannels]`, or `null`. */
  declare bias: Parameter | null;

  /** Makes the layer. `numGroups`: The number of groups. `numChannels`: The number of channels. */
  constructor(numGroups: number, numChannels: number, options?: GroupNormOptions);
  constructor(...args: unknown[]) {
    super();
    const a = new LayerArguments(
      "GroupNorm",
      "numGroups, numChannels, eps, affine, device, dtype, bias",
      args,
    );
    this.numGroups = a.count("numGroups");
    this.numChannels = a.count("numChannels");
    this.eps = a.float("eps", 1e-5);
    this.affine = a.bool("affine", true);
    if (this.numGroups === 0 || this.numChannels % this.numGroups !== 0) {
      throw a.wrong("numGroups", `a divisor of numChannels (${this.numChannels})`, this.numGroups);
    }
    const fresh = () => emptyParameter([this.numChannels], a.factory());
    this.registerParameter("weight", this.affine ? fresh() : null);
    this.registerParameter("bias", this.affine && a.bool("bias", true) ? fresh() : null);
    this.resetParameters();
  }

  /** Sets the scale to 1 and the shift to 0. */
  resetParameters(): void {
    noGrad(() => {
      this.weight?.fill_(1);
      this.bias?.zero_();
    });
  }

  /** Applies it. */
  override forward(input: Tensor): Tensor {
    return F.groupNorm(input, this.numGroups, this.weight, this.bias, this.eps);
  }

  /** As PyTorch prints it. */
  override extraRepr(): string {
    return `${this.numGroups}, ${this.numChannels}, eps=${python.float(this.eps)}, affine=${
      python.bool(this.affine)
    }, bias=${python.bool(this.bias !== null)}`;
  }
}
