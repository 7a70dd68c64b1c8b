import { describe, isTensor, type Tensor } from "../../tensor/tensor.ts";
import type { AnyOptimizer } from "../optimizer.ts";
import { checkNumber, checkOneOf, withDefaults } from "../options.ts";
import { LRScheduler, perGroup, type SchedulerStateDict } from "./scheduler.ts";

/** Options of {@linkcode ReduceLROnPlateau}. */
export interface ReduceLROnPlateauOptions {
  /** Whether a smaller metric is better, or a larger; default `"min"`. */
  mode?: "min" | "max";
  /** What the learning rate is multiplied by, below 1; default `0.1`. */
  factor?: number;
  /** How many epochs without anything better are let pass; default `10`. */
  patience?: number;
  /** How much better counts; default `1e-4`. */
  threshold?: number;
  /** Whether that is a share of the best, or a difference; default `"rel"`. */
  thresholdMode?: "rel" | "abs";
  /** How many epochs after a fall are not counted; default `0`. */
  cooldown?: number;
  /** The least learning rate, for all groups or each; default `0`. */
  minLr?: number | readonly number[];
  /** The least fall that is made; default `1e-8`. */
  eps?: number;
}

const DEFAULTS: Required<ReduceLROnPlateauOptions> = {
  mode: "min",
  factor: 0.1,
  patience: 10,
  threshold: 1e-4,
  thresholdMode: "rel",
  cooldown: 0,
  minLr: 0,
  eps: 1e-8,
};

/**
 * The learning rate falls by a factor when a metric, given to `step(metric)`, has not become better for a while.
 *
 * @example
 * ```ts
 * import * as torch from "flambeau";
 * import { assertEquals } from "@std/assert";
 *
 * const optimizer = new torch.optim.SGD([torch.zeros([1])], { lr: 1 });
 * const scheduler = new torch.optim.lrScheduler.ReduceLROnPlateau(optimizer, { patience: 1, factor: 0.5 });
 * for (const loss of [3, 2, 2, 2]) scheduler.step(loss);
 * assertEquals(scheduler.getLastLr(), [0.5]);
 * ```
 */
export class ReduceLROnPlateau extends LRScheduler {
  /** Whether a smaller metric is better, or a larger. */
  mode: "min" | "max";
  /** What the learning rate is multiplied by. */
  factor: number;
  /** How many epochs without anything better are let pass. */
  patience: number;
  /** How much better counts. */
  threshold: number;
  /** Whether that is a share of the best, or a difference. */
  thresholdMode: "rel" | "abs";
  /** How many epochs after a fall are not counted. */
  cooldown: number;
  /** The least learning rates, one a group. */
  minLrs: number[];
  /** The least learning rate of all groups, where it is one. */
  defaultMinLr: number | null;
  /** The least fall that is made. */
  eps: number;
  /** The best metric so far. */
  best: number;
  /** Epochs that are still not counted. */
  cooldownCounter = 0;
  /** Epochs since the metric became better. */
  numBadEpochs = 0;

  /** Sets nothing yet. */
  constructor(optimizer: AnyOptimizer, options?: ReduceLROnPlateauOptions) {
    super(optimizer);
    const name = "ReduceLROnPlateau";
    const all = withDefaults(name, DEFAULTS, options);
    checkOneOf(name, "mode", all.mode, ["min", "max"]);
    checkOneOf(name, "thresholdMode", all.thresholdMode, ["rel", "abs"]);
    checkNumber(name, "factor", all.factor, { below: 1 });
    for (const key of ["patience", "threshold", "cooldown", "eps"] as const) {
      checkNumber(name, key, all[key]);
    }
    this.mode = all.mode;
    this.factor = all.factor;
    this.patience = all.patience;
    this.threshold = all.threshold;
    this.thresholdMode = all.thresholdMode;
    this.cooldown = all.cooldown;
    this.eps = all.eps;
    this.minLrs = perGroup(name, "minLr", all.minLr, this.groups);
    this.defaultMinLr = typeof all.minLr === "number" ? all.minLr : null;
    this.best = this.#worst;
    this.lastEpoch = 0;
    this.noteLr(this.currentLr());
  }

  get #worst(): number {
    return this.mode === "min" ? Infinity : -Infinity;
  }

  /** Whether epochs are not counted now, since the learning rates fell lately. */
  get inCooldown(): boolean {
    return this.cooldownCounter > 0;
  }

  /** Notes a metric, and sets the learning rates that follow from it. */
  override step(metric?: number | Tensor, epoch: number = this.lastEpoch + 1): void {
    const current = typeof metric === "number" ? metric : numberOf(metric);
    this.lastEpoch = epoch;
    if (this.#isBetter(current)) {
      this.best = current;
      this.numBadEpochs = 0;
    } else {
      this.numBadEpochs++;
    }
    if (this.cooldownCounter > 0) {
      this.cooldownCounter--;
      this.numBadEpochs = 0;
    }
    if (this.numBadEpochs > this.patience) {
      this.#reduce();
      this.cooldownCounter = this.cooldown;
      this.numBadEpochs = 0;
    }
    this.noteLr(this.currentLr());
  }

  #isBetter(current: number): boolean {
    const { best, threshold } = this;
    const relative = this.thresholdMode === "rel";
    return this.mode === "min"
      ? current < (relative ? best * (1 - threshold) : best - threshold)
      : current > (relative ? best * (threshold + 1) : best + threshold);
  }

  #reduce(): void {
    const { groups, defaultMinLr } = this;
    if (groups.length !== this.minLrs.length) {
      if (defaultMinLr === null) {
        throw new RangeError(
          `ReduceLROnPlateau: the optimizer has ${groups.length} groups now, but 'minLr' ${this.minLrs.length} values`,
        );
      }
      this.minLrs = groups.map(() => defaultMinLr);
    }
    groups.forEach((group, i) => {
      const next = Math.max(group.lr * this.factor, this.minLrs[i]!);
      if (group.lr - next > this.eps) group.lr = next;
    });
  }

  /** The learning rates of this epoch. */
  protected override nextLr(): number[] {
    return this.currentLr();
  }

  /** The state under PyTorch's names. */
  override stateDict(): SchedulerStateDict {
    const {
      base_lrs: _base,
      _step_count: _count,
      _is_initial: _initial,
      _get_lr_called_within_step: _called,
      ...dict
    } = super
      .stateDict();
    return { ...dict, mode_worse: this.#worst };
  }

  /** The state's fields by PyTorch's names. */
  protected override get stateNames(): Record<string, string> {
    return {
      mode: "mode",
      factor: "factor",
      patience: "patience",
      threshold: "threshold",
      threshold_mode: "thresholdMode",
      cooldown: "cooldown",
      min_lrs: "minLrs",
      default_min_lr: "defaultMinLr",
      eps: "eps",
      best: "best",
      cooldown_counter: "cooldownCounter",
      num_bad_epochs: "numBadEpochs",
    };
  }
}

function numberOf(metric: unknown): number {
  if (isTensor(metric)) return Number(metric.item());
  throw new TypeError(
    `ReduceLROnPlateau.step(): argument 'metric' must be a number or a tensor of one, but got ${
      describe(metric)
    }`,
  );
}
