import type { AnyOptimizer } from "../optimizer.ts";
import { checkNumber, withDefaults } from "../options.ts";
import { LRScheduler, type SchedulerOptions } from "./scheduler.ts";

/**
 * The learning rate falls by a factor each epoch.
 *
 * @example
 * ```ts
 * import * as torch from "flambeau";
 * import { assertEquals } from "@std/assert";
 *
 * const optimizer = new torch.optim.SGD([torch.zeros([1])], { lr: 1 });
 * const scheduler = new torch.optim.lrScheduler.ExponentialLR(optimizer, 0.5);
 * const rates = [];
 * for (let epoch = 0; epoch < 4; epoch++) {
 *   rates.push(scheduler.getLastLr()[0]);
 *   optimizer.step();
 *   scheduler.step();
 * }
 * assertEquals(rates, [1, 0.5, 0.25, 0.125]);
 * ```
 */
export class ExponentialLR extends LRScheduler {
  /** The factor. */
  gamma: number;

  /** Makes the first setting. */
  constructor(optimizer: AnyOptimizer, gamma: number, options?: SchedulerOptions) {
    super(optimizer, withDefaults("ExponentialLR", { lastEpoch: -1 }, options).lastEpoch);
    checkNumber("ExponentialLR", "gamma", gamma);
    this.gamma = gamma;
    this.start();
  }

  /** The learning rates of this epoch. */
  protected override nextLr(): number[] {
    return this.currentLr().map((lr) => this.isInitial ? lr : lr * this.gamma);
  }

  /** The same from the epoch alone. */
  protected override closedLr(): number[] {
    return this.baseLrs.map((lr) => lr * this.gamma ** this.lastEpoch);
  }

  /** The state's fields by PyTorch's names. */
  protected override get stateNames(): Record<string, string> {
    return { gamma: "gamma" };
  }
}
