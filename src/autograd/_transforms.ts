/**
 * Whether one of `torch.func`'s transforms is under way: `backward()` and they keep apart, as in PyTorch.
 *
 * @module
 */

import { TorchError } from "../../ffi/mod.ts";

let depth = 0;

/** Counts a transform that begins. */
export function enterTransform(): void {
  depth++;
}

/** Counts a transform that ends. */
export function leaveTransform(): void {
  depth--;
}

/** Throws within a transform. */
export function refuseInTransform(op: string): void {
  if (depth === 0) return;
  throw new TorchError(
    `${op}() called inside a torch.func transform. This is not supported, please use func.grad or func.vjp ` +
      `instead or call ${op}() outside of torch.func transforms`,
    { op },
  );
}
