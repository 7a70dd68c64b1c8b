/**
 * The linear approximation of a function at a point: `linearize`.
 *
 * @module
 */

import { TorchError } from "../../ffi/mod.ts";
import { shapeOf } from "../tensor/tensor.ts";
import { asFunction, callSync, tensorLeaves } from "./_level.ts";
import { flatten } from "./_tree.ts";
import { jvpBy } from "./jvp.ts";

/**
 * Runs `fn` at a point, and makes the function that multiplies its Jacobian there with a vector from the right.
 *
 * PyTorch traces `fn` and keeps what does not depend on the vectors, so that `fn` does not run again. Here each call of the function that is
 * made runs `fn` anew in forward mode: what `fn` reads beside its arguments should not change meanwhile, nor should the arguments.
 *
 * @param fn Takes tensors or trees of them, and returns a tensor or a tree.
 * @param primals Its arguments.
 * @returns The output, and a function from directions (in the structure, shapes and dtypes of `primals`) to derivatives, in the structure of
 * the output; zeros where an output does not depend on the primals.
 * @throws {TypeError} If `fn` is no function, or a leaf of `primals` or of the output is no tensor; from the function that is made, if
 * directions have another structure than the primals.
 * @throws {TorchError} From the function that is made, if a direction has another shape, dtype or device than its primal.
 *
 * @example
 * ```ts
 * import * as torch from "flambeau";
 * import { assertEquals } from "@std/assert";
 *
 * const x = torch.tensor([1, 2], { dtype: "float32" });
 * const [output, push] = torch.func.linearize((x: torch.Tensor) => x.mul(x), x);
 * assertEquals(output.toArray(), [1, 4]);
 * assertEquals(push(torch.ones([2])).toArray(), [2, 4]);
 * assertEquals(push(torch.tensor([1, 0.5])).toArray(), [2, 2]);
 * ```
 */
export function linearize<A extends unknown[], R>(
  fn: (...args: A) => R,
  ...primals: A
): [output: R, jvpFn: (...tangents: A) => R] {
  const op = "linearize";
  asFunction(fn, op);
  const points = tensorLeaves(primals, op, "primals");
  const { shape } = flatten(primals);
  const expected = points.map((one) => ({
    shape: shapeOf(one),
    dtype: one.dtype,
    device: one.device,
  }));
  const output = callSync(fn as (...args: never[]) => unknown, primals, op) as R;
  tensorLeaves(output, op, "the outputs of the function");
  const jvpFn = (...tangents: A): R => {
    const given = flatten(tangents);
    if (given.shape !== shape) {
      throw new TypeError(
        `${op}(): Expected the tangents to have the structure of the primals, ${shape}, but got ${given.shape}`,
      );
    }
    tensorLeaves(tangents, op, "tangents").forEach((one, i) => {
      const own = { shape: shapeOf(one), dtype: one.dtype, device: one.device };
      for (const key of ["shape", "dtype", "device"] as const) {
        if (String(own[key]) === String(expected[i]![key])) continue;
        const say = (value: unknown) => Array.isArray(value) ? `[${value.join(", ")}]` : value;
        throw new TorchError(
          `${op}(): tangent ${i} has ${key} ${say(own[key])}, but its primal ${
            say(expected[i]![key])
          }`,
          { op, kind: "value" },
        );
      }
    });
    const [, tangent] = jvpBy(fn as never, [...primals], tangents, null, {}, op);
    return tangent as R;
  };
  return [output, jvpFn];
}
