/**
 * Grad mode and inference mode, for a function or, by `using`, for the rest of a block.
 *
 * LibTorch keeps the mode per thread, but a thread runs many asynchronous tasks in turn. So while an async
 * function runs under a mode, every op first puts on the mode of the task that it belongs to.
 *
 * @module
 */

import { AsyncLocalStorage } from "node:async_hooks";
import { native } from "../../ffi/mod.ts";
import { setBeforeRun } from "../tensor/call.ts";
import { describe } from "../tensor/tensor.ts";

/** Ends a mode when disposed: what `using _ = torch.noGrad()` holds. */
export interface ModeGuard extends Disposable {
  /** Ends the mode. */
  [Symbol.dispose](): void;
}

interface Mode {
  grad: boolean;
}

const tasks = new AsyncLocalStorage<Mode>();
// The mode of code outside of every task that has one of its own.
let base = true;
let pending = 0;

function applyTaskMode(): void {
  native.fb_set_grad_enabled(tasks.getStore()?.grad ?? base);
}

function isPromise(value: unknown): value is Promise<unknown> {
  return value instanceof Promise;
}

// Sets the mode back when an async function is done, and stops the per-op check when none is left.
async function untilDone<T>(result: Promise<T>): Promise<T> {
  pending++;
  setBeforeRun(applyTaskMode);
  try {
    return await result;
  } finally {
    pending--;
    if (pending === 0) {
      setBeforeRun(null);
      native.fb_set_grad_enabled(base);
    }
  }
}

function withGrad<R>(grad: boolean, fn: () => R): R {
  if (pending > 0) applyTaskMode();
  const before = native.fb_set_grad_enabled(grad) === 1;
  let result: R;
  try {
    result = tasks.run({ grad }, fn);
  } finally {
    native.fb_set_grad_enabled(before);
  }
  return isPromise(result) ? untilDone(result) as R : result;
}

/**
 * {@linkcode noGrad} for the library's own synchronous code. Where no asynchronous task has a mode of its own, it spares the
 * switch of the task's context, which takes as long as several small ops.
 */
export function withoutGrad(fn: () => void): void {
  if (pending > 0) return withGrad(false, fn);
  const before = native.fb_set_grad_enabled(false) === 1;
  try {
    fn();
  } finally {
    native.fb_set_grad_enabled(before);
  }
}

function gradGuard(grad: boolean): ModeGuard {
  const task = tasks.getStore();
  const before = task?.grad ?? base;
  // Inference mode has a grad mode of its own, of which the task knows nothing.
  const inferring = isInferenceModeEnabled() ? native.fb_grad_enabled() === 1 : null;
  const set = (on: boolean) => {
    if (task) task.grad = on;
    else base = on;
    native.fb_set_grad_enabled(on);
  };
  set(grad);
  let ended = false;
  return {
    [Symbol.dispose]() {
      if (ended) return;
      ended = true;
      set(before);
      if (inferring !== null && isInferenceModeEnabled()) native.fb_set_grad_enabled(inferring);
    },
  };
}

function mode<R>(grad: boolean, fn: (() => R) | undefined, name: string): R | ModeGuard {
  if (fn === undefined) return gradGuard(grad);
  if (typeof fn !== "function") {
    throw new TypeError(`${name}(): argument 'fn' must be a function, but got ${describe(fn)}`);
  }
  return withGrad(grad, fn);
}

/**
 * Runs a function, sync or async, without recording gradients; without one, the rest of the block that holds `using`.
 *
 * @returns What the function returns.
 *
 * @example
 * ```ts
 * import * as torch from "flambeau";
 * import { assertEquals } from "@std/assert";
 *
 * const x = torch.tensor([1.5], { requiresGrad: true });
 * assertEquals(torch.noGrad(() => x.mul(2)).requiresGrad, false);
 * {
 *   using _ = torch.noGrad();
 *   assertEquals(x.mul(2).requiresGrad, false);
 * }
 * assertEquals(x.mul(2).requiresGrad, true);
 * ```
 */
export function noGrad<R>(fn: () => R): R;
/** Turns recording of gradients off until the guard is disposed. */
export function noGrad(): ModeGuard;
export function noGrad<R>(fn?: () => R): R | ModeGuard {
  return mode(false, fn, "noGrad");
}

