import type { AnyOptimizer } from "../optimizer.ts";
import { checkNumber, withDefaults } from "../options.ts";
import { LRScheduler, type SchedulerOptions } from "./scheduler.ts";

/** Options of {@linkcode StepLR}. */
export interface StepLROptions extends SchedulerOptions {
  /** The factor; default `0.1`. */
  gamma?: number;
}

/**
 * The learning rate falls by a factor every `stepSize` epochs.
 *
 * @example
 * ```ts
 * import * as torch from "flambeau";
 * import { assertEquals } from "@std/assert";
 *
 * const optimizer = new torch.optim.SGD([torch.zeros([1])], { lr: 1 });
 * const scheduler = new torch.optim.lrScheduler.StepLR(optimizer, 2, { gamma: 0.5 });
 * const rates = [];
 * for (let epoch = 0; epoch < 5; epoch++) {
 *   rates.push(scheduler.getLastLr()[0]);
 *   optimizer.step();
 *   scheduler.step();
 * }
 * assertEquals(rates, [1, 1, 0.5, 0.5, 0.25]);
 * ```
 */
export class StepLR extends LRScheduler {
  /** After how many epochs it falls. */
  stepSize: number;
  /** The factor. */
  gamma: number;

  /** Makes the first setting. */
  constructor(optimizer: AnyOptimizer, stepSize: number, options?: StepLROptions) {
    const { gamma, lastEpoch } = withDefaults("StepLR", { gamma: 0.1, lastEpoch: -1 }, options);
    super(optimizer, lastEpoch);
    checkNumber("StepLR", "stepSize", stepSize, { min: 1, integer: true });
    checkNumber("StepLR", "gamma", gamma);
    this.stepSize = stepSize;
    this.gamma = gamma;
    this.start();
  }

  /** The learning rates of this epoch. */
  protected override nextLr(): number[] {
    const same = this.lastEpoch === 0 || this.lastEpoch % this.stepSize !== 0;
    return this.currentLr().map((lr) => same ? lr : lr * this.gamma);
  }

  /** The same from the epoch alone. */
  protected override closedLr(): number[] {
    const times = Math.floor(this.lastEpoch / this.stepSize);
    return this.baseLrs.map((lr) => lr * this.gamma ** times);
  }

  /** The state's fields by PyTorch's names. */
  protected override get stateNames(): Record<string, string> {
    return { step_size: "stepSize", gamma: "gamma" };
  }
}
