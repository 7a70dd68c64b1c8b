/**
 * Computed parameters that are kept for a while.
 *
 * @module
 */

import { describe, type Tensor } from "../../../tensor/tensor.ts";
import { isTracing } from "../../../tensor/trace_guard.ts";

let depth = 0;
let kept: WeakMap<object, Map<string, Tensor>> = new WeakMap();

function leave(): void {
  depth--;
  if (depth === 0) kept = new WeakMap();
}

/**
 * Computes each parametrized tensor once only while a function runs (sync or async), or without one until the guard is disposed:
 * worth it where the same weight is used many times, as in a loop over a sequence. Meanwhile a change of the originals is not seen.
 *
 * @returns What the function returns.
 *
 * @example
 * ```ts
 * import * as torch from "flambeau";
 * import { assertStrictEquals } from "@std/assert";
 *
 * const { parametrizations, parametrize } = torch.nn.utils;
 * const layer = parametrizations.weightNorm(new torch.nn.Linear(2, 2));
 * parametrize.cached(() => assertStrictEquals(layer.weight, layer.weight));
 * {
 *   using _ = parametrize.cached();
 *   assertStrictEquals(layer.weight, layer.weight);
 * }
 * ```
 */
export function cached<R>(fn: () => R): R;
/** Keeps computed tensors until the guard is disposed. */
export function cached(): Disposable;
export function cached<R>(fn?: () => R): R | Disposable {
  if (fn !== undefined && typeof fn !== "function") {
    throw new TypeError(`cached(): argument 'fn' must be a function, but got ${describe(fn)}`);
  }
  depth++;
  let left = false;
  const end = () => {
    if (!left) leave();
    left = true;
  };
  if (fn === undefined) return { [Symbol.dispose]: end };
  let pending = false;
  try {
    const result = fn();
    pending = result instanceof Promise;
    return pending ? (result as Promise<unknown>).finally(end) as R : result;
  } finally {
    if (!pending) end();
  }
}

/** What `compute` gives, or gave before while {@linkcode cached} is on. */
export function throughCache(module: object, name: string, compute: () => Tensor): Tensor {
  if (depth === 0) return compute();
  if (isTracing()) {
    throw new TypeError("A model cannot be traced while parametrizations are cached");
  }
  const own = kept.get(module) ?? new Map<string, Tensor>();
  kept.set(module, own);
  const found = own.get(name) ?? compute();
  own.set(name, found);
  return found;
}
