/**
 * Values on their way from one Worker to another: tensors wait in native memory under a number, and are not copied.
 *
 * @module
 */

import { check, context, native, nativeError, scratch } from "../../ffi/mod.ts";
import { keep } from "../memory/mod.ts";
import { storageOf } from "../tensor/storage.ts";
import { handleOf, isTensor, OWNED, Tensor } from "../tensor/tensor.ts";

/** A value that can be posted. */
export interface Packed {
  /** Under which numbers its tensors wait, in the order in which they were met. */
  readonly tickets: readonly number[];
  /** The value with their places in that order in their places. */
  readonly value: unknown;
}

/** What to put in the place of a tensor: a class of this module would not survive the way. */
const PLACE = "flambeau:tensor";
const op = "DataLoader";

/** Packs a value, and frees its tensors. Each must be unpacked once. */
export function pack(value: unknown): Packed {
  const tickets: number[] = [];
  const places = new Map<Tensor, object>();
  try {
    const replaced = mapTensors(value, (tensor) => {
      let place = places.get(tensor);
      if (place === undefined) {
        place = { [PLACE]: tickets.length };
        places.set(tensor, place);
        tickets.push(put(tensor));
      }
      return place;
    });
    for (const tensor of places.keys()) tensor.dispose();
    return { tickets, value: replaced };
  } catch (error) {
    release(tickets.map(take));
    throw error;
  }
}

function put(tensor: Tensor): number {
  // Without its graph, which belongs to the other thread.
  using plain = tensor.detach();
  using own = isPart(plain) ? plain.clone() : plain.detach();
  const ticket = native.fb_transfer_put(0, handleOf(own, op, "batch"));
  if (ticket === 0) throw nativeError(op);
  return ticket;
}

// A part of a larger memory would keep all of it, and what writes to it would change the dataset; elements that share their memory cannot
// be written to at all. Sparse and meta tensors have no such memory.
function isPart(tensor: Tensor): boolean {
  const { bytes, itemSize } = storageOf(tensor, op);
  return bytes > 0 && bytes !== tensor.numel() * itemSize;
}

function take(ticket: number): Tensor {
  scratch.receive(check(native.fb_transfer_take(context, ticket), op));
  // The kind of object, the tag of its value, its handle and bytes.
  const [, , handle, bytes] = scratch.words;
  return new Tensor(handle!, bytes!, OWNED);
}

/** Makes the value again, of the tensors that waited; they belong to no scope. */
export function unpack({ tickets, value }: Packed): unknown {
  return restored(value, keep(tickets.map(take)));
}

/** The value, whose tensors belong to the scope that is running now. */
export function rehome(value: unknown): unknown {
  const moved = new Map<Tensor, Tensor>();
  return mapTensors(value, (tensor) => {
    let own = moved.get(tensor);
    if (own === undefined) {
      moved.set(tensor, own = tensor.detach());
      tensor.dispose();
    }
    return own;
  });
}

/** Frees the tensors of a value that nobody waits for. */
export function release(value: unknown): void {
  mapTensors(value, (tensor) => tensor.dispose());
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
