/**
 * LibTorch's fused kernels: a whole step of all parameters of a group in one native call, each number read once.
 *
 * They walk through memory without looking at shapes, so the shim checks the layouts first (`csrc/guards.cpp`).
 *
 * @module
 */

import {
  begin,
  Op,
  putBool,
  putNumber,
  putOptionalTensor,
  putTensors,
  run,
} from "../tensor/call.ts";
import { tensor } from "../tensor/create.ts";
import type { Tensor } from "../tensor/tensor.ts";
import type { Batch } from "./batch.ts";
import type { Tensors } from "./foreach.ts";
import type { FusedSwitches } from "./options.ts";

/** Makes the step by the fused kernel where the group asks for it, else by `otherwise`. */
export function fusedOr(group: FusedSwitches, fused: () => void, otherwise: () => void): void {
  if (group.fused === true) fused();
  else otherwise();
}

function put(...lists: Tensors[]): void {
  begin();
  for (const list of lists) putTensors(list, "step", "params");
}

function putAll(...values: number[]): void {
  for (const value of values) putNumber(value);
}

function end(op: Op): void {
  putOptionalTensor(null, "step", "grad_scale");
  putOptionalTensor(null, "step", "found_inf");
  run(op);
}

// The kernels read each parameter's step from a tensor.
function steps(batch: Batch): Tensor[] {
  const step = batch.own(tensor(batch.step, { dtype: "float32" }));
  return new Array(batch.params.length).fill(step);
}

const sgdOp = new Op("aten::_fused_sgd_", "step");

/** What the kernel of SGD takes. */
export interface FusedSGD {
  lr: number;
  momentum: number;
  dampening: number;
  weightDecay: number;
  nesterov: boolean;
  maximize: boolean;
}

/** A step of SGD; `buffers` is empty without momentum. */
export function fusedSGD(batch: Batch, buffers: Tensors, options: FusedSGD): void {
  const { lr, momentum, dampening, weightDecay, nesterov, maximize } = options;
  put(batch.params, batch.grads, buffers);
  putAll(weightDecay, momentum, lr, dampening);
  putBool(nesterov);
  putBool(maximize);
  putBool(false); // is_first_step
  end(sgdOp);
}

const adamOp = new Op("aten::_fused_adam_", "step");
const adamWOp = new Op("aten::_fused_adamw_", "step");

/** What the kernels of Adam and AdamW take. */
export interface FusedAdam {
  lr: number;
  betas: readonly [number, number];
  weightDecay: number;
  eps: number;
  amsgrad: boolean;
  maximize: boolean;
  decoupledWeightDecay: boolean;
}

/** A step of Adam, or of AdamW where the weight decay is decoupled. */
export function fusedAdam(batch: Batch, options: FusedAdam): void {
  const { lr, betas, weightDecay, eps, amsgrad, maximize } = options;
  const step = steps(batch);
  const [expAvgs, expAvgSqs] = [batch.list("exp_avg"), batch.list("exp_avg_sq")];
  const largest = amsgrad ? batch.list("max_exp_avg_sq") : [];
  put(batch.params, batch.grads, expAvgs, expAvgSqs, largest, step);
  putAll(lr, betas[0], betas[1], weightDecay, eps);
  putBool(amsgrad);
  putBool(maximize);
  end(options.decoupledWeightDecay ? adamWOp : adamOp);
}

const adagradOp = new Op("aten::_fused_adagrad_", "step");

/** What the kernel of Adagrad takes. */
export interface FusedAdagrad {
  lr: number;
  lrDecay: number;
  weightDecay: number;
  eps: number;
  maximize: boolean;
}

/** A step of Adagrad. */
export function fusedAdagrad(batch: Batch, options: FusedAdagrad): void {
  const { lr, lrDecay, weightDecay, eps, maximize } = options;
  const step = steps(batch);
  const sums = batch.list("sum");
  put(batch.params, batch.grads, sums, step);
  putAll(lr, lrDecay, weightDecay, eps);
  putBool(maximize);
  end(adagradOp);
}
