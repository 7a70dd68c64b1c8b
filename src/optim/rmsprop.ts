import { zerosLike } from "../ops/mod.ts";
import type { Tensor } from "../tensor/tensor.ts";
import type { Batch } from "./batch.ts";
import {
  add_,
  addcdiv_,
  addcmul,
  addcmul_,
  addScalar_,
  lerp_,
  mulScalar_,
  sqrt,
  sqrt_,
} from "./foreach.ts";
import { gradients } from "./gradients.ts";
import { Optimizer } from "./optimizer.ts";
import {
  checkBoolean,
  checkNumber,
  checkSwitches,
  type StepSwitches,
  withDefaults,
} from "./options.ts";
import type { AllOptions, ParamGroup, Params } from "./param_group.ts";

/** Options of {@linkcode RMSprop}. */
export interface RMSpropOptions extends StepSwitches {
  /** The learning rate, or a tensor of one that each step reads; default `0.01`. */
  lr?: number | Tensor;
  /** How slowly the average of squares forgets; default `0.99`. */
  alpha?: number;
  /** Added to the denominator; default `1e-8`. */
  eps?: number;
  /** The weight of the L2 penalty; default `0`. */
  weightDecay?: number;
  /** The share of the last update that goes on; default `0`. */
  momentum?: number;
  /** Whether gradients are divided by the root of their variance instead; default `false`. */
  centered?: boolean;
}

type Group = ParamGroup<AllOptions<RMSpropOptions>>;

const DEFAULTS: AllOptions<RMSpropOptions> = {
  lr: 1e-2,
  momentum: 0,
  alpha: 0.99,
  eps: 1e-8,
  centered: false,
  weightDecay: 0,
  capturable: false,
  foreach: null,
  maximize: false,
  differentiable: false,
};

/**
 * RMSprop (Hinton's lecture notes; centered as in Graves 2013): gradients over the root of their averaged squares.
 *
 * Its state has `step`, `square_avg` and, where asked, `momentum_buffer` and `grad_avg`.
 *
 * @example
 * ```ts
 * import * as torch from "flambeau";
 * import { assertAlmostEquals } from "@std/assert";
 *
 * const w = torch.tensor([1], { dtype: "float32", requiresGrad: true });
 * const optimizer = new torch.optim.RMSprop([w], { lr: 0.01 });
 * w.mul(w).sum().backward();
 * optimizer.step();
 * assertAlmostEquals(Number(w.item()), 0.9, 1e-6);
 * ```
 */
export class RMSprop extends Optimizer<AllOptions<RMSpropOptions>> {
  /**
   * @param params Parameters, or groups of them with options of their own.
   * @param options See {@linkcode RMSpropOptions}.
   */
  constructor(params: Params<RMSpropOptions>, options?: RMSpropOptions) {
    super(params, withDefaults("RMSprop", DEFAULTS, options));
  }

  /** The names of the state's tensors that have a number for each of the parameter's. */
  override get elementNames(): readonly string[] {
    return ["square_avg", "momentum_buffer", "grad_avg"];
  }

  /** Refuses options that make no sense. */
  protected override check(options: AllOptions<RMSpropOptions>): void {
    checkNumber("RMSprop", "lr", options.lr, { min: 0 });
    checkNumber("RMSprop", "eps", options.eps, { min: 0 });
    checkNumber("RMSprop", "momentum", options.momentum, { min: 0 });
    checkNumber("RMSprop", "weightDecay", options.weightDecay, { min: 0 });
    checkNumber("RMSprop", "alpha", options.alpha, { min: 0 });
    checkBoolean("RMSprop", "centered", options.centered);
    checkSwitches("RMSprop", options);
  }

  /** Makes a step of the parameters of one group. */
  protected override update(group: Group): void {
    const make = (param: Tensor) => ({
      square_avg: zerosLike(param),
      ...(group.momentum > 0 ? { momentum_buffer: zerosLike(param) } : {}),
      ...(group.centered ? { grad_avg: zerosLike(param) } : {}),
    });
    for (const one of this.batches(group, make)) {
      using batch = one;
      step(group, batch);
    }
  }
}

function step(group: Group, batch: Batch): void {
  const { lr, alpha, eps, momentum } = group;
  const { params } = batch;
  const grads = gradients(batch, group);
  const squares = batch.list("square_avg");
  mulScalar_(squares, alpha);
  addcmul_(squares, grads, grads, 1 - alpha);
  const average = denominators(group, batch, grads, squares);
  addScalar_(average, eps);
  if (momentum === 0) return addcdiv_(params, grads, average, -lr);
  const buffers = batch.list("momentum_buffer");
  mulScalar_(buffers, momentum);
  addcdiv_(buffers, grads, average, 1);
  add_(params, buffers, -lr);
}

function denominators(group: Group, batch: Batch, grads: Tensor[], squares: Tensor[]): Tensor[] {
  if (!group.centered) return batch.ownAll(sqrt(squares));
  const means = batch.list("grad_avg");
  lerp_(means, grads, 1 - group.alpha);
  const variances = batch.ownAll(addcmul(squares, means, means, -1));
  sqrt_(variances);
  return variances;
}
