import type { AnyOptimizer } from "../optimizer.ts";
import { checkBoolean, checkNumber, checkOneOf, withDefaults } from "../options.ts";
import { setMomentum, startMomentum, usesBeta1 } from "./cycled_momentum.ts";
import { LRScheduler, perGroup, type ScheduledGroup, type SchedulerOptions } from "./scheduler.ts";

/** Options of {@linkcode OneCycleLR}; `totalSteps`, or `epochs` and `stepsPerEpoch`, are needed. */
export interface OneCycleLROptions extends SchedulerOptions {
  /** The steps of the cycle; default `null`. */
  totalSteps?: number | null;
  /** The epochs of the cycle; default `null`. */
  epochs?: number | null;
  /** The steps of an epoch; default `null`. */
  stepsPerEpoch?: number | null;
  /** The share of the rising part; default `0.3`. */
  pctStart?: number;
  /** The form; default `"cos"`. */
  annealStrategy?: "cos" | "linear";
  /** Whether the momentum goes the other way; default `true`. */
  cycleMomentum?: boolean;
  /** The least momentum, for all groups or each; default `0.85`. */
  baseMomentum?: number | readonly number[];
  /** The largest momentum; default `0.95`. */
  maxMomentum?: number | readonly number[];
  /** How many times smaller the first learning rate is than the largest; default `25`. */
  divFactor?: number;
  /** How many times smaller the last is than the first; default `10000`. */
  finalDivFactor?: number;
  /** Whether it falls to the first learning rate before it falls to the last; default `false`. */
  threePhase?: boolean;
}

const DEFAULTS: Required<OneCycleLROptions> = {
  totalSteps: null,
  epochs: null,
  stepsPerEpoch: null,
  pctStart: 0.3,
  annealStrategy: "cos",
  cycleMomentum: true,
  baseMomentum: 0.85,
  maxMomentum: 0.95,
  divFactor: 25,
  finalDivFactor: 1e4,
  threePhase: false,
  lastEpoch: -1,
};

type LrEnd = "initialLr" | "maxLr" | "minLr";
type MomentumEnd = "maxMomentum" | "baseMomentum";

interface Phase {
  end: number;
  lr: [LrEnd, LrEnd];
  momentum: [MomentumEnd, MomentumEnd];
}

/**
 * The learning rate goes up once, and down to almost nothing, batch by batch (Smith and Topin 2017).
 *
 * @example
 * ```ts
 * import * as torch from "flambeau";
 * import { assertAlmostEquals } from "@std/assert";
 *
 * const optimizer = new torch.optim.SGD([torch.zeros([1])], { lr: 1, momentum: 0.9 });
 * const scheduler = new torch.optim.lrScheduler.OneCycleLR(optimizer, 1, { totalSteps: 10 });
 * assertAlmostEquals(scheduler.getLastLr()[0]!, 1 / 25);
 * for (let i = 0; i < 2; i++) {
 *   optimizer.step();
 *   scheduler.step();
 * }
 * assertAlmostEquals(scheduler.getLastLr()[0]!, 1);
 * ```
 */
export class OneCycleLR extends LRScheduler {
  /** The steps of the cycle. */
  totalSteps: number;
  /** Whether the momentum goes the other way. */
  cycleMomentum: boolean;
  /** Whether the momentum is the first of the `betas`. */
  useBeta1 = false;
  /** The form. */
  annealStrategy: "cos" | "linear";
  readonly #phases: Phase[];

  /** Makes the first setting. */
  constructor(
    optimizer: AnyOptimizer,
    maxLr: number | readonly number[],
    options?: OneCycleLROptions,
  ) {
    const all = withDefaults("OneCycleLR", DEFAULTS, options);
    check(all);
    super(optimizer, all.lastEpoch);
    const { groups } = this;
    this.totalSteps = stepsOf(all);
    this.#phases = phasesOf(this.totalSteps, all.pctStart, all.threePhase);
    this.annealStrategy = all.annealStrategy;
    this.cycleMomentum = all.cycleMomentum;
    const maxLrs = perGroup("OneCycleLR", "maxLr", maxLr, groups);
    if (all.lastEpoch === -1) startLr(groups, maxLrs, all);
    if (all.cycleMomentum) {
      this.useBeta1 = usesBeta1("OneCycleLR", optimizer);
      const base = perGroup("OneCycleLR", "baseMomentum", all.baseMomentum, groups);
      const max = perGroup("OneCycleLR", "maxMomentum", all.maxMomentum, groups);
      if (all.lastEpoch === -1) startMomentum(groups, this.useBeta1, base, max);
    }
    this.baseLrs = groups.map((group) => group.initialLr!);
    this.start();
  }

