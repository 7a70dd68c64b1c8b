import type { AnyOptimizer } from "../optimizer.ts";
import { checkNumber, withDefaults } from "../options.ts";
import { LRScheduler, type SchedulerOptions } from "./scheduler.ts";

/** Options of {@linkcode PolynomialLR}. */
export interface PolynomialLROptions extends SchedulerOptions {
  /** The epoch at which the learning rate is 0; default `5`. */
  totalIters?: number;
  /** The power; default `1`. */
  power?: number;
}

/**
 * The learning rate falls to 0 as a power of the epochs that are left.
 *
 * @example
 * ```ts
 * import * as torch from "flambeau";
 * import { assertEquals } from "@std/assert";
 *
 * const optimizer = new torch.optim.SGD([torch.zeros([1])], { lr: 1 });
 * const scheduler = new torch.optim.lrScheduler.PolynomialLR(optimizer, { totalIters: 4 });
 * const rates = [];
 * for (let epoch = 0; epoch < 5; epoch++) {
 *   rates.push(scheduler.getLastLr()[0]);
 *   optimizer.step();
 *   scheduler.step();
 * }
 * assertEquals(rates, [1, 0.75, 0.5, 0.25, 0]);
 * ```
 */
export class PolynomialLR extends LRScheduler {
  /** The epoch at which the learning rate is 0. */
  totalIters: number;
  /** The power. */
  power: number;

  /** Makes the first setting. */
  constructor(optimizer: AnyOptimizer, options?: PolynomialLROptions) {
    const all = withDefaults("PolynomialLR", { totalIters: 5, power: 1, lastEpoch: -1 }, options);
    super(optimizer, all.lastEpoch);
    checkNumber("PolynomialLR", "totalIters", all.totalIters);
    checkNumber("PolynomialLR", "power", all.power);
    this.totalIters = all.totalIters;
    this.power = all.power;
    this.start();
  }

  /** The learning rates of this epoch. */
  protected override nextLr(): number[] {
    const { totalIters, power, lastEpoch } = this;
    if (this.isInitial || lastEpoch > totalIters) return this.currentLr();
    const factor = ((1 - lastEpoch / totalIters) / (1 - (lastEpoch - 1) / totalIters)) ** power;
    return this.currentLr().map((lr) => lr * factor);
  }

  /** The same from the epoch alone. */
  protected override closedLr(): number[] {
    const left = 1 - Math.min(this.totalIters, this.lastEpoch) / this.totalIters;
    return this.baseLrs.map((lr) => lr * left ** this.power);
  }

  /** The state's fields by PyTorch's names. */
  protected override get stateNames(): Record<string, string> {
    return { total_iters: "totalIters", power: "power" };
  }
}
