/**
 * Activations with the option to change their input itself.
 *
 * @module
 */

import { Arguments, unchecked } from "../../ops/_call.ts";
import * as ops from "../../ops/mod.ts";
import * as native from "../../ops/native_nn.ts";
import { describe, type Tensor } from "../../tensor/tensor.ts";

/** The option that most activations have. */
export interface InplaceOption {
  /** Whether the input itself is changed; default `false`. */
  inplace?: boolean;
}

// Activations are small ops that models call often: one without options is read without a list of arguments.
function inPlace(op: string, given: unknown): boolean {
  if (given === undefined || typeof given === "boolean") return given === true;
  if (typeof given === "object" && given !== null && Object.keys(given).join() === "inplace") {
    const { inplace } = given as { inplace: unknown };
    if (inplace === undefined || typeof inplace === "boolean") return inplace === true;
  }
  throw new TypeError(`${op}(): argument 'inplace' must be a boolean, but got ${describe(given)}`);
}

/**
 * `max(x, 0)`, element by element.
 *
 * ATen: `aten::relu`
 *
 * @param input Any shape.
 *
 * @example
 * ```ts
 * import * as torch from "flambeau";
 * import { assertEquals } from "@std/assert";
 *
 * const x = torch.tensor([-1.5, 2], { dtype: "float32" });
 * torch.nn.functional.relu(x, { inplace: true });
 * assertEquals(x.toArray(), [0, 2]);
 * ```
 */
export function relu(input: Tensor, options?: InplaceOption): Tensor;
/** The same by place. */
export function relu(input: Tensor, inplace: boolean): Tensor;
export function relu(input: Tensor, option?: unknown, ...more: unknown[]): Tensor {
  if (more.length > 0) new Arguments("relu", "input, inplace", [input, option, ...more]);
  return inPlace("relu", option) ? ops.relu_(input) : ops.relu(input);
}

/**
 * `min(max(x, 0), 6)`, element by element.
 *
 * ATen: `aten::relu6`
 *
 * @param input Any shape.
 *
 * @example
 * ```ts
 * import * as torch from "flambeau";
 * import { assertEquals } from "@std/assert";
 *
 * const x = torch.tensor([-1.5, 8], { dtype: "float32" });
 * torch.nn.functional.relu6(x, { inplace: true });
 * assertEquals(x.toArray(), [0, 6]);
 * ```
 */
export function relu6(input: Tensor, options?: InplaceOption): Tensor;
/** The same by place. */
export function relu6(input: Tensor, inplace: boolean): Tensor;
export function relu6(input: Tensor, option?: unknown, ...more: unknown[]): Tensor {
  if (more.length > 0) new Arguments("relu6", "input, inplace", [input, option, ...more]);
  return inPlace("relu6", option) ? native.relu6_(input) : native.relu6(input);
}

/**
 * `elu` with the scale and alpha that keep mean 0 and variance 1.
 *
 * ATen: `aten::selu`
 *
 * @param input Any shape.
 *
 * @example
 * ```ts
 * import * as torch from "flambeau";
 * import { assertEquals } from "@std/assert";
 *
 * const x = torch.tensor([0.0], { dtype: "float32" });
 * torch.nn.functional.selu(x, { inplace: true });
 * assertEquals(x.toArray(), [0]);
 * ```
 */
export function selu(input: Tensor, options?: InplaceOption): Tensor;
/** The same by place. */
export function selu(input: Tensor, inplace: boolean): Tensor;
export function selu(input: Tensor, option?: unknown, ...more: unknown[]): Tensor {
  if (more.length > 0) new Arguments("selu", "input, inplace", [input, option, ...more]);
  return inPlace("selu", option) ? ops.selu_(input) : ops.selu(input);
}

/**
 * `x · min(max(x / 6 + 1 / 2, 0), 1)`, element by element.
 *
 * ATen: `aten::hardswish`
 *
 * @param input Any shape.
 *
 * @example
 * ```ts
 * import * as torch from "flambeau";
 * import { assertEquals } from "@std/assert";
 *
 * const x = torch.tensor([0, 4.5], { dtype: "float32" });
 * torch.nn.functional.hardswish(x, { inplace: true });
 * assertEquals(x.toArray(), [0, 4.5]);
 * ```
 */
