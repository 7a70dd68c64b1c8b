/**
 * Indexing, as PyTorch's square brackets do it.
 *
 * Basic indices (numbers, slices, new axes, the ellipsis) become views, one op each; what is left (masks and
 * integer tensors) goes to `aten::index` in one call.
 *
 * @module
 */

import {
  asTensor,
  begin,
  isScalar,
  Op,
  putBool,
  putNumber,
  putOptionalNumber,
  putTensor,
  putTensors,
  run,
  runTensor,
  type Scalar,
} from "../tensor/call.ts";
import type { TensorData } from "../tensor/typed_array.ts";
import { tensor as fromData } from "../tensor/create.ts";
import type { TensorIndex as IndexOf } from "../tensor/companions.ts";
import { Slice } from "../tensor/slice.ts";
import { describe, isTensor, shapeOf, type Tensor } from "../tensor/tensor.ts";
import { isTypedArray } from "../tensor/typed_array.ts";
import { install } from "../tensor/attach.ts";
import { Arguments } from "./_call.ts";

type TensorIndex = IndexOf<Tensor>;

const selectOp = new Op("aten::select.int", "index");
const sliceOp = new Op("aten::slice.Tensor", "index");
const unsqueezeOp = new Op("aten::unsqueeze", "index");
const aliasOp = new Op("aten::alias", "index");
const indexOp = new Op("aten::index.Tensor", "index");
const putOp = new Op("aten::index_put", "indexPut");
const putInPlaceOp = new Op("aten::index_put_", "setAt");
const copyOp = new Op("aten::copy_", "setAt");

type Plain = number | null | "..." | Slice | boolean | Tensor;

/** Turns what was given into what cannot change any more; tensors that are made for it go to `made`. */
function plainIndex(value: unknown, op: string, at: number, made: Tensor[]): Plain {
  if (value === null || value === "..." || typeof value === "boolean" || isTensor(value)) {
    return value;
  }
  if (typeof value === "number") {
    if (Number.isSafeInteger(value)) return value;
    throw new TypeError(`${op}(): index ${at} must be an integer, but got ${value}`);
  }
  if (typeof value === "string") return parseSlice(value, op, at);
  if (value instanceof Slice) return value;
  if (Array.isArray(value) || isTypedArray(value)) {
    const list = fromData(
      value as TensorData,
      Array.isArray(value) && value.length === 0 ? { dtype: "int64" } : {},
    );
    made.push(list);
    return list;
  }
  throw new TypeError(
    `${op}(): index ${at} must be a number, slice, string, boolean, null, Tensor or array, but got ${
      describe(value)
    }`,
  );
}

function parseSlice(text: string, op: string, at: number): Slice {
  const match = /^\s*(-?\d+)?\s*:\s*(-?\d+)?\s*(?::\s*(-?\d+)?\s*)?$/.exec(text);
  if (match === null) {
    throw new TypeError(
      `${op}(): index ${at} must be a slice such as "1:3" or "::2", or "...", but got ${
        JSON.stringify(text)
      }`,
    );
  }
  const [start, stop, step] = [match[1], match[2], match[3]].map((part) =>
    part === undefined ? null : Number(part)
  );
  return new Slice(start, stop, step ?? 1);
}

// How many dimensions of the source an index takes.
function dimensionsOf(index: Plain): number {
  if (index === null || index === "..." || typeof index === "boolean") return 0;
  if (!isTensor(index)) return 1;
  return index.dtype === "bool" || index.dtype === "uint8" ? index.ndim : 1;
}

function checkCount(indices: readonly Plain[], ndim: number, op: string): void {
  const taken = indices.reduce<number>((sum, index) => sum + dimensionsOf(index), 0);
  if (taken > ndim) {
    throw new RangeError(
      `${op}(): too many indices for a tensor of ${ndim} dimensions: got ${taken}`,
    );
  }
  if (indices.filter((index) => index === "...").length > 1) {
    throw new TypeError(`${op}(): only one "..." is allowed among the indices`);
  }
}

function select(source: Tensor, dim: number, at: number, op: string): Tensor {
  const size = shapeOf(source)[dim]!;
  if (at < -size || at >= size) {
    throw new RangeError(
      `${op}(): index ${at} is out of bounds for dimension ${dim} with size ${size}`,
    );
  }
  begin();
  putTensor(source, op, "self");
  putNumber(dim);
  putNumber(at);
  return runTensor(selectOp);
}

