/**
 * Methods of a tensor that are written by hand over ops (`src/ops/` attaches them).
 *
 * @module
 */

import type { DType } from "./dtype.ts";

/** What {@linkcode TensorCompanions.to} changes. */
export interface ToOptions {
  /** The element type; default: as it is. */
  dtype?: DType;
  /** The device; default: as it is. */
  device?: string;
  /** Whether to copy even where nothing changes; default `false`. */
  copy?: boolean;
}

/** Hand-written methods. */
export interface TensorCompanions<T> {
  /** The value of a one-element tensor; an int64 outside of the safe range is a `RangeError` that names `itemBigInt()`. */
  item(): number | boolean;
}
