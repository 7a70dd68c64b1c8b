/**
 * Normalization over a batch, an instance, channels or a norm.
 *
 * @module
 */

import * as ops from "../../ops/mod.ts";
import * as native from "../../ops/native_nn.ts";
import { countOf, shapeOf, type Tensor } from "../../tensor/tensor.ts";
import { Arguments, Temporaries } from "../../ops/_call.ts";

/** Options of {@linkcode batchNorm}. */
export interface BatchNormOptions {
  /** Scale of each channel, `[C]`. */
  weight?: Tensor | null;
  /** Shift of each channel, `[C]`. */
  bias?: Tensor | null;
  /** Whether to use the batch's own statistics, and to update the running ones; default `false`. */
  training?: boolean;
  /** The share of the batch in the running statistics; default `0.1`. */
  momentum?: number;
  /** Added to the variance; default `1e-5`. */
  eps?: number;
}

/** Refuses a batch or an instance that has a single value a channel. */
function checkValues(a: Arguments, sizes: readonly number[]): void {
  if (sizes.reduce((product, size) => product * size, 1) !== 1) return;
  throw new RangeError(
    `${a.op}(): argument 'input' must have more than one value a channel when training, but its shape is [${
      shapeOf(a.tensor("input")).join(", ")
    }]`,
  );
}

const BATCH = "input, runningMean, runningVar, weight, bias, training, momentum, eps";

/**
 * Normalizes each channel of a batch.
 *
 * ATen: `aten::batch_norm`
 *
 * @param input `[N, C, ...]`.
 * @param runningMean `[C]`, or `null` to use the batch's.
 * @param runningVar `[C]`, likewise.
 *
 * @example
 * ```ts
 * import * as torch from "flambeau";
 * import { assertEquals } from "@std/assert";
 *
 * const x = torch.tensor([[1.5], [2.5]]);
 * const y = torch.nn.functional.batchNorm(x, null, null, { training: true, eps: 0 });
 * assertEquals(y.toArray(), [[-1], [1]]);
 * ```
 */
export function batchNorm(
  input: Tensor,
  runningMean: Tensor | null,
  runningVar: Tensor | null,
  options?: BatchNormOptions,
): Tensor;
/** The same by place. */
export function batchNorm(
  input: Tensor,
  runningMean: Tensor | null,
  runningVar: Tensor | null,
  weight: Tensor | null,
  bias?: Tensor | null,
  training?: boolean,
  momentum?: number,
  eps?: number,
): Tensor;
export function batchNorm(...args: unknown[]): Tensor {
  const a = new Arguments("batchNorm", BATCH, args);
  const input = a.tensor("input");
  const training = a.bool("training", false);
  const [batch = 1, , ...rest] = shapeOf(input);
  if (training) checkValues(a, [batch, ...rest]);
  return ops.batchNorm(
    input,
    a.optionalTensor("weight"),
    a.optionalTensor("bias"),
    a.optionalTensor("runningMean"),
    a.optionalTensor("runningVar"),
    training,
    a.float("momentum", 0.1),
    a.float("eps", 1e-5),
    true,
  );
}

/** Options of {@linkcode instanceNorm}. */
export interface InstanceNormOptions extends Omit<BatchNormOptions, "training"> {
  /** The running mean, `[C]`. */
  runningMean?: Tensor | null;
  /** The running variance, `[C]`. */
  runningVar?: Tensor | null;
  /** Whether to use the instance's own statistics, not the running ones; default `true`. */
  useInputStats?: boolean;
}

const INSTANCE = "input, runningMean, runningVar, weight, bias, useInputStats, momentum, eps";

/**
 * Normalizes each channel of each element of a batch.
 *
 * ATen: `aten::instance_norm`
 *
 * @param input `[N, C, ...]`.
 */
export function instanceNorm(input: Tensor, options?: InstanceNormOptions): Tensor;
/** The same by place. */
export function instanceNorm(
  input: Tensor,
  runningMean: Tensor | null,
  runningVar?: Tensor | null,
  weight?: Tensor | null,
  bias?: Tensor | null,
  useInputStats?: boolean,
  momentum?: number,
  eps?: number,
): Tensor;
export function instanceNorm(...args: unknown[]): Tensor {
  const a = new Arguments("instanceNorm", INSTANCE, args);
  const input = a.tensor("input");
  const own = a.bool("useInputStats", true);
  if (own) checkValues(a, shapeOf(input).slice(2));
  return ops.instanceNorm(
    input,
    a.optionalTensor("weight"),
    a.optionalTensor("bias"),
    a.optionalTensor("runningMean"),
    a.optionalTensor("runningVar"),
    own,
    a.float("momentum", 0.1),
    a.float("eps", 1e-5),
    true,
  );
}

