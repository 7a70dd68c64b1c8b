/**
 * Initial values of parameters, as PyTorch draws them: the same seed gives the same weights.
 *
 * @module
 */

import { noGrad } from "../autograd/modes.ts";
import { shapeOf, type Tensor } from "../tensor/tensor.ts";

/** Fan-in and fan-out of a weight: how many values each output reads, and each input feeds. */
export function fans(weight: Tensor): { fanIn: number; fanOut: number } {
  const shape = shapeOf(weight);
  if (shape.length < 2) {
    throw new RangeError(
      `nn.init: fan-in and fan-out need a tensor of at least 2 dimensions, but got ${shape.length}`,
    );
  }
  const field = shape.slice(2).reduce((product, size) => product * size, 1);
  return { fanIn: shape[1]! * field, fanOut: shape[0]! * field };
}

/** Fills a tensor with values drawn evenly from `[a, b)`, in place. */
export function uniform_(tensor: Tensor, a: number = 0, b: number = 1): Tensor {
  return noGrad(() => tensor.uniform_(a, b));
}

/**
 * He initialisation (He et al. 2015) from an even distribution, for a leaky ReLU of negative slope `a`, in place.
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
export function kaimingUniform_(tensor: Tensor, options: { a?: number } = {}): Tensor {
  const { a = 0 } = options;
  const { fanIn } = fans(tensor);
  if (shapeOf(tensor).includes(0)) return tensor;
  const bound = Math.sqrt(3) * (Math.sqrt(2 / (1 + a ** 2)) / Math.sqrt(fanIn));
  return uniform_(tensor, -bound, bound);
}
