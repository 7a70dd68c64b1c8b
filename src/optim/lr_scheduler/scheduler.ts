/**
 * The base class of learning-rate schedulers.
 *
 * @module
 */

import { notTheBase } from "../../_arguments.ts";
import { describe, isTensor } from "../../tensor/tensor.ts";
import { checkNumber } from "../options.ts";
import { type AnyOptimizer, Optimizer } from "../optimizer.ts";
import type { ParamGroup } from "../param_group.ts";

/** A scheduler's state under PyTorch's names. */
export type SchedulerStateDict = Record<string, unknown>;

/** A group as schedulers see it. */
export type ScheduledGroup = ParamGroup<
  { lr: number; momentum?: number; betas?: [number, number] }
>;

/** Options that most schedulers have. */
export interface SchedulerOptions {
  /** The epoch that was last, to go on from where an optimizer's state was loaded; default `-1`: begin anew. */
  lastEpoch?: number;
}

/** Refuses what is no optimizer. */
export function checkOptimizer(
  name: string,
  optimizer: unknown,
): asserts optimizer is AnyOptimizer {
  if (optimizer instanceof Optimizer) return;
  throw new TypeError(
    `${name}: argument 'optimizer' must be an Optimizer, but got ${describe(optimizer)}`,
  );
}

/**
 * Sets the learning rate of each parameter group, epoch by epoch.
 *
 * Making one makes its first setting; `step()` the next, after the optimizer's steps of an epoch (or after each).
 */
export abstract class LRScheduler {
  /** The optimizer whose groups are set. */
  readonly optimizer: AnyOptimizer;
  /** The learning rates that the schedule goes out from, one a group. */
  baseLrs: number[];
  /** The epoch whose learning rates are set. */
  lastEpoch: number;
  /** How often `step()` was called, the first setting included. */
  stepCount = 0;
  /** Whether the first setting is being made. */
  protected isInitial = false;
  /** Whether {@linkcode start} was called. */
  protected wasBegun = false;
  #lastLr: number[] = [];

  /** A subclass calls {@linkcode start} once its fields are set. */
  constructor(optimizer: AnyOptimizer, lastEpoch: number = -1) {
    notTheBase(
      new.target,
      LRScheduler,
      "optim.lrScheduler.LRScheduler",
      "optim.lrScheduler.StepLR, CosineAnnealingLR and their kin",
    );
    checkOptimizer(new.target.name, optimizer);
    checkNumber(new.target.name, "lastEpoch", lastEpoch, { min: -1, integer: true });
    this.optimizer = optimizer;
    this.lastEpoch = lastEpoch;
    this.groups.forEach((group, i) => {
      if (lastEpoch === -1) group.initialLr ??= group.lr;
      if (group.initialLr !== undefined) return;
      throw new RangeError(
        `${this.name}: group ${i} has no 'initialLr' to go on from: load the optimizer's state first, or leave 'lastEpoch' out`,
      );
    });
    this.baseLrs = this.groups.map((group) => group.initialLr!);
  }

  /** The class's name, for errors. */
  get name(): string {
    return this.constructor.name;
  }

  /** The optimizer's groups. */
  protected get groups(): ScheduledGroup[] {
    return this.optimizer.paramGroups as unknown as ScheduledGroup[];
  }

  /** The learning rates of {@linkcode lastEpoch}, one a group, from those of the epoch before. */
  protected abstract nextLr(): number[];

  /** The learning rates of {@linkcode lastEpoch} without those of the epoch before, where there is such a form. */
  protected closedLr(): number[] {
    return this.nextLr();
  }

  /** Makes the first setting. */
  start(): void {
    this.wasBegun = true;
    this.stepCount = 0;
    this.isInitial = true;
    try {
      this.step();
    } finally {
      this.isInitial = false;
    }
  }

  /** Takes back the first setting, so that {@linkcode start} makes it. */
  undo(): void {
    this.lastEpoch--;
  }

