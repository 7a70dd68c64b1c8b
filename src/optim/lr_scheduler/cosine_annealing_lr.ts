import type { AnyOptimizer } from "../optimizer.ts";
import { checkNumber, withDefaults } from "../options.ts";
import { LRScheduler, type SchedulerOptions } from "./scheduler.ts";

/** Options of {@linkcode CosineAnnealingLR}. */
export interface CosineAnnealingLROptions extends SchedulerOptions {
  /** The least learning rate; default `0`. */
  etaMin?: number;
}

/**
 * The learning rate falls along half a cosine, and rises again (Loshchilov and Hutter 2016, without restarts).
 *
 * @example
 * ```ts
 * import * as torch from "flambeau";
 * import { assertAlmostEquals } from "@std/assert";
 *
 * const optimizer = new torch.optim.SGD([torch.zeros([1])], { lr: 1 });
 * const scheduler = new torch.optim.lrScheduler.CosineAnnealingLR(optimizer, 4);
 * for (const expected of [1, (1 + Math.SQRT1_2) / 2, 0.5]) {
 *   assertAlmostEquals(scheduler.getLastLr()[0]!, expected);
 *   optimizer.step();
 *   scheduler.step();
 * }
 * ```
 */
export class CosineAnnealingLR extends LRScheduler {
  /** The epoch at which it is least. */
  TMax: number;
  /** The least learning rate. */
  etaMin: number;

  /** Makes the first setting. */
  constructor(optimizer: AnyOptimizer, TMax: number, options?: CosineAnnealingLROptions) {
    const all = withDefaults("CosineAnnealingLR", { etaMin: 0, lastEpoch: -1 }, options);
    super(optimizer, all.lastEpoch);
    checkNumber("CosineAnnealingLR", "TMax", TMax, { above: 0 });
    checkNumber("CosineAnnealingLR", "etaMin", all.etaMin);
    this.TMax = TMax;
    this.etaMin = all.etaMin;
    this.start();
  }

  /** The learning rates of this epoch. */
  protected override nextLr(): number[] {
    const { TMax, etaMin, lastEpoch } = this;
    if (this.isInitial) return this.currentLr();
    if (this.stepCount === 1 && lastEpoch > 0) return this.closedLr();
    const before = this.currentLr();
    if ((lastEpoch - 1 - TMax) % (2 * TMax) === 0) {
      return before.map((lr, i) =>
        lr + (this.baseLrs[i]! - etaMin) * (1 - Math.cos(Math.PI / TMax)) / 2
      );
    }
    const height = (epoch: number) => 1 + Math.cos(Math.PI * epoch / TMax);
    return before.map((lr) => height(lastEpoch) / height(lastEpoch - 1) * (lr - etaMin) + etaMin);
  }

  /** The same from the epoch alone. */
  protected override closedLr(): number[] {
    const { TMax, etaMin, lastEpoch } = this;
    return this.baseLrs.map((lr) =>
      etaMin + (lr - etaMin) * (1 + Math.cos(Math.PI * lastEpoch / TMax)) / 2
    );
  }

  /** The state's fields by PyTorch's names. */
  protected override get stateNames(): Record<string, string> {
    return { T_max: "TMax", eta_min: "etaMin" };
  }
}
