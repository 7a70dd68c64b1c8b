/**
 * The largest singular value of a weight, by power iteration: what both forms of spectral normalization share.
 *
 * @module
 */

import { Temporaries } from "../../ops/_call.ts";
import { empty } from "../../ops/mod.ts";
import { describe, shapeOf, type Tensor } from "../../tensor/tensor.ts";
import { normalize } from "../functional.ts";

/** Refuses a number of iterations that is not above 0. */
export function checkIterations(count: number): void {
  if (Number.isInteger(count) && count > 0) return;
  throw new RangeError(
    `spectralNorm(): option 'nPowerIterations' must be an integer above 0, but got ${
      describe(count)
    }`,
  );
}

/** The dimension of outputs, counted from the start. */
export function outputDim(dim: number, weight: Tensor): number {
  const { ndim } = weight;
  if (Number.isInteger(dim) && dim >= -ndim && dim < ndim) return dim < 0 ? dim + ndim : dim;
  throw new RangeError(
    `spectralNorm(): option 'dim' must be from ${-ndim} to ${ndim - 1}, but got ${describe(dim)}`,
  );
}

/** A weight as a matrix, whose rows are the indices of a dimension. */
export function asMatrix(weight: Tensor, dim: number, t: Temporaries): Tensor {
  const rest = shapeOf(weight).map((_, i) => i).filter((i) => i !== dim);
  const turned = dim === 0 ? weight : t.note(weight.permute([dim, ...rest]));
  return t.note(turned.flatten(1));
}

/** A random vector of length 1. */
export function randomDirection(like: Tensor, size: number, eps: number): Tensor {
  const { dtype, device } = like;
  using drawn = empty([size], { dtype, device }).normal_(0, 1);
  return normalize(drawn, { dim: 0, eps });
}

/** One half of an iteration: where a vector goes, made of length 1, in place of another. */
export function advance(matrix: Tensor, from: Tensor, into: Tensor, eps: number): void {
  using product = matrix.mv(from);
  using made = normalize(product, { dim: 0, eps });
  into.copy_(made);
}

/** A weight divided by its largest singular value, which `u` and `v` belong to. */
export function divided(weight: Tensor, matrix: Tensor, u: Tensor, v: Tensor): Tensor {
  using t = new Temporaries();
  const sigma = t.note(u.vdot(t.note(matrix.mv(v))));
  return weight.div(sigma);
}
