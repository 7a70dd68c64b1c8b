/**
 * From TypedArrays to tensors and back, against a plain copy of the memory.
 *
 * @module
 */

import * as torch from "../../mod.ts";
import { here, measure } from "../harness.ts";
import { nativeCopy } from "../native.ts";

torch.setNumThreads(1);
const SIZES = [["4 kB", 4096], ["1 MB", 1 << 20], ["16 MB", 16 << 20], [
  "64 MB",
  64 << 20,
]] as const;
for (const [label, bytes] of SIZES) {
  const array = new Float32Array(bytes / 4).fill(1);
  const x = torch.fromTypedArray(array);
  const there = torch.fromTypedArray(new Float32Array(bytes / 4));
  const memcpy = (calls: number) => nativeCopy("same memory", calls, x, there);
  measure("transfer", `${label}, TypedArray to tensor, copied`, {
    [here]: (calls) => {
      for (let i = 0; i < calls; i++) torch.tensor(array).dispose();
    },
    memcpy,
  });
  measure("transfer", `${label}, TypedArray to tensor, shared`, {
    [here]: (calls) => {
      for (let i = 0; i < calls; i++) torch.fromTypedArray(array).dispose();
    },
    memcpy,
  });
  measure("transfer", `${label}, tensor to a new TypedArray`, {
    [here]: (calls) => {
      for (let i = 0; i < calls; i++) x.toTypedArray();
    },
    memcpy,
    "memcpy to new memory": (calls) => nativeCopy("new memory", calls, x, there),
    "memcpy to cold memory": (calls) => nativeCopy("cold memory", calls, x, there),
  });
  measure("transfer", `${label}, tensor to TypedArray, shared`, {
    [here]: (calls) => {
      for (let i = 0; i < calls; i++) x.asTypedArray();
    },
    memcpy,
  });
  measure("transfer", `${label}, tensor into a TypedArray that is there`, {
    [here]: (calls) => {
      for (let i = 0; i < calls; i++) there.copy_(x);
    },
    memcpy,
  });
}
