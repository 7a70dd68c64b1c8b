/**
 * Dropout, of elements and of channels.
 *
 * @module
 */

import * as ops from "../../ops/mod.ts";
import { shapeOf, type Tensor } from "../../tensor/tensor.ts";
import { Arguments } from "../../ops/_call.ts";

/** Options of {@linkcode dropout} and its kind. */
export interface DropoutOptions {
  /** The chance to be zeroed; default `0.5`. */
  p?: number;
  /** Whether to do anything at all. */
  training?: boolean;
  /** Whether the input itself is changed; default `false`. */
  inplace?: boolean;
}

/** Refuses what is no probability. */
export function checkProbability(p: number, op: string): void {
  if (typeof p === "number" && p >= 0 && p <= 1) return;
  throw new RangeError(
    `${op}(): argument 'p' must be a probability from 0 to 1, but got ${String(p)}`,
  );
}

type Drop = (input: Tensor, p: number, train: boolean) => Tensor;

interface Dropping {
  input: Tensor;
  p: number;
  training: boolean;
  drop: Drop;
}

const NAMES = "input, p, training, inplace";

function read(a: Arguments, training: boolean, drop: Drop, dropInPlace: Drop): Dropping {
  return {
    input: a.tensor("input"),
    p: a.probability("p", 0.5),
    training: a.bool("training", training),
    drop: a.bool("inplace", false) ? dropInPlace : drop,
  };
}

function run({ input, p, training, drop }: Dropping): Tensor {
  return drop(input, p, training);
}

/** Drops channels of an input that has no batch: as a batch of one. */
function runUnbatched({ input, p, training, drop }: Dropping, inPlace: boolean): Tensor {
  using batch = input.unsqueeze(0);
  const dropped = drop(batch, p, training);
  if (inPlace) return input;
  using whole = dropped;
  return whole.squeeze(0);
}

/**
 * Zeroes elements at random, and scales the others by `1 / (1 - p)`; `training` is `true` by default.
 *
 * ATen: `aten::dropout`
 *
 * @param input Any shape, floating-point.
 *
 * @example
 * ```ts
 * import * as torch from "flambeau";
 * import { assertEquals } from "@std/assert";
 *
 * const x = torch.ones([4]);
 * assertEquals(torch.nn.functional.dropout(x, 0.5, false).toArray(), [1, 1, 1, 1]);
 * ```
 */
export function dropout(input: Tensor, options?: DropoutOptions): Tensor;
/** The same by place. */
export function dropout(input: Tensor, p: number, training?: boolean, inplace?: boolean): Tensor;
export function dropout(...args: unknown[]): Tensor {
  const a = new Arguments("dropout", NAMES, args);
  return run(read(a, true, ops.dropout, ops.dropout_));
}

/**
 * Sets elements to a negative saturation value at random, keeping mean and variance as `selu` expects; `training` is
 * `false` by default.
 *
 * ATen: `aten::alpha_dropout`
 *
 * @param input Any shape, floating-point.
 */
export function alphaDropout(input: Tensor, options?: DropoutOptions): Tensor;
/** The same by place. */
export function alphaDropout(
  input: Tensor,
  p: number,
  training?: boolean,
  inplace?: boolean,
): Tensor;
export function alphaDropout(...args: unknown[]): Tensor {
  const a = new Arguments("alphaDropout", NAMES, args);
  return run(read(a, false, ops.alphaDropout, ops.alphaDropout_));
}

/**
 * {@linkcode alphaDropout} of whole channels; `training` is `false` by default.
 *
 * ATen: `aten::feature_alpha_dropout`
 *
 * @param input `[N, C, ...]`.
 */
export function featureAlphaDropout(input: Tensor, options?: DropoutOptions): Tensor;
/** The same by place. */
export function featureAlphaDropout(
  input: Tensor,
  p: number,
  training?: boolean,
  inplace?: boolean,
): Tensor;
export function featureAlphaDropout(...args: unknown[]): Tensor {
  const a = new Arguments("featureAlphaDropout", NAMES, args);
  return run(read(a, false, ops.featureAlphaDropout, ops.featureAlphaDropout_));
}

/**
 * Zeroes whole channels at random; `training` is `true` by default.
 *
 * ATen: `aten::feature_dropout`
 *
 * @param input `[N, C, L]` or `[C, L]`.
 */
export function dropout1d(input: Tensor, options?: DropoutOptions): Tensor;
/** The same by place. */
export function dropout1d(input: Tensor, p: number, training?: boolean, inplace?: boolean): Tensor;
export function dropout1d(...args: unknown[]): Tensor {
  const a = new Arguments("dropout1d", NAMES, args);
  const dropping = read(a, true, ops.featureDropout, ops.featureDropout_);
  a.rank("input", dropping.input, 2, 3);
  if (shapeOf(dropping.input).length === 3) return run(dropping);
  return runUnbatched(dropping, a.bool("inplace", false));
}

/**
 * Zeroes whole channels at random; `training` is `true` by default.
 *
 * ATen: `aten::feature_dropout`
 *
 * @param input `[N, C, H, W]`; one of three dimensions is read as `[N, C, L]`.
 */
export function dropout2d(input: Tensor, options?: DropoutOptions): Tensor;
/** The same by place. */
export function dropout2d(input: Tensor, p: number, training?: boolean, inplace?: boolean): Tensor;
export function dropout2d(...args: unknown[]): Tensor {
  const a = new Arguments("dropout2d", NAMES, args);
  return run(read(a, true, ops.featureDropout, ops.featureDropout_));
}

/**
 * Zeroes whole channels at random; `training` is `true` by default.
 *
 * ATen: `aten::feature_dropout`
 *
 * @param input `[N, C, D, H, W]` or `[C, D, H, W]`.
 */
export function dropout3d(input: Tensor, options?: DropoutOptions): Tensor;
/** The same by place. */
export function dropout3d(input: Tensor, p: number, training?: boolean, inplace?: boolean): Tensor;
export function dropout3d(...args: unknown[]): Tensor {
  const a = new Arguments("dropout3d", NAMES, args);
  const dropping = read(a, true, ops.featureDropout, ops.featureDropout_);
  if (shapeOf(dropping.input).length === 5) return run(dropping);
  return runUnbatched(dropping, a.bool("inplace", false));
}
