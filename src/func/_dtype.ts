import type { Tensor } from "../tensor/tensor.ts";

/** Whether a tensor's dtype is one that derivatives exist for. */
export function isDifferentiable(tensor: Tensor): boolean {
  return /^(float|bfloat|complex)/.test(tensor.dtype);
}
