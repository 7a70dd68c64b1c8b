/**
 * Devices, by PyTorch's names.
 *
 * @module
 */

import { encode, native, nativeError } from "../../ffi/mod.ts";

// c10::DeviceType, in its order.
const types = [
  "cpu",
  "cuda",
  "mkldnn",
  "opengl",
  "opencl",
  "ideep",
  "hip",
  "fpga",
  "maia",
  "xla",
  "vulkan",
  "metal",
  "xpu",
  "mps",
  "meta",
  "hpu",
  "ve",
  "lazy",
  "ipu",
  "mtia",
  "privateuseone",
]; // deno-fmt-ignore-line

const codes = new Map<string, number>([["cpu", 0]]);

/** LibTorch's code of a device name such as `"cpu"` or `"cuda:1"`. */
export function deviceCode(name: unknown, op: string, argument: string): number {
  if (typeof name !== "string") {
    throw new TypeError(
      `${op}(): argument '${argument}' must be a device such as "cpu", but got ${String(name)}`,
    );
  }
  let code = codes.get(name);
  if (code === undefined) {
    const bytes = encode(name);
    code = native.fb_device_parse(bytes, bytes.length);
    if (code < 0) throw nativeError(op);
    codes.set(name, code);
  }
  return code;
}

/** The name of a device code. */
export function deviceName(code: number): string {
  const index = (code % 1000) - 1;
  const type = types[Math.floor(code / 1000)] ?? "unknown";
  return index < 0 ? type : `${type}:${index}`;
}
