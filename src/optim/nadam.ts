import { zerosLike } from "../ops/mod.ts";
import type { Tensor } from "../tensor/tensor.ts";
import type { Batch } from "./batch.ts";
import { addcdiv_, addcmul_, addScalar_, divScalar, lerp_, mulScalar_, sqrt_ } from "./foreach.ts";
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
import { roundScalar } from "./state_dict.ts";

/** Options of {@linkcode NAdam}. */
export interface NAdamOptions extends StepSwitches {
  /** The learning rate, or a tensor of one that each step reads; default `0.002`. */
  lr?: number | Tensor;
  /** How slowly the averages of the gradient and of its square forget; default `[0.9, 0.999]`. */
  betas?: [number, number];
  /** Added to the denominator; default `1e-8`. */
  eps?: number;
  /** The weight of the L2 penalty, or of the decay; default `0`. */
  weightDecay?: number;
  /** How fast the momentum rises to `betas[0]`; default `0.004`. */
  momentumDecay?: number;
  /** Whether weights decay apart from the gradient; default `false`. */
  decoupledWeightDecay?: boolean;
}

type Group = ParamGroup<AllOptions<NAdamOptions>>;

const DEFAULTS: AllOptions<NAdamOptions> = {
  lr: 2e-3,
  betas: [0.9, 0.999],
  eps: 1e-8,
  weightDecay: 0,
  momentumDecay: 4e-3,
  decoupledWeightDecay: false,
  maximize: false,
  foreach: null,
  capturable: false,
  differentiable: false,
};

/**
 * Adam with Nesterov's momentum (Dozat 2016).
 *
 * Its state has `step`, `mu_product`, `exp_avg` and `exp_avg_sq`.
 *
 * @example
 * ```ts
 * import * as torch from "flambeau";
 * import { assert } from "@std/assert";
 *
 * const w = torch.tensor([1], { dtype: "float32", requiresGrad: true });
 * const optimizer = new torch.optim.NAdam([w], { lr: 0.1 });
 * w.mul(w).sum().backward();
 * optimizer.step();
 * assert(Number(w.item()) < 0.95);
 * ```
 */
export class NAdam extends Optimizer<AllOptions<NAdamOptions>> {
  /**
   * @param params Parameters, or groups of them with options of their own.
   * @param options See {@linkcode NAdamOptions}.
   */
  constructor(params: Params<NAdamOptions>, options?: NAdamOptions) {
    super(params, withDefaults("NAdam", DEFAULTS, options));
  }

  /** The names of what the state dict has as tensors of one number, and the state as numbers. */
  override get scalarNames(): readonly string[] {
    return ["step", "mu_product"];
  }

  /** The names of the state's tensors that have a number for each of the parameter's. */
  override get elementNames(): readonly string[] {
    return ["exp_avg", "exp_avg_sq"];
  }

  /** Refuses options that make no sense. */
  protected override check(options: AllOptions<NAdamOptions>): void {
    checkNumber("NAdam", "lr", options.lr, { min: 0 });
    checkBetas("NAdam", options.betas);
    checkNumber("NAdam", "eps", options.eps, { min: 0 });
    checkNumber("NAdam", "weightDecay", options.weightDecay, { min: 0 });
    checkNumber("NAdam", "momentumDecay", options.momentumDecay, { min: 0 });
    checkBoolean("NAdam", "decoupledWeightDecay", options.decoupledWeightDecay);
    checkSwitches("NAdam", options);
  }

  /** Makes a step of the parameters of one group. */
  protected override update(group: Group): void {
    const make = (param: Tensor) => ({
      mu_product: 1,
      exp_avg: zerosLike(param),
      exp_avg_sq: zerosLike(param),
    });
    for (const one of this.batches(group, make)) {
      using batch = one;
      step(group, batch);
    }
  }
}

function momentumAt(group: Group, step: number): number {
  return group.betas[0] * (1 - 0.5 * 0.96 ** (step * group.momentumDecay));
}

function step(group: Group, batch: Batch): void {
  const { lr, betas: [beta1, beta2], eps } = group;
  const grads = gradients(batch, group);
  const [mu, next] = [momentumAt(group, batch.step), momentumAt(group, batch.step + 1)];
  const [averages, squares] = [batch.list("exp_avg"), batch.list("exp_avg_sq")];
  lerp_(averages, grads, 1 - beta1);
  mulScalar_(squares, beta2);
  addcmul_(squares, grads, grads, 1 - beta2);
  const denominators = batch.ownAll(divScalar(squares, 1 - beta2 ** batch.step));
  sqrt_(denominators);
  addScalar_(denominators, eps);
  // Parameters of as many steps have the same product, as long as the options were theirs all along.
  const product = roundScalar(roundScalar(mu) * (batch.states[0]!.mu_product as number));
  for (const state of batch.states) state.mu_product = product;
  addcdiv_(batch.params, grads, denominators, -lr * (1 - mu) / (1 - product));
  addcdiv_(batch.params, averages, denominators, (-lr * next) / (1 - product * next));
}
