/**
 * How large initial weights may be: fan-in, fan-out and the gain of an activation.
 *
 * @module
 */

import { describe, shapeOf, type Tensor } from "../../tensor/tensor.ts";

/** What an initialisation keeps steady: the variance forward (`"fan_in"`) or that of gradients backward (`"fan_out"`). */
export type FanMode = "fan_in" | "fan_out";

/** A layer or an activation with a known gain. */
export type Nonlinearity =
  | "linear"
  | "conv1d"
  | "conv2d"
  | "conv3d"
  | "conv_transpose1d"
  | "conv_transpose2d"
  | "conv_transpose3d"
  | "sigmoid"
  | "tanh"
  | "relu"
  | "leaky_relu"
  | "selu";

/**
 * Fan-in and fan-out of a weight: how many values each output reads, and each input feeds.
 *
 * @throws {RangeError} If the tensor has fewer than 2 dimensions.
 *
 * @example
 * ```ts
 * import * as torch from "flambeau";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(torch.nn.init.fans(torch.empty([6, 4, 3, 3])), { fanIn: 36, fanOut: 54 });
 * ```
 */
export function fans(weight: Tensor): { fanIn: number; fanOut: number } {
  const shape = shapeOf(weight);
  if (shape.length < 2) {
    throw new RangeError(
      `nn.init: fan-in and fan-out need a tensor of at least 2 dimensions, but got ${shape.length}`,
    );
  }
  const field = shape.slice(2).reduce((product, size) => product * size, 1);
  return { fanIn: shape[1]! * field, fanOut: shape[0]! * field };
}

const gains: Record<Exclude<Nonlinearity, "leaky_relu">, number> = {
  linear: 1,
  conv1d: 1,
  conv2d: 1,
  conv3d: 1,
  conv_transpose1d: 1,
  conv_transpose2d: 1,
  conv_transpose3d: 1,
  sigmoid: 1,
  tanh: 5 / 3,
  relu: Math.sqrt(2),
  selu: 3 / 4,
};

/**
 * The factor by which weights before an activation are scaled, so that variances keep their size.
 *
 * @param nonlinearity PyTorch's name of it.
 * @param param The negative slope of `"leaky_relu"`; default `0.01`.
 * @throws {TypeError} If there is no such name.
 *
 * @example
 * ```ts
 * import * as torch from "flambeau";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(torch.nn.init.calculateGain("relu"), Math.sqrt(2));
 * assertEquals(torch.nn.init.calculateGain("leaky_relu", 1), 1);
 * ```
 */
export function calculateGain(nonlinearity: Nonlinearity, param?: number | null): number {
  if (nonlinearity === "leaky_relu") {
    const slope = param ?? 0.01;
    if (typeof slope === "number") return Math.sqrt(2 / (1 + slope * slope));
    throw new TypeError(
      `nn.init.calculateGain(): argument 'param' must be a number, but got ${describe(param)}`,
    );
  }
  if (Object.hasOwn(gains, nonlinearity)) return gains[nonlinearity];
  throw new TypeError(
    `nn.init.calculateGain(): argument 'nonlinearity' must be one of ${
      Object.keys(gains).join(", ")
    }, leaky_relu, but got ${describe(nonlinearity)}`,
  );
}
