import { noGrad } from "../../autograd/modes.ts";
import { randperm } from "../../ops/mod.ts";
import { Arguments } from "../../ops/_call.ts";
import { shapeOf, type Tensor } from "../../tensor/tensor.ts";
import { generatorOf, type InitOptions } from "./fill.ts";

/** Options of {@linkcode sparse_}. */
export interface SparseOptions extends InitOptions {
  /** The standard deviation of what is not zero; default `0.01`. */
  std?: number;
}

/**
 * Fills a matrix with normal values, and sets a share of each column to zero (Martens 2010), in place.
 *
 * @param tensor Two dimensions.
 * @param sparsity The share of each column that is zero, from 0 to 1.
 *
 * @example
 * ```ts
 * import * as torch from "flambeau";
 * import { assertEquals } from "@std/assert";
 *
 * const weight = torch.nn.init.sparse_(torch.empty([4, 3]), 0.5);
 * assertEquals(weight.eq(0).sum(0).toArray(), [2, 2, 2]);
 * ```
 */
export function sparse_(tensor: Tensor, sparsity: number, options?: SparseOptions): Tensor;
export function sparse_(...args: unknown[]): Tensor {
  const a = new Arguments("nn.init.sparse_", "tensor, sparsity, std, generator", args);
  const tensor = a.tensor("tensor");
  a.rank("tensor", tensor, 2);
  const [rows, columns] = shapeOf(tensor) as [number, number];
  const zeros = Math.ceil(a.probability("sparsity", 0) * rows);
  const std = a.float("std", 0.01);
  const generator = generatorOf(a);
  return noGrad(() => {
    tensor.normal_(0, std, generator);
    for (let column = 0; column < columns; column++) {
      // PyTorch draws the places from its default generator, whatever the option says.
      using order = randperm(rows);
      using places = order.narrow(0, 0, zeros);
      using values = tensor.select(1, column);
      values.indexFill_(0, places, 0);
    }
    return tensor;
  });
}
