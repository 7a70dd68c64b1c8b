import { LRScheduler, perGroup, type SchedulerOptions } from "../lr_scheduler/scheduler.ts";
import type { AnyOptimizer } from "../optimizer.ts";
import { checkNumber, checkOneOf, withDefaults } from "../options.ts";

/** Options of {@linkcode SWALR}. */
export interface SWALROptions extends SchedulerOptions {
  /** How many epochs it takes; default `10`. */
  annealEpochs?: number;
  /** The form; default `"cos"`. */
  annealStrategy?: "cos" | "linear";
}

/**
 * The learning rate goes to a fixed one, at which weights are averaged (Izmailov et al. 2018).
 *
 * @example
 * ```ts
 * import * as torch from "flambeau";
 * import { assertEquals } from "@std/assert";
 *
 * const optimizer = new torch.optim.SGD([torch.zeros([1])], { lr: 1 });
 * const scheduler = new torch.optim.swaUtils.SWALR(optimizer, 0.5, {
 *   annealEpochs: 2,
 *   annealStrategy: "linear",
 * });
 * const rates = [];
 * for (let epoch = 0; epoch < 4; epoch++) {
 *   rates.push(scheduler.getLastLr()[0]);
 *   optimizer.step();
 *   scheduler.step();
 * }
 * assertEquals(rates, [1, 0.75, 0.5, 0.5]);
 * ```
 */
export class SWALR extends LRScheduler {
  /** How many epochs it takes. */
  annealEpochs: number;
  /** The form. */
  annealStrategy: "cos" | "linear";

  /** `swaLr` is the learning rate at the end, for all groups or each. */
  constructor(optimizer: AnyOptimizer, swaLr: number | readonly number[], options?: SWALROptions) {
    const all = withDefaults<Required<SWALROptions>>(
      "SWALR",
      { annealEpochs: 10, annealStrategy: "cos", lastEpoch: -1 },
      options,
    );
    super(optimizer, all.lastEpoch);
    checkNumber("SWALR", "annealEpochs", all.annealEpochs, { min: 0, integer: true });
    checkOneOf("SWALR", "annealStrategy", all.annealStrategy, ["cos", "linear"]);
    const lrs = perGroup("SWALR", "swaLr", swaLr, this.groups);
    this.groups.forEach((group, i) => group.swaLr = lrs[i]!);
    this.annealEpochs = all.annealEpochs;
    this.annealStrategy = all.annealStrategy;
    this.start();
  }

  #progress(step: number): number {
    const share = Math.max(0, Math.min(1, step / Math.max(1, this.annealEpochs)));
    return this.annealStrategy === "cos" ? (1 - Math.cos(Math.PI * share)) / 2 : share;
  }

  /** The learning rates of this epoch. */
  protected override nextLr(): number[] {
    const count = this.stepCount - 1;
    const step = this.annealEpochs === 0 ? Math.max(1, count) : count;
    const before = this.#progress(step - 1);
    const now = this.#progress(step);
    return this.groups.map((group) => {
      const end = group.swaLr!;
      const start = before === 1 ? end : (group.lr - before * end) / (1 - before);
      return end * now + start * (1 - now);
    });
  }

  /** The state's fields by PyTorch's names. */
  protected override get stateNames(): Record<string, string> {
    return { anneal_epochs: "annealEpochs", _anneal_strategy: "annealStrategy" };
  }
}