export function hardswish(input: Tensor, options?: InplaceOption): Tensor;
/** The same by place. */
export function hardswish(input: Tensor, inplace: boolean): Tensor;
export function hardswish(input: Tensor, option?: unknown, ...more: unknown[]): Tensor {
  if (more.length > 0) new Arguments("hardswish", "input, inplace", [input, option, ...more]);
  return inPlace("hardswish", option) ? native.hardswish_(input) : native.hardswish(input);
}

/**
 * `min(max(x / 6 + 1 / 2, 0), 1)`, element by element.
 *
 * ATen: `aten::hardsigmoid`
 *
 * @param input Any shape.
 *
 * @example
 * ```ts
 * import * as torch from "flambeau";
 * import { assertEquals } from "@std/assert";
 *
 * const x = torch.tensor([-4.5, 4], { dtype: "float32" });
 * torch.nn.functional.hardsigmoid(x, { inplace: true });
 * assertEquals(x.toArray(), [0, 1]);
 * ```
 */
export function hardsigmoid(input: Tensor, options?: InplaceOption): Tensor;
/** The same by place. */
export function hardsigmoid(input: Tensor, inplace: boolean): Tensor;
export function hardsigmoid(input: Tensor, option?: unknown, ...more: unknown[]): Tensor {
  if (more.length > 0) new Arguments("hardsigmoid", "input, inplace", [input, option, ...more]);
  return inPlace("hardsigmoid", option) ? native.hardsigmoid_(input) : native.hardsigmoid(input);
}

/**
 * `x · sigmoid(x)`, element by element.
 *
 * ATen: `aten::silu`
 *
 * @param input Any shape.
 *
 * @example
 * ```ts
 * import * as torch from "flambeau";
 * import { assertEquals } from "@std/assert";
 *
 * const x = torch.tensor([0.0], { dtype: "float32" });
 * torch.nn.functional.silu(x, { inplace: true });
 * assertEquals(x.toArray(), [0]);
 * ```
 */
export function silu(input: Tensor, options?: InplaceOption): Tensor;
/** The same by place. */
export function silu(input: Tensor, inplace: boolean): Tensor;
export function silu(input: Tensor, option?: unknown, ...more: unknown[]): Tensor {
  if (more.length > 0) new Arguments("silu", "input, inplace", [input, option, ...more]);
  return inPlace("silu", option) ? native.silu_(input) : native.silu(input);
}

/**
 * `x · tanh(softplus(x))`, element by element.
 *
 * ATen: `aten::mish`
 *
 * @param input Any shape.
 *
 * @example
 * ```ts
 * import * as torch from "flambeau";
 * import { assertEquals } from "@std/assert";
 *
 * const x = torch.tensor([0.0], { dtype: "float32" });
 * torch.nn.functional.mish(x, { inplace: true });
 * assertEquals(x.toArray(), [0]);
 * ```
 */
export function mish(input: Tensor, options?: InplaceOption): Tensor;
/** The same by place. */
export function mish(input: Tensor, inplace: boolean): Tensor;
export function mish(input: Tensor, option?: unknown, ...more: unknown[]): Tensor {
  if (more.length > 0) new Arguments("mish", "input, inplace", [input, option, ...more]);
  return inPlace("mish", option) ? native.mish_(input) : native.mish(input);
}

const eluOf = unchecked<Tensor>(native.elu);
const eluInPlace = unchecked<Tensor>(native.elu_);
const celuOf = unchecked<Tensor>(ops.celu);
const celuInPlace = unchecked<Tensor>(ops.celu_);
const leakyReluOf = unchecked<Tensor>(native.leakyRelu);
const leakyReluInPlace = unchecked<Tensor>(native.leakyRelu_);
const hardtanhOf = unchecked<Tensor>(native.hardtanh);
const hardtanhInPlace = unchecked<Tensor>(native.hardtanh_);
const thresholdOf = unchecked<Tensor>(ops.threshold);
const thresholdInPlace = unchecked<Tensor>(ops.threshold_);

