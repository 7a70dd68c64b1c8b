/**
 * TypedArrays whose memory LibTorch uses. Views, saved gradients and models may hold on to it long after
 * the tensor object is gone, so the array is kept until LibTorch says that it has let go.
 *
 * @module
 */

import { check, checkHandle, context, native, scratch } from "../../ffi/mod.ts";
import { type DType, dtypeCode } from "./dtype.ts";
import { OWNED, Tensor } from "./tensor.ts";
import { byteLengthOf, isFixed, type TypedArray } from "./typed_array.ts";

const kept = new Map<number, TypedArray>();
let lastId = 0;

/** Lets go of the arrays that LibTorch has released since the last call; the number still kept. */
export function dropReleased(): number {
  if (kept.size === 0) return 0;
  const count = check(native.fb_memory_released(context), "fromTypedArray");
  for (let i = 0; i < count; i++) kept.delete(scratch.words[i]!);
  return kept.size;
}

/** The array that was lent under a number; it is kept as long as a tensor lies in it. */
export function lentArray(id: number): TypedArray {
  return kept.get(id)!;
}

/** A tensor over the array's own memory. */
export function borrowMemory(array: TypedArray, shape: readonly number[], dtype: DType): Tensor {
  if (!isFixed(array)) {
    throw new TypeError(
      "fromTypedArray(): argument 'array' must lie in an ArrayBuffer that is neither shared nor resizable: " +
        "copy it with torch.tensor(array)",
    );
  }
  dropReleased();
  const id = ++lastId;
  const { words } = scratch;
  words[0] = shape.length;
  words.set(shape, 1);
  const code = dtypeCode(dtype, "fromTypedArray", "dtype");
  const handle = native.fb_tensor_from_memory(context, array, byteLengthOf(array), code, id);
  // Kept only once it is lent: a refused call must leave nothing behind.
  const made = new Tensor(checkHandle(handle, "fromTypedArray"), byteLengthOf(array), OWNED);
  kept.set(id, array);
  return made;
}
