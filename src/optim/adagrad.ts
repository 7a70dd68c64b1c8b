import { keep } from "../memory/scope.ts";
import { fullLike } from "../ops/mod.ts";
import type { Tensor } from "../tensor/tensor.ts";
import type { Batch, ParamState } from "./batch.ts";
import { addcdiv_, addcmul_, addScalar_, sqrt } from "./foreach.ts";
import { fusedAdagrad, fusedOr } from "./fused.ts";
import { likeParam } from "./like_param.ts";
import type { AllOptions, GroupOptions, ParamGroup, Params } from "./param_group.ts";
import { gradients } from "./gradients.ts";
import { Optimizer } from "./optimizer.ts";
import { checkNumber, checkSwitches, type FusedSwitches, withDefaults } from "./options.ts";

/** Options of {@linkcode Adagrad}. */
export interface AdagradOptions extends Omit<FusedSwitches, "capturable"> {
  /** The learning rate, or a tensor of one that each step reads; default `0.01`. */
  lr?: number | Tensor;
  /** How fast the learning rate falls; default `0`. */
  lrDecay?: number;
  /** The weight of the L2 penalty; default `0`. */
  weightDecay?: number;
  /** What the sums of squares begin with; default `0`. */
  initialAccumulatorValue?: number;
  /** Added to the denominator; default `1e-10`. */
  eps?: number;
}

type Group = ParamGroup<AllOptions<AdagradOptions>>;

const DEFAULTS: AllOptions<AdagradOptions> = {
  lr: 1e-2,
  lrDecay: 0,
  eps: 1e-10,
  weightDecay: 0,
  initialAccumulatorValue: 0,
  foreach: null,
  maximize: false,
  differentiable: false,
  fused: null,
};

/**
 * Adagrad (Duchi et al. 2011): gradients over the root of the sum of all their squares so far.
 *
 * Its state, made with the optimizer, has `step` and `sum`.
 *
 * @example
 * ```ts
 * import * as torch from "flambeau";
 * import { assertAlmostEquals } from "@std/assert";
 *
 * const w = torch.tensor([1], { dtype: "float32", requiresGrad: true });
 * const optimizer = new torch.optim.Adagrad([w], { lr: 0.1 });
 * w.mul(w).sum().backward();
 * optimizer.step();
 * assertAlmostEquals(Number(w.item()), 0.9, 1e-6);
 * ```
 */
export class Adagrad extends Optimizer<AllOptions<AdagradOptions>> {
  /**
   * @param params Parameters, or groups of them with options of their own.
   * @param options See {@linkcode AdagradOptions}.
   */
  constructor(params: Params<AdagradOptions>, options?: AdagradOptions) {
    super(params, withDefaults("Adagrad", DEFAULTS, options));
  }

  /** The names of the state's tensors that have a number for each of the parameter's. */
  override get elementNames(): readonly string[] {
    return ["sum"];
  }

  /** Adds parameters with options of their own, and makes their state. */
  override addParamGroup(group: GroupOptions<AllOptions<AdagradOptions>>): void {
    super.addParamGroup(group);
    const added = this.paramGroups.at(-1)!;
    for (const param of added.params) {
      this.state.set(param, keep({ step: 0, ...startOf(added, param) }));
    }
  }

  /** Refuses options that make no sense. */
  protected override check(options: AllOptions<AdagradOptions>): void {
    for (const key of ["lr", "lrDecay", "weightDecay", "initialAccumulatorValue", "eps"] as const) {
      checkNumber("Adagrad", key, options[key], { min: 0 });
    }
    checkSwitches("Adagrad", options);
  }

  /** Makes a step of the parameters of one group. */
  protected override update(group: Group): void {
    for (const one of this.batches(group, (param) => startOf(group, param))) {
      using batch = one;
      fusedOr(group, () => fusedAdagrad(batch, group), () => stepByLists(group, batch));
    }
  }
}

function startOf(group: Group, param: Tensor): ParamState {
  return { sum: likeParam(fullLike, param, group.initialAccumulatorValue) };
}

function stepByLists(group: Group, batch: Batch): void {
  const { lr, lrDecay, eps } = group;
  const grads = gradients(batch, group);
  const sums = batch.list("sum");
  addcmul_(sums, grads, grads, 1);
  const deviations = batch.ownAll(sqrt(sums));
  addScalar_(deviations, eps);
  addcdiv_(batch.params, grads, deviations, -(lr / (1 + (batch.step - 1) * lrDecay)));
}
