/**
 * One value, or values of one distribution: `uniform_`, `normal_`, `constant_`, `ones_`, `zeros_`.
 *
 * @module
 */

import { noGrad } from "../../autograd/modes.ts";
import { Arguments } from "../../ops/_call.ts";
import { asGenerator } from "../../tensor/call.ts";
import type { GeneratorLike } from "../../tensor/generator_like.ts";
import type { Tensor } from "../../tensor/tensor.ts";

/** Where random values come from. */
export interface InitOptions {
  /** The generator that is drawn from; default: that of `torch.manualSeed`. */
  generator?: GeneratorLike | null;
}

/** The `generator` argument, as the options of an op. */
export function generatorOf(a: Arguments): { generator?: GeneratorLike } {
  if (!a.has("generator")) return {};
  return { generator: asGenerator(a.get("generator"), a.op, "generator") };
}

/**
 * Fills a tensor with values drawn evenly from `[a, b)`, in place and without gradients.
 *
 * ATen: `aten::uniform_`
 *
 * @param tensor Any shape, floating-point.
 * @param a The lower end; default `0`.
 * @param b The upper end; default `1`.
 *
 * @example
 * ```ts
 * import * as torch from "flambeau";
 * import { assert } from "@std/assert";
 *
 * const weight = torch.nn.init.uniform_(torch.empty([3, 5]), -1, 1);
 * assert((weight.abs().max().item() as number) <= 1);
 * ```
 */
export function uniform_(tensor: Tensor, a?: number, b?: number, options?: InitOptions): Tensor;
/** The same by name. */
export function uniform_(tensor: Tensor, options: InitOptions & { a?: number; b?: number }): Tensor;
export function uniform_(...args: unknown[]): Tensor {
  const a = new Arguments("nn.init.uniform_", "tensor, a, b, generator", args);
  const tensor = a.tensor("tensor");
  const [from, to] = [a.float("a", 0), a.float("b", 1)];
  const generator = generatorOf(a);
  return noGrad(() => tensor.uniform_(from, to, generator));
}

/**
 * Fills a tensor with values of the normal distribution, in place and without gradients.
 *
 * ATen: `aten::normal_`
 *
 * @param tensor Any shape, floating-point.
 * @param mean Its mean; default `0`.
 * @param std Its standard deviation; default `1`.
 *
 * @example
 * ```ts
 * import * as torch from "flambeau";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(torch.nn.init.normal_(torch.empty([2]), 5, 0).toArray(), [5, 5]);
 * ```
 */
export function normal_(tensor: Tensor, mean?: number, std?: number, options?: InitOptions): Tensor;
/** The same by name. */
export function normal_(
  tensor: Tensor,
  options: InitOptions & { mean?: number; std?: number },
): Tensor;
export function normal_(...args: unknown[]): Tensor {
  const a = new Arguments("nn.init.normal_", "tensor, mean, std, generator", args);
  const tensor = a.tensor("tensor");
  const [mean, std] = [a.float("mean", 0), a.float("std", 1)];
  const generator = generatorOf(a);
  return noGrad(() => tensor.normal_(mean, std, generator));
}

/**
 * Fills a tensor with one value, in place and without gradients.
 *
 * ATen: `aten::fill_`
 *
 * @example
 * ```ts
 * import * as torch from "flambeau";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(torch.nn.init.constant_(torch.empty([2]), 0.5).toArray(), [0.5, 0.5]);
 * ```
 */
export function constant_(tensor: Tensor, val: number): Tensor {
  const a = new Arguments("nn.init.constant_", "tensor, val", [tensor, val]);
  const self = a.tensor("tensor");
  const value = a.float("val");
  return noGrad(() => self.fill_(value));
}

/**
 * Fills a tensor with ones, in place and without gradients.
 *
 * @example
 * ```ts
 * import * as torch from "flambeau";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(torch.nn.init.ones_(torch.empty([2])).toArray(), [1, 1]);
 * ```
 */
export function ones_(tensor: Tensor): Tensor {
  const self = new Arguments("nn.init.ones_", "tensor", [tensor]).tensor("tensor");
  return noGrad(() => self.fill_(1));
}

/**
 * Fills a tensor with zeros, in place and without gradients.
 *
 * @example
 * ```ts
 * import * as torch from "flambeau";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(torch.nn.init.zeros_(torch.empty([2])).toArray(), [0, 0]);
 * ```
 */
export function zeros_(tensor: Tensor): Tensor {
  const self = new Arguments("nn.init.zeros_", "tensor", [tensor]).tensor("tensor");
  return noGrad(() => self.zero_());
}
