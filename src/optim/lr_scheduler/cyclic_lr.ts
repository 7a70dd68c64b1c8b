import { describe } from "../../tensor/tensor.ts";
import type { AnyOptimizer } from "../optimizer.ts";
import { checkBoolean, checkNumber, checkOneOf, withDefaults } from "../options.ts";
import { setMomentum, startMomentum, usesBeta1 } from "./cycled_momentum.ts";
import {
  LRScheduler,
  perGroup,
  type SchedulerOptions,
  type SchedulerStateDict,
} from "./scheduler.ts";

/** Options of {@linkcode CyclicLR}. */
export interface CyclicLROptions extends SchedulerOptions {
  /** Steps of the rising half; default `2000`. */
  stepSizeUp?: number;
  /** Steps of the falling half; default (`null`) as many. */
  stepSizeDown?: number | null;
  /** How cycles shrink: not, by half each, or by `gamma` each step; default `"triangular"`. */
  mode?: "triangular" | "triangular2" | "exp_range";
  /** The factor of `"exp_range"`; default `1`. */
  gamma?: number;
  /** A function of one's own for the height instead of `mode`; default `null`. */
  scaleFn?: ((x: number) => number) | null;
  /** Whether that function is given the cycle or the step; default `"cycle"`. */
  scaleMode?: "cycle" | "iterations";
  /** Whether the momentum goes the other way; default `true`. */
  cycleMomentum?: boolean;
  /** The least momentum, for all groups or each; default `0.8`. */
  baseMomentum?: number | readonly number[];
  /** The largest momentum; default `0.9`. */
  maxMomentum?: number | readonly number[];
}

const DEFAULTS: Required<CyclicLROptions> = {
  stepSizeUp: 2000,
  stepSizeDown: null,
  mode: "triangular",
  gamma: 1,
  scaleFn: null,
  scaleMode: "cycle",
  cycleMomentum: true,
  baseMomentum: 0.8,
  maxMomentum: 0.9,
  lastEpoch: -1,
};

/**
 * The learning rate goes up and down between two values, batch by batch (Smith 2015).
 *
 * @example
 * ```ts
 * import * as torch from "flambeau";
 * import { assertEquals } from "@std/assert";
 *
 * const optimizer = new torch.optim.SGD([torch.zeros([1])], { lr: 1 });
 * const scheduler = new torch.optim.lrScheduler.CyclicLR(optimizer, 1, 3, { stepSizeUp: 2 });
 * const rates = [];
 * for (let epoch = 0; epoch < 6; epoch++) {
 *   rates.push(scheduler.getLastLr()[0]);
 *   optimizer.step();
 *   scheduler.step();
 * }
 * assertEquals(rates, [1, 2, 3, 2, 1, 2]);
 * ```
 */
export class CyclicLR extends LRScheduler {
  /** The largest learning rates, one a group. */
  maxLrs: number[];
  /** The steps of a cycle. */
  totalSize: number;
  /** The share of the rising half. */
  stepRatio: number;
  /** How cycles shrink. */
  mode: "triangular" | "triangular2" | "exp_range";
  /** The factor of `"exp_range"`. */
  gamma: number;
  /** Whether the height follows the cycle or the step. */
  scaleMode: "cycle" | "iterations";
  /** Whether the momentum goes the other way. */
  cycleMomentum: boolean;
  /** Whether the momentum is the first of the `betas`. */
  useBeta1 = false;
  /** The least momentums. */
  baseMomentums: number[] = [];
  /** The largest momentums. */
  maxMomentums: number[] = [];
  readonly #scaleFn: ((x: number) => number) | null;

