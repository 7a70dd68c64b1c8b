import { FunctionLR } from "./lambda_lr.ts";

/**
 * The learning rate is the last one times a function of the epoch.
 *
 * @example
 * ```ts
 * import * as torch from "flambeau";
 * import { assertEquals } from "@std/assert";
 *
 * const optimizer = new torch.optim.SGD([torch.zeros([1])], { lr: 1 });
 * const scheduler = new torch.optim.lrScheduler.MultiplicativeLR(optimizer, () => 0.5);
 * const rates = [];
 * for (let epoch = 0; epoch < 3; epoch++) {
 *   rates.push(scheduler.getLastLr()[0]);
 *   optimizer.step();
 *   scheduler.step();
 * }
 * assertEquals(rates, [1, 0.5, 0.25]);
 * ```
 */
export class MultiplicativeLR extends FunctionLR {
  /** The learning rates of this epoch. */
  protected override nextLr(): number[] {
    return this.currentLr().map((lr, i) =>
      this.isInitial ? lr : lr * this.lrLambdas[i]!(this.lastEpoch)
    );
  }
}
