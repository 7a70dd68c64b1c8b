/**
 * Conversions of dtype and device: `to()`, and short forms for the common ones.
 *
 * @module
 */

import {
  asBool,
  asDevice,
  asDType,
  asTensor,
  begin,
  Op,
  putAbsent,
  putBool,
  putNumber,
  putTensor,
  runTensor,
} from "../tensor/call.ts";
import { install } from "../tensor/attach.ts";
import type { ToOptions } from "../tensor/companions.ts";
import { deviceName } from "../tensor/device.ts";
import { type DType, dtypeCode, dtypeName, isDType } from "../tensor/dtype.ts";
import { describe, isTensor, type Tensor } from "../tensor/tensor.ts";
import { isOptions, lastOptions, type Options, readOptions } from "./_arguments.ts";

const toDType = new Op("aten::to.dtype", "to");
const toDevice = new Op("aten::to.device", "to");

const OPTIONS = "dtype, device, copy";

/** What is asked for, as LibTorch's numbers; `null` is what the tensor has. */
interface Target {
  dtype: number | null;
  device: number | null;
  copy: boolean;
}

function readTarget(options: Options): Target {
  const { dtype, device, copy } = options;
  return {
    dtype: dtype === undefined || dtype === null ? null : asDType(dtype, "to", "dtype"),
    device: device === undefined || device === null ? null : asDevice(device, "to", "device"),
    copy: copy === undefined ? false : asBool(copy, "to", "copy"),
  };
}

function targetOf(first: unknown, options: unknown, extra: unknown): Target {
  if (isOptions(first)) return readTarget(readOptions("to", OPTIONS, first, options ?? extra));
  const target = readTarget(lastOptions("to", OPTIONS, options, 1, extra));
  if (isTensor(first)) {
    target.dtype ??= dtypeCode(first.dtype, "to", "other");
    target.device ??= asDevice(first.device, "to", "other");
  } else if (isDType(first)) target.dtype = asDType(first, "to", "dtype");
  else if (typeof first === "string") target.device = asDevice(first, "to", "device");
  else {
    throw new TypeError(
      `to(): argument 'target' must be an options object, a dtype, a device or a Tensor, but got ${
        describe(first)
      }`,
    );
  }
  return target;
}

/** The same object where nothing changes, as PyTorch returns the same tensor. */
function convert(self: Tensor, { dtype, device, copy }: Target): Tensor {
  const own = self.dtype;
  const sameDType = dtype === null || dtypeName(dtype) === own;
  const sameDevice = device === null || deviceName(device) === self.device;
  if (sameDType && sameDevice && !copy) return self;
  const code = dtype ?? dtypeCode(own, "to", "dtype");
  begin();
  putTensor(self, "to", "self");
  if (!sameDevice) putNumber(device!);
  putNumber(code);
  putBool(false);
  putBool(copy);
  putAbsent();
  return runTensor(sameDevice ? toDType : toDevice);
}

/**
 * The tensor in another dtype or on another device; the same tensor object where nothing changes.
 *
 * @example
 * ```ts
 * import * as torch from "flambeau";
 * import { assert, assertEquals } from "@std/assert";
 *
 * const x = torch.tensor([1.5, -2.5]);
 * assertEquals(torch.to(x, { dtype: "int64" }).toArray(), [1, -2]);
 * assert(x.to({ dtype: "float32" }) === x);
 * ```
 */
export function to(self: Tensor, options: ToOptions): Tensor;
/** The tensor with the dtype, on the device, or with both of the other tensor. */
export function to(
  self: Tensor,
  target: DType | string | Tensor,
  options?: { copy?: boolean },
): Tensor;
export function to(self: unknown, first?: unknown, options?: unknown, extra?: unknown): Tensor {
  return convert(asTensor(self, "to", "self"), targetOf(first, options, extra));
}

function shortForm(name: string, dtype: DType): (this: Tensor, extra?: unknown) => Tensor {
  const target: Target = { dtype: dtypeCode(dtype, name, "dtype"), device: null, copy: false };
  return function (extra) {
    lastOptions(name, "", extra, 0, undefined);
    return convert(asTensor(this, name, "self"), target);
  };
}

install({
  to(this: Tensor, first?: unknown, options?: unknown, extra?: unknown): Tensor {
    return convert(asTensor(this, "to", "self"), targetOf(first, options, extra));
  },
  cpu(this: Tensor, extra?: unknown): Tensor {
    lastOptions("cpu", "", extra, 0, undefined);
    const target = { dtype: null, device: asDevice("cpu", "cpu", "device"), copy: false };
    return convert(asTensor(this, "cpu", "self"), target);
  },
  float: shortForm("float", "float32"),
  double: shortForm("double", "float64"),
  half: shortForm("half", "float16"),
  bfloat16: shortForm("bfloat16", "bfloat16"),
  int: shortForm("int", "int32"),
  long: shortForm("long", "int64"),
  short: shortForm("short", "int16"),
  bool: shortForm("bool", "bool"),
  byte: shortForm("byte", "uint8"),
  char: shortForm("char", "int8"),
  cfloat: shortForm("cfloat", "complex64"),
  cdouble: shortForm("cdouble", "complex128"),
});
