import type { AnyOptimizer } from "../optimizer.ts";
import { checkSchedulers, loadAll, refuseMilestone, stateOfAll } from "./several.ts";
import { LRScheduler, type SchedulerStateDict } from "./scheduler.ts";

/**
 * Several schedules at once, each on top of what the one before has set.
 *
 * @example
 * ```ts
 * import * as torch from "flambeau";
 * import { assertEquals } from "@std/assert";
 *
 * const { ChainedScheduler, ConstantLR, ExponentialLR } = torch.optim.lrScheduler;
 * const optimizer = new torch.optim.SGD([torch.zeros([1])], { lr: 1 });
 * const scheduler = new ChainedScheduler([
 *   new ConstantLR(optimizer, { factor: 0.5, totalIters: 2 }),
 *   new ExponentialLR(optimizer, 0.5),
 * ]);
 * optimizer.step();
 * scheduler.step();
 * assertEquals(scheduler.getLastLr(), [0.25]);
 * ```
 */
export class ChainedScheduler extends LRScheduler {
  /** The schedules. */
  readonly schedulers: readonly LRScheduler[];

  /** Sets nothing: the schedules have made their first settings. */
  constructor(schedulers: readonly LRScheduler[], optimizer?: AnyOptimizer) {
    const owner = optimizer ?? schedulers?.[0]?.optimizer;
    if (owner === undefined) {
      throw new TypeError(
        "ChainedScheduler: argument 'schedulers' must be an array of at least one scheduler",
      );
    }
    super(owner);
    checkSchedulers("ChainedScheduler", owner, schedulers);
    this.schedulers = [...schedulers];
    this.noteLr(this.currentLr());
  }

  /** Takes back the first setting of every schedule. */
  override undo(): void {
    for (const one of this.schedulers) one.undo();
  }

  /** Refused: several schedules have no first setting of their own. */
  override update(): void {
    refuseMilestone(this);
  }

  /** Sets the learning rates of the next epoch. */
  override step(): void {
    for (const one of this.schedulers) one.step();
    this.noteLr(this.currentLr());
  }

  /** The learning rates of this epoch. */
  protected override nextLr(): number[] {
    return this.currentLr();
  }

  /** The state under PyTorch's names. */
  override stateDict(): SchedulerStateDict {
    return { _last_lr: this.getLastLr(), ...stateOfAll(this.schedulers, this.wasBegun) };
  }

  /** Takes over a state dict. */
  override loadStateDict(dict: SchedulerStateDict | Map<string, unknown>): void {
    super.loadStateDict(dict);
    loadAll("ChainedScheduler", this.schedulers, dict);
  }
}
