import { noGrad } from "../../autograd/modes.ts";
import { emptyLike, full, special, where } from "../../ops/mod.ts";
import { Arguments, Temporaries } from "../../ops/_call.ts";
import type { GeneratorLike } from "../../tensor/generator_like.ts";
import type { DType } from "../../tensor/dtype.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { generatorOf, type InitOptions } from "./fill.ts";

/** Options of {@linkcode truncNormal_}. */
export interface TruncNormalOptions extends InitOptions {
  /** The mean before cutting; default `0`. */
  mean?: number;
  /** The standard deviation before cutting; default `1`. */
  std?: number;
  /** The smallest value; default `-2`. */
  a?: number;
  /** The largest value; default `2`. */
  b?: number;
}

/** A distribution, and where its values come from. */
interface Cut {
  mean: number;
  std: number;
  a: number;
  b: number;
  generator: { generator?: GeneratorLike };
}

/**
 * Fills a tensor with normal values that are drawn again until they lie in `[a, b]`, in place.
 *
 * @param tensor Any shape, floating-point.
 * @throws {RangeError} If the mean lies so far outside that drawing would not end.
 *
 * @example
 * ```ts
 * import * as torch from "flambeau";
 * import { assert } from "@std/assert";
 *
 * const weight = torch.nn.init.truncNormal_(torch.empty([100]), { std: 0.02, a: -0.04, b: 0.04 });
 * assert((weight.abs().max().item() as number) <= 0.0401);
 * ```
 */
export function truncNormal_(tensor: Tensor, options?: TruncNormalOptions): Tensor;
/** The same by place. */
export function truncNormal_(
  tensor: Tensor,
  mean: number,
  std?: number,
  a?: number,
  b?: number,
  options?: InitOptions,
): Tensor;
export function truncNormal_(...args: unknown[]): Tensor {
  const a = new Arguments("nn.init.truncNormal_", "tensor, mean, std, a, b, generator", args);
  const tensor = a.tensor("tensor");
  const cut: Cut = {
    mean: a.float("mean", 0),
    std: a.float("std", 1),
    a: a.float("a", -2),
    b: a.float("b", 2),
    generator: generatorOf(a),
  };
  if (!(cut.a <= cut.b)) throw a.wrong("b", `at least 'a' (${cut.a})`, cut.b);
  if (cut.mean < cut.a - 2 * cut.std || cut.mean > cut.b + 2 * cut.std) {
    console.warn(
      "nn.init.truncNormal_(): the mean is more than 2 standard deviations away from [a, b], " +
        "so the distribution of values may be incorrect",
    );
  }
  const inside = below((cut.b - cut.mean) / cut.std) - below((cut.a - cut.mean) / cut.std);
  return noGrad(() => {
    // PyTorch's two ways, each with its own draws: the same seed must give the same values.
    if (inside > 0.3) drawNormal(tensor, cut);
    else drawRejecting(tensor, cut);
    return tensor;
  });
}

/** The normal distribution's share below `x`. */
function below(x: number): number {
  using value = full([], x / Math.sqrt(2), { dtype: "float64" });
  using erf = special.erf(value);
  return (1 + Number(erf.item())) / 2;
}

function rounded(value: number, dtype: DType): number {
  using tensor = full([], value, { dtype });
  return Number(tensor.item());
}

function drawNormal(tensor: Tensor, { mean, std, a, b, generator }: Cut): void {
  // The ends as the dtype holds them.
  const [low, high] = [rounded(a, tensor.dtype), rounded(b, tensor.dtype)];
  tensor.normal_(mean, std, generator);
  while (true) {
    using t = new Temporaries();
    const outside = t.note(t.note(tensor.lt(low)).logicalOr(t.note(tensor.gt(high))));
    if (!t.note(outside.any()).item()) return;
    const drawn = t.note(emptyLike(tensor).normal_(mean, std, generator));
    tensor.copy_(t.note(where(outside, drawn, tensor)));
  }
}

// A mean of 10 standard deviations outside takes a few dozen.
const MOST_ROUNDS = 20_000;

function drawRejecting(tensor: Tensor, { mean, std, a, b, generator }: Cut): void {
  const mode = Math.max(a, Math.min(mean, b));
  const peak = -0.5 * ((mode - mean) / std) * ((mode - mean) / std);
  using candidates = emptyLike(tensor);
  using chances = emptyLike(tensor);
  const refused = (): Tensor => {
    candidates.sub_(mean).div_(std).pow_(2).mul_(-0.5).sub_(peak);
    return chances.uniform_(0, 1, generator).log_().gt(candidates);
  };
  tensor.uniform_(a, b, generator);
  candidates.copy_(tensor);
  let pending = refused();
  for (let round = 0; anyOf(pending); round++) {
    if (round === MOST_ROUNDS) {
      pending.dispose();
      throw new RangeError(
        `nn.init.truncNormal_(): values of mean ${mean} and std ${std} so seldom lie in ` +
          `[${a}, ${b}] that drawing them was given up after ${round} rounds`,
      );
    }
    using before = pending;
    candidates.uniform_(a, b, generator);
    using next = where(before, candidates, tensor);
    tensor.copy_(next);
    using again = refused();
    pending = before.logicalAnd(again);
  }
  pending.dispose();
}

function anyOf(mask: Tensor): boolean {
  using any = mask.any();
  return any.item() as boolean;
}
