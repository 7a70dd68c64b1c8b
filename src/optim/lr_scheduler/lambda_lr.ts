import { notTheBase } from "../../_arguments.ts";
import { describe } from "../../tensor/tensor.ts";
import type { AnyOptimizer } from "../optimizer.ts";
import { withDefaults } from "../options.ts";
import { LRScheduler, type SchedulerOptions, type SchedulerStateDict } from "./scheduler.ts";

/** Gives a factor for an epoch. */
export type LrLambda = (epoch: number) => number;

/** What schedulers by a function share. */
export abstract class FunctionLR extends LRScheduler {
  /** The functions, one a group. */
  readonly lrLambdas: readonly LrLambda[];

  /** `lrLambda` is one function for all groups, or one for each. */
  constructor(
    optimizer: AnyOptimizer,
    lrLambda: LrLambda | readonly LrLambda[],
    options?: SchedulerOptions,
  ) {
    notTheBase(
      new.target,
      FunctionLR,
      "optim.lrScheduler.FunctionLR",
      "optim.lrScheduler.LambdaLR and MultiplicativeLR",
    );
    super(optimizer, withDefaults(new.target.name, { lastEpoch: -1 }, options).lastEpoch);
    const count = this.groups.length;
    const list: LrLambda[] = Array.isArray(lrLambda)
      ? [...lrLambda]
      : new Array(count).fill(lrLambda);
    if (list.length !== count) {
      throw new RangeError(
        `${this.name}: 'lrLambda' has ${list.length} functions, but the optimizer ${count} groups`,
      );
    }
    for (const one of list) {
      if (typeof one === "function") continue;
      throw new TypeError(`${this.name}: 'lrLambda' must be a function, but got ${describe(one)}`);
    }
    this.lrLambdas = list;
    this.start();
  }

  /** The state under PyTorch's names; functions are no part of it. */
  override stateDict(): SchedulerStateDict {
    return { ...super.stateDict(), lr_lambdas: this.lrLambdas.map(() => null) };
  }
}

/**
 * The learning rate is the first one times a function of the epoch.
 *
 * @example
 * ```ts
 * import * as torch from "flambeau";
 * import { assertEquals } from "@std/assert";
 *
 * const optimizer = new torch.optim.SGD([torch.zeros([1])], { lr: 1 });
 * const scheduler = new torch.optim.lrScheduler.LambdaLR(optimizer, (epoch) => 1 / (epoch + 1));
 * const rates = [];
 * for (let epoch = 0; epoch < 3; epoch++) {
 *   rates.push(scheduler.getLastLr()[0]);
 *   optimizer.step();
 *   scheduler.step();
 * }
 * assertEquals(rates, [1, 1 / 2, 1 / 3]);
 * ```
 */
export class LambdaLR extends FunctionLR {
  /** The learning rates of this epoch. */
  protected override nextLr(): number[] {
    return this.baseLrs.map((lr, i) => lr * this.lrLambdas[i]!(this.lastEpoch));
  }
}
