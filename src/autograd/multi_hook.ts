/**
 * Hooks that wait for the gradients of several tensors.
 *
 * @module
 */

import { context, native } from "../../ffi/mod.ts";
import { asIterable } from "../_arguments.ts";
import { asTensor, begin, putTensors } from "../tensor/call.ts";
import type { HookHandle } from "../tensor/grad_types.ts";
import { describe, handleOf, type Tensor } from "../tensor/tensor.ts";
import { asHook, attach } from "./hooks.ts";

/** When a hook of several tensors runs. */
export type MultiGradMode = "all" | "any";

/** Gets the gradients, as many as there are tensors; `null` for those that the pass does not compute. */
export type MultiGradHook = (gradients: (Tensor | null)[]) => void;

/**
 * Calls a function once in each pass: when the gradients of all these tensors were computed, or that of one of them.
 *
 * In mode `"all"`, tensors that take no part in the pass are not waited for: their gradient is `null`. In mode `"any"` the function gets the
 * gradient that was computed first. It must not change what it gets, and what it returns is not looked at.
 *
 * @param tensors Tensors that require gradients; in mode `"any"` those that do not are passed over.
 * @param hook The function; it runs on this thread, in the pass, and must be synchronous.
 * @param mode `"all"` (default) or `"any"`.
 * @returns Takes the hook away: `remove()`, or `using`.
 * @throws {TypeError} If an argument is of the wrong type.
 * @throws {RangeError} If `mode` is none of the two.
 * @throws {TorchError} If in mode `"all"` a tensor requires no gradient; in the pass, if it is one of `autograd.grad` and a leaf among the
 * tensors is one of its inputs, as in PyTorch.
 *
 * @example
 * ```ts
 * import * as torch from "flambeau";
 * import { assertEquals } from "@std/assert";
 *
 * const [a, b] = [torch.rand([2]).requiresGrad_(), torch.rand([2]).requiresGrad_()];
 * const [c, d] = [a.mul(b), a.add(b)];
 * const seen: boolean[][] = [];
 * using _ = torch.autograd.graph.registerMultiGradHook(
 *   [a, b, c, d],
 *   (gradients) => seen.push(gradients.map((one) => one !== null)),
 * );
 * c.sum().backward({ retainGraph: true });
 * c.sum().backward({ inputs: [a] });
 * assertEquals(seen, [[true, true, true, false], [true, false, true, false]]);
 * ```
 */
export function registerMultiGradHook(
  tensors: Iterable<Tensor>,
  hook: MultiGradHook,
  mode?: "all",
): HookHandle;
/** The same with the gradient that comes first. */
export function registerMultiGradHook(
  tensors: Iterable<Tensor>,
  hook: (gradient: Tensor) => void,
  mode: "any",
): HookHandle;
export function registerMultiGradHook(
  tensors: Iterable<Tensor>,
  hook: MultiGradHook | ((gradient: Tensor) => void),
  mode: MultiGradMode = "all",
): HookHandle {
  const op = "registerMultiGradHook";
  if (mode !== "all" && mode !== "any") {
    throw new RangeError(
      `${op}(): argument 'mode' must be "all" or "any", but got ${describe(mode)}`,
    );
  }
  asHook(hook, op);
  const list = Array.from(
    asIterable(tensors, op, "tensors"),
    (one, i) => asTensor(one, op, `tensors[${i}]`),
  );
  list.forEach((one, i) => handleOf(one, op, `tensors[${i}]`));
  return attach(entryOf(hook, mode), op, (id) => {
    begin();
    putTensors(list, op, "tensors");
    return native.fb_multi_hook(context, id, mode === "any");
  });
}

// As a hook of a node is called, with a list; it replaces nothing.
function entryOf(hook: MultiGradHook | ((gradient: Tensor) => void), mode: MultiGradMode) {
  return (gradients: (Tensor | null)[]): void => {
    const result: unknown = mode === "all"
      ? (hook as MultiGradHook)(gradients)
      : (hook as (gradient: Tensor | null) => void)(gradients[0]!);
    if (!(result instanceof Promise)) return;
    result.catch(() => {});
    throw new TypeError(
      "registerMultiGradHook(): the hook must be synchronous, but it returned a Promise",
    );
  };
}
