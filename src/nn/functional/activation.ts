/**
 * Activations that are made of several ops.
 *
 * @module
 */

import * as ops from "../../ops/mod.ts";
import * as native from "../../ops/native_nn.ts";
import type { DType } from "../../tensor/dtype.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { Arguments, Temporaries, unchecked } from "../../ops/_call.ts";

/**
 * The logarithm of the sigmoid of each element.
 *
 * ATen: `aten::log_sigmoid`
 *
 * @param input Any shape.
 */
export function logsigmoid(input: Tensor): Tensor;
export function logsigmoid(...args: unknown[]): Tensor {
  return native.logSigmoid(new Arguments("logsigmoid", "input", args).tensor("input"));
}

/**
 * `x / (1 + |x|)`, element by element.
 *
 * ATen: `aten::abs`, `aten::add`, `aten::div`
 *
 * @param input Any shape.
 *
 * @example
 * ```ts
 * import * as torch from "flambeau";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(torch.nn.functional.softsign(torch.tensor([-1.0, 0.5, 3]).double()).toArray(), [-0.5, 1 / 3, 0.75]);
 * ```
 */
export function softsign(input: Tensor): Tensor;
export function softsign(...args: unknown[]): Tensor {
  const input = new Arguments("softsign", "input", args).tensor("input");
  using t = new Temporaries();
  return input.div(t.note(t.note(input.abs()).add(1)));
}

/**
 * `x - tanh(x)`, element by element.
 *
 * ATen: `aten::tanh`, `aten::sub`
 *
 * @param input Any shape.
 */
export function tanhshrink(input: Tensor): Tensor;
export function tanhshrink(...args: unknown[]): Tensor {
  const input = new Arguments("tanhshrink", "input", args).tensor("input");
  using tanh = input.tanh();
  return input.sub(tanh);
}

const softmaxOf = unchecked<Tensor>(ops.softmax);
const rreluOf = unchecked<Tensor>(ops.rrelu);
const rreluInPlace = unchecked<Tensor>(ops.rrelu_);

/**
 * `softmax(-x)`.
 *
 * ATen: `aten::neg`, `aten::softmax`
 *
 * @param input Any shape.
 * @param dim The dimension whose slices add up to 1.
 *
 * @example
 * ```ts
 * import * as torch from "flambeau";
 * import { assertEquals } from "@std/assert";
 *
 * const y = torch.nn.functional.softmin(torch.zeros([4]), 0);
 * assertEquals(y.toArray(), [0.25, 0.25, 0.25, 0.25]);
 * ```
 */
export function softmin(input: Tensor, dim: number, options?: { dtype?: DType | null }): Tensor;
/** The same by place. */
export function softmin(input: Tensor, dim: number, dtype: DType | null): Tensor;
export function softmin(...args: unknown[]): Tensor {
  const a = new Arguments("softmin", "input, dim, dtype", args);
  using negative = a.tensor("input").neg();
  return softmaxOf(negative, a.int("dim"), a.get("dtype"));
}

/** Options of {@linkcode rrelu}. */
export interface RReluOptions {
  /** The smallest slope; default `1 / 8`. */
  lower?: number;
  /** The largest slope; default `1 / 3`. */
  upper?: number;
  /** Whether slopes are drawn at random; else they are the mean; default `false`. */
  training?: boolean;
  /** Whether the input itself is changed; default `false`. */
  inplace?: boolean;
}

/**
 * A leaky relu whose slope is drawn at random.
 *
 * ATen: `aten::rrelu`
 *
 * @param input Any shape.
 */
export function rrelu(input: Tensor, options?: RReluOptions): Tensor;
/** The same by place. */
export function rrelu(
  input: Tensor,
  lower: number,
  upper?: number,
  training?: boolean,
  inplace?: boolean,
): Tensor;
export function rrelu(...args: unknown[]): Tensor {
  const a = new Arguments("rrelu", "input, lower, upper, training, inplace", args);
  const [lower, upper] = [a.float("lower", 1 / 8), a.float("upper", 1 / 3)];
  const run = a.bool("inplace", false) ? rreluInPlace : rreluOf;
  return run(a.tensor("input"), lower, upper, a.bool("training", false));
}

/** Options of {@linkcode gumbelSoftmax}. */
export interface GumbelSoftmaxOptions {
  /** The temperature; default `1`. */
  tau?: number;
  /** Whether the result is one-hot, with the gradient of the soft one; default `false`. */
  hard?: boolean;
  /** The dimension; default `-1`. */
  dim?: number;
}

/** One-hot where the soft result is largest, with its gradient. */
function harden(soft: Tensor, dim: number, t: Temporaries): Tensor {
  const place = t.note(soft.argmax(dim, true));
  const zeros = t.note(ops.zerosLike(soft));
  const hard = t.note(zeros.scatter(dim, place, 1));
  return t.note(hard.sub(t.note(soft.detach()))).add(soft);
}

/**
 * Draws from a categorical distribution in a way that has a gradient.
 *
 * ATen: `aten::exponential_`, `aten::softmax` and others
 *
 * @param logits Unnormalized logarithms of probabilities.
 */
export function gumbelSoftmax(logits: Tensor, options?: GumbelSoftmaxOptions): Tensor;
/** The same by place. */
export function gumbelSoftmax(logits: Tensor, tau: number, hard?: boolean): Tensor;
export function gumbelSoftmax(...args: unknown[]): Tensor {
  const a = new Arguments("gumbelSoftmax", "logits, tau, hard, eps, dim", args);
  const logits = a.tensor("logits");
  const [tau, dim, hard] = [a.float("tau", 1), a.int("dim", -1), a.bool("hard", false)];
  using t = new Temporaries();
  const noise = t.note(ops.emptyLike(logits));
  noise.exponential_();
  const scores = t.note(t.note(logits.sub(t.note(noise.log()))).div(tau));
  const soft = scores.softmax(dim);
  return hard ? harden(t.note(soft), dim, t) : soft;
}
