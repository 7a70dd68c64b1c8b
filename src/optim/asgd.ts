import { zerosLike } from "../ops/mod.ts";
import type { Tensor } from "../tensor/tensor.ts";
import type { Batch, ParamState } from "./batch.ts";
import { add_, copy_, mulScalar_, sub } from "./foreach.ts";
import { gradients } from "./gradients.ts";
import { Optimizer } from "./optimizer.ts";
import { checkNumber, checkSwitches, type StepSwitches, withDefaults } from "./options.ts";
import type { AllOptions, ParamGroup, Params } from "./param_group.ts";
import { roundScalar } from "./state_dict.ts";

/** Options of {@linkcode ASGD}. */
export interface ASGDOptions extends StepSwitches {
  /** The learning rate, or a tensor of one that each step reads; default `0.01`. */
  lr?: number | Tensor;
  /** How fast parameters decay and the learning rate falls; default `0.0001`. */
  lambd?: number;
  /** The power by which the learning rate falls; default `0.75`. */
  alpha?: number;
  /** The step at which averaging begins; default `1e6`. */
  t0?: number;
  /** The weight of the L2 penalty; default `0`. */
  weightDecay?: number;
}

type Group = ParamGroup<AllOptions<ASGDOptions>>;

const DEFAULTS: AllOptions<ASGDOptions> = {
  lr: 1e-2,
  lambd: 1e-4,
  alpha: 0.75,
  t0: 1e6,
  weightDecay: 0,
  foreach: null,
  maximize: false,
  differentiable: false,
  capturable: false,
};

/**
 * Averaged stochastic gradient descent (Polyak and Juditsky 1992).
 *
 * Its state has `step`, `eta`, `mu` and the average `ax`.
 *
 * @example
 * ```ts
 * import * as torch from "flambeau";
 * import { assertAlmostEquals } from "@std/assert";
 *
 * const w = torch.tensor([1], { dtype: "float32", requiresGrad: true });
 * const optimizer = new torch.optim.ASGD([w], { lr: 0.1, lambd: 0 });
 * w.mul(w).sum().backward();
 * optimizer.step();
 * assertAlmostEquals(Number(w.item()), 0.8, 1e-6);
 * ```
 */
export class ASGD extends Optimizer<AllOptions<ASGDOptions>> {
  /**
   * @param params Parameters, or groups of them with options of their own.
   * @param options See {@linkcode ASGDOptions}.
   */
  constructor(params: Params<ASGDOptions>, options?: ASGDOptions) {
    super(params, withDefaults("ASGD", DEFAULTS, options));
  }

  /** The names of what the state dict has as tensors of one number, and the state as numbers. */
  override get scalarNames(): readonly string[] {
    return ["step", "eta", "mu"];
  }

  /** The names of the state's tensors that have a number for each of the parameter's. */
  override get elementNames(): readonly string[] {
    return ["ax"];
  }

  /** Refuses options that make no sense. */
  protected override check(options: AllOptions<ASGDOptions>): void {
    checkNumber("ASGD", "lr", options.lr, { min: 0 });
    checkNumber("ASGD", "weightDecay", options.weightDecay, { min: 0 });
    for (const key of ["lambd", "alpha", "t0"] as const) checkNumber("ASGD", key, options[key]);
    checkSwitches("ASGD", options);
  }

  /** Makes a step of the parameters of one group. */
  protected override update(group: Group): void {
    const make = (param: Tensor) => ({ eta: roundScalar(group.lr), mu: 1, ax: zerosLike(param) });
    for (const one of this.batches(group, make)) {
      using batch = one;
      step(group, batch);
    }
  }
}

function step(group: Group, batch: Batch): void {
  const { lr, lambd, alpha, t0 } = group;
  const { params } = batch;
  const grads = gradients(batch, group);
  // Parameters of as many steps have the same rates, as long as the options were theirs all along.
  const { eta, mu } = batch.states[0] as ParamState & { eta: number; mu: number };
  mulScalar_(params, 1 - lambd * eta);
  add_(params, grads, -eta);
  average(batch, mu);
  const nextEta = roundScalar(lr / ((1 + lambd * lr * batch.step) ** alpha));
  const nextMu = roundScalar(1 / Math.max(1, batch.step - t0));
  for (const state of batch.states) Object.assign(state, { eta: nextEta, mu: nextMu });
}

function average(batch: Batch, mu: number): void {
  const averages = batch.list("ax");
  if (mu === 1) return copy_(averages, batch.params);
  const differences = batch.ownAll(sub(batch.params, averages));
  mulScalar_(differences, mu);
  add_(averages, differences, 1);
}
