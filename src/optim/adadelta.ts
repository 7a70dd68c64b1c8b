import { zerosLike } from "../ops/mod.ts";
import type { Tensor } from "../tensor/tensor.ts";
import type { Batch } from "./batch.ts";
import { add_, addcmul_, addScalar, div_, mul_, mulScalar_, sqrt_ } from "./foreach.ts";
import { gradients } from "./gradients.ts";
import { Optimizer } from "./optimizer.ts";
import { checkNumber, checkSwitches, type StepSwitches, withDefaults } from "./options.ts";
import type { AllOptions, ParamGroup, Params } from "./param_group.ts";

/** Options of {@linkcode Adadelta}. */
export interface AdadeltaOptions extends StepSwitches {
  /** A factor for the update, or a tensor of one that each step reads; default `1`. */
  lr?: number | Tensor;
  /** How slowly the averages forget; default `0.9`. */
  rho?: number;
  /** Added to averages before their roots are taken; default `1e-6`. */
  eps?: number;
  /** The weight of the L2 penalty; default `0`. */
  weightDecay?: number;
}

type Group = ParamGroup<AllOptions<AdadeltaOptions>>;

const DEFAULTS: AllOptions<AdadeltaOptions> = {
  lr: 1,
  rho: 0.9,
  eps: 1e-6,
  weightDecay: 0,
  maximize: false,
  capturable: false,
  foreach: null,
  differentiable: false,
};

/**
 * Adadelta (Zeiler 2012): the size of an update follows that of the updates before it.
 *
 * Its state has `step`, `square_avg` and `acc_delta`.
 *
 * @example
 * ```ts
 * import * as torch from "flambeau";
 * import { assert } from "@std/assert";
 *
 * const w = torch.tensor([1], { dtype: "float32", requiresGrad: true });
 * const optimizer = new torch.optim.Adadelta([w]);
 * w.mul(w).sum().backward();
 * optimizer.step();
 * assert(Number(w.item()) < 1);
 * ```
 */
export class Adadelta extends Optimizer<AllOptions<AdadeltaOptions>> {
  /**
   * @param params Parameters, or groups of them with options of their own.
   * @param options See {@linkcode AdadeltaOptions}.
   */
  constructor(params: Params<AdadeltaOptions>, options?: AdadeltaOptions) {
    super(params, withDefaults("Adadelta", DEFAULTS, options));
  }

  /** The names of the state's tensors that have a number for each of the parameter's. */
  override get elementNames(): readonly string[] {
    return ["square_avg", "acc_delta"];
  }

  /** Refuses options that make no sense. */
  protected override check(options: AllOptions<AdadeltaOptions>): void {
    checkNumber("Adadelta", "lr", options.lr, { min: 0 });
    checkNumber("Adadelta", "rho", options.rho, { min: 0, max: 1 });
    checkNumber("Adadelta", "eps", options.eps, { min: 0 });
    checkNumber("Adadelta", "weightDecay", options.weightDecay, { min: 0 });
    checkSwitches("Adadelta", options);
  }

  /** Makes a step of the parameters of one group. */
  protected override update(group: Group): void {
    const make = (param: Tensor) => ({ square_avg: zerosLike(param), acc_delta: zerosLike(param) });
    for (const one of this.batches(group, make)) {
      using batch = one;
      step(group, batch);
    }
  }
}

function step(group: Group, batch: Batch): void {
  const { lr, rho, eps } = group;
  const grads = gradients(batch, group);
  const [squares, updates] = [batch.list("square_avg"), batch.list("acc_delta")];
  mulScalar_(squares, rho);
  addcmul_(squares, grads, grads, 1 - rho);
  const deviations = batch.ownAll(addScalar(squares, eps));
  sqrt_(deviations);
  const deltas = batch.ownAll(addScalar(updates, eps));
  sqrt_(deltas);
  div_(deltas, deviations);
  mul_(deltas, grads);
  mulScalar_(updates, rho);
  addcmul_(updates, deltas, deltas, 1 - rho);
  add_(batch.params, deltas, -lr);
}
