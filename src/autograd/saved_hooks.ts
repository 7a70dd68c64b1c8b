/**
 * Hooks on what ops save for their backward pass: to keep it elsewhere, smaller, or not at all.
 *
 * @module
 */

import { check, native, TorchError } from "../../ffi/mod.ts";
import { keep } from "../memory/mod.ts";
import { describe, isTensor, type Tensor } from "../tensor/tensor.ts";
import { answer, Call, forget, keepForNative, serve, tensorAt } from "./_host.ts";
import type { ModeGuard } from "./modes.ts";

/** What {@linkcode savedTensorsHooks} calls. `P`: what stands for a tensor until its backward pass. */
export interface SavedTensorsHooks<P> {
  /** Called with each tensor that an op saves; what it returns is kept in the tensor's place. */
  pack(tensor: Tensor): P;
  /** Called when the backward pass needs the tensor: makes it anew from what was kept. */
  unpack(packed: P): Tensor;
}

// deno-lint-ignore no-explicit-any -- whatever the user's pack() returns
type AnyHooks = SavedTensorsHooks<any>;

interface Packed {
  readonly hooks: AnyHooks;
  readonly value: unknown;
}

let depth = 0;
let refusal: string | null = null;

/** Whether hooks are active. */
export function hasSavedTensorHooks(): boolean {
  return depth > 0;
}

function asHooks<P>(pack: unknown, unpack: unknown, op: string): SavedTensorsHooks<P> {
  for (const [name, hook] of [["pack", pack], ["unpack", unpack]] as const) {
    if (typeof hook === "function") continue;
    throw new TypeError(
      `${op}(): argument '${name}' must be a function, but got ${describe(hook)}`,
    );
  }
  return { pack, unpack } as SavedTensorsHooks<P>;
}

function push(id: number, op: string): ModeGuard {
  check(native.fb_saved_hooks_push(id), op);
  depth++;
  let ended = false;
  return {
    [Symbol.dispose]() {
      if (ended) return;
      ended = true;
      depth--;
      native.fb_saved_hooks_pop();
    },
  };
}

/** Runs a synchronous function under a guard, or gives the guard for `using`. */
export function under<R>(guard: ModeGuard, fn: (() => R) | undefined, op: string): R | ModeGuard {
  if (fn === undefined) return guard;
  try {
    if (typeof fn !== "function") {
      throw new TypeError(`${op}(): argument 'fn' must be a function, but got ${describe(fn)}`);
    }
    const result = fn();
    if (!(result instanceof Promise)) return result;
    result.catch(() => {});
    throw new TypeError(`${op}(): argument 'fn' must be synchronous, but it returned a Promise`);
  } finally {
    guard[Symbol.dispose]();
  }
}

/**
 * Lets each tensor that an op saves for its backward pass go through `pack`, and what that returned through `unpack` when the pass needs it.
 * The innermost pair counts. Hooks belong to the thread: ops of `runAsync` save as ever.
 *
 * @param pack Gets the tensor, and must not change it. Returns anything: a file's name, a smaller tensor, the tensor itself.
 * @param unpack Gets what `pack` returned, and must return a tensor with the first one's content, shape and dtype.
 * @param fn Runs under the hooks; without it, the rest of the block that holds `using`.
 * @throws {TorchError} If such hooks are disabled, as by {@linkcode disableSavedTensorsHooks}.
 *
 * @example
 * ```ts
 * import * as torch from "flambeau";
 * import { assertEquals } from "@std/assert";
 *
 * const x = torch.tensor([1.5, 2], { requiresGrad: true });
 * let packed = 0;
 * const y = torch.autograd.graph.savedTensorsHooks(
 *   (tensor) => (packed++, tensor.half()),
 *   (half) => half.float(),
 *   () => x.pow(2).sum(),
 * );
 * y.backward();
 * assertEquals([packed, x.grad!.toArray()], [1, [3, 4]]);
 * ```
 */
export function savedTensorsHooks<P, R>(
  pack: (tensor: Tensor) => P,
  unpack: (packed: P) => Tensor,
  fn: () => R,
): R;
/** Puts the hooks on until the guard is disposed. */
export function savedTensorsHooks<P>(
  pack: (tensor: Tensor) => P,
  unpack: (packed: P) => Tensor,
): ModeGuard;
export function savedTensorsHooks<P, R>(
  pack: (tensor: Tensor) => P,
  unpack: (packed: P) => Tensor,
  fn?: () => R,
): R | ModeGuard {
  const op = "savedTensorsHooks";
  return under(pushHooks(asHooks<P>(pack, unpack, op), op), fn, op);
}

