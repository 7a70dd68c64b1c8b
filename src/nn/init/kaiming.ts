/**
 * Kaiming initialisation (He et al. 2015): variances keep their size through rectifiers.
 *
 * @module
 */

import { noGrad } from "../../autograd/modes.ts";
import { Arguments } from "../../ops/_call.ts";
import { shapeOf, type Tensor } from "../../tensor/tensor.ts";
import { calculateGain, type FanMode, fans, type Nonlinearity } from "./fans.ts";
import { generatorOf, type InitOptions } from "./fill.ts";

/** Options of {@linkcode kaimingUniform_} and {@linkcode kaimingNormal_}. */
export interface KaimingOptions extends InitOptions {
  /** The negative slope of the leaky ReLU that follows; default `0`. */
  a?: number;
  /** Whether variances keep their size forward or backward; default `"fan_in"`. */
  mode?: FanMode;
  /** What follows; default `"leaky_relu"`. */
  nonlinearity?: Nonlinearity;
}

const NAMES = "tensor, a, mode, nonlinearity, generator";

function deviation(a: Arguments): number {
  const mode = a.choice("mode", ["fan_in", "fan_out"] as const, "fan_in");
  const { fanIn, fanOut } = fans(a.tensor("tensor"));
  const nonlinearity = (a.get("nonlinearity") ?? "leaky_relu") as Nonlinearity;
  const gain = calculateGain(nonlinearity, a.float("a", 0));
  return gain / Math.sqrt(mode === "fan_in" ? fanIn : fanOut);
}

/**
 * Fills a weight with values drawn evenly from ±`gain · √(3 / fan)`, in place. A tensor without elements stays as it is.
 *
 * @param tensor At least two dimensions.
 *
 * @example
 * ```ts
 * import * as torch from "flambeau";
 * import { assert } from "@std/assert";
 *
 * const weight = torch.nn.init.kaimingUniform_(torch.empty([4, 6]), { a: Math.sqrt(5) });
 * assert((weight.abs().max().item() as number) <= Math.sqrt(1 / 6));
 * ```
 */
export function kaimingUniform_(tensor: Tensor, options?: KaimingOptions): Tensor;
export function kaimingUniform_(...args: unknown[]): Tensor {
  const a = new Arguments("nn.init.kaimingUniform_", NAMES, args);
  const tensor = a.tensor("tensor");
  if (shapeOf(tensor).includes(0)) return tensor;
  const bound = Math.sqrt(3) * deviation(a);
  const generator = generatorOf(a);
  return noGrad(() => tensor.uniform_(-bound, bound, generator));
}

/**
 * Fills a weight with normal values of standard deviation `gain / √fan`, in place. A tensor without elements stays as it is.
 *
 * @param tensor At least two dimensions.
 *
 * @example
 * ```ts
 * import * as torch from "flambeau";
 * import { assertEquals } from "@std/assert";
 *
 * const weight = torch.empty([4, 6]);
 * torch.nn.init.kaimingNormal_(weight, { mode: "fan_out", nonlinearity: "relu" });
 * assertEquals(weight.shape, [4, 6]);
 * ```
 */
export function kaimingNormal_(tensor: Tensor, options?: KaimingOptions): Tensor;
export function kaimingNormal_(...args: unknown[]): Tensor {
  const a = new Arguments("nn.init.kaimingNormal_", NAMES, args);
  const tensor = a.tensor("tensor");
  if (shapeOf(tensor).includes(0)) return tensor;
  const std = deviation(a);
  const generator = generatorOf(a);
  return noGrad(() => tensor.normal_(0, std, generator));
}
