/**
 * Backward functions that are not to be derived themselves.
 *
 * @module
 */

import { TorchError } from "../../ffi/mod.ts";
import { describe, isTensor, type Tensor } from "../tensor/tensor.ts";
import { AutogradFunction, type FunctionContext, type GradientResult } from "./function.ts";
import { isGradEnabled, noGrad } from "./modes.ts";

const MESSAGE = "trying to differentiate twice a function that was marked with onceDifferentiable";

// Stands behind the results, so that a second derivative fails instead of being wrong.
class DelayedError extends AutogradFunction {
  static forward(_ctx: FunctionContext, ...tensors: Tensor[]): Tensor[] {
    return tensors.map((one) => one.detach());
  }
  static backward(): GradientResult {
    throw new TorchError(MESSAGE, { op: "backward" });
  }
}

/**
 * Marks the `backward` of a function of one's own as one that cannot be derived: it runs without recording, and a derivative of higher order
 * that comes to it fails with a sentence.
 *
 * @example
 * ```ts
 * import * as torch from "flambeau";
 * import { assertEquals, assertThrows } from "@std/assert";
 *
 * class Square extends torch.autograd.Function {
 *   static forward(ctx: torch.autograd.FunctionContext, x: torch.Tensor): torch.Tensor {
 *     ctx.saveForBackward(x);
 *     return x.mul(x);
 *   }
 *   static backward = torch.autograd.onceDifferentiable((ctx, gradient: torch.Tensor) =>
 *     gradient.mul(2).mul(ctx.savedTensors[0]!)
 *   );
 * }
 * const x = torch.tensor([3], { dtype: "float32", requiresGrad: true });
 * const [first] = torch.autograd.grad(Square.apply(x).pow(2), x, { createGraph: true });
 * assertEquals(first!.toArray(), [108]);
 * assertThrows(() => first!.backward(), torch.TorchError, "differentiate twice");
 * ```
 */
export function onceDifferentiable<A extends unknown[]>(
  backward: (ctx: FunctionContext, ...gradients: A) => GradientResult,
): (ctx: FunctionContext, ...gradients: A) => GradientResult {
  if (typeof backward !== "function") {
    throw new TypeError(
      `onceDifferentiable(): argument 'backward' must be a function, but got ${describe(backward)}`,
    );
  }
  return function (this: unknown, ctx, ...gradients) {
    const result = noGrad(() => backward.call(this, ctx, ...gradients));
    if (!isGradEnabled()) return result;
    // What was saved may depend on more, but nothing says so: as in PyTorch, the gradients decide.
    const needed = gradients.some((one) => isTensor(one) && one.requiresGrad);
    if (!needed || result instanceof Promise) return result;
    const list = [Array.isArray(result) ? result as unknown[] : [result]]
      .flat() as (Tensor | null)[];
    const tensors = list.filter((one) => isTensor(one));
    // A derivative is wanted of these, as if they depended on the gradients.
    const delayed = DelayedError.apply(...tensors.map((one) => one.detach().requiresGrad_()));
    let next = 0;
    return list.map((one) => isTensor(one) ? delayed[next++]! : one);
  };
}
