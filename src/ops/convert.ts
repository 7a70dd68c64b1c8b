/**
 * Conversions of dtype and device: `to()`, and short forms for the common ones.
 *
 * @module
 */

import {
  asBool,
  asDevice,
  asDType,
  asMemoryFormat,
  asTensor,
  begin,
  Op,
  putBool,
  putNumber,
  putOptionalNumber,
  putTensor,
  runTensor,
} from "../tensor/call.ts";
import { install } from "../tensor/attach.ts";
import type { ToOptions } from "../tensor/companions.ts";
import { deviceName } from "../tensor/device.ts";
import type { MemoryFormat } from "../tensor/formats.ts";
import { type DType, dtypeCode, dtypeMeant, dtypeName, isDType } from "../tensor/dtype.ts";
import { describe, isTensor, type Tensor } from "../tensor/tensor.ts";
import { isOptions, type Options, readOptions } from "./_arguments.ts";
import { Arguments } from "./_call.ts";

const toDType = new Op("aten::to.dtype", "to");
const PRESERVE = asMemoryFormat("preserve_format", "to", "memoryFormat");
const toDevice = new Op("aten::to.device", "to");

const OPTIONS = "dtype, device, nonBlocking, copy, memoryFormat";

/** What is asked for, as LibTorch's numbers; `null` is what the tensor has. */
interface Target {
  dtype: number | null;
  device: number | null;
  nonBlocking: boolean;
  copy: boolean;
  memoryFormat: number | null;
}

function readTarget(options: Options): Target {
  const { dtype, device, nonBlocking = false, copy = false, memoryFormat } = options;
  const given = (value: unknown) => value !== undefined && value !== null;
  return {
    dtype: given(dtype) ? asDType(dtype, "to", "dtype") : null,
    device: given(device) ? asDevice(device, "to", "device") : null,
    nonBlocking: asBool(nonBlocking, "to", "nonBlocking"),
    copy: asBool(copy, "to", "copy"),
    memoryFormat: given(memoryFormat) ? asMemoryFormat(memoryFormat, "to", "memoryFormat") : null,
  };
}

/** What a first argument by place says, and the names of those that may follow it. */
function readFirst(first: unknown): [Record<string, unknown>, string] {
  if (isTensor(first)) return [{ dtype: first.dtype, device: first.device }, "nonBlocking, copy"];
  const isDTypes = isDType(first) || (typeof first === "string" && dtypeMeant(first) !== undefined);
  if (isDTypes) return [{ dtype: first }, "nonBlocking, copy"];
  if (typeof first === "string") return [{ device: first }, "dtype, nonBlocking, copy"];
  throw new TypeError(
    `to(): argument 'target' must be an options object, a dtype, a device or a Tensor, but got ${
      describe(first)
    }`,
  );
}

function targetOf([first, ...rest]: unknown[]): Target {
  if (isOptions(first)) {
    const after = rest.find((one) => one !== undefined);
    return readTarget(readOptions("to", OPTIONS, first, after));
  }
  const [said, following] = readFirst(first);
  const given = new Arguments("to", following, rest, OPTIONS);
  const options: Record<string, unknown> = {};
  for (const name of OPTIONS.split(", ")) options[name] = given.get(name) ?? said[name];
  return readTarget(options);
}

/** The same object where nothing changes, as PyTorch returns the same tensor. */
function convert(self: Tensor, target: Target): Tensor {
  const { dtype, device, copy, memoryFormat } = target;
  const own = self.dtype;
  const sameDType = dtype === null || dtypeName(dtype) === own;
  const sameDevice = device === null || deviceName(device) === self.device;
  const sameFormat = memoryFormat === null || memoryFormat === PRESERVE;
  if (sameDType && sameDevice && sameFormat && !copy) return self;
  const code = dtype ?? dtypeCode(own, "to", "dtype");
  begin();
  putTensor(self, "to", "self");
  if (!sameDevice) putNumber(device!);
  putNumber(code);
  putBool(target.nonBlocking);
  putBool(copy);
  putOptionalNumber(memoryFormat);
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
  options?: { nonBlocking?: boolean; copy?: boolean; memoryFormat?: MemoryFormat },
): Tensor;
/** The same with all that PyTorch takes by place. */
export function to(
  self: Tensor,
  target: DType | Tensor,
  nonBlocking: boolean,
  copy?: boolean,
  options?: { memoryFormat?: MemoryFormat },
): Tensor;
/** The same on a device. */
export function to(
  self: Tensor,
  device: string,
  dtype: DType | null,
  nonBlocking?: boolean,
  copy?: boolean,
  options?: { memoryFormat?: MemoryFormat },
): Tensor;
export function to(self: unknown, ...args: unknown[]): Tensor {
  return convert(asTensor(self, "to", "self"), targetOf(args));
}

function shortForm(name: string, dtype: DType): (this: Tensor, ...args: unknown[]) => Tensor {
  const code = dtypeCode(dtype, name, "dtype");
  const plain: Target = { ...readTarget({}), dtype: code };
  return function (...args) {
    return convert(
      asTensor(this, name, "self"),
      args.length === 0 ? plain : { ...plain, memoryFormat: readFormat(name, args) },
    );
  };
}

function readFormat(name: string, args: unknown[]): number | null {
  const format = new Arguments(name, "memoryFormat", args).get("memoryFormat");
  return format === undefined ? null : asMemoryFormat(format, name, "memoryFormat");
}

install({
  to(this: Tensor, ...args: unknown[]): Tensor {
    return convert(asTensor(this, "to", "self"), targetOf(args));
  },
  cpu(this: Tensor, ...args: unknown[]): Tensor {
    const memoryFormat = args.length === 0 ? null : readFormat("cpu", args);
    const target = { ...readTarget({ device: "cpu" }), memoryFormat };
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
