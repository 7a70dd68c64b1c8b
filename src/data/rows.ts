/**
 * Rows of tensors.
 *
 * @module
 */

import { indexSelect } from "../ops/mod.ts";
import { fromTypedArray } from "../tensor/create.ts";
import type { Tensor } from "../tensor/tensor.ts";

/** These rows of every tensor, as one tensor of each. */
export function itemsAt(
  tensors: readonly Tensor[],
  indices: readonly number[],
  length: number,
): Tensor[] {
  const numbers = new BigInt64Array(indices.length);
  indices.forEach((index, i) => numbers[i] = BigInt(index < 0 ? index + length : index));
  using rows = fromTypedArray(numbers);
  return tensors.map((tensor) => indexSelect(tensor, 0, rows));
}
