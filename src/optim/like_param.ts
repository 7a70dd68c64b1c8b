/**
 * State that begins with a number.
 *
 * @module
 */

import type { Scalar } from "../tensor/complex.ts";
import type { Tensor } from "../tensor/tensor.ts";

/** A tensor like a parameter that is full of a number; of a complex one both parts are that number, as in PyTorch. */
export function likeParam(
  fullLike: (param: Tensor, value: Scalar) => Tensor,
  param: Tensor,
  value: number,
): Tensor {
  return fullLike(param, param.dtype.startsWith("complex") ? { re: value, im: value } : value);
}