/** Options of {@linkcode localResponseNorm}. */
export interface LocalResponseNormOptions {
  /** The factor; default `1e-4`. */
  alpha?: number;
  /** The power; default `0.75`. */
  beta?: number;
  /** What is added; default `1`. */
  k?: number;
}

/** The mean of the squares of `size` channels around each. */
function neighbours(input: Tensor, size: number, t: Temporaries): Tensor {
  const shape = shapeOf(input);
  const squares = t.note(input.mul(input));
  const sides = [Math.floor(size / 2), Math.floor((size - 1) / 2)];
  if (shape.length === 3) {
    const padded = t.note(native.pad(t.note(squares.unsqueeze(1)), [0, 0, ...sides]));
    return t.note(t.note(native.avgPool2d(padded, [size, 1], 1)).squeeze(1));
  }
  const cube = t.note(squares.reshape([shape[0]!, 1, shape[1]!, shape[2]!, -1]));
  const padded = t.note(native.pad(cube, [0, 0, 0, 0, ...sides]));
  const means = t.note(native.avgPool3d(padded, [size, 1, 1], 1));
  return t.note(t.note(means.squeeze(1)).reshape(shape));
}

/**
 * Divides each value by those of neighbouring channels.
 *
 * ATen: `aten::avg_pool2d`, `aten::avg_pool3d` and others
 *
 * @param input `[N, C, ...]`, at least three dimensions.
 * @param size How many channels count as near.
 */
export function localResponseNorm(
  input: Tensor,
  size: number,
  options?: LocalResponseNormOptions,
): Tensor;
/** The same by place. */
export function localResponseNorm(
  input: Tensor,
  size: number,
  alpha: number,
  beta?: number,
  k?: number,
): Tensor;
export function localResponseNorm(...args: unknown[]): Tensor {
  const a = new Arguments("localResponseNorm", "input, size, alpha, beta, k", args);
  const input = a.tensor("input");
  const size = a.int("size");
  const [alpha, beta, k] = [a.float("alpha", 1e-4), a.float("beta", 0.75), a.float("k", 1)];
  const shape = shapeOf(input);
  if (shape.length < 3) {
    throw a.wrong("input", "a tensor of at least 3 dimensions", `one of ${shape.length}`);
  }
  if (countOf(input) === 0) return input.clone();
  using t = new Temporaries();
  const means = neighbours(input, size, t);
  return input.div(t.note(t.note(t.note(means.mul(alpha)).add(k)).pow(beta)));
}

/** Options of {@linkcode normalize}. */
export interface NormalizeOptions {
  /** The norm; default `2`. */
  p?: number;
  /** The dimensions that are a vector; default `1`. */
  dim?: number | readonly number[];
  /** The smallest divisor; default `1e-12`. */
  eps?: number;
}

/**
 * Divides vectors by their norms.
 *
 * ATen: `aten::norm`, `aten::div` and others
 *
 * @param input Any shape.
 *
 * @example
 * ```ts
 * import * as torch from "flambeau";
 * import { assertEquals } from "@std/assert";
 *
 * const x = torch.tensor([[3, 4]]).double();
 * assertEquals(torch.nn.functional.normalize(x).toArray(), [[0.6, 0.8]]);
 * ```
 */
export function normalize(input: Tensor, options?: NormalizeOptions): Tensor;
/** The same by place. */
export function normalize(
  input: Tensor,
  p: number,
  dim?: number | readonly number[],
  eps?: number,
): Tensor;
export function normalize(...args: unknown[]): Tensor {
  const a = new Arguments("normalize", "input, p, dim, eps", args);
  const input = a.tensor("input");
  const p = a.float("p", 2);
  const dim = a.has("dim") ? a.ints("dim") : [1];
  const eps = a.float("eps", 1e-12);
  using t = new Temporaries();
  const norm = t.note(ops.linalg.vectorNorm(input, p, dim, true));
  return input.div(t.note(norm.clampMin(eps)));
}