  #anneal(from: number, to: number, share: number): number {
    return this.annealStrategy === "cos"
      ? to + (from - to) / 2 * (Math.cos(Math.PI * share) + 1)
      : (to - from) * share + from;
  }

  /** The learning rates of this step. */
  protected override nextLr(): number[] {
    const { lastEpoch: step, totalSteps } = this;
    if (step > totalSteps) {
      throw new RangeError(
        `OneCycleLR.step(): the cycle has ${totalSteps} steps, but this is step ${step}`,
      );
    }
    let start = 0;
    let phase = this.#phases[0]!;
    for (phase of this.#phases) {
      if (step <= phase.end || phase === this.#phases.at(-1)) break;
      start = phase.end;
    }
    const share = (step - start) / (phase.end - start);
    return this.groups.map((group) => {
      if (this.cycleMomentum) {
        const [from, to] = phase.momentum;
        setMomentum(group, this.useBeta1, this.#anneal(group[from]!, group[to]!, share));
      }
      const [from, to] = phase.lr;
      return this.#anneal(group[from]!, group[to]!, share);
    });
  }

  /** The state's fields by PyTorch's names. */
  protected override get stateNames(): Record<string, string> {
    return {
      total_steps: "totalSteps",
      _schedule_phases: "phases",
      _anneal_func_type: "annealStrategy",
      cycle_momentum: "cycleMomentum",
      ...(this.cycleMomentum ? { use_beta1: "useBeta1" } : {}),
    };
  }

  /** The parts of the cycle as PyTorch's state dict has them. */
  get phases(): object[] {
    return this.#phases.map(({ end, lr, momentum }) => ({
      end_step: end,
      start_lr: NAMES[lr[0]],
      end_lr: NAMES[lr[1]],
      start_momentum: NAMES[momentum[0]],
      end_momentum: NAMES[momentum[1]],
    }));
  }

  /** Takes the parts of the cycle from a state dict. */
  set phases(given: object[]) {
    const names = Object.fromEntries(Object.entries(NAMES).map(([ours, theirs]) => [theirs, ours]));
    this.#phases.splice(0);
    for (const one of given) {
      const phase = new Map(one instanceof Map ? one : Object.entries(one)) as Map<string, string>;
      const end = (name: string) => names[phase.get(name)!];
      this.#phases.push({
        end: Number(phase.get("end_step")),
        lr: [end("start_lr"), end("end_lr")] as Phase["lr"],
        momentum: [end("start_momentum"), end("end_momentum")] as Phase["momentum"],
      });
    }
  }
}

const NAMES: Record<LrEnd | MomentumEnd, string> = {
  initialLr: "initial_lr",
  maxLr: "max_lr",
  minLr: "min_lr",
  maxMomentum: "max_momentum",
  baseMomentum: "base_momentum",
};

function check(all: Required<OneCycleLROptions>): void {
  checkNumber("OneCycleLR", "pctStart", all.pctStart, { min: 0, max: 1 });
  checkNumber("OneCycleLR", "divFactor", all.divFactor);
  checkNumber("OneCycleLR", "finalDivFactor", all.finalDivFactor);
  checkOneOf("OneCycleLR", "annealStrategy", all.annealStrategy, ["cos", "linear"]);
  checkBoolean("OneCycleLR", "cycleMomentum", all.cycleMomentum);
  checkBoolean("OneCycleLR", "threePhase", all.threePhase);
}

function stepsOf({ totalSteps, epochs, stepsPerEpoch }: Required<OneCycleLROptions>): number {
  if (totalSteps !== null) {
    checkNumber("OneCycleLR", "totalSteps", totalSteps, { min: 1, integer: true });
    return totalSteps;
  }
  if (epochs === null || stepsPerEpoch === null) {
    throw new TypeError("OneCycleLR: 'totalSteps', or 'epochs' and 'stepsPerEpoch', must be given");
  }
  checkNumber("OneCycleLR", "epochs", epochs, { min: 1, integer: true });
  checkNumber("OneCycleLR", "stepsPerEpoch", stepsPerEpoch, { min: 1, integer: true });
  return epochs * stepsPerEpoch;
}

function phasesOf(steps: number, share: number, threePhase: boolean): Phase[] {
  const rise: Phase = {
    end: share * steps - 1,
    lr: ["initialLr", "maxLr"],
    momentum: ["maxMomentum", "baseMomentum"],
  };
  if (!threePhase) {
    return [rise, {
      end: steps - 1,
      lr: ["maxLr", "minLr"],
      momentum: ["baseMomentum", "maxMomentum"],
    }];
  }
  return [
    rise,
    {
      end: 2 * share * steps - 2,
      lr: ["maxLr", "initialLr"],
      momentum: ["baseMomentum", "maxMomentum"],
    },
    { end: steps - 1, lr: ["initialLr", "minLr"], momentum: ["maxMomentum", "maxMomentum"] },
  ];
}

function startLr(
  groups: readonly ScheduledGroup[],
  maxLrs: readonly number[],
  { divFactor, finalDivFactor }: Required<OneCycleLROptions>,
): void {
  groups.forEach((group, i) => {
    group.initialLr = maxLrs[i]! / divFactor;
    group.maxLr = maxLrs[i]!;
    group.minLr = group.initialLr / finalDivFactor;
  });
}
