/**
 * What schedulers of schedulers share.
 *
 * @module
 */

import { describe } from "../../tensor/tensor.ts";
import type { AnyOptimizer } from "../optimizer.ts";
import { ReduceLROnPlateau } from "./reduce_lr_on_plateau.ts";
import { entriesOf, LRScheduler, type SchedulerStateDict } from "./scheduler.ts";

/** Refuses what cannot be stepped with others. */
export function checkSchedulers(
  name: string,
  optimizer: AnyOptimizer,
  schedulers: readonly unknown[],
): void {
  if (!Array.isArray(schedulers) || schedulers.length === 0) {
    throw new TypeError(
      `${name}: argument 'schedulers' must be an array of at least one scheduler`,
    );
  }
  schedulers.forEach((one, i) => {
    const where = `${name}: argument 'schedulers[${i}]'`;
    if (one instanceof ReduceLROnPlateau) {
      throw new TypeError(`${where} is a ReduceLROnPlateau, whose step needs a metric`);
    }
    if (!(one instanceof LRScheduler)) {
      throw new TypeError(`${where} must be a scheduler, but got ${describe(one)}`);
    }
    if (one.optimizer !== optimizer) {
      throw new RangeError(`${where} belongs to another optimizer`);
    }
  });
}

/** Refuses to begin several schedules at a milestone, where PyTorch fails too. */
export function refuseMilestone(scheduler: LRScheduler): never {
  throw new TypeError(
    `${scheduler.name} cannot begin at a milestone of a SequentialLR: it may be its first schedule only`,
  );
}

/** The state dicts of all; and, once another schedule began them, what PyTorch notes then. */
export function stateOfAll(
  schedulers: readonly LRScheduler[],
  wasBegun: boolean,
): SchedulerStateDict {
  const noted = wasBegun ? { _step_count: 0, _is_initial: false } : {};
  return { ...noted, _schedulers: schedulers.map((one) => one.stateDict()) };
}

/** Takes over the state dicts of all. */
export function loadAll(name: string, schedulers: readonly LRScheduler[], dict: unknown): void {
  const list = entriesOf(name, dict).get("_schedulers");
  if (!Array.isArray(list) || list.length !== schedulers.length) {
    throw new TypeError(
      `${name}.loadStateDict(): the dict must have '_schedulers', a list of ${schedulers.length}`,
    );
  }
  schedulers.forEach((one, i) => one.loadStateDict(list[i] as SchedulerStateDict));
}