  /** The learning rates that were set last, one a group. */
  getLastLr(): number[] {
    return [...this.#lastLr];
  }

  /**
   * Sets the learning rates of the next epoch, or of a given one.
   *
   * @param epoch The epoch, from 0, where it is not the next.
   */
  step(epoch?: number): void {
    if (epoch !== undefined) checkNumber(`${this.name}.step()`, "epoch", epoch, { min: 0 });
    if (this.stepCount === 1 && this.optimizer.stepCount === 0) {
      console.warn(
        `${this.name}.step() was called before the optimizer's step(), so the first learning rate is skipped`,
      );
    }
    this.stepCount++;
    this.update(epoch);
  }

  /** Sets learning rates without counting a call of `step()`. */
  update(epoch?: number): void {
    this.lastEpoch = epoch ?? this.lastEpoch + 1;
    this.set(epoch === undefined ? this.nextLr() : this.closedLr());
  }

  /** Sets learning rates. */
  protected set(lrs: readonly number[]): void {
    if (lrs.length !== this.groups.length) {
      throw new RangeError(
        `${this.name}: the optimizer has ${this.groups.length} groups now, but ${lrs.length} when the schedule was made`,
      );
    }
    this.noteLr(lrs);
    this.groups.forEach((group, i) => group.lr = lrs[i]!);
  }

  /** Notes what {@linkcode getLastLr} gives. */
  protected noteLr(lrs: readonly number[]): void {
    if (!Array.isArray(lrs) || !lrs.every((lr) => typeof lr === "number")) {
      throw new TypeError(
        `${this.name}: learning rates must be numbers in an array, but got ${
          Array.isArray(lrs)
            ? describe(lrs.find((lr) => typeof lr !== "number")) + " in it"
            : describe(lrs)
        }`,
      );
    }
    this.#lastLr = [...lrs];
  }

  /** What the groups have now. */
  protected currentLr(): number[] {
    return this.groups.map((group) => group.lr);
  }

  /** The fields that make up the state, by PyTorch's names. */
  protected get stateNames(): Readonly<Record<string, string>> {
    return {};
  }

  /** The schedule's state under PyTorch's names, for `io.save`. */
  stateDict(): SchedulerStateDict {
    const dict: SchedulerStateDict = {
      base_lrs: [...this.baseLrs],
      last_epoch: this.lastEpoch,
      _step_count: this.stepCount,
      _is_initial: false,
      _get_lr_called_within_step: false,
      _last_lr: this.getLastLr(),
    };
    const fields = this as unknown as Record<string, unknown>;
    for (const [name, field] of Object.entries(this.stateNames)) dict[name] = copied(fields[field]);
    return dict;
  }

  /** Takes over a state dict of this class's, made here or by PyTorch. */
  loadStateDict(dict: SchedulerStateDict | Map<string, unknown>): void {
    const given = entriesOf(this.name, dict);
    const fields = this as unknown as Record<string, unknown>;
    const names = {
      base_lrs: "baseLrs",
      last_epoch: "lastEpoch",
      _step_count: "stepCount",
      ...this.stateNames,
    };
    for (const [name, field] of Object.entries(names)) {
      if (given.has(name)) fields[field] = copied(given.get(name));
    }
    if (given.has("_last_lr")) this.noteLr(copied(given.get("_last_lr")) as number[]);
  }
}

/** The entries of a state dict. */
export function entriesOf(name: string, dict: unknown): Map<string, unknown> {
  if (dict instanceof Map) return dict;
  if (typeof dict === "object" && dict !== null) return new Map(Object.entries(dict));
  throw new TypeError(
    `${name}.loadStateDict(): argument 'dict' must be an object, but got ${describe(dict)}`,
  );
}

function copied(value: unknown): unknown {
  if (isTensor(value)) return Number(value.item());
  if (value instanceof Map) return new Map(value);
  return Array.isArray(value) ? value.map(copied) : value;
}

/** A number for each group, from one for all or a list. */
export function perGroup(
  name: string,
  option: string,
  value: unknown,
  groups: readonly unknown[],
): number[] {
  const list: unknown[] = Array.isArray(value) ? [...value] : new Array(groups.length).fill(value);
  if (list.length !== groups.length) {
    throw new RangeError(
      `${name}: '${option}' has ${list.length} values, but the optimizer ${groups.length} groups`,
    );
  }
  list.forEach((one, i) => checkNumber(name, `${option}[${i}]`, one));
  return list as number[];
}
