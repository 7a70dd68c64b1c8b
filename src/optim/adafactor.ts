import { matmul, norm, zeros, zerosLike } from "../ops/mod.ts";
import { shapeOf, type Tensor } from "../tensor/tensor.ts";
import type { ParamState } from "./batch.ts";
import { Optimizer } from "./optimizer.ts";
import { checkBoolean, checkNumber, checkPair, checkSwitches, withDefaults } from "./options.ts";
import type { AllOptions, ParamGroup, Params } from "./param_group.ts";

/** Options of {@linkcode Adafactor}. */
export interface AdafactorOptions {
  /** The largest learning rate, or a tensor of one that each step reads; default `0.01`. */
  lr?: number | Tensor;
  /** The power by which averages forget more slowly; default `-0.8`. */
  beta2Decay?: number;
  /** Kept above by mean squares (`null`: the dtype's precision), and by the size of parameters; default `[null, 0.001]`. */
  eps?: [number | null, number];
  /** The size above which updates are clipped; default `1`. */
  d?: number;
  /** The weight of the decay; default `0`. */
  weightDecay?: number;
  /** Taken as it is: both forms compute the same. */
  foreach?: boolean | null;
  /** Whether the update is maximized instead; default `false`. */
  maximize?: boolean;
}

type Group = ParamGroup<AllOptions<AdafactorOptions>>;

const DEFAULTS: AllOptions<AdafactorOptions> = {
  lr: 1e-2,
  beta2Decay: -0.8,
  eps: [null, 1e-3],
  d: 1,
  weightDecay: 0,
  foreach: null,
  maximize: false,
};

const PRECISION: Record<string, number> = {
  float64: 2 ** -52,
  float32: 2 ** -23,
  float16: 2 ** -10,
  bfloat16: 2 ** -7,
};

/**
 * Adafactor (Shazeer and Stern 2018): mean squares of a matrix's gradient are kept by row and by column only.
 *
 * Its state has `step`, and `row_var` and `col_var`, or `variance` of a vector.
 *
 * @example
 * ```ts
 * import * as torch from "flambeau";
 * import { assertEquals } from "@std/assert";
 *
 * const w = torch.ones([4, 3], { requiresGrad: true });
 * const optimizer = new torch.optim.Adafactor([w]);
 * w.mul(w).sum().backward();
 * optimizer.step();
 * assertEquals((optimizer.state.get(w)!.row_var as torch.Tensor).shape, [4, 1]);
 * ```
 */
export class Adafactor extends Optimizer<AllOptions<AdafactorOptions>> {
  /**
   * @param params Parameters, or groups of them with options of their own.
   * @param options See {@linkcode AdafactorOptions}.
   */
  constructor(params: Params<AdafactorOptions>, options?: AdafactorOptions) {
    super(params, withDefaults("Adafactor", DEFAULTS, options));
  }

  /** The names of the state's tensors that have a number for each of the parameter's. */
  override get elementNames(): readonly string[] {
    return ["variance"];
  }

  /** Refuses options that make no sense. */
  protected override check(options: AllOptions<AdafactorOptions>): void {
    checkNumber("Adafactor", "lr", options.lr, { min: 0 });
    checkNumber("Adafactor", "beta2Decay", options.beta2Decay, { max: 0 });
    checkPair("Adafactor", "eps", options.eps);
    if (options.eps[0] !== null) checkNumber("Adafactor", "eps[0]", options.eps[0], { min: 0 });
    checkNumber("Adafactor", "eps[1]", options.eps[1], { min: 0 });
    checkNumber("Adafactor", "d", options.d, { min: 1 });
    checkNumber("Adafactor", "weightDecay", options.weightDecay, { min: 0 });
    checkBoolean("Adafactor", "maximize", options.maximize);
    checkSwitches("Adafactor", { foreach: options.foreach });
  }

  /** Makes a step of the parameters of one group. */
  protected override update(group: Group): void {
    for (const one of this.batches(group, startOf)) {
      using batch = one;
      batch.params.forEach((param, i) => {
        step(group, batch.step, param, batch.grads[i]!, batch.states[i]!);
      });
    }
  }
}

function startOf(param: Tensor, grad: Tensor): ParamState {
  const { dtype, device } = param;
  if (dtype.startsWith("complex")) {
    throw new TypeError("Adafactor.step(): complex parameters are not supported");
  }
  const shape = shapeOf(grad);
  if (shape.length < 2) return { variance: zerosLike(grad) };
  return {
    row_var: zeros([...shape.slice(0, -1), 1], { dtype, device }),
    col_var: zeros([...shape.slice(0, -2), 1, shape.at(-1)!], { dtype, device }),
  };
}

/** The root of the mean square of all elements. */
function rootMeanSquare(x: Tensor): number {
  using size = norm(x, 2);
  return Number(size.item()) / Math.sqrt(x.numel());
}

function meanSquares(grad: Tensor, dim: number): Tensor {
  using sizes = norm(grad, 2, { dim: [dim], keepdim: true });
  return sizes.square().div_(shapeOf(grad).at(dim)!);
}

// The outer product of row and column means, over the mean of all.
function factored(grad: Tensor, state: ParamState, weight: number, eps: number): Tensor {
  const { row_var: rows, col_var: columns } = state as { row_var: Tensor; col_var: Tensor };
  using rowMeans = meanSquares(grad, -1);
  rows.lerp_(rowMeans, weight);
  using columnMeans = meanSquares(grad, -2);
  columns.lerp_(columnMeans, weight);
  using mean = rows.mean([-2], { keepdim: true });
  mean.clampMin_(eps);
  return matmul(rows, columns).div_(mean);
}

function whole(grad: Tensor, state: ParamState, weight: number): Tensor {
  const variance = state.variance as Tensor;
  using squares = grad.mul(grad);
  variance.lerp_(squares, weight);
  return variance.clone();
}

function step(group: Group, count: number, param: Tensor, given: Tensor, state: ParamState): void {
  const { lr, beta2Decay, eps: [eps1, eps2], d, weightDecay, maximize } = group;
  using negated = maximize ? given.neg() : null;
  const grad = negated ?? given;
  const least = eps1 ?? PRECISION[param.dtype]!;
  const alpha = Math.max(eps2, rootMeanSquare(param)) * Math.min(lr, 1 / Math.sqrt(count));
  if (weightDecay !== 0) param.mul_(1 - lr * weightDecay);
  const weight = count ** beta2Decay;
  using update = "variance" in state
    ? whole(grad, state, weight)
    : factored(grad, state, weight, least);
  update.clampMin_(least * least).rsqrt_().mul_(grad);
  param.add_(update, { alpha: -alpha / Math.max(1, rootMeanSquare(update) / d) });
}
