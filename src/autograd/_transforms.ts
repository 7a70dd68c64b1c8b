/**
 * Which of `torch.func`'s transforms are under way: `backward()` and they keep apart, as in PyTorch, and a function of one's own
 * goes through them one after the other.
 *
 * @module
 */

import { TorchError } from "../../ffi/mod.ts";
import type { Tensor } from "../tensor/tensor.ts";

/** A transform that is under way. */
export interface Level {
  /** Its kind: `fb_transform` in `csrc/flambeau.h`. */
  readonly what: number;
  /** Its number, from 1. */
  readonly level: number;
  /** The size of vmap's batch. */
  readonly batch: number;
  /** What random ops do in vmap: 0 fail, 1 the same numbers, 2 different ones. */
  readonly randomness: number;
  /** Whether gradients were recorded outside of it. */
  readonly grad: boolean;
  /** Whether tangents were computed outside of it. */
  readonly forward: boolean;
}

const levels: Level[] = [];

/** Notes a transform that begins. */
export function enterTransform(level: Level): void {
  levels.push(level);
}

/** Notes that the innermost transform ends, and gives it. */
export function leaveTransform(): Level {
  return levels.pop()!;
}

/** The innermost transform that is under way, or `null`. */
export function currentTransform(): Level | null {
  return levels.at(-1) ?? null;
}

/** Throws within a transform. */
export function refuseInTransform(op: string): void {
  if (levels.length === 0) return;
  throw new TorchError(
    `${op}() called inside a torch.func transform. This is not supported, please use func.grad or func.vjp ` +
      `instead or call ${op}() outside of torch.func transforms`,
    { op },
  );
}

/** What `torch.func` does for gradients, which lie below it. */
export interface TransformServices {
  /** Applies a function of one's own within the innermost transform. */
  // deno-lint-ignore no-explicit-any -- the class of function.ts, which lies above this file
  applyFunction(type: any, args: unknown[], level: Level): unknown;
  /** Runs `pass` once for all slices of `gradients` along their first dimension. */
  batched(
    pass: (gradients: (Tensor | null)[]) => (Tensor | null)[],
    gradients: readonly (Tensor | null)[],
  ): (Tensor | null)[];
  /** The Jacobian by all inputs in forward mode, by vmap; or the Hessian, forward mode over reverse mode. */
  forwardJacobian(
    fn: (...inputs: Tensor[]) => Tensor | readonly Tensor[],
    inputs: readonly Tensor[],
    second: boolean,
    // deno-lint-ignore no-explicit-any -- the structure of outputs and inputs
  ): any;
}

const services: Partial<TransformServices> = {};

/** Sets what `torch.func` does. */
export function provideTransforms(provided: Partial<TransformServices>): void {
  Object.assign(services, provided);
}

/** What `torch.func` does. */
export function transformServices(op: string): TransformServices {
  if (services.batched !== undefined && services.forwardJacobian !== undefined) {
    return services as TransformServices;
  }
  throw new TorchError(`${op}(): torch.func was not loaded: import "flambeau" whole`, { op });
}
