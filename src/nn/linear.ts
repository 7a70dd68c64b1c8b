import { linear } from "./functional.ts";
import { fans, kaimingUniform_, uniform_ } from "./init.ts";
import { checkCount, emptyParameter, type FactoryOptions } from "./layer_options.ts";
import { Module } from "./module.ts";
import type { Parameter } from "./parameter.ts";
import type { Tensor } from "../tensor/tensor.ts";

/** Options of {@linkcode Linear}. */
export interface LinearOptions extends FactoryOptions {
  /** Whether a bias is added; default `true`. */
  bias?: boolean;
}

/**
 * An affine map of the last dimension: `y = x Wᵀ + b`.
 *
 * Input `[..., inFeatures]`, output `[..., outFeatures]`; `weight` is `[outFeatures, inFeatures]`, `bias` `[outFeatures]`, both
 * drawn evenly from ±1/√inFeatures, as in PyTorch.
 *
 * @example
 * ```ts
 * import * as torch from "flambeau";
 * import { assertEquals } from "@std/assert";
 *
 * const layer = new torch.nn.Linear(4, 2);
 * assertEquals(layer(torch.ones([3, 4])).shape, [3, 2]);
 * assertEquals(String(layer), "Linear(in_features=4, out_features=2, bias=True)");
 * ```
 */
export class Linear extends Module<[input: Tensor], Tensor> {
  /** The size of each input. */
  readonly inFeatures: number;
  /** The size of each output. */
  readonly outFeatures: number;
  /** `[outFeatures, inFeatures]`. */
  declare weight: Parameter;
  /** `[outFeatures]`, or `null`. */
  declare bias: Parameter | null;

  /** Makes a layer with random weights. */
  constructor(inFeatures: number, outFeatures: number, options: LinearOptions = {}) {
    super();
    checkCount(inFeatures, "Linear", "inFeatures");
    checkCount(outFeatures, "Linear", "outFeatures");
    const { bias = true } = options;
    this.inFeatures = inFeatures;
    this.outFeatures = outFeatures;
    this.registerParameter("weight", emptyParameter([outFeatures, inFeatures], options));
    this.registerParameter("bias", bias ? emptyParameter([outFeatures], options) : null);
    this.resetParameters();
  }

  /** Draws the weights anew. */
  resetParameters(): void {
    kaimingUniform_(this.weight, { a: Math.sqrt(5) });
    if (this.bias === null) return;
    const { fanIn } = fans(this.weight);
    const bound = fanIn > 0 ? 1 / Math.sqrt(fanIn) : 0;
    uniform_(this.bias, -bound, bound);
  }

  /** Applies the map. */
  override forward(input: Tensor): Tensor {
    return linear(input, this.weight, this.bias);
  }

  /** As PyTorch prints it. */
  override extraRepr(): string {
    return `in_features=${this.inFeatures}, out_features=${this.outFeatures}, bias=${
      this.bias === null ? "False" : "True"
    }`;
  }
}
