/**
 * Versions: how the graph knows that what it saved was changed since.
 *
 * @module
 */

import { check, native } from "../../ffi/mod.ts";
import { tensorList, type Tensors } from "./backward.ts";
import { handleOf } from "../tensor/tensor.ts";

/**
 * Notes that tensors were changed in place, where LibTorch cannot know: by a TypedArray that shares their memory, or by native code. A
 * backward pass that needs what they were before then fails, instead of computing with what they are now. Ops in place do so themselves.
 *
 * @param tensor One, or several. Those of inference mode have no version, and are passed over.
 *
 * @example
 * ```ts
 * import * as torch from "flambeau";
 * import { assertThrows } from "@std/assert";
 *
 * const x = torch.tensor([1, 2], { dtype: "float32", requiresGrad: true });
 * const factor = torch.tensor([3, 4], { dtype: "float32" });
 * const y = x.mul(factor).sum();
 * factor.asTypedArray()[0] = 100;
 * torch.autograd.graph.incrementVersion(factor);
 * assertThrows(() => y.backward(), torch.TorchError, "modified by an inplace operation");
 * ```
 */
export function incrementVersion(tensor: Tensors): void {
  const op = "incrementVersion";
  const handles = tensorList(tensor, op, "tensor").map((one) => handleOf(one, op, "tensor"));
  for (const handle of handles) check(native.fb_tensor_bump(handle), op);
}
