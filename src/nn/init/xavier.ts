/**
 * Xavier initialisation (Glorot and Bengio 2010): variances keep their size forward and backward.
 *
 * @module
 */

import { noGrad } from "../../autograd/modes.ts";
import { Arguments } from "../../ops/_call.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { fans } from "./fans.ts";
import { generatorOf, type InitOptions } from "./fill.ts";

/** Options of {@linkcode xavierUniform_} and {@linkcode xavierNormal_}. */
export interface XavierOptions extends InitOptions {
  /** A factor; default `1`. See `calculateGain`. */
  gain?: number;
}

function deviation(a: Arguments): number {
  const { fanIn, fanOut } = fans(a.tensor("tensor"));
  return a.float("gain", 1) * Math.sqrt(2 / (fanIn + fanOut));
}

/**
 * Fills a weight with values drawn evenly from ±`gain · √(6 / (fanIn + fanOut))`, in place.
 *
 * @param tensor At least two dimensions.
 * @param gain A factor; default `1`.
 *
 * @example
 * ```ts
 * import * as torch from "flambeau";
 * import { assert } from "@std/assert";
 *
 * const weight = torch.nn.init.xavierUniform_(torch.empty([3, 3]));
 * assert((weight.abs().max().item() as number) <= 1);
 * ```
 */
export function xavierUniform_(tensor: Tensor, gain?: number, options?: InitOptions): Tensor;
/** The same by name. */
export function xavierUniform_(tensor: Tensor, options: XavierOptions): Tensor;
export function xavierUniform_(...args: unknown[]): Tensor {
  const a = new Arguments("nn.init.xavierUniform_", "tensor, gain, generator", args);
  const bound = Math.sqrt(3) * deviation(a);
  const generator = generatorOf(a);
  return noGrad(() => a.tensor("tensor").uniform_(-bound, bound, generator));
}

/**
 * Fills a weight with normal values of standard deviation `gain · √(2 / (fanIn + fanOut))`, in place.
 *
 * @param tensor At least two dimensions.
 * @param gain A factor; default `1`.
 *
 * @example
 * ```ts
 * import * as torch from "flambeau";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(torch.nn.init.xavierNormal_(torch.empty([1, 2]), { gain: 0 }).toArray(), [[0, 0]]);
 * ```
 */
export function xavierNormal_(tensor: Tensor, gain?: number, options?: InitOptions): Tensor;
/** The same by name. */
export function xavierNormal_(tensor: Tensor, options: XavierOptions): Tensor;
export function xavierNormal_(...args: unknown[]): Tensor {
  const a = new Arguments("nn.init.xavierNormal_", "tensor, gain, generator", args);
  const std = deviation(a);
  const generator = generatorOf(a);
  return noGrad(() => a.tensor("tensor").normal_(0, std, generator));
}
