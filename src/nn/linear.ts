/**
 * Affine maps.
 *
 * @module
 */

import { bilinear, linear } from "./functional.ts";
import { fans, kaimingUniform_, uniform_ } from "./init.ts";
import { LayerArguments } from "./_layer.ts";
import * as python from "./_python.ts";
import { emptyParameter, type FactoryOptions } from "./layer_options.ts";
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
  constructor(inFeatures: number, outFeatures: number, options?: LinearOptions);
  constructor(...args: unknown[]) {
    super();
    const a = new LayerArguments("Linear", "inFeatures, outFeatures, bias, device, dtype", args);
    this.inFeatures = a.count("inFeatures");
    this.outFeatures = a.count("outFeatures");
    const bias = a.bool("bias", true);
    const shape = [this.outFeatures, this.inFeatures];
    this.registerParameter("weight", emptyParameter(shape, a.factory()));
    this.registerParameter("bias", bias ? emptyParameter([this.outFeatures], a.factory()) : null);
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
      python.bool(this.bias !== null)
    }`;
  }
}

/** Options of {@linkcode Bilinear}. */
export type BilinearOptions = LinearOptions;

/**
 * A bilinear form of two inputs: `y = x₁ᵀ W x₂ + b`.
 *
 * Inputs `[..., in1Features]` and `[..., in2Features]`; `weight` is `[outFeatures, in1Features, in2Features]`. Weight and bias are
 * drawn evenly from ±1/√in1Features.
 *
 * @example
 * ```ts
 * import * as torch from "flambeau";
 * import { assertEquals } from "@std/assert";
 *
 * const layer = new torch.nn.Bilinear(4, 3, 2);
 * assertEquals(layer(torch.ones([5, 4]), torch.ones([5, 3])).shape, [5, 2]);
 * ```
 */
export class Bilinear extends Module<[input1: Tensor, input2: Tensor], Tensor> {
  /** The size of the first input. */
  readonly in1Features: number;
  /** The size of the second input. */
  readonly in2Features: number;
  /** The size of the output. */
  readonly outFeatures: number;
  /** `[outFeatures, in1Features, in2Features]`. */
  declare weight: Parameter;
  /** `[outFeatures]`, or `null`. */
  declare bias: Parameter | null;

  /** Makes a layer with random weights. */
  constructor(
    in1Features: number,
    in2Features: number,
    outFeatures: number,
    options?: BilinearOptions,
  );
  constructor(...args: unknown[]) {
    super();
    const names = "in1Features, in2Features, outFeatures, bias, device, dtype";
    const a = new LayerArguments("Bilinear", names, args);
    this.in1Features = a.count("in1Features");
    this.in2Features = a.count("in2Features");
    this.outFeatures = a.count("outFeatures");
    if (this.in1Features === 0) throw a.wrong("in1Features", "above 0", 0);
    const bias = a.bool("bias", true);
    const shape = [this.outFeatures, this.in1Features, this.in2Features];
    this.registerParameter("weight", emptyParameter(shape, a.factory()));
    this.registerParameter("bias", bias ? emptyParameter([this.outFeatures], a.factory()) : null);
    this.resetParameters();
  }

  /** Draws the weights anew. */
  resetParameters(): void {
    const bound = 1 / Math.sqrt(this.in1Features);
    uniform_(this.weight, -bound, bound);
    if (this.bias !== null) uniform_(this.bias, -bound, bound);
  }

  /** Applies the form. */
  override forward(input1: Tensor, input2: Tensor): Tensor {
    return bilinear(input1, input2, this.weight, this.bias);
  }

  /** As PyTorch prints it. */
  override extraRepr(): string {
    return `in1_features=${this.in1Features}, in2_features=${this.in2Features}, out_features=${this.outFeatures}, bias=${
      python.bool(this.bias !== null)
    }`;
  }
}

/**
 * Gives its input back: a layer that stands for none. It takes any arguments.
 *
 * @example
 * ```ts
 * import * as torch from "flambeau";
 * import { assert } from "@std/assert";
 *
 * const x = torch.ones([2]);
 * assert(new torch.nn.Identity()(x) === x);
 * ```
 */
export class Identity<T = Tensor> extends Module<[input: T], T> {
  /** Takes any arguments, and leaves them aside. */
  constructor(..._args: unknown[]) {
    super();
  }

  /** Gives the input back. */
  override forward(input: T): T {
    return input;
  }
}
