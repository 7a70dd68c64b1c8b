/**
 * The forward-mode transform: `jvp`.
 *
 * @module
 */

import { asOptions } from "../_arguments.ts";
import { check, native, TorchError } from "../../ffi/mod.ts";
import { dualLevel, inDualLevel, makeDual, unpackDual } from "../autograd/forward_ad.ts";
import { zerosLike } from "../ops/mod.ts";
import { describe, type Tensor } from "../tensor/tensor.ts";
import {
  asFunction,
  callSync,
  disposeLevel,
  sliceArgs,
  splitAux,
  tensorLeaves,
  Transform,
  unwrapTensor,
  unwrapTree,
  within,
  wrapTree,
} from "./_level.ts";
import { flatten } from "./_tree.ts";

/** Options of {@linkcode jvp}. */
export interface JvpOptions {
  /** Whether an output that does not depend on the primals is an error, rather than zeros; default `false`. */
  strict?: boolean;
  /** Whether `fn` returns `[output, aux]`, of which `aux` is passed on; default `false`. */
  hasAux?: boolean;
}

function withForwardMode<R>(body: () => R): R {
  const before = check(native.fb_forward_enabled(1), "jvp");
  try {
    // LibTorch has one level of dual numbers; nested transforms are told apart by their own levels.
    return inDualLevel() ? body() : dualLevel(body);
  } finally {
    native.fb_forward_enabled(before);
  }
}

/** `jvp` by some of the arguments, or (`null`) by all. `tangents` has the structure of those. */
export function jvpBy(
  fn: (...args: never[]) => unknown,
  primals: unknown[],
  tangents: unknown,
  argnums: number | number[] | null,
  options: JvpOptions,
  op: string,
): [output: unknown, tangent: unknown, aux: unknown] {
  const given = argnums === null ? primals : sliceArgs(primals, argnums);
  const [values, directions] = [flatten(given), flatten(tangents)];
  if (values.shape !== directions.shape) {
    throw new TypeError(
      `${op}(): Expected primals and tangents to have the same structure, but primals have ${values.shape} ` +
        `and tangents ${directions.shape}`,
    );
  }
  const points = tensorLeaves(given, op, "primals");
  const vectors = tensorLeaves(tangents, op, "tangents");
  return within(Transform.jvp, op, (level) =>
    withForwardMode(() => {
      const duals = values.build(points.map((point, i) => makeDual(point, vectors[i]!)));
      let args: unknown[];
      if (argnums === null) {
        args = duals as unknown[];
      } else {
        const list = Array.isArray(argnums) ? argnums : [argnums];
        const own = Array.isArray(argnums) ? duals as unknown[] : [duals];
        args = primals.map((primal, i) =>
          list.includes(i) ? own[list.indexOf(i)] : wrapTree(primal, level, false, op)
        );
      }
      const [result, aux] = splitAux(callSync(fn, args, op), options.hasAux ?? false, op);
      tensorLeaves(result, op, "the outputs of the function");
      const outputs = flatten(result);
      const pairs = (outputs.leaves as Tensor[]).map((one) => unpack(one, options, op));
      const plain = (one: Tensor) => unwrapTensor(one, level, op);
      const answer: [unknown, unknown, unknown] = [
        outputs.build(pairs.map(([primal]) => plain(primal))),
        outputs.build(pairs.map(([, tangent]) => plain(tangent))),
        unwrapTree(aux, level, op),
      ];
      disposeLevel([duals, args, result, pairs, aux], level, op);
      return answer;
    }));
}

function unpack(output: Tensor, { strict = false }: JvpOptions, op: string): [Tensor, Tensor] {
  const { primal, tangent } = unpackDual(output);
  if (tangent !== null) return [primal, tangent];
  if (strict) {
    throw new TorchError(
      `${op}(): with strict true, an output does not depend on any of the inputs`,
      { op },
    );
  }
  return [primal, zerosLike(primal)];
}

/**
 * Runs `fn`, and multiplies its Jacobian with a vector from the right: the derivative along a direction.
 *
 * @param fn Takes tensors or trees of them, and returns a tensor or a tree.
 * @param primals An array of its arguments.
 * @param tangents The directions, in the structure of `primals`.
 * @returns The output and the derivative, of the same structure; then `aux`, if there is one.
 *
 * @example
 * ```ts
 * import * as torch from "flambeau";
 * import { assertEquals } from "@std/assert";
 *
 * const x = torch.tensor([1, 2], { dtype: "float32" });
 * const [output, tangent] = torch.func.jvp((x: torch.Tensor) => x.mul(x), [x], [torch.ones([2])]);
 * assertEquals([output.toArray(), tangent.toArray()], [[1, 4], [2, 4]]);
 * ```
 */
export function jvp<A extends unknown[], R>(
  fn: (...args: A) => R,
  primals: readonly [...A],
  tangents: readonly [...A],
  options?: JvpOptions & { hasAux?: false },
): [output: R, tangent: R];
/** The same for a function that returns `[output, aux]`. */
export function jvp<A extends unknown[], R, X>(
  fn: (...args: A) => readonly [R, X],
  primals: readonly [...A],
  tangents: readonly [...A],
  options: JvpOptions & { hasAux: true },
): [output: R, tangent: R, aux: X];
export function jvp(
  fn: (...args: never[]) => unknown,
  primals: readonly unknown[],
  tangents: readonly unknown[],
  options: JvpOptions = {},
): unknown {
  const op = "jvp";
  asFunction(fn, op);
  asOptions(options, op, "strict, hasAux");
  if (!Array.isArray(primals)) {
    throw new TypeError(
      `${op}(): argument 'primals' must be an array of the arguments, but got ${describe(primals)}`,
    );
  }
  const [output, tangent, aux] = jvpBy(fn, [...primals], tangents, null, options, op);
  return options.hasAux ? [output, tangent, aux] : [output, tangent];
}
