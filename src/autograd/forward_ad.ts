/**
 * Forward-mode derivatives by dual numbers: a tensor that carries a tangent through the ops.
 *
 * @module
 */

import { check, native, TorchError } from "../../ffi/mod.ts";
import {
  begin,
  Op,
  putNumber,
  putTensor,
  run,
  runTensor,
  takeOptionalTensor,
} from "../tensor/call.ts";
import { asTensor } from "../tensor/call.ts";
import { describe, type Tensor } from "../tensor/tensor.ts";
import type { ModeGuard } from "./modes.ts";

const makeDualOp = new Op("aten::_make_dual", "makeDual");
const unpackDualOp = new Op("aten::_unpack_dual", "unpackDual");

let level = -1;

/** A dual tensor taken apart. */
export interface UnpackedDual {
  /** The value. */
  primal: Tensor;
  /** The derivative along the way, or `null` where there is none. */
  tangent: Tensor | null;
}

/**
 * Runs a function within which dual tensors keep their tangents. There is one such level at a time, as in PyTorch.
 *
 * @throws {TorchError} If a level is under way already.
 * @throws {TypeError} If the function is asynchronous: the level belongs to the thread.
 *
 * @example
 * ```ts
 * import * as torch from "flambeau";
 * import { assertEquals } from "@std/assert";
 *
 * const { dualLevel, makeDual, unpackDual } = torch.autograd.forwardAd;
 * const tangent = dualLevel(() => {
 *   const x = makeDual(torch.tensor([3.0], { dtype: "float32" }), torch.ones([1]));
 *   return unpackDual(x.mul(x)).tangent;
 * });
 * assertEquals(tangent?.toArray(), [6]);
 * ```
 */
export function dualLevel<R>(fn: () => R): R;
/** Enters the level until the guard is disposed: for the rest of the block that holds `using`. */
export function dualLevel(): ModeGuard;
export function dualLevel<R>(fn?: () => R): R | ModeGuard {
  const op = "dualLevel";
  if (fn === undefined) return levelGuard();
  if (typeof fn !== "function") {
    throw new TypeError(
      `${op}(): argument 'fn' must be a function, but got ${describe(fn)}`,
    );
  }
  enterDualLevel();
  try {
    const result = fn();
    if (!(result instanceof Promise)) return result;
    result.catch(() => {});
    throw new TypeError(
      `${op}(): argument 'fn' must be synchronous, but it returned a Promise`,
    );
  } finally {
    exitDualLevel();
  }
}

function levelGuard(): ModeGuard {
  const entered = enterDualLevel();
  let ended = false;
  return {
    [Symbol.dispose]() {
      if (ended) return;
      ended = true;
      if (level === entered) exitDualLevel();
    },
  };
}

/** Enters the level of dual tensors, until {@linkcode exitDualLevel}. Prefer {@linkcode dualLevel}. */
export function enterDualLevel(): number {
  if (level !== -1) {
    throw new TorchError(
      "enterDualLevel(): Nested forward mode AD is not supported at the moment: exit the level first",
      { op: "enterDualLevel" },
    );
  }
  level = check(native.fb_dual_enter(), "enterDualLevel");
  return level;
}

/** Leaves the level of dual tensors; their tangents are gone. */
export function exitDualLevel(): void {
  if (level === -1) {
    throw new TorchError(
      "exitDualLevel(): no level of dual tensors was entered",
      {
        op: "exitDualLevel",
      },
    );
  }
  const left = level;
  level = -1;
  check(native.fb_dual_exit(left), "exitDualLevel");
}

/**
 * A tensor with the value of `primal` and the derivative `tangent`: a view of `primal`.
 *
 * @throws {TorchError} If no level was entered, dtypes or shapes differ, or they are not floating-point or complex.
 */
export function makeDual(primal: Tensor, tangent: Tensor): Tensor {
  const op = "makeDual";
  asTensor(primal, op, "primal");
  asTensor(tangent, op, "tangent");
  if (level === -1) {
    throw new TorchError(
      "makeDual(): Trying to create a dual Tensor for forward AD but no level exists, make sure to enterDualLevel() first",
      { op },
    );
  }
  for (
    const [name, tensor] of [["primal", primal], ["tangent", tangent]] as const
  ) {
    if (/^(float|bfloat|complex)/.test(tensor.dtype)) continue;
    throw new TorchError(
      `makeDual(): Expected ${name} to be floating point or complex, but got: ${tensor.dtype}`,
      { op, kind: "type" },
    );
  }
  begin();
  putTensor(primal, op, "primal");
  putTensor(tangent, op, "tangent");
  putNumber(level);
  return runTensor(makeDualOp);
}

/** The value and the derivative of a tensor: `null` for one that has none, or outside of the level. */
export function unpackDual(tensor: Tensor): UnpackedDual {
  const op = "unpackDual";
  asTensor(tensor, op, "tensor");
  if (level === -1) return { primal: tensor, tangent: null };
  begin();
  putTensor(tensor, op, "tensor");
  putNumber(level);
  run(unpackDualOp);
  const primal = takeOptionalTensor()!;
  return { primal, tangent: takeOptionalTensor() };
}

/** Whether a level is under way, for the library's own use. */
export function inDualLevel(): boolean {
  return level !== -1;
}
