/**
 * Changing in place what ops have saved.
 *
 * @module
 */

import { check, native } from "../../ffi/mod.ts";
import { refuseInTransform } from "./_transforms.ts";
import type { ModeGuard } from "./modes.ts";
import { pushMutationHooks, under } from "./saved_hooks.ts";

/**
 * Lets tensors be changed in place although ops have saved them for their backward pass: what was saved is copied just before it is
 * changed, so that the pass computes with what it was. Otherwise such a pass fails.
 *
 * The backward pass must run in the same scope, which cannot be nested. A change is seen where an op makes it, by way of whatever view; not
 * where a TypedArray over the same memory does. It holds for ops of this thread, and for what they call by `runAsync`.
 *
 * @param fn Runs under it, and must be synchronous; without it, the rest of the block that holds `using`.
 * @throws {TorchError} Within another such scope, within a transform of `torch.func`, where hooks on saved tensors are disabled; in a
 * backward pass outside of the scope in which the graph was recorded.
 *
 * @example
 * ```ts
 * import * as torch from "flambeau";
 * import { assertEquals } from "@std/assert";
 *
 * const a = torch.tensor([2, 3], { dtype: "float32", requiresGrad: true });
 * torch.autograd.graph.allowMutationOnSavedTensors(() => {
 *   const b = a.clone();
 *   const out = b.pow(2).sum();
 *   b.sin_();
 *   out.backward();
 * });
 * assertEquals(a.grad!.toArray(), [4, 6]);
 * ```
 */
export function allowMutationOnSavedTensors<R>(fn: () => R): R;
/** Allows it until the guard is disposed. */
export function allowMutationOnSavedTensors(): ModeGuard;
export function allowMutationOnSavedTensors<R>(fn?: () => R): R | ModeGuard {
  const op = "allowMutationOnSavedTensors";
  refuseInTransform(op);
  check(native.fb_mutation_enter(), op);
  let hooks: ModeGuard;
  try {
    hooks = pushMutationHooks(op);
  } catch (error) {
    native.fb_mutation_leave();
    throw error;
  }
  let ended = false;
  const guard: ModeGuard = {
    [Symbol.dispose]() {
      if (ended) return;
      ended = true;
      hooks[Symbol.dispose]();
      native.fb_mutation_leave();
    },
  };
  return under(guard, fn, op);
}
