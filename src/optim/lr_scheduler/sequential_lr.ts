import { asIterable } from "../../_arguments.ts";
import type { AnyOptimizer } from "../optimizer.ts";
import { checkNumber } from "../options.ts";
import { checkSchedulers, loadAll, refuseMilestone, stateOfAll } from "./several.ts";
import { LRScheduler, type SchedulerStateDict } from "./scheduler.ts";

/**
 * One schedule after the other: the next begins at each milestone.
 *
 * @example
 * ```ts
 * import * as torch from "flambeau";
 * import { assertEquals } from "@std/assert";
 *
 * const { ConstantLR, ExponentialLR, SequentialLR } = torch.optim.lrScheduler;
 * const optimizer = new torch.optim.SGD([torch.zeros([1])], { lr: 1 });
 * const scheduler = new SequentialLR(optimizer, [
 *   new ConstantLR(optimizer, { factor: 0.5, totalIters: 10 }),
 *   new ExponentialLR(optimizer, 0.5),
 * ], [2]);
 * const rates = [];
 * for (let epoch = 0; epoch < 4; epoch++) {
 *   rates.push(scheduler.getLastLr()[0]);
 *   optimizer.step();
 *   scheduler.step();
 * }
 * assertEquals(rates, [0.5, 0.5, 1, 0.5]);
 * ```
 */
export class SequentialLR extends LRScheduler {
  /** The schedules. */
  readonly schedulers: readonly LRScheduler[];
  /** The epochs at which the next begins. */
  readonly milestones: readonly number[];

  /** Makes the first setting. */
  constructor(
    optimizer: AnyOptimizer,
    schedulers: readonly LRScheduler[],
    milestones: readonly number[],
  ) {
    super(optimizer);
    checkSchedulers("SequentialLR", optimizer, schedulers);
    [...asIterable(milestones, "SequentialLR", "milestones")].forEach((one, i) => {
      checkNumber("SequentialLR", `milestones[${i}]`, one, { integer: true });
    });
    if (milestones.length !== schedulers.length - 1) {
      throw new RangeError(
        `SequentialLR: ${schedulers.length} schedulers have ${
          schedulers.length - 1
        } milestones between them, but got ${milestones.length}`,
      );
    }
    this.schedulers = [...schedulers];
    this.milestones = [...milestones];
    this.lastEpoch = 0;
    // Making the schedulers has made their first settings, one on top of the other.
    for (const group of this.groups) group.lr = group.initialLr!;
    this.undo();
    const first = this.schedulers[this.#turn(0)]!;
    first.start();
    this.noteLr(first.getLastLr());
  }

  #turn(epoch: number): number {
    return this.milestones.filter((milestone) => milestone <= epoch).length;
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
    this.lastEpoch++;
    const turn = this.#turn(this.lastEpoch);
    const scheduler = this.schedulers[turn]!;
    if (turn > 0 && this.milestones[turn - 1] === this.lastEpoch) scheduler.update(0);
    else scheduler.step();
    this.noteLr(scheduler.getLastLr());
  }

  /** The learning rates of this epoch. */
  protected override nextLr(): number[] {
    return this.getLastLr();
  }

  /** The state under PyTorch's names. */
  override stateDict(): SchedulerStateDict {
    return {
      _milestones: [...this.milestones],
      last_epoch: this.lastEpoch,
      _last_lr: this.getLastLr(),
      ...stateOfAll(this.schedulers, this.wasBegun),
    };
  }

  /** Takes over a state dict. */
  override loadStateDict(dict: SchedulerStateDict | Map<string, unknown>): void {
    super.loadStateDict(dict);
    loadAll("SequentialLR", this.schedulers, dict);
  }

  /** The state's fields by PyTorch's names. */
  protected override get stateNames(): Record<string, string> {
    return { _milestones: "milestones" };
  }
}
