/**
 * Whole Jacobians and Hessians, by `vmap` over the transforms of a vector.
 *
 * @module
 */

import { asOptions } from "../_arguments.ts";
import { provideTransforms } from "../autograd/_transforms.ts";
import { zeros } from "../ops/mod.ts";
import { isTensor, shapeOf, type Tensor } from "../tensor/tensor.ts";
import { type Argnums, asArgnums, asFunction, sliceArgs, tensorLeaves } from "./_level.ts";
import { flatten, mapTree } from "./_tree.ts";
import { vjpBy } from "./grad.ts";
import { jvpBy } from "./jvp.ts";
import { vmap } from "./vmap.ts";

/** Options of {@linkcode jacrev}. */
export interface JacrevOptions {
  /** The position of the argument to derive by, or an array of them; default 0. */
  argnums?: Argnums;
  /** Whether `fn` returns `[output, aux]`, of which `aux` is passed on; default `false`. */
  hasAux?: boolean;
  /** At most so many rows at once; default: all. */
  chunkSize?: number | null;
}

/** Options of {@linkcode jacfwd}. */
export interface JacfwdOptions {
  /** The position of the argument to derive by, or an array of them; default 0. */
  argnums?: Argnums;
  /** Whether `fn` returns `[output, aux]`, of which `aux` is passed on; default `false`. */
  hasAux?: boolean;
  /** What random ops do, as for `vmap`; default `"error"`. */
  randomness?: "error" | "same" | "different";
}

// deno-lint-ignore no-explicit-any -- the structure of outputs and arguments
type Result = any;

function sizeOf(tensor: Tensor): number {
  return shapeOf(tensor).reduce((product, size) => product * size, 1);
}

/** For each tensor a stack of unit vectors of its shape, and zeros where those of the others are. */
function standardBasis(tensors: readonly Tensor[]): Tensor[] {
  const sizes = tensors.map(sizeOf);
  const total = sizes.reduce((sum, size) => sum + size, 0);
  let start = 0;
  return tensors.map((tensor, i) => {
    const basis = zeros([total, sizes[i]!], { dtype: tensor.dtype, device: tensor.device });
    basis.diagonal(-start).fill_(1);
    start += sizes[i]!;
    return basis.view([total, ...shapeOf(tensor)]);
  });
}

/**
 * Makes a function that computes the Jacobian of `fn` in reverse mode: cheap where there are fewer outputs than inputs.
 *
 * @returns A function of the same arguments: a tensor of the output's shape and then the argument's; trees and several
 * arguments give a tree of outputs of trees of arguments. With `hasAux` an array of that and `aux`.
 *
 * @example
 * ```ts
 * import * as torch from "flambeau";
 * import { assertEquals } from "@std/assert";
 *
 * const x = torch.tensor([1, 2], { dtype: "float32" });
 * assertEquals(torch.func.jacrev((x: torch.Tensor) => x.mul(x))(x).toArray(), [[2, 0], [0, 4]]);
 * ```
 */
export function jacrev<A extends unknown[]>(
  fn: (...args: A) => unknown,
  options: JacrevOptions = {},
): (...args: A) => Result {
  const op = "jacrev";
  asFunction(fn, op);
  const { hasAux = false, chunkSize = null } = asOptions(options, op, "argnums, hasAux, chunkSize");
  return (...args: A): Result => {
    const by = asArgnums(options.argnums ?? 0, args.length, op);
    const [output, pull, aux] = vjpBy(fn as never, args, by, hasAux, op);
    const outputs = flatten(output);
    const leaves = tensorLeaves(output, op, "the outputs of the function");
    const basis = outputs.build(standardBasis(leaves));
    const rows = flatten(vmap(pull, { chunkSize })(basis));
    const parts = (rows.leaves as Tensor[]).map((row) => row.split(leaves.map(sizeOf), 0));
    const jacobian = outputs.build(leaves.map((leaf, i) =>
      rows.build(parts.map((part) => {
        const piece = part[i]!;
        return piece.reshape([...shapeOf(leaf), ...shapeOf(piece).slice(1)]);
      }))
    ));
    return hasAux ? [jacobian, aux] : jacobian;
  };
}

/**
 * Makes a function that computes the Jacobian of `fn` in forward mode: cheap where there are fewer inputs than outputs.
 *
 * @returns A function of the same arguments, whose result is as that of {@linkcode jacrev}.
 *
 * @example
 * ```ts
 * import * as torch from "flambeau";
 * import { assertEquals } from "@std/assert";
 *
 * const x = torch.tensor([1, 2], { dtype: "float32" });
 * assertEquals(torch.func.jacfwd((x: torch.Tensor) => x.mul(x))(x).toArray(), [[2, 0], [0, 4]]);
 * ```
 */
export function jacfwd<A extends unknown[]>(
  fn: (...args: A) => unknown,
  options: JacfwdOptions = {},
): (...args: A) => Result {
  const op = "jacfwd";
  asFunction(fn, op);
  const { hasAux = false, randomness = "error" } = asOptions(
    options,
    op,
    "argnums, hasAux, randomness",
  );
  return (...args: A): Result => {
    const by = asArgnums(options.argnums ?? 0, args.length, op);
    const given = sliceArgs(args, by);
    const inputs = flatten(given);
    const leaves = tensorLeaves(given, op, "the arguments to derive by");
    const push = (tangents: unknown) => {
      const [, tangent, aux] = jvpBy(fn as never, args, tangents, by, { hasAux }, op);
      return hasAux ? [tangent, aux] : [tangent];
    };
    const [columns, batchedAux] = vmap(push, { randomness })(
      inputs.build(standardBasis(leaves)),
    ) as [unknown, unknown];
    const outputs = flatten(columns);
    const jacobian = outputs.build(
      (outputs.leaves as Tensor[]).map((column) => inputs.build(splitColumns(column, leaves))),
    );
    if (!hasAux) return jacobian;
    // What else the function returns is the same for all directions.
    return [jacobian, mapTree(batchedAux, (leaf) => isTensor(leaf) ? leaf.select(0, 0) : leaf)];
  };
}

// [directions, ...output] to [...output, ...input] for each input.
function splitColumns(column: Tensor, leaves: readonly Tensor[]): Tensor[] {
  const shape = shapeOf(column).slice(1);
  const parts = column.movedim(0, -1).split(leaves.map(sizeOf), -1);
  return leaves.map((leaf, i) => parts[i]!.reshape([...shape, ...shapeOf(leaf)]));
}

/**
 * Makes a function that computes the Hessian of `fn`, forward mode over reverse mode.
 *
 * @example
 * ```ts
 * import * as torch from "flambeau";
 * import { assertEquals } from "@std/assert";
 *
 * const x = torch.tensor([1, 2], { dtype: "float32" });
 * assertEquals(torch.func.hessian((x: torch.Tensor) => x.pow(3).sum())(x).toArray(), [[6, 0], [0, 12]]);
 * ```
 */
export function hessian<A extends unknown[]>(
  fn: (...args: A) => unknown,
  options: { argnums?: Argnums } = {},
): (...args: A) => Result {
  const { argnums = 0 } = asOptions(options, "hessian", "argnums");
  return jacfwd(jacrev(fn, { argnums }), { argnums });
}

provideTransforms({
  forwardJacobian(fn, inputs, second) {
    const argnums = inputs.map((_, i) => i);
    const transform = second ? hessian(fn, { argnums }) : jacfwd(fn, { argnums });
    return transform(...inputs);
  },
});
