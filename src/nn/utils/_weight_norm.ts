/**
 * The op of weight normalization (Salimans and Kingma 2016).
 *
 * @module
 */

import { normExceptDim } from "../../ops/mod.ts";
import { begin, Op, putNumber, putTensor, runTensor } from "../../tensor/call.ts";
import { describe, type Tensor } from "../../tensor/tensor.ts";

const op = new Op("aten::_weight_norm", "weightNorm");

/** The dimension as LibTorch counts it: `-1` is a norm over all. */
export function normDim(dim: number | null, weight: Tensor): number {
  if (dim === null) return -1;
  const { ndim } = weight;
  if (Number.isInteger(dim) && dim >= -1 && dim < ndim) return dim;
  throw new RangeError(
    `weightNorm(): option 'dim' must be null or an integer from -1 to ${ndim - 1}, but got ${
      describe(dim)
    }`,
  );
}

/** `g · v / ‖v‖`, with a norm for each index of the dimension. */
export function normalized(v: Tensor, g: Tensor, dim: number): Tensor {
  begin();
  putTensor(v, "weightNorm", "v");
  putTensor(g, "weightNorm", "g");
  putNumber(dim);
  return runTensor(op);
}

/** The norm for each index of the dimension. */
export function magnitude(weight: Tensor, dim: number): Tensor {
  return normExceptDim(weight, 2, dim);
}
