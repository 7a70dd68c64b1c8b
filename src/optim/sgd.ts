import { descend } from "../tensor/grads.ts";
import { isTensor, type Tensor } from "../tensor/tensor.ts";
import { type Batch, collect } from "./batch.ts";
import { add, add_, clone, mulScalar_ } from "./foreach.ts";
import { fusedOr, fusedSGD } from "./fused.ts";
import { gradients } from "./gradients.ts";
import { Optimizer } from "./optimizer.ts";
import {
  checkBoolean,
  checkNumber,
  checkSwitches,
  type FusedSwitches,
  withDefaults,
} from "./options.ts";
import type { AllOptions, ParamGroup, Params } from "./param_group.ts";

/** Options of {@linkcode SGD}. */
export interface SGDOptions extends Omit<FusedSwitches, "capturable"> {
  /** The learning rate, or a tensor of one that each step reads; default `0.001`. */
  lr?: number | Tensor;
  /** The share of the last update that goes on; default `0`. */
  momentum?: number;
  /** What is taken off a gradient before it joins the momentum; default `0`. */
  dampening?: number;
  /** The weight of the L2 penalty; default `0`. */
  weightDecay?: number;
  /** Whether the momentum is Nesterov's; default `false`. */
  nesterov?: boolean;
}

type Group = ParamGroup<AllOptions<SGDOptions>>;

const DEFAULTS: AllOptions<SGDOptions> = {
  lr: 1e-3,
  momentum: 0,
  dampening: 0,
  weightDecay: 0,
  nesterov: false,
  maximize: false,
  foreach: null,
  differentiable: false,
  fused: null,
};

/**
 * Stochastic gradient descent, with momentum if asked (Sutskever et al. 2013).
 *
 * Its state has `momentum_buffer` where there is momentum.
 *
 * @example
 * ```ts
 * import * as torch from "flambeau";
 * import { assertEquals } from "@std/assert";
 *
 * const w = torch.tensor([1, -2], { dtype: "float32", requiresGrad: true });
 * const optimizer = new torch.optim.SGD([w], { lr: 0.25 });
 * w.mul(w).sum().backward();
 * optimizer.step();
 * optimizer.zeroGrad();
 * assertEquals(w.toArray(), [0.5, -1]);
 * ```
 *
 * A learning rate that is a tensor is read at each step, so that whoever fills it is heard:
 *
 * ```ts
 * import * as torch from "flambeau";
 * import { assertEquals } from "@std/assert";
 *
 * const w = torch.ones([1]).requiresGrad_();
 * const lr = torch.tensor(0.5);
 * const optimizer = new torch.optim.SGD([w], { lr });
 * lr.fill_(0.25);
 * w.sum().backward();
 * optimizer.step();
 * assertEquals(w.item(), 0.75);
 * optimizer.paramGroups[0]!.lr *= 2;
 * assertEquals(lr.item(), 0.5);
 * ```
 */
export class SGD extends Optimizer<AllOptions<SGDOptions>> {
  /**
   * @param params Parameters, or groups of them with options of their own.
   * @param options See {@linkcode SGDOptions}.
   */
  constructor(params: Params<SGDOptions>, options?: SGDOptions) {
    super(params, withDefaults("SGD", DEFAULTS, options));
  }

  /** The names of the state's tensors that have a number for each of the parameter's. */
  override get elementNames(): readonly string[] {
    return ["momentum_buffer"];
  }

  /** Refuses options that make no sense. */
  protected override check(options: AllOptions<SGDOptions>): void {
    checkNumber("SGD", "lr", options.lr, { min: 0 });
    checkNumber("SGD", "momentum", options.momentum, { min: 0 });
    checkNumber("SGD", "dampening", options.dampening);
    checkNumber("SGD", "weightDecay", options.weightDecay, { min: 0 });
    checkBoolean("SGD", "nesterov", options.nesterov);
    checkSwitches("SGD", options);
    if (options.nesterov && (options.momentum <= 0 || options.dampening !== 0)) {
      throw new RangeError("SGD: 'nesterov' needs a momentum above 0 and a dampening of 0");
    }
  }

  /** Makes a step of the parameters of one group. */
  protected override update(group: Group): void {
    if (isPlain(group) && descend(group.params, group, "step", "params")) return;
    const make = group.momentum === 0 ? null : () => ({});
    const batches = collect(this.name, group.params, this.state, make, hasMomentum);
    for (const one of batches) {
      using batch = one;
      if (group.momentum === 0 || batch.step === 1) stepAgain(group, batch);
      else stepFirst(group, batch);
    }
  }
}

// What one native call does for all parameters: without momentum there is no state.
function isPlain(group: Group): boolean {
  return group.momentum === 0 && group.fused !== true && group.params.every(isTensor);
}

function hasMomentum(state: Record<string, unknown>): number {
  return state.momentum_buffer ? 1 : 0;
}

function stepAgain(group: Group, batch: Batch): void {
  const buffers = group.momentum === 0 ? [] : batch.list("momentum_buffer");
  fusedOr(
    group,
    () => fusedSGD(batch, buffers, group),
    () => stepByLists(group, batch, buffers),
  );
}

function stepFirst(group: Group, batch: Batch): void {
  const grads = gradients(batch, group);
  const buffers = clone(grads);
  batch.states.forEach((state, i) => state.momentum_buffer = buffers[i]);
  finish(group, batch, grads, batch.list("momentum_buffer"));
}

function stepByLists(group: Group, batch: Batch, buffers: Tensor[]): void {
  const grads = gradients(batch, group);
  if (buffers.length > 0) {
    mulScalar_(buffers, group.momentum);
    add_(buffers, grads, 1 - group.dampening);
  }
  finish(group, batch, grads, buffers);
}

function finish(group: Group, batch: Batch, grads: Tensor[], buffers: Tensor[]): void {
  const { lr, momentum, nesterov } = group;
  let update = grads;
  if (buffers.length > 0) {
    update = nesterov ? batch.ownAll(add(grads, buffers, momentum)) : buffers;
  }
  add_(batch.params, update, -lr);
}