/** Options of {@linkcode elu}. */
export interface EluOptions extends InplaceOption {
  /** What negative values tend to, negated; default `1`. */
  alpha?: number;
}

/**
 * `x` where it is positive, else `alpha · (exp(x) - 1)`.
 *
 * ATen: `aten::elu`
 *
 * @param input Any shape.
 */
export function elu(input: Tensor, options?: EluOptions): Tensor;
/** The same by place. */
export function elu(input: Tensor, alpha: number, inplace?: boolean): Tensor;
export function elu(...args: unknown[]): Tensor {
  const a = new Arguments("elu", "input, alpha, inplace", args);
  const run = a.bool("inplace", false) ? eluInPlace : eluOf;
  return run(a.tensor("input"), a.float("alpha", 1));
}

/** Options of {@linkcode celu}. */
export interface CeluOptions extends InplaceOption {
  /** What negative values tend to, negated; default `1`. */
  alpha?: number;
}

/**
 * `max(0, x) + min(0, alpha · (exp(x / alpha) - 1))`.
 *
 * ATen: `aten::celu`
 *
 * @param input Any shape.
 */
export function celu(input: Tensor, options?: CeluOptions): Tensor;
/** The same by place. */
export function celu(input: Tensor, alpha: number, inplace?: boolean): Tensor;
export function celu(...args: unknown[]): Tensor {
  const a = new Arguments("celu", "input, alpha, inplace", args);
  const run = a.bool("inplace", false) ? celuInPlace : celuOf;
  return run(a.tensor("input"), a.float("alpha", 1));
}

/** Options of {@linkcode leakyRelu}. */
export interface LeakyReluOptions extends InplaceOption {
  /** The factor of negative values; default `0.01`. */
  negativeSlope?: number;
}

/**
 * `x` where it is positive, else `negativeSlope · x`.
 *
 * ATen: `aten::leaky_relu`
 *
 * @param input Any shape.
 */
export function leakyRelu(input: Tensor, options?: LeakyReluOptions): Tensor;
/** The same by place. */
export function leakyRelu(input: Tensor, negativeSlope: number, inplace?: boolean): Tensor;
export function leakyRelu(...args: unknown[]): Tensor {
  const a = new Arguments("leakyRelu", "input, negativeSlope, inplace", args);
  const run = a.bool("inplace", false) ? leakyReluInPlace : leakyReluOf;
  return run(a.tensor("input"), a.float("negativeSlope", 0.01));
}

/** Options of {@linkcode hardtanh}. */
export interface HardtanhOptions extends InplaceOption {
  /** The smallest value; default `-1`. */
  minVal?: number;
  /** The largest value; default `1`. */
  maxVal?: number;
}

/**
 * `x`, but not below `minVal` nor above `maxVal`.
 *
 * ATen: `aten::hardtanh`
 *
 * @param input Any shape.
 */
export function hardtanh(input: Tensor, options?: HardtanhOptions): Tensor;
/** The same by place. */
export function hardtanh(input: Tensor, minVal: number, maxVal?: number, inplace?: boolean): Tensor;
export function hardtanh(...args: unknown[]): Tensor {
  const a = new Arguments("hardtanh", "input, minVal, maxVal, inplace", args);
  const run = a.bool("inplace", false) ? hardtanhInPlace : hardtanhOf;
  return run(a.tensor("input"), a.float("minVal", -1), a.float("maxVal", 1));
}

/**
 * `x` where it is above `threshold`, else `value`.
 *
 * ATen: `aten::threshold`
 *
 * @param input Any shape.
 * @param threshold What a value must be above to stay.
 * @param value What the others become.
 */
export function threshold(
  input: Tensor,
  threshold: number,
  value: number,
  options?: InplaceOption,
): Tensor;
/** The same by place. */
export function threshold(
  input: Tensor,
  threshold: number,
  value: number,
  inplace: boolean,
): Tensor;
export function threshold(...args: unknown[]): Tensor {
  const a = new Arguments("threshold", "input, threshold, value, inplace", args);
  const run = a.bool("inplace", false) ? thresholdInPlace : thresholdOf;
  return run(a.tensor("input"), a.float("threshold"), a.float("value"));
}
