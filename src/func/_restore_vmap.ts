/**
 * vmap whose mapped dimensions are what they happen to be, in and out.
 *
 * @module
 */

import { isTensor } from "../tensor/tensor.ts";
import { batchTensor, Transform, unbatchTensor, within } from "./_level.ts";

/** The dimension of a value that is mapped; `null`: none. */
export type Dim = number | null;

/** How a batch is mapped. */
export interface BatchInfo {
  /** Its size. */
  readonly size: number;
  /** What random ops do. */
  readonly randomness: number;
  /** What errors call it. */
  readonly op: string;
}

/** Runs `fn` on values that are mapped over `dims`. Gives its results whole, and their mapped dimensions. */
export function restoreVmap(
  fn: (...values: unknown[]) => readonly unknown[],
  values: readonly unknown[],
  dims: readonly Dim[],
  { size, randomness, op }: BatchInfo,
): [results: unknown[], dims: Dim[]] {
  return within(
    Transform.vmap,
    op,
    (level) => {
      const mapped = values.map((one, i) =>
        isTensor(one) && dims[i] !== null ? batchTensor(one, dims[i]!, level, op) : one
      );
      const pairs = fn(...mapped).map((one): [unknown, Dim] =>
        isTensor(one) ? unbatchTensor(one, level, op) : [one, null]
      );
      return [pairs.map(([one]) => one), pairs.map(([, dim]) => dim)];
    },
    size,
    randomness,
  );
}
