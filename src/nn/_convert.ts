/**
 * Conversion of a module's tensors: the arguments of `to()`, and the change in place.
 *
 * @module
 */

import { check, native } from "../../ffi/mod.ts";
import { isOptions, type Options, readOptions } from "../ops/_arguments.ts";
import { convert } from "../tensor/convert.ts";
import { type DType, dtypeCode, isDType } from "../tensor/dtype.ts";
import { describe, handleOf, isTensor, type Tensor } from "../tensor/tensor.ts";

/** What {@linkcode Module.to} takes by name. */
export interface ModuleToOptions {
  /** The dtype of floating-point parameters and buffers. */
  dtype?: DType;
  /** The device of all. */
  device?: string;
}

/** Reads the arguments of `to()`: options, a dtype, a tensor, or a device and perhaps a dtype. */
export function readTarget([first, second]: readonly unknown[]): ModuleToOptions {
  const target = readFirst(first);
  if (typeof second === "string") target.dtype = second as DType;
  if (target.dtype === undefined) return target;
  dtypeCode(target.dtype, "to", "dtype");
  if (isFloating(target.dtype)) return target;
  throw new TypeError(
    `to(): argument 'dtype' must be a floating-point or complex dtype, but got "${target.dtype}"`,
  );
}

function readFirst(first: unknown): ModuleToOptions {
  if (isOptions(first)) {
    const { dtype, device } = readOptions("to", "dtype, device", first as Options, undefined);
    return {
      ...(dtype == null ? {} : { dtype: dtype as DType }),
      ...(device == null ? {} : { device: device as string }),
    };
  }
  if (isTensor(first)) return { dtype: first.dtype, device: first.device };
  if (isDType(first)) return { dtype: first };
  if (typeof first === "string") return { device: first };
  throw new TypeError(
    `to(): argument 'target' must be an options object, a dtype, a device or a Tensor, but got ${
      describe(first)
    }`,
  );
}

/** Whether a dtype is one of those that `to()` converts. */
export function isFloating(dtype: DType): boolean {
  return /float|complex/.test(dtype);
}

/** Changes a tensor and its gradient in place: optimizers and graphs go on with the same object. */
export function move(tensor: Tensor, change: ModuleToOptions): void {
  const grad = tensor.grad;
  using data = tensor.detach();
  using moved = convert(data, change);
  check(
    native.fb_tensor_set_data(handleOf(tensor, "to", "self"), handleOf(moved, "to", "self")),
    "to",
  );
  if (grad === null) return;
  using movedGrad = convert(grad, change);
  tensor.grad = movedGrad;
  grad.dispose();
}