/**
 * Runs a function, sync or async, with gradients recorded, within {@linkcode noGrad}.
 *
 * @returns What the function returns.
 *
 * @example
 * ```ts
 * import * as torch from "flambeau";
 * import { assertEquals } from "@std/assert";
 *
 * const x = torch.tensor([1.5], { requiresGrad: true });
 * const y = torch.noGrad(() => torch.enableGrad(() => x.mul(2)));
 * assertEquals(y.requiresGrad, true);
 * ```
 */
export function enableGrad<R>(fn: () => R): R;
/** Turns recording of gradients on until the guard is disposed. */
export function enableGrad(): ModeGuard;
export function enableGrad<R>(fn?: () => R): R | ModeGuard {
  return mode(true, fn, "enableGrad");
}

/**
 * Runs a function with gradients recorded or not; without one, sets the mode until the guard is disposed, or for good.
 *
 * @example
 * ```ts
 * import * as torch from "flambeau";
 * import { assertEquals } from "@std/assert";
 *
 * const x = torch.tensor([1.5], { requiresGrad: true });
 * const training = false;
 * {
 *   using _ = torch.setGradEnabled(training);
 *   assertEquals(x.mul(2).requiresGrad, false);
 * }
 * assertEquals(torch.setGradEnabled(true, () => x.mul(2)).requiresGrad, true);
 * ```
 */
export function setGradEnabled<R>(on: boolean, fn: () => R): R;
/** Turns recording of gradients on or off. */
export function setGradEnabled(on: boolean): ModeGuard;
export function setGradEnabled<R>(on: boolean, fn?: () => R): R | ModeGuard {
  if (typeof on !== "boolean") {
    throw new TypeError(
      `setGradEnabled(): argument 'on' must be a boolean, but got ${describe(on)}`,
    );
  }
  return mode(on, fn, "setGradEnabled");
}

/** Runs what native code called, in the mode that native code has set, whatever task is under way. */
export function inNativeMode<R>(fn: () => R): R {
  const grad = native.fb_grad_enabled() === 1;
  try {
    return tasks.run({ grad }, fn);
  } finally {
    native.fb_set_grad_enabled(grad);
  }
}

/** Whether gradients are recorded here and now. */
export function isGradEnabled(): boolean {
  if (pending > 0) applyTaskMode();
  return native.fb_grad_enabled() === 1;
}

/**
 * Runs a synchronous function in inference mode: faster than {@linkcode noGrad}, and the tensors made in it can never take
 * part in gradients. Without a function, the rest of the block that holds `using`.
 *
 * @throws {TypeError} If the function is async: inference mode belongs to the thread, and would leak into other tasks at
 * each `await`. Use {@linkcode noGrad} there.
 *
 * @example
 * ```ts
 * import * as torch from "flambeau";
 * import { assertEquals } from "@std/assert";
 *
 * const x = torch.tensor([1.5], { requiresGrad: true });
 * assertEquals(torch.inferenceMode(() => x.mul(2)).requiresGrad, false);
 * ```
 */
export function inferenceMode<R>(fn: () => R): R;
/** Turns inference mode on until the guard is disposed. */
export function inferenceMode(): ModeGuard;
export function inferenceMode<R>(fn?: () => R): R | ModeGuard {
  if (fn !== undefined && typeof fn !== "function") {
    throw new TypeError(
      `inferenceMode(): argument 'fn' must be a function, but got ${describe(fn)}`,
    );
  }
  const handle = native.fb_inference_enter(true);
  let ended = false;
  const guard: ModeGuard = {
    [Symbol.dispose]() {
      if (ended) return;
      ended = true;
      native.fb_inference_leave(handle);
    },
  };
  if (fn === undefined) return guard;
  try {
    const result = fn();
    if (!isPromise(result)) return result;
    // Its rejection, if any, is the user's: this error says what to mend first.
    result.catch(() => {});
    throw new TypeError(
      "inferenceMode(): argument 'fn' must be synchronous: use noGrad for async code",
    );
  } finally {
    guard[Symbol.dispose]();
  }
}

/** Whether inference mode is on here and now. */
export function isInferenceModeEnabled(): boolean {
  return native.fb_inference_enabled() === 1;
}
