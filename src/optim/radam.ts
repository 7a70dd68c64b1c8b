import { zerosLike } from "../ops/mod.ts";
import type { Tensor } from "../tensor/tensor.ts";
import type { Batch } from "./batch.ts";
import {
  add_,
  addcmul_,
  addScalar_,
  divScalar,
  lerp_,
  mul_,
  mulScalar_,
  reciprocal_,
  sqrt,
} from "./foreach.ts";
import { gradients } from "./gradients.ts";
import { Optimizer } from "./optimizer.ts";
import {
  checkBetas,
  checkBoolean,
  checkNumber,
  checkSwitches,
  type StepSwitches,
  withDefaults,
} from "./options.ts";
import type { AllOptions, ParamGroup, Params } from "./param_group.ts";

/** Options of {@linkcode RAdam}. */
export interface RAdamOptions extends StepSwitches {
  /** The learning rate, or a tensor of one that each step reads; default `0.001`. */
  lr?: number | Tensor;
  /** How slowly the averages of the gradient and of its square forget; default `[0.9, 0.999]`. */
  betas?: [number, number];
  /** Added to the denominator; default `1e-8`. */
  eps?: number;
  /** The weight of the L2 penalty, or of the decay; default `0`. */
  weightDecay?: number;
  /** Whether weights decay apart from the gradient; default `false`. */
  decoupledWeightDecay?: boolean;
}

type Group = ParamGroup<AllOptions<RAdamOptions>>;

const DEFAULTS: AllOptions<RAdamOptions> = {
  lr: 1e-3,
  betas: [0.9, 0.999],
  eps: 1e-8,
  weightDecay: 0,
  maximize: false,
  foreach: null,
  capturable: false,
  decoupledWeightDecay: false,
  differentiable: false,
};

/**
 * Adam that adapts only once the variance of its mean square is bounded (Liu et al. 2019).
 *
 * Its state has `step`, `exp_avg` and `exp_avg_sq`.
 *
 * @example
 * ```ts
 * import * as torch from "flambeau";
 * import { assertAlmostEquals } from "@std/assert";
 *
 * const w = torch.tensor([1], { dtype: "float32", requiresGrad: true });
 * const optimizer = new torch.optim.RAdam([w], { lr: 0.1 });
 * w.mul(w).sum().backward();
 * optimizer.step();
 * assertAlmostEquals(Number(w.item()), 0.8, 1e-6);
 * ```
 */
export class RAdam extends Optimizer<AllOptions<RAdamOptions>> {
  /**
   * @param params Parameters, or groups of them with options of their own.
   * @param options See {@linkcode RAdamOptions}.
   */
  constructor(params: Params<RAdamOptions>, options?: RAdamOptions) {
    super(params, withDefaults("RAdam", DEFAULTS, options));
  }

  /** The names of the state's tensors that have a number for each of the parameter's. */
  override get elementNames(): readonly string[] {
    return ["exp_avg", "exp_avg_sq"];
  }

  /** Refuses options that make no sense. */
  protected override check(options: AllOptions<RAdamOptions>): void {
    checkNumber("RAdam", "lr", options.lr, { min: 0 });
    checkBetas("RAdam", options.betas);
    checkNumber("RAdam", "eps", options.eps, { min: 0 });
    checkNumber("RAdam", "weightDecay", options.weightDecay, { min: 0 });
    checkBoolean("RAdam", "decoupledWeightDecay", options.decoupledWeightDecay);
    checkSwitches("RAdam", options);
  }

  /** Makes a step of the parameters of one group. */
  protected override update(group: Group): void {
    const make = (param: Tensor) => ({ exp_avg: zerosLike(param), exp_avg_sq: zerosLike(param) });
    for (const one of this.batches(group, make)) {
      using batch = one;
      step(group, batch);
    }
  }
}

function step(group: Group, batch: Batch): void {
  const { lr, betas: [beta1, beta2], eps } = group;
  const grads = gradients(batch, group);
  const [averages, squares] = [batch.list("exp_avg"), batch.list("exp_avg_sq")];
  lerp_(averages, grads, 1 - beta1);
  mulScalar_(squares, beta2);
  addcmul_(squares, grads, grads, 1 - beta2);
  const correction2 = 1 - beta2 ** batch.step;
  const updates = batch.ownAll(divScalar(averages, 1 - beta1 ** batch.step));
  mulScalar_(updates, lr);
  const longest = 2 / (1 - beta2) - 1;
  const length = longest - 2 * batch.step * (beta2 ** batch.step) / correction2;
  if (length > 5) {
    const factors = batch.ownAll(sqrt(squares));
    addScalar_(factors, eps);
    reciprocal_(factors);
    mulScalar_(factors, Math.sqrt(correction2));
    mul_(updates, factors);
    mulScalar_(updates, rectification(length, longest));
  }
  add_(batch.params, updates, -1);
}

function rectification(length: number, longest: number): number {
  return Math.sqrt(
    (length - 4) * (length - 2) * longest / ((longest - 4) * (longest - 2) * length),
  );
}
