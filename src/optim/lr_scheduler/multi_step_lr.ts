import { asIterable } from "../../_arguments.ts";
import type { AnyOptimizer } from "../optimizer.ts";
import { checkNumber, withDefaults } from "../options.ts";
import { LRScheduler, type SchedulerOptions } from "./scheduler.ts";

/** Options of {@linkcode MultiStepLR}. */
export interface MultiStepLROptions extends SchedulerOptions {
  /** The factor; default `0.1`. */
  gamma?: number;
}

/**
 * The learning rate falls by a factor at each of the milestones; twice where one is listed twice.
 *
 * @example
 * ```ts
 * import * as torch from "flambeau";
 * import { assertEquals } from "@std/assert";
 *
 * const optimizer = new torch.optim.SGD([torch.zeros([1])], { lr: 1 });
 * const scheduler = new torch.optim.lrScheduler.MultiStepLR(optimizer, [1, 3], { gamma: 0.5 });
 * const rates = [];
 * for (let epoch = 0; epoch < 5; epoch++) {
 *   rates.push(scheduler.getLastLr()[0]);
 *   optimizer.step();
 *   scheduler.step();
 * }
 * assertEquals(rates, [1, 0.5, 0.5, 0.25, 0.25]);
 * ```
 */
export class MultiStepLR extends LRScheduler {
  /** How often it falls, by epoch. */
  milestones: Map<number, number> = new Map();
  /** The factor. */
  gamma: number;

  /** Makes the first setting. */
  constructor(optimizer: AnyOptimizer, milestones: Iterable<number>, options?: MultiStepLROptions) {
    const { gamma, lastEpoch } = withDefaults(
      "MultiStepLR",
      { gamma: 0.1, lastEpoch: -1 },
      options,
    );
    super(optimizer, lastEpoch);
    checkNumber("MultiStepLR", "gamma", gamma);
    for (const epoch of asIterable(milestones, "MultiStepLR", "milestones")) {
      checkNumber("MultiStepLR", "milestones", epoch, { integer: true });
      this.milestones.set(epoch, (this.milestones.get(epoch) ?? 0) + 1);
    }
    this.gamma = gamma;
    this.start();
  }

  /** The learning rates of this epoch. */
  protected override nextLr(): number[] {
    const times = this.milestones.get(this.lastEpoch);
    return this.currentLr().map((lr) => times === undefined ? lr : lr * this.gamma ** times);
  }

  /** The same from the epoch alone. */
  protected override closedLr(): number[] {
    let times = 0;
    for (const [epoch, count] of this.milestones) if (epoch <= this.lastEpoch) times += count;
    return this.baseLrs.map((lr) => lr * this.gamma ** times);
  }

  /** The state's fields by PyTorch's names. */
  protected override get stateNames(): Record<string, string> {
    return { milestones: "milestones", gamma: "gamma" };
  }
}
