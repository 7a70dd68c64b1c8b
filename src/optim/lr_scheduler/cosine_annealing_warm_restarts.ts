import type { AnyOptimizer } from "../optimizer.ts";
import { checkNumber, withDefaults } from "../options.ts";
import { LRScheduler, type SchedulerOptions } from "./scheduler.ts";

/** Options of {@linkcode CosineAnnealingWarmRestarts}. */
export interface CosineAnnealingWarmRestartsOptions extends SchedulerOptions {
  /** How many times longer each round is than the one before; default `1`. */
  TMult?: number;
  /** The least learning rate; default `0`. */
  etaMin?: number;
}

/**
 * The learning rate falls along half a cosine, round after round (Loshchilov and Hutter 2016).
 *
 * `step(epoch)` takes fractions too: `step(epoch + i / batches)`.
 *
 * @example
 * ```ts
 * import * as torch from "flambeau";
 * import { assertEquals } from "@std/assert";
 *
 * const optimizer = new torch.optim.SGD([torch.zeros([1])], { lr: 1 });
 * const scheduler = new torch.optim.lrScheduler.CosineAnnealingWarmRestarts(optimizer, 2);
 * const rates = [];
 * for (let epoch = 0; epoch < 4; epoch++) {
 *   rates.push(scheduler.getLastLr()[0]);
 *   optimizer.step();
 *   scheduler.step();
 * }
 * assertEquals(rates, [1, 0.5, 1, 0.5]);
 * ```
 */
export class CosineAnnealingWarmRestarts extends LRScheduler {
  /** The epochs of the first round. */
  T0: number;
  /** The epochs of this round. */
  TI: number;
  /** How many times longer each round is. */
  TMult: number;
  /** The least learning rate. */
  etaMin: number;
  /** The epochs since this round began. */
  TCur: number;

  /** Makes the first setting. */
  constructor(optimizer: AnyOptimizer, T0: number, options?: CosineAnnealingWarmRestartsOptions) {
    const name = "CosineAnnealingWarmRestarts";
    const all = withDefaults(name, { TMult: 1, etaMin: 0, lastEpoch: -1 }, options);
    super(optimizer, all.lastEpoch);
    checkNumber(name, "T0", T0, { min: 1, integer: true });
    checkNumber(name, "TMult", all.TMult, { min: 1, integer: true });
    checkNumber(name, "etaMin", all.etaMin);
    this.T0 = T0;
    this.TI = T0;
    this.TMult = all.TMult;
    this.etaMin = all.etaMin;
    this.TCur = all.lastEpoch;
    this.start();
  }

  /** The learning rates of this epoch. */
  protected override nextLr(): number[] {
    const { TCur, TI, etaMin } = this;
    return this.baseLrs.map((lr) =>
      etaMin + (lr - etaMin) * (1 + Math.cos(Math.PI * TCur / TI)) / 2
    );
  }

  /**
   * Sets the learning rates of the next epoch, or of a given one.
   *
   * @param epoch The epoch, from 0, with fractions where it is not the next.
   */
  override step(epoch?: number): void {
    if (epoch !== undefined) checkNumber(`${this.name}.step()`, "epoch", epoch, { min: 0 });
    const given = epoch ?? (this.lastEpoch < 0 ? 0 : undefined);
    if (given === undefined) this.#next();
    else this.#go(given);
    this.lastEpoch = Math.floor(given ?? this.lastEpoch + 1);
    this.set(this.nextLr());
  }

  #next(): void {
    this.TCur++;
    if (this.TCur < this.TI) return;
    this.TCur %= this.TI;
    this.TI *= this.TMult;
  }

  #go(epoch: number): void {
    const { T0, TMult } = this;
    if (epoch < T0) {
      this.TI = T0;
      this.TCur = epoch;
    } else if (TMult === 1) {
      this.TCur = epoch % T0;
    } else {
      const round = Math.trunc(Math.log(epoch / T0 * (TMult - 1) + 1) / Math.log(TMult));
      this.TCur = epoch - T0 * (TMult ** round - 1) / (TMult - 1);
      this.TI = T0 * TMult ** round;
    }
  }

  /** The state's fields by PyTorch's names. */
  protected override get stateNames(): Record<string, string> {
    return { T_0: "T0", T_i: "TI", T_mult: "TMult", eta_min: "etaMin", T_cur: "TCur" };
  }
}
