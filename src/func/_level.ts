/**
 * The levels of function transforms, which LibTorch keeps as a stack on the thread.
 *
 * @module
 */

import {
  check,
  checkHandle,
  context,
  native,
  nativeError,
  scratch,
  TorchError,
} from "../../ffi/mod.ts";
import { enterTransform, leaveTransform } from "../autograd/_transforms.ts";
import { isGradEnabled, noGrad } from "../autograd/modes.ts";
import { hasSavedTensorHooks } from "../autograd/saved_hooks.ts";
import { describe, handleOf, isTensor, OWNED, Tensor } from "../tensor/tensor.ts";
import { flatten, mapTree, tensorsOf } from "./_tree.ts";

/** The kinds of transform: `fb_transform` in `csrc/flambeau.h`. */
export const Transform = { vmap: 1, grad: 2, jvp: 3 } as const;

/** Runs `body` within a new level. The level ends with it, however it ends. */
export function within<R>(
  what: number,
  op: string,
  body: (level: number) => R,
  batch = 0,
  randomness = 0,
): R {
  if (what === Transform.grad && hasSavedTensorHooks()) {
    throw new TorchError(
      `${op}(): torch.func's grad, vjp, jacrev and hessian do not support saved tensor hooks: end them before`,
      { op },
    );
  }
  // A tensor of inference mode takes part in no derivative: PyTorch leaves that mode too.
  const guard = native.fb_inference_enabled() === 1 ? native.fb_inference_enter(false) : 0;
  try {
    const grad = isGradEnabled();
    const forward = native.fb_forward_enabled(-1) === 1;
    const level = check(native.fb_transform_push(what, batch, randomness), op);
    enterTransform({ what, level, batch, randomness, grad, forward });
    try {
      return body(level);
    } finally {
      leaveTransform();
      native.fb_transform_pop();
    }
  } finally {
    if (guard !== 0) native.fb_inference_leave(guard);
  }
}

/** Runs `body` one level further down: outside of the innermost transform, in the modes that were on there. */
export function lowered<R>(op: string, body: () => R): R {
  const layer = checkHandle(native.fb_transform_lower(), op);
  const entered = leaveTransform();
  const forward = native.fb_forward_enabled(-1);
  try {
    if (entered.what === Transform.jvp && !entered.forward) native.fb_forward_enabled(0);
    return entered.what === Transform.grad && !entered.grad ? noGrad(body) : body();
  } finally {
    native.fb_forward_enabled(forward);
    native.fb_transform_raise(layer);
    enterTransform(entered);
  }
}

/** The tensor under what vmap made of it at a level, and the dimension that is mapped: `null` where it is none of that level. */
export function unbatchTensor(tensor: Tensor, level: number, op: string): [Tensor, number | null] {
  const count = check(native.fb_wrapper_peel(handleOf(tensor, op, "args"), context), op);
  const [kind, at, dim, handle] = scratch.words;
  if (count === 0) return [tensor, null];
  const value = new Tensor(handle!, 0, OWNED);
  if (kind === Transform.vmap && at === level) return [value, dim!];
  value.dispose();
  return [tensor, null];
}

/** The tensor as vmap sees it, mapped over a dimension. */
export function batchTensor(tensor: Tensor, dim: number, level: number, op: string): Tensor {
  const handle = native.fb_batch_add(handleOf(tensor, op, "args"), dim, level);
  return new Tensor(checkHandle(handle, op), 0, OWNED);
}

/** A function of the user's, or the TypeError that says what was given instead. */
export function asFunction<F>(fn: F, op: string): F {
  if (typeof fn === "function") return fn;
  throw new TypeError(`${op}(): argument 'fn' must be a function, but got ${describe(fn)}`);
}

/** Calls a function of the user's, which must be synchronous: a level cannot wait. */
export function callSync(fn: (...args: never[]) => unknown, args: unknown[], op: string): unknown {
  const result = (fn as (...args: unknown[]) => unknown)(...args);
  if (!(result instanceof Promise)) return result;
  result.catch(() => {});
  throw new TypeError(`${op}(): the function must be synchronous, but it returned a Promise`);
}

