import type { AnyOptimizer } from "../optimizer.ts";
import { checkNumber, withDefaults } from "../options.ts";
import { LRScheduler, type SchedulerOptions } from "./scheduler.ts";

/** Options of {@linkcode LinearLR}. */
export interface LinearLROptions extends SchedulerOptions {
  /** The factor at first, above 0 and at most 1; default `1 / 3`. */
  startFactor?: number;
  /** The factor at the end, from 0 to 1; default `1`. */
  endFactor?: number;
  /** The epoch at which the end is reached; default `5`. */
  totalIters?: number;
}

/**
 * A factor of the learning rate goes evenly from one value to another.
 *
 * @example
 * ```ts
 * import * as torch from "flambeau";
 * import { assertEquals } from "@std/assert";
 *
 * const optimizer = new torch.optim.SGD([torch.zeros([1])], { lr: 1 });
 * const scheduler = new torch.optim.lrScheduler.LinearLR(optimizer, { startFactor: 0.5, totalIters: 2 });
 * const rates = [];
 * for (let epoch = 0; epoch < 4; epoch++) {
 *   rates.push(scheduler.getLastLr()[0]);
 *   optimizer.step();
 *   scheduler.step();
 * }
 * assertEquals(rates, [0.5, 0.75, 1, 1]);
 * ```
 */
export class LinearLR extends LRScheduler {
  /** The factor at first. */
  startFactor: number;
  /** The factor at the end. */
  endFactor: number;
  /** The epoch at which the end is reached. */
  totalIters: number;

  /** Makes the first setting. */
  constructor(optimizer: AnyOptimizer, options?: LinearLROptions) {
    const all = withDefaults(
      "LinearLR",
      { startFactor: 1 / 3, endFactor: 1, totalIters: 5, lastEpoch: -1 },
      options,
    );
    super(optimizer, all.lastEpoch);
    checkNumber("LinearLR", "startFactor", all.startFactor, { above: 0, max: 1 });
    checkNumber("LinearLR", "endFactor", all.endFactor, { min: 0, max: 1 });
    checkNumber("LinearLR", "totalIters", all.totalIters);
    this.startFactor = all.startFactor;
    this.endFactor = all.endFactor;
    this.totalIters = all.totalIters;
    this.start();
  }

  /** The learning rates of this epoch. */
  protected override nextLr(): number[] {
    const { startFactor, endFactor, totalIters, lastEpoch } = this;
    if (lastEpoch === 0) return this.currentLr().map((lr) => lr * startFactor);
    if (this.isInitial || lastEpoch > totalIters) return this.currentLr();
    const rise = endFactor - startFactor;
    const factor = 1 + rise / (totalIters * startFactor + (lastEpoch - 1) * rise);
    return this.currentLr().map((lr) => lr * factor);
  }

  /** The same from the epoch alone. */
  protected override closedLr(): number[] {
    const { startFactor, endFactor, totalIters } = this;
    const passed = Math.min(totalIters, this.lastEpoch);
    return this.baseLrs.map((lr) =>
      lr * (startFactor + (endFactor - startFactor) * passed / totalIters)
    );
  }

  /** The state's fields by PyTorch's names. */
  protected override get stateNames(): Record<string, string> {
    return { start_factor: "startFactor", end_factor: "endFactor", total_iters: "totalIters" };
  }
}
