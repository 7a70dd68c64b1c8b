/**
 * What gradients become before an optimizer uses them.
 *
 * @module
 */

import type { Tensor } from "../tensor/tensor.ts";
import type { Batch } from "./batch.ts";
import { add, mulScalar_, neg } from "./foreach.ts";

/** Options that concern gradients. */
export interface GradientOptions {
  readonly lr: number;
  readonly maximize: boolean;
  readonly weightDecay: number;
  readonly decoupledWeightDecay?: boolean;
}

/**
 * The gradients, negated to maximize, with the L2 penalty's; or, where the decay is decoupled from them, the parameters
 * are made smaller at once.
 */
export function gradients(batch: Batch, options: GradientOptions): Tensor[] {
  const { maximize, weightDecay, decoupledWeightDecay = false, lr } = options;
  const grads = maximize ? batch.ownAll(neg(batch.grads)) : batch.grads;
  if (weightDecay === 0) return grads;
  if (!decoupledWeightDecay) return batch.ownAll(add(grads, batch.params, weightDecay));
  mulScalar_(batch.params, 1 - lr * weightDecay);
  return grads;
}
