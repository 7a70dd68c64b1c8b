import { zerosLike } from "../ops/mod.ts";
import type { Tensor } from "../tensor/tensor.ts";
import type { Batch } from "./batch.ts";
import { abs, addcdiv_, addScalar_, lerp_, maximum_, mulScalar_ } from "./foreach.ts";
import { gradients } from "./gradients.ts";
import { Optimizer } from "./optimizer.ts";
import {
  checkBetas,
  checkNumber,
  checkSwitches,
  type StepSwitches,
  withDefaults,
} from "./options.ts";
import type { AllOptions, ParamGroup, Params } from "./param_group.ts";

/** Options of {@linkcode Adamax}. */
export interface AdamaxOptions extends StepSwitches {
  /** The learning rate, or a tensor of one that each step reads; default `0.002`. */
  lr?: number | Tensor;
  /** How slowly the average and the norm forget; default `[0.9, 0.999]`. */
  betas?: [number, number];
  /** Added to the gradient's size; default `1e-8`. */
  eps?: number;
  /** The weight of the L2 penalty; default `0`. */
  weightDecay?: number;
}

type Group = ParamGroup<AllOptions<AdamaxOptions>>;

const DEFAULTS: AllOptions<AdamaxOptions> = {
  lr: 2e-3,
  betas: [0.9, 0.999],
  eps: 1e-8,
  weightDecay: 0,
  foreach: null,
  maximize: false,
  differentiable: false,
  capturable: false,
};

/**
 * Adam with the largest gradient instead of the mean square (Kingma and Ba 2014, section 7).
 *
 * Its state has `step`, `exp_avg` and `exp_inf`.
 *
 * @example
 * ```ts
 * import * as torch from "flambeau";
 * import { assertAlmostEquals } from "@std/assert";
 *
 * const w = torch.tensor([1], { dtype: "float32", requiresGrad: true });
 * const optimizer = new torch.optim.Adamax([w], { lr: 0.1 });
 * w.mul(w).sum().backward();
 * optimizer.step();
 * assertAlmostEquals(Number(w.item()), 0.9, 1e-6);
 * ```
 */
export class Adamax extends Optimizer<AllOptions<AdamaxOptions>> {
  /**
   * @param params Parameters, or groups of them with options of their own.
   * @param options See {@linkcode AdamaxOptions}.
   */
  constructor(params: Params<AdamaxOptions>, options?: AdamaxOptions) {
    super(params, withDefaults("Adamax", DEFAULTS, options));
  }

  /** The names of the state's tensors that have a number for each of the parameter's. */
  override get elementNames(): readonly string[] {
    return ["exp_avg", "exp_inf"];
  }

  /** Refuses options that make no sense. */
  protected override check(options: AllOptions<AdamaxOptions>): void {
    checkNumber("Adamax", "lr", options.lr, { min: 0 });
    checkBetas("Adamax", options.betas);
    checkNumber("Adamax", "eps", options.eps, { min: 0 });
    checkNumber("Adamax", "weightDecay", options.weightDecay, { min: 0 });
    checkSwitches("Adamax", options);
  }

  /** Makes a step of the parameters of one group. */
  protected override update(group: Group): void {
    const make = (param: Tensor) => ({ exp_avg: zerosLike(param), exp_inf: zerosLike(param) });
    for (const one of this.batches(group, make)) {
      using batch = one;
      step(group, batch);
    }
  }
}

function step(group: Group, batch: Batch): void {
  const { lr, betas: [beta1, beta2], eps } = group;
  const grads = gradients(batch, group);
  const [averages, norms] = [batch.list("exp_avg"), batch.list("exp_inf")];
  lerp_(averages, grads, 1 - beta1);
  const sizes = batch.ownAll(abs(grads));
  addScalar_(sizes, eps);
  mulScalar_(norms, beta2);
  maximum_(norms, sizes);
  addcdiv_(batch.params, averages, norms, -(lr / (1 - beta1 ** batch.step)));
}