  /** Makes the first setting. */
  constructor(
    optimizer: AnyOptimizer,
    baseLr: number | readonly number[],
    maxLr: number | readonly number[],
    options?: CyclicLROptions,
  ) {
    const all = withDefaults("CyclicLR", DEFAULTS, options);
    check(all);
    super(optimizer, all.lastEpoch);
    const { groups } = this;
    const baseLrs = perGroup("CyclicLR", "baseLr", baseLr, groups);
    const down = all.stepSizeDown ?? all.stepSizeUp;
    this.maxLrs = perGroup("CyclicLR", "maxLr", maxLr, groups);
    this.totalSize = all.stepSizeUp + down;
    this.stepRatio = all.stepSizeUp / this.totalSize;
    this.mode = all.mode;
    this.gamma = all.gamma;
    this.#scaleFn = all.scaleFn;
    this.scaleMode = all.scaleFn
      ? all.scaleMode
      : all.mode === "exp_range"
      ? "iterations"
      : "cycle";
    this.cycleMomentum = all.cycleMomentum;
    if (all.cycleMomentum) {
      this.useBeta1 = usesBeta1("CyclicLR", optimizer);
      this.baseMomentums = perGroup("CyclicLR", "baseMomentum", all.baseMomentum, groups);
      this.maxMomentums = perGroup("CyclicLR", "maxMomentum", all.maxMomentum, groups);
      if (all.lastEpoch === -1) {
        startMomentum(groups, this.useBeta1, this.baseMomentums, this.maxMomentums);
      }
    }
    this.baseLrs = baseLrs;
    this.start();
  }

  /** The height of a cycle (of a step, where `scaleMode` says so), from 0 to 1. */
  scaleFn(x: number): number {
    if (this.#scaleFn !== null) return this.#scaleFn(x);
    if (this.mode === "triangular") return 1;
    return this.mode === "triangular2" ? 1 / 2 ** (x - 1) : this.gamma ** x;
  }

  /** The learning rates of this step. */
  protected override nextLr(): number[] {
    const { lastEpoch, totalSize, stepRatio } = this;
    const cycle = Math.floor(1 + lastEpoch / totalSize);
    const x = 1 + lastEpoch / totalSize - cycle;
    const height = x <= stepRatio ? x / stepRatio : (x - 1) / (stepRatio - 1);
    const scale = this.scaleFn(this.scaleMode === "cycle" ? cycle : lastEpoch);
    if (this.cycleMomentum) {
      this.groups.forEach((group, i) => {
        const [base, max] = [this.baseMomentums[i]!, this.maxMomentums[i]!];
        setMomentum(group, this.useBeta1, max - (max - base) * height * scale);
      });
    }
    return this.baseLrs.map((base, i) => base + (this.maxLrs[i]! - base) * height * scale);
  }

  /** The state under PyTorch's names. */
  override stateDict(): SchedulerStateDict {
    return { ...super.stateDict(), _scale_fn_custom: null };
  }

  /** The state's fields by PyTorch's names. */
  protected override get stateNames(): Record<string, string> {
    return {
      max_lrs: "maxLrs",
      total_size: "totalSize",
      step_ratio: "stepRatio",
      mode: "mode",
      gamma: "gamma",
      scale_mode: "scaleMode",
      cycle_momentum: "cycleMomentum",
      ...(this.cycleMomentum
        ? {
          use_beta1: "useBeta1",
          base_momentums: "baseMomentums",
          max_momentums: "maxMomentums",
        }
        : {}),
    };
  }
}

function check(all: Required<CyclicLROptions>): void {
  checkNumber("CyclicLR", "stepSizeUp", all.stepSizeUp, { above: 0 });
  if (all.stepSizeDown !== null) {
    checkNumber("CyclicLR", "stepSizeDown", all.stepSizeDown, { above: 0 });
  }
  checkNumber("CyclicLR", "gamma", all.gamma);
  checkOneOf("CyclicLR", "scaleMode", all.scaleMode, ["cycle", "iterations"]);
  checkBoolean("CyclicLR", "cycleMomentum", all.cycleMomentum);
  if (all.scaleFn === null) {
    checkOneOf("CyclicLR", "mode", all.mode, ["triangular", "triangular2", "exp_range"]);
  } else if (typeof all.scaleFn !== "function") {
    throw new TypeError(`CyclicLR: 'scaleFn' must be a function, but got ${describe(all.scaleFn)}`);
  }
}
