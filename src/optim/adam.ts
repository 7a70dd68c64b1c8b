import type { Tensor } from "../tensor/tensor.ts";
import { zerosLike } from "../ops/mod.ts";
import type { Batch } from "./batch.ts";
import {
  addcdiv_,
  addcmul_,
  addScalar_,
  divScalar_,
  lerp_,
  maximum_,
  mulScalar_,
  sqrt,
} from "./foreach.ts";
import { fusedAdam, fusedOr } from "./fused.ts";
import { gradients } from "./gradients.ts";
import { Optimizer } from "./optimizer.ts";
import {
  checkBetas,
  checkBoolean,
  checkNumber,
  checkSwitches,
  type FusedSwitches,
  withDefaults,
} from "./options.ts";
import type { AllOptions, ParamGroup, Params } from "./param_group.ts";

/** Options of {@linkcode Adam}. */
export interface AdamOptions extends FusedSwitches {
  /** The learning rate, or a tensor of one that each step reads; default `0.001`. */
  lr?: number | Tensor;
  /** How slowly the averages of the gradient and of its square forget; default `[0.9, 0.999]`. */
  betas?: [number, number];
  /** Added to the denominator; default `1e-8`. */
  eps?: number;
  /** The weight of the L2 penalty, or of the decay; default `0`, for `AdamW` `0.01`. */
  weightDecay?: number;
  /** Whether the largest average of squares so far is used (Reddi et al. 2018); default `false`. */
  amsgrad?: boolean;
  /** Whether weights decay apart from the gradient, as in `AdamW`; default `false`. */
  decoupledWeightDecay?: boolean;
}

type Group = ParamGroup<AllOptions<AdamOptions>>;

const DEFAULTS: AllOptions<AdamOptions> = {
  lr: 1e-3,
  betas: [0.9, 0.999],
  eps: 1e-8,
  weightDecay: 0,
  amsgrad: false,
  maximize: false,
  foreach: null,
  capturable: false,
  differentiable: false,
  fused: null,
  decoupledWeightDecay: false,
};

/**
 * Adam (Kingma and Ba 2014): gradients over the root of their mean square, both averaged and freed of bias.
 *
 * Its state has `step`, `exp_avg`, `exp_avg_sq` and, with `amsgrad`, `max_exp_avg_sq`.
 *
 * @example
 * ```ts
 * import * as torch from "flambeau";
 * import { assertAlmostEquals } from "@std/assert";
 *
 * const w = torch.tensor([1], { dtype: "float32", requiresGrad: true });
 * const optimizer = new torch.optim.Adam([w], { lr: 0.1 });
 * w.mul(w).sum().backward();
 * optimizer.step();
 * assertAlmostEquals(Number(w.item()), 0.9, 1e-6);
 * ```
 */
export class Adam extends Optimizer<AllOptions<AdamOptions>> {
  /**
   * @param params Parameters, or groups of them with options of their own.
   * @param options See {@linkcode AdamOptions}.
   */
  constructor(params: Params<AdamOptions>, options?: AdamOptions) {
    super(params, withDefaults(new.target.name, DEFAULTS, options));
  }

  /** The names of the state's tensors that have a number for each of the parameter's. */
  override get elementNames(): readonly string[] {
    return ["exp_avg", "exp_avg_sq", "max_exp_avg_sq"];
  }

  /** Refuses options that make no sense. */
  protected override check(options: AllOptions<AdamOptions>): void {
    const { name } = this;
    checkNumber(name, "lr", options.lr, { min: 0 });
    checkBetas(name, options.betas);
    checkNumber(name, "eps", options.eps, { min: 0 });
    checkNumber(name, "weightDecay", options.weightDecay, { min: 0 });
    checkBoolean(name, "amsgrad", options.amsgrad);
    checkBoolean(name, "decoupledWeightDecay", options.decoupledWeightDecay);
    checkSwitches(name, options);
  }

  /** Makes a step of the parameters of one group. */
  protected override update(group: Group): void {
    const make = (param: Tensor) => ({
      exp_avg: zerosLike(param),
      exp_avg_sq: zerosLike(param),
      ...(group.amsgrad ? { max_exp_avg_sq: zerosLike(param) } : {}),
    });
    for (const one of this.batches(group, make)) {
      using batch = one;
      fusedOr(group, () => fusedAdam(batch, group), () => stepByLists(group, batch));
    }
  }
}

// The ops of PyTorch's _single_tensor_adam, in their order.
function stepByLists(group: Group, batch: Batch): void {
  const { lr, betas: [beta1, beta2], eps, amsgrad } = group;
  const { step } = batch;
  const grads = gradients(batch, group);
  const [expAvgs, expAvgSqs] = [batch.list("exp_avg"), batch.list("exp_avg_sq")];
  lerp_(expAvgs, grads, 1 - beta1);
  mulScalar_(expAvgSqs, beta2);
  addcmul_(expAvgSqs, grads, grads, 1 - beta2);
  let squares = expAvgSqs;
  if (amsgrad) maximum_(squares = batch.list("max_exp_avg_sq"), expAvgSqs);
  const denominators = batch.ownAll(sqrt(squares));
  divScalar_(denominators, Math.sqrt(1 - beta2 ** step));
  addScalar_(denominators, eps);
  addcdiv_(batch.params, expAvgs, denominators, -(lr / (1 - beta1 ** step)));
}