/** Puts hooks on, as {@linkcode savedTensorsHooks} does. */
export function pushHooks<P>(hooks: SavedTensorsHooks<P>, op: string): ModeGuard {
  if (refusal !== null) throw new TorchError(refusal, { op });
  const id = keepForNative(hooks);
  try {
    return push(id, op);
  } catch (error) {
    forget(id);
    throw error;
  }
}

/**
 * Keeps what ops save on the CPU, whatever device they run on, and brings it back for the backward pass. For ops on the CPU it changes nothing.
 *
 * @param fn Runs under the hooks; without it, the rest of the block that holds `using`.
 *
 * @example
 * ```ts
 * import * as torch from "flambeau";
 * import { assertEquals } from "@std/assert";
 *
 * const x = torch.tensor([1.5, 2], { requiresGrad: true });
 * torch.autograd.graph.saveOnCpu(() => x.mul(x).sum()).backward();
 * assertEquals(x.grad!.toArray(), [3, 4]);
 * ```
 */
export function saveOnCpu<R>(fn: () => R): R;
/** Puts the hooks on until the guard is disposed. */
export function saveOnCpu(): ModeGuard;
export function saveOnCpu<R>(fn?: () => R): R | ModeGuard {
  const op = "saveOnCpu";
  const hooks: SavedTensorsHooks<{ device: string; tensor: Tensor }> = {
    pack: (tensor) => ({ device: tensor.device, tensor: tensor.cpu() }),
    unpack: ({ device, tensor }) => tensor.to({ device }),
  };
  return under(pushHooks(hooks, op), fn, op);
}

/**
 * Refuses hooks on saved tensors, with a message.
 *
 * @param message What the error says.
 * @param fn Runs meanwhile; without it, the rest of the block that holds `using`.
 * @throws {TorchError} If such hooks are active already.
 *
 * @example
 * ```ts
 * import * as torch from "flambeau";
 * import { assertThrows } from "@std/assert";
 *
 * using _ = torch.autograd.graph.disableSavedTensorsHooks("not here");
 * assertThrows(() => torch.autograd.graph.saveOnCpu(() => 1), torch.TorchError, "not here");
 * ```
 */
export function disableSavedTensorsHooks<R>(message: string, fn: () => R): R;
/** Refuses them until the guard is disposed. */
export function disableSavedTensorsHooks(message: string): ModeGuard;
export function disableSavedTensorsHooks<R>(message: string, fn?: () => R): R | ModeGuard {
  const op = "disableSavedTensorsHooks";
  if (typeof message !== "string") {
    throw new TypeError(
      `${op}(): argument 'message' must be a string, but got ${describe(message)}`,
    );
  }
  if (depth > 0) throw new TorchError(message, { op });
  const before = refusal;
  refusal = message;
  const guard: ModeGuard = {
    [Symbol.dispose]() {
      refusal = before;
    },
  };
  return under(guard, fn, op);
}

/** Puts the hooks on under which what is saved may be changed. */
export function pushMutationHooks(op: string): ModeGuard {
  if (refusal !== null) throw new TorchError(refusal, { op });
  return push(-1, op);
}

/** Runs a function as if no hooks were on. */
export function withoutHooks<R>(op: string, fn: () => R): R {
  const guard = push(0, op);
  try {
    return fn();
  } finally {
    guard[Symbol.dispose]();
  }
}

serve<AnyHooks>(Call.packSaved, (hooks) => {
  const value: unknown = hooks.pack(tensorAt(0)!);
  if (value instanceof Promise) {
    value.catch(() => {});
    throw new TypeError("savedTensorsHooks(): pack must be synchronous, but it returned a Promise");
  }
  // It lives as long as the graph, whatever scope the op ran in.
  const packed: Packed = { hooks, value: keep(value) };
  const id = keepForNative(packed);
  answer([], "savedTensorsHooks", id);
});

serve<Packed>(Call.unpackSaved, ({ hooks, value }) => {
  const tensor: unknown = hooks.unpack(value);
  if (!isTensor(tensor)) {
    if (tensor instanceof Promise) tensor.catch(() => {});
    throw new TypeError(
      `savedTensorsHooks(): unpack must return a Tensor, but got ${describe(tensor)}`,
    );
  }
  answer([tensor], "savedTensorsHooks");
});
