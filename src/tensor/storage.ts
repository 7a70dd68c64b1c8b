/**
 * The memory under tensors, which several may share: which one it is, and its bytes, in pieces.
 *
 * @module
 */

import { check, context, native, scratch } from "../../ffi/mod.ts";
import { handleOf, type Tensor } from "./tensor.ts";

/** What {@linkcode storageOf} tells. */
export interface StorageInfo {
  /** Two tensors that live at the same time share their memory where this is equal; 0 for sparse and meta tensors. */
  readonly id: number;
  /** The memory's size in bytes. */
  readonly bytes: number;
  /** Where the tensor begins in it, in elements. */
  readonly offset: number;
  /** Bytes of an element. */
  readonly itemSize: number;
  /** Whether the values are the conjugates of those in memory. */
  readonly isConj: boolean;
  /** Whether the values are the negatives of those in memory. */
  readonly isNeg: boolean;
  /** Whether it is a zero without memory, as some gradients are. */
  readonly isZero: boolean;
}

/** Describes the memory under a tensor. */
export function storageOf(tensor: Tensor, op: string): StorageInfo {
  check(native.fb_storage_info(handleOf(tensor, op, "self"), context), op);
  const [id, bytes, offset, itemSize, isConj, isNeg, isZero] = scratch.words;
  return {
    id: id!,
    bytes: bytes!,
    offset: offset!,
    itemSize: itemSize!,
    isConj: isConj === 1,
    isNeg: isNeg === 1,
    isZero: isZero === 1,
  };
}

/** Copies bytes of the memory under a CPU tensor, from `offset` on, to `into`. */
export function readStorage(tensor: Tensor, offset: number, into: Uint8Array, op: string): void {
  // Reading `buffer` moves a small array's bytes to where they stay.
  if (into.buffer.byteLength === 0) return;
  check(native.fb_storage_read(handleOf(tensor, op, "self"), offset, into, into.byteLength), op);
}

/** Copies bytes to the memory under a CPU tensor, from `offset` on. */
export function writeStorage(tensor: Tensor, offset: number, from: Uint8Array, op: string): void {
  if (from.buffer.byteLength === 0 || from.byteLength === 0) return;
  check(native.fb_storage_write(handleOf(tensor, op, "self"), offset, from, from.byteLength), op);
}
