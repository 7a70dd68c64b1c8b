/**
 * What PyTorch tells of a tensor by properties, and its short names for what has another here.
 *
 * @module
 */

import { check, native } from "../../ffi/mod.ts";
import { begin, Op, putTensor, runTensor } from "./call.ts";
import { tensor as fromData, type TensorOptions } from "./create.ts";
import { type DType, itemSize } from "./dtype.ts";
import type { Layout } from "./formats.ts";
import { toArray } from "./read.ts";
import { countOf, handleOf, META_DTYPE, META_LAYOUT, metaOf, Tensor } from "./tensor.ts";
import type { TensorData } from "./typed_array.ts";

// By c10::Layout's numbers; one that is not here is oneDNN's own, which no public op makes.
const layouts: Record<number, Layout> = {
  0: "strided",
  1: "sparse_coo",
  2: "sparse_csr",
  4: "sparse_csc",
  5: "sparse_bsr",
  6: "sparse_bsc",
};

const detach = new Op("aten::detach", "data");

/** How a tensor's elements lie in memory, by PyTorch's name. */
export function layoutOf(tensor: Tensor): Layout {
  const code = metaOf(tensor, "layout")[META_LAYOUT]!;
  return layouts[code] ?? (`layout${code}` as Layout);
}

/** Whether a tensor is quantized. */
export function isQuantized(tensor: Tensor): boolean {
  const code = metaOf(tensor, "isQuantized")[META_DTYPE]!;
  return (code >= 12 && code <= 14) || code === 16 || code === 17;
}

function detached(tensor: Tensor): Tensor {
  begin();
  putTensor(tensor, "data", "self");
  return runTensor(detach);
}

function getters(properties: Record<string, (this: Tensor) => unknown>): void {
  for (const [name, get] of Object.entries(properties)) {
    Object.defineProperty(Tensor.prototype, name, { get, configurable: true });
  }
}

getters({
  layout(this: Tensor) {
    return layoutOf(this);
  },
  isSparse(this: Tensor) {
    return layoutOf(this) === "sparse_coo";
  },
  isSparseCsr(this: Tensor) {
    return layoutOf(this) === "sparse_csr";
  },
  isCpu(this: Tensor) {
    return this.device === "cpu";
  },
  isCuda(this: Tensor) {
    return this.device.startsWith("cuda");
  },
  isMeta(this: Tensor) {
    return this.device === "meta";
  },
  isQuantized(this: Tensor) {
    return isQuantized(this);
  },
  itemsize(this: Tensor) {
    return itemSize(this.dtype);
  },
  nbytes(this: Tensor) {
    return countOf(this) * itemSize(this.dtype);
  },
});

Object.defineProperty(Tensor.prototype, "data", {
  get(this: Tensor) {
    return detached(this);
  },
  set(this: Tensor, value: Tensor) {
    const from = handleOf(value, "data", "value");
    check(native.fb_tensor_set_data(handleOf(this, "data", "self"), from), "data");
  },
  configurable: true,
});

function define(methods: Record<string, (this: Tensor, ...args: never[]) => unknown>): void {
  for (const [name, value] of Object.entries(methods)) {
    Object.defineProperty(Tensor.prototype, name, { value, writable: true, configurable: true });
  }
}

define({
  tolist(this: Tensor) {
    return toArray(this);
  },
  nelement(this: Tensor) {
    return this.numel();
  },
  ndimension(this: Tensor) {
    return this.ndim;
  },
  elementSize(this: Tensor) {
    return itemSize(this.dtype);
  },
  newTensor(this: Tensor, data: TensorData, options: TensorOptions = {}) {
    return fromData(data, { dtype: this.dtype as DType, device: this.device, ...options });
  },
});
