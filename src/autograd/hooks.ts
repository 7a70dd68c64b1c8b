/**
 * Hooks of tensors: on their gradients, and on leaves after a gradient was added.
 *
 * @module
 */

import { native, nativeError } from "../../ffi/mod.ts";
import type { HookHandle } from "../tensor/grad_types.ts";
import { describe, handleOf, type Tensor } from "../tensor/tensor.ts";
import { answer, asGradient, Call, forget, keepForNative, serve, tensorAt } from "./_host.ts";

/** What may be done with a gradient on its way: look at it, or return another in its place. */
export type TensorHook = (gradient: Tensor) => Tensor | null | undefined | void;

interface LeafHook {
  hook: (tensor: Tensor) => void;
  // The user's own object if it is still there: it may be a Parameter. Held weakly, or hook and tensor would never end.
  tensor: WeakRef<Tensor>;
}

/** A function, or the TypeError that says what was given instead. */
export function asHook<F>(hook: F, op: string): F {
  if (typeof hook === "function") return hook;
  throw new TypeError(`${op}(): argument 'hook' must be a function, but got ${describe(hook)}`);
}

/** Registers a hook with native code, which takes its id. */
export function attach(entry: unknown, op: string, register: (id: number) => number): HookHandle {
  const id = keepForNative(entry);
  if (register(id) < 0) {
    forget(id);
    throw nativeError(op);
  }
  const remove = () => {
    native.fb_host_remove(id);
    forget(id);
  };
  return { remove, [Symbol.dispose]: remove };
}

/** Calls `hook` with the gradient of a tensor in each backward pass, before it is used. */
export function registerHook(self: Tensor, hook: TensorHook): HookHandle {
  const op = "registerHook";
  const handle = handleOf(self, op, "self");
  return attach(asHook(hook, op), op, (id) => native.fb_tensor_hook(handle, id));
}

/** Calls `hook` with a leaf each time that a gradient was added to its own. */
export function registerPostAccumulateGradHook(
  self: Tensor,
  hook: (tensor: Tensor) => void,
): HookHandle {
  const op = "registerPostAccumulateGradHook";
  const handle = handleOf(self, op, "self");
  const entry: LeafHook = { hook: asHook(hook, op), tensor: new WeakRef(self) };
  return attach(entry, op, (id) => native.fb_accumulate_hook(handle, id));
}

serve<TensorHook>(Call.tensorHook, (hook) => {
  const gradient = tensorAt(0)!;
  answer([asGradient(hook(gradient), "backward", "a hook")], "backward");
});

serve<LeafHook>(Call.accumulateHook, ({ hook, tensor }) => {
  const given = tensorAt(0)!;
  const own = tensor.deref();
  if (own === undefined || own.isDisposed) return hook(given);
  given.dispose();
  hook(own);
});