/** What the function returned, taken apart from what else it returned where `hasAux` is on. */
export function splitAux(result: unknown, hasAux: boolean, op: string): [unknown, unknown] {
  if (!hasAux) return [result, undefined];
  if (Array.isArray(result) && result.length === 2) return [result[0], result[1]];
  throw new TypeError(
    `${op}(): the function must return an array [output, aux] where hasAux is true`,
  );
}

/** The tensor as the level of a grad or jvp transform sees it. */
export function wrapTensor(tensor: Tensor, level: number, track: boolean, op: string): Tensor {
  const handle = native.fb_transform_wrap(handleOf(tensor, op, "args"), level, track);
  return new Tensor(checkHandle(handle, op), 0, OWNED);
}

/** A tree whose tensors are wrapped for a level. */
export function wrapTree(tree: unknown, level: number, track: boolean, op: string): unknown {
  return mapTree(tree, (leaf) => isTensor(leaf) ? wrapTensor(leaf, level, track, op) : leaf);
}

/** The tensor under the wrapper of a level; the tensor itself where it has none. */
export function unwrapTensor(tensor: Tensor, level: number, op: string): Tensor {
  const handle = native.fb_transform_unwrap(handleOf(tensor, op, "output"), level);
  if (handle < 0) throw nativeError(op);
  return handle === 0 ? tensor : new Tensor(handle, 0, OWNED);
}

/** A tree whose tensors are unwrapped. */
export function unwrapTree(tree: unknown, level: number, op: string): unknown {
  return mapTree(tree, (leaf) => isTensor(leaf) ? unwrapTensor(leaf, level, op) : leaf);
}

/** Frees the tensors of a tree that belong to a level, once they were unwrapped: they are of no use after it. */
export function disposeLevel(tree: unknown, level: number, op: string): void {
  for (const tensor of tensorsOf(tree)) {
    if (tensor.isDisposed) continue;
    const plain = unwrapTensor(tensor, level, op);
    if (plain === tensor) continue;
    plain.dispose();
    tensor.dispose();
  }
}

/** The leaves of a tree, which must all be tensors, and at least one. */
export function tensorLeaves(tree: unknown, op: string, what: string): Tensor[] {
  const { leaves } = flatten(tree);
  for (const leaf of leaves) {
    if (!isTensor(leaf)) {
      throw new TypeError(`${op}(): ${what} must be tensors, but got ${describe(leaf)}`);
    }
  }
  if (leaves.length === 0) throw new TypeError(`${op}(): ${what} must hold at least one tensor`);
  return leaves as Tensor[];
}

/** Which arguments to derive by: one, or several. */
export type Argnums = number | readonly number[];

/** Checks `argnums` against the number of arguments; positions from the end become those from the start. */
export function asArgnums(argnums: Argnums, count: number, op: string): number | number[] {
  const one = (value: unknown): number => {
    if (typeof value !== "number" || !Number.isInteger(value)) {
      throw new TypeError(
        `${op}(): argument 'argnums' must be integers, but got ${describe(value)}`,
      );
    }
    if (value < -count || value >= count) {
      throw new RangeError(
        `${op}(): Got argnum=${value}, but only ${count} positional inputs`,
      );
    }
    return value < 0 ? value + count : value;
  };
  if (!Array.isArray(argnums)) return one(argnums);
  const list = argnums.map(one);
  if (list.length === 0) throw new RangeError(`${op}(): argument 'argnums' must not be empty`);
  if (new Set(list).size !== list.length) {
    throw new RangeError(`${op}(): argument 'argnums' must have unique elements, got ${argnums}`);
  }
  return list;
}

/** The arguments that are derived by: one, or an array. */
export function sliceArgs(args: readonly unknown[], argnums: number | number[]): unknown {
  return Array.isArray(argnums) ? argnums.map((i) => args[i]) : args[argnums];
}