function cut(source: Tensor, dim: number, slice: Slice, op: string): Tensor {
  begin();
  putTensor(source, op, "self");
  putNumber(dim);
  putOptionalNumber(slice.start);
  putOptionalNumber(slice.stop);
  putNumber(slice.step);
  return runTensor(sliceOp);
}

function unsqueeze(source: Tensor, dim: number, op: string): Tensor {
  begin();
  putTensor(source, op, "self");
  putNumber(dim);
  return runTensor(unsqueezeOp);
}

function alias(source: Tensor, op: string): Tensor {
  begin();
  putTensor(source, op, "self");
  return runTensor(aliasOp);
}

interface View {
  /** The source after all basic indices: a new tensor. */
  view: Tensor;
  /** Masks and integer tensors by dimension of the view; empty where there is none. */
  tensors: (Tensor | null)[];
}

/** Applies the basic indices; what is left is for `aten::index`. */
function basicView(source: Tensor, indices: readonly Plain[], op: string, made: Tensor[]): View {
  let view = alias(source, op);
  const tensors: (Tensor | null)[] = [];
  const ndim = source.ndim;
  const taken = indices.reduce<number>((sum, index) => sum + dimensionsOf(index), 0);
  let dim = 0;
  const step = (next: Tensor) => {
    view.dispose();
    view = next;
  };
  try {
    for (const index of indices) {
      if (typeof index === "number") step(select(view, dim, index, op));
      else if (index instanceof Slice) step(cut(view, dim++, index, op));
      else if (index === "...") dim += ndim - taken;
      else if (index === null) step(unsqueeze(view, dim++, op));
      else if (typeof index === "boolean") {
        step(unsqueeze(view, dim, op));
        const mask = fromData([index]);
        made.push(mask);
        tensors[dim++] = mask;
      } else {
        tensors[dim] = asIndexTensor(index, op);
        dim += dimensionsOf(index);
      }
    }
  } catch (error) {
    view.dispose();
    throw error;
  }
  return { view, tensors: Array.from(tensors, (tensor) => tensor ?? null) };
}

function asIndexTensor(index: Tensor, op: string): Tensor {
  if (/^(int|uint8|bool)/.test(index.dtype)) return index;
  throw new TypeError(
    `${op}(): a tensor as index must be of an integer dtype or bool, but it is ${index.dtype}`,
  );
}

function withIndices<R>(
  source: Tensor,
  given: readonly unknown[],
  op: string,
  use: (view: View) => R,
): R {
  const made: Tensor[] = [];
  try {
    const indices = given.map((value, at) => plainIndex(value, op, at, made));
    checkCount(indices, source.ndim, op);
    const view = basicView(source, indices, op, made);
    return use(view);
  } finally {
    for (const one of made) one.dispose();
  }
}

// A mask of k dimensions stands for k indices, so the list has as many entries as index() counts.
function indexList(tensors: readonly (Tensor | null)[]): (Tensor | null)[] {
  const list: (Tensor | null)[] = [];
  for (let dim = 0; dim < tensors.length;) {
    const one = tensors[dim]!;
    list.push(one);
    dim += one === null ? 1 : Math.max(1, dimensionsOf(one));
  }
  return list;
}

function index(self: Tensor, ...indices: TensorIndex[]): Tensor {
  return withIndices(self, indices, "index", ({ view, tensors }) => {
    if (tensors.every((one) => one === null)) return view;
    const list = indexList(tensors);
    try {
      begin();
      putTensor(view, "index", "self");
      putTensors(list, "index", "indices");
      return runTensor(indexOp);
    } finally {
      view.dispose();
    }
  });
}

/** The value of an assignment as a tensor of the target's dtype; the second tells whether it was made for it. */
function valueTensor(value: unknown, target: Tensor, op: string): [Tensor, boolean] {
  if (isTensor(value)) return [value, false];
  if (isScalar(value) || Array.isArray(value) || isTypedArray(value)) {
    return [fromData(value as TensorData, { dtype: target.dtype, device: target.device }), true];
  }
  throw new TypeError(
    `${op}(): argument 'value' must be a Tensor, a scalar or an array, but got ${describe(value)}`,
  );
}

// Leading dimensions of size 1 are dropped, so that a [1, 3] can be assigned to a [3].
function fitted(value: Tensor, view: Tensor): Tensor {
  const shape = shapeOf(value);
  let drop = 0;
  while (shape.length - drop > view.ndim && shape[drop] === 1) drop++;
  return value.reshape(shape.slice(drop));
}

