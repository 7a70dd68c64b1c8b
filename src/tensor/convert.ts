/**
 * Conversion of dtype and device: `aten::_to_copy`, or nothing where nothing changes.
 *
 * @module
 */

import { begin, Op, putAbsent, putBool, putOptionalNumber, putTensor, runTensor } from "./call.ts";
import { deviceCode } from "./device.ts";
import { type DType, dtypeCode } from "./dtype.ts";
import type { Tensor } from "./tensor.ts";

const toCopy = new Op("aten::_to_copy", "to");
const detachOp = new Op("aten::detach", "detach");

/** What is to change. */
export interface Conversion {
  dtype?: DType;
  device?: string;
  copy?: boolean;
  detach?: boolean;
}

/** The tensor in another dtype or on another device; a new tensor always. */
export function convert(tensor: Tensor, change: Conversion, name = "to"): Tensor {
  const { dtype, device, detach } = change;
  const dtypeNumber = dtype === undefined ? null : dtypeCode(dtype, name, "dtype");
  const deviceNumber = device === undefined ? null : deviceCode(device, name, "device");
  if (!detach) return copied(tensor, dtypeNumber, deviceNumber);
  begin();
  putTensor(tensor, name, "self");
  using source = runTensor(detachOp);
  return copied(source, dtypeNumber, deviceNumber);
}

function copied(tensor: Tensor, dtype: number | null, device: number | null): Tensor {
  begin();
  putTensor(tensor, "to", "self");
  putOptionalNumber(dtype);
  putAbsent(); // layout
  putOptionalNumber(device);
  putAbsent(); // pin_memory
  putBool(false); // non_blocking
  putAbsent(); // memory_format
  return runTensor(toCopy);
}
