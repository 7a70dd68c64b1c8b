/**
 * Values on their way from one Worker to another: tensors go as their bytes, which are handed over and not copied again.
 *
 * @module
 */

import { elementsOf, shaped } from "../io/memory.ts";
import { fromTypedArray } from "../tensor/create.ts";
import type { DType } from "../tensor/dtype.ts";
import { isTensor, shapeOf, type Tensor } from "../tensor/tensor.ts";

interface PackedTensor {
  readonly bytes: ArrayBuffer;
  readonly dtype: DType;
  readonly shape: readonly number[];
}

/** A value that can be posted. */
export interface Packed {
  /** Its tensors, in the order in which they were met. */
  readonly tensors: readonly PackedTensor[];
  /** The value with their numbers in their places. */
  readonly value: unknown;
}

/** What to put in the place of a tensor: a class of this module would not survive the way. */
const PLACE = "flambeau:tensor";

/** Packs a value, and frees its tensors. */
export function pack(value: unknown): { packed: Packed; transfer: ArrayBuffer[] } {
  const tensors: PackedTensor[] = [];
  const places = new Map<Tensor, object>();
  const replaced = mapTensors(value, (tensor) => {
    let place = places.get(tensor);
    if (place === undefined) {
      place = { [PLACE]: tensors.length };
      places.set(tensor, place);
      tensors.push({ bytes: bytesOf(tensor), dtype: tensor.dtype, shape: shapeOf(tensor) });
    }
    return place;
  });
  for (const tensor of places.keys()) tensor.dispose();
  return { packed: { tensors, value: replaced }, transfer: tensors.map(({ bytes }) => bytes) };
}

function bytesOf(tensor: Tensor): ArrayBuffer {
  using elements = elementsOf(tensor, "DataLoader");
  const bytes = new Uint8Array(elements.bytes);
  let at = 0;
  elements.write((piece) => {
    bytes.set(piece, at);
    at += piece.length;
  });
  return bytes.buffer;
}

/** Makes the value again, over the memory that came. */
export function unpack({ tensors, value }: Packed): unknown {
  const made = tensors.map(({ bytes, dtype, shape }) =>
    shaped(fromTypedArray(new Uint8Array(bytes)), dtype, shape)
  );
  return restored(value, made);
}

function restored(value: unknown, tensors: readonly Tensor[]): unknown {
  if (typeof value !== "object" || value === null || ArrayBuffer.isView(value)) return value;
  if (Object.hasOwn(value, PLACE)) return tensors[(value as { [PLACE]: number })[PLACE]];
  return mapParts(value, (part) => restored(part, tensors));
}

function mapTensors(value: unknown, use: (tensor: Tensor) => unknown): unknown {
  if (isTensor(value)) return use(value);
  if (typeof value !== "object" || value === null || ArrayBuffer.isView(value)) return value;
  return mapParts(value, (part) => mapTensors(part, use));
}

// Arrays, Maps and plain objects; anything else is posted as it is, if it can be.
function mapParts(value: object, use: (part: unknown) => unknown): unknown {
  if (Array.isArray(value)) return value.map(use);
  if (value instanceof Map) return new Map([...value].map(([key, part]) => [key, use(part)]));
  const prototype = Object.getPrototypeOf(value);
  if (prototype !== null && Object.getPrototypeOf(prototype) !== null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, use(part)]));
}