function copyTo(view: Tensor, value: Tensor): void {
  using source = fitted(value, view);
  begin();
  putTensor(view, "setAt", "self");
  putTensor(source, "setAt", "value");
  putBool(false);
  run(copyOp);
}

function assign(view: Tensor, tensors: readonly (Tensor | null)[], value: Tensor): void {
  if (tensors.every((one) => one === null)) return copyTo(view, value);
  const list = indexList(tensors);
  begin();
  putTensor(view, "setAt", "self");
  putTensors(list, "setAt", "indices");
  putTensor(value, "setAt", "value");
  putBool(false);
  run(putInPlaceOp);
}

function setAt(
  self: Tensor,
  indices: readonly TensorIndex[] | TensorIndex,
  value: Tensor | Scalar | TensorData,
): Tensor {
  const list = Array.isArray(indices) ? indices : [indices];
  const [source, own] = valueTensor(value, self, "setAt");
  try {
    withIndices(self, list, "setAt", ({ view, tensors }) => {
      try {
        assign(view, tensors, source);
      } finally {
        view.dispose();
      }
    });
  } finally {
    if (own) source.dispose();
  }
  return self;
}

/**
 * A copy with values put at places.
 *
 * ATen: `aten::index_put(Tensor self, Tensor?[] indices, Tensor values, bool accumulate=False) -> Tensor`
 *
 * @param self Any shape.
 * @param indices A tensor of places or a mask for each dimension, `null` for a whole one; or what `x.index()` takes (positions,
 * slices, arrays), where `null` is a new axis.
 * @param value What to put there, in a shape that broadcasts.
 * @param accumulate Whether to add the values, also in an options object; default `false`.
 *
 * @example
 * ```ts
 * import * as torch from "flambeau";
 * import { assertEquals } from "@std/assert";
 *
 * const x = torch.tensor([1, 2, 3]);
 * assertEquals(torch.indexPut(x, [torch.tensor([0, 2])], 7).toArray(), [7, 2, 7]);
 * ```
 */
export function indexPut(
  self: Tensor,
  indices: readonly IndexOf<Tensor>[],
  value: Tensor | Scalar,
  accumulate?: boolean | { accumulate?: boolean },
): Tensor;
export function indexPut(
  self: Tensor,
  indices: readonly IndexOf<Tensor>[],
  value: Tensor | Scalar,
  ...rest: unknown[]
): Tensor {
  asTensor(self, "indexPut", "self");
  const accumulate = new Arguments("indexPut", "accumulate", rest).bool("accumulate", false);
  if (!Array.isArray(indices)) {
    throw new TypeError(
      `indexPut(): argument 'indices' must be an array, but got ${describe(indices)}`,
    );
  }
  const list = indices.filter((one): one is Tensor | null => one === null || isTensor(one));
  if (list.length < indices.length) return putAtPlaces(self, indices, value, accumulate);
  const [source, own] = valueTensor(value, self, "indexPut");
  try {
    begin();
    putTensor(self, "indexPut", "self");
    putTensors(list, "indexPut", "indices");
    putTensor(source, "indexPut", "value");
    putBool(accumulate);
    return runTensor(putOp);
  } finally {
    if (own) source.dispose();
  }
}

// Slices and the like pick among the elements' places, and the values go there.
function putAtPlaces(
  self: Tensor,
  indices: readonly TensorIndex[],
  value: Tensor | Scalar,
  accumulate: boolean,
): Tensor {
  const shape = shapeOf(self);
  const count = shape.reduce((product, size) => product * size, 1);
  using all = fromData(Array.from({ length: count }, (_, i) => i), { dtype: "int64" });
  using grid = all.reshape(shape);
  using places = grid.index(...indices);
  using flat = self.reshape([-1]);
  using put = indexPut(flat, [places], value, { accumulate });
  return put.reshape(shape);
}

install({
  index(this: Tensor, ...indices: TensorIndex[]) {
    return index(this, ...indices);
  },
  setAt(
    this: Tensor,
    indices: readonly TensorIndex[] | TensorIndex,
    value: Tensor | Scalar | TensorData,
  ) {
    return setAt(this, indices, value);
  },
  indexPut(
    this: Tensor,
    indices: readonly (Tensor | null)[],
    value: Tensor | Scalar,
    accumulate?: boolean | { accumulate?: boolean },
  ) {
    return indexPut(this, indices, value, accumulate);
  },
});
