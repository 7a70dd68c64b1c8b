/**
 * A tensor's memory as a TypedArray, without a copy.
 *
 * @module
 */

import { check, context, native, scratch, shareMemory, TorchError } from "../../ffi/mod.ts";
import { dtypeName } from "./dtype.ts";
import { lentArray } from "./memory_share.ts";
import { handleOf, META_DTYPE, META_NUMEL, metaOf, type Tensor } from "./tensor.ts";
import { frozenByTrace } from "./trace_guard.ts";
import { arrayOf, arrayOver, byteLengthOf, placeOf, type TypedArray } from "./typed_array.ts";

const OP = "asTypedArray";

/** The tensor's own memory: see `Tensor.asTypedArray`. */
export function asTypedArray(tensor: Tensor): TypedArray {
  frozenByTrace("asTypedArray()");
  const meta = metaOf(tensor, OP);
  const dtype = dtypeName(meta[META_DTYPE]!);
  const count = meta[META_NUMEL]!;
  const one = arrayOf(dtype, 1);
  if (one === null) {
    throw new TypeError(
      `${OP}(): no TypedArray holds ${dtype}: convert the tensor first, with float() for instance, or copy it with toTypedArray()`,
    );
  }
  check(native.fb_memory_share(handleOf(tensor, OP, "self"), context), OP);
  const [at, block, id] = scratch.words;
  if (id !== 0) {
    const { buffer, start } = placeOf(lentArray(id!));
    return arrayOver(dtype, buffer, start + at!, count);
  }
  return arrayOver(dtype, bufferOver(at!, count * byteLengthOf(one), block!), 0, count);
}

// The block is held until here, and from here on by the buffer.
function bufferOver(address: number, bytes: number, block: number): ArrayBuffer {
  let buffer: ArrayBuffer | null = null;
  try {
    buffer = bytes === 0 ? new ArrayBuffer(0) : shareMemory(address, bytes, block);
  } finally {
    if (buffer === null || bytes === 0) native.fb_memory_unshare(block);
  }
  if (buffer !== null) return buffer;
  throw new TorchError(
    `${OP}(): the runtime makes no ArrayBuffer of ${bytes} bytes: take parts, with narrow()`,
    { op: OP, kind: "outOfMemory" },
  );
}
