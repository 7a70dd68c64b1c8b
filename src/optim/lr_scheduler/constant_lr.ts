import type { AnyOptimizer } from "../optimizer.ts";
import { checkNumber, withDefaults } from "../options.ts";
import { LRScheduler, type SchedulerOptions } from "./scheduler.ts";

/** Options of {@linkcode ConstantLR}. */
export interface ConstantLROptions extends SchedulerOptions {
  /** The factor at first, from 0 to 1; default `1 / 3`. */
  factor?: number;
  /** The epoch from which the factor is gone; default `5`. */
  totalIters?: number;
}

/**
 * The learning rate is smaller by a factor for the first epochs.
 *
 * @example
 * ```ts
 * import * as torch from "flambeau";
 * import { assertEquals } from "@std/assert";
 *
 * const optimizer = new torch.optim.SGD([torch.zeros([1])], { lr: 1 });
 * const scheduler = new torch.optim.lrScheduler.ConstantLR(optimizer, { factor: 0.5, totalIters: 2 });
 * const rates = [];
 * for (let epoch = 0; epoch < 4; epoch++) {
 *   rates.push(scheduler.getLastLr()[0]);
 *   optimizer.step();
 *   scheduler.step();
 * }
 * assertEquals(rates, [0.5, 0.5, 1, 1]);
 * ```
 */
export class ConstantLR extends LRScheduler {
  /** The factor. */
  factor: number;
  /** The epoch from which it is gone. */
  totalIters: number;

  /** Makes the first setting. */
  constructor(optimizer: AnyOptimizer, options?: ConstantLROptions) {
    const all = withDefaults(
      "ConstantLR",
      { factor: 1 / 3, totalIters: 5, lastEpoch: -1 },
      options,
    );
    super(optimizer, all.lastEpoch);
    checkNumber("ConstantLR", "factor", all.factor, { min: 0, max: 1 });
    checkNumber("ConstantLR", "totalIters", all.totalIters);
    this.factor = all.factor;
    this.totalIters = all.totalIters;
    this.start();
  }

  /** The learning rates of this epoch. */
  protected override nextLr(): number[] {
    const factor = this.lastEpoch === 0
      ? this.factor
      : this.lastEpoch === this.totalIters
      ? 1 / this.factor
      : 1;
    return this.currentLr().map((lr) => lr * factor);
  }

  /** The same from the epoch alone. */
  protected override closedLr(): number[] {
    const rest = this.lastEpoch >= this.totalIters ? 1 - this.factor : 0;
    return this.baseLrs.map((lr) => lr * (this.factor + rest));
  }

  /** The state's fields by PyTorch's names. */
  protected override get stateNames(): Record<string, string> {
    return { factor: "factor", total_iters: "totalIters" };
  }
}
