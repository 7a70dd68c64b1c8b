/**
 * What normalizations share that keep running statistics.
 *
 * @module
 */

import { notTheBase } from "../../_arguments.ts";
import { noGrad } from "../../autograd/modes.ts";
import { tensor } from "../../tensor/create.ts";
import { zeros } from "../../ops/mod.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import type { LayerArguments } from "../_layer.ts";
import * as python from "../_python.ts";
import { emptyParameter, type FactoryOptions } from "../layer_options.ts";
import { Module, type StateDict } from "../module.ts";
import type { Buffer, Parameter } from "../parameter.ts";

/** The parameters of such a layer, in PyTorch's order. */
export const NORM = "numFeatures, eps, momentum, affine, trackRunningStats, device, dtype, bias";

/** What normalizations share that keep running statistics. */
export abstract class RunningNorm extends Module<[input: Tensor], Tensor> {
  /** The number of channels. */
  readonly numFeatures: number;
  /** Added to the variance. */
  readonly eps: number;
  /** The share of a batch in the running statistics, `null` for a plain average. */
  readonly momentum: number | null;
  /** Whether scale and shift are learned. */
  readonly affine: boolean;
  /** Whether running statistics are kept. */
  readonly trackRunningStats: boolean;
  /** `[numFeatures]`, or `null`. */
  declare weight: Parameter | null;
  /** `[numFeatures]`, or `null`. */
  declare bias: Parameter | null;
  /** The running mean, or `null`. */
  declare running_mean: Buffer | null;
  /** The running variance, or `null`. */
  declare running_var: Buffer | null;
  /** Batches seen in training, or `null`. */
  declare num_batches_tracked: Buffer | null;

  /** Makes a layer that changes nothing yet: weight 1, bias 0, mean 0, variance 1. */
  constructor(a: LayerArguments, affine: boolean, trackRunningStats: boolean) {
    notTheBase(
      new.target,
      RunningNorm,
      "nn.RunningNorm",
      "nn.BatchNorm2d, nn.InstanceNorm2d and their kin",
    );
    super();
    this.numFeatures = a.count("numFeatures");
    this.eps = a.float("eps", 1e-5);
    this.momentum = a.isNull("momentum") ? null : a.float("momentum", 0.1);
    this.affine = a.bool("affine", affine);
    this.trackRunningStats = a.bool("trackRunningStats", trackRunningStats);
    const bias = a.bool("bias", true);
    const fresh = () => emptyParameter([this.numFeatures], a.factory());
    this.registerParameter("weight", this.affine ? fresh() : null);
    this.registerParameter("bias", this.affine && bias ? fresh() : null);
    this._registerStatistics(a.factory());
    this.resetParameters();
  }

  private _registerStatistics(factory: FactoryOptions): void {
    const { device } = factory;
    const add = (name: string, make: () => Tensor) => {
      if (!this.trackRunningStats) return void this.registerBuffer(name, null);
      using made = make();
      this.registerBuffer(name, made);
    };
    add("running_mean", () => zeros([this.numFeatures], factory));
    add("running_var", () => zeros([this.numFeatures], factory));
    add("num_batches_tracked", () => tensor(0, device === undefined ? {} : { device }));
  }

  /** The running mean, `[numFeatures]`, or `null`. */
  get runningMean(): Buffer | null {
    return this.running_mean;
  }

  /** The running variance, `[numFeatures]`, or `null`. */
  get runningVar(): Buffer | null {
    return this.running_var;
  }

  /** Batches seen in training, or `null`. */
  get numBatchesTracked(): Buffer | null {
    return this.num_batches_tracked;
  }

  /** Forgets the running statistics. */
  resetRunningStats(): void {
    noGrad(() => {
      this.running_mean?.zero_();
      this.running_var?.fill_(1);
      this.num_batches_tracked?.zero_();
    });
  }

  /** Forgets the running statistics, and what was learned. */
  resetParameters(): void {
    this.resetRunningStats();
    noGrad(() => {
      this.weight?.fill_(1);
      this.bias?.zero_();
    });
  }

  /** Old files have no `num_batches_tracked`: its value stays, as in PyTorch. */
  protected override completeStateDict(dict: StateDict, prefix: string): void {
    const key = `${prefix}num_batches_tracked`;
    if (this.num_batches_tracked !== null) dict[key] ??= this.num_batches_tracked;
  }

  /** As PyTorch prints it. */
  override extraRepr(): string {
    const { bool, float } = python;
    return `${this.numFeatures}, eps=${float(this.eps)}, momentum=${
      this.momentum === null ? "None" : float(this.momentum)
    }, affine=${bool(this.affine)}, bias=${bool(this.bias !== null)}, track_running_stats=${
      bool(this.trackRunningStats)
    }`;
  }
}

/** Refuses an input of another number of dimensions. */
export function checkRank(layer: string, shape: readonly number[], ...ranks: number[]): void {
  if (ranks.includes(shape.length)) return;
  throw new RangeError(
    `nn.${layer}: argument 'input' must have ${ranks.join(" or ")} dimensions, but its shape is [${
      shape.join(", ")
    }]`,
  );
}
