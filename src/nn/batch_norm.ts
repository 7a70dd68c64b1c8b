import { noGrad } from "../autograd/modes.ts";
import { ones, zeros } from "../ops/mod.ts";
import { shapeOf, type Tensor } from "../tensor/tensor.ts";
import { tensor } from "../tensor/create.ts";
import { batchNorm } from "./functional.ts";
import { checkCount, type FactoryOptions } from "./layer_options.ts";
import { Module } from "./module.ts";
import { type Buffer, Parameter } from "./parameter.ts";

/** Options of {@linkcode BatchNorm1d} and {@linkcode BatchNorm2d}. */
export interface BatchNormLayerOptions extends FactoryOptions {
  /** Added to the variance; default `1e-5`. */
  eps?: number;
  /** The share of a batch in the running statistics, `null` for a plain average over all batches; default `0.1`. */
  momentum?: number | null;
  /** Whether a scale and, with `bias`, a shift are learned; default `true`. */
  affine?: boolean;
  /** Whether the shift is, where `affine` is on; default `true`. */
  bias?: boolean;
  /** Whether running statistics are kept and used in evaluation; default `true`. */
  trackRunningStats?: boolean;
}

/** What batch normalizations of any dimension share (Ioffe and Szegedy 2015). */
export abstract class BatchNorm extends Module<[input: Tensor], Tensor> {
  /** The number of channels. */
  readonly numFeatures: number;
  /** Added to the variance. */
  readonly eps: number;
  /** The share of a batch in the running statistics. */
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
  constructor(numFeatures: number, options: BatchNormLayerOptions = {}) {
    super();
    checkCount(numFeatures, "BatchNorm", "numFeatures");
    const { eps = 1e-5, momentum = 0.1, affine = true, bias = true, trackRunningStats = true } =
      options;
    const { dtype, device } = options;
    const factory = {
      ...(dtype === undefined ? {} : { dtype }),
      ...(device === undefined ? {} : { device }),
    };
    this.numFeatures = numFeatures;
    this.eps = eps;
    this.momentum = momentum;
    this.affine = affine;
    this.trackRunningStats = trackRunningStats;
    using one = ones([numFeatures], factory);
    using zero = zeros([numFeatures], factory);
    this.registerParameter("weight", affine ? fresh(one) : null);
    this.registerParameter("bias", affine && bias ? fresh(zero) : null);
    using mean = zero.clone();
    using variance = one.clone();
    using count = tensor(0, device === undefined ? {} : { device });
    this.registerBuffer("running_mean", trackRunningStats ? mean : null);
    this.registerBuffer("running_var", trackRunningStats ? variance : null);
    this.registerBuffer("num_batches_tracked", trackRunningStats ? count : null);
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

  /** Refuses inputs of another number of dimensions. */
  protected abstract checkInput(shape: readonly number[]): void;

  /** Normalizes the input. */
  override forward(input: Tensor): Tensor {
    this.checkInput(shapeOf(input));
    const { weight, bias, eps } = this;
    const tracked = this.running_mean !== null;
    const training = this.training || !tracked;
    const options = { weight, bias, training, momentum: this.#count(), eps };
    const use = !this.training || this.trackRunningStats;
    return batchNorm(input, use ? this.running_mean : null, use ? this.running_var : null, options);
  }

  // Counts the batch, and gives its share in the running statistics.
  #count(): number {
    const batches = this.num_batches_tracked;
    if (!this.training || batches === null) return this.momentum ?? 0;
    noGrad(() => batches.add_(1));
    return this.momentum ?? 1 / Number(batches.item());
  }

  /** As PyTorch prints it. */
  override extraRepr(): string {
    const bool = (on: boolean) => on ? "True" : "False";
    const number = (value: number) =>
      value < 1e-4 ? value.toExponential().replace("e-", "e-0") : String(value);
    return `${this.numFeatures}, eps=${number(this.eps)}, momentum=${
      this.momentum ?? "None"
    }, affine=${bool(this.affine)}, bias=${bool(this.bias !== null)}, track_running_stats=${
      bool(this.trackRunningStats)
    }`;
  }
}

function fresh(values: Tensor): Parameter {
  using data = values.clone();
  return new Parameter(data);
}

function refuse(layer: string, expected: string, shape: readonly number[]): never {
  throw new RangeError(
    `nn.${layer}: argument 'input' must have ${expected} dimensions, but its shape is [${
      shape.join(", ")
    }]`,
  );
}

/**
 * Batch normalization of `[N, C]` or `[N, C, L]`.
 *
 * @example
 * ```ts
 * import * as torch from "flambeau";
 * import { assertEquals } from "@std/assert";
 *
 * const layer = new torch.nn.BatchNorm1d(2).eval();
 * assertEquals(layer(torch.zeros([3, 2])).shape, [3, 2]);
 * ```
 */
export class BatchNorm1d extends BatchNorm {
  /** Refuses inputs that do not have 2 or 3 dimensions. */
  protected override checkInput(shape: readonly number[]): void {
    if (shape.length !== 2 && shape.length !== 3) refuse("BatchNorm1d", "2 or 3", shape);
  }
}

/**
 * Batch normalization of `[N, C, H, W]`.
 *
 * @example
 * ```ts
 * import * as torch from "flambeau";
 * import { assertEquals } from "@std/assert";
 *
 * const layer = new torch.nn.BatchNorm2d(3);
 * layer(torch.ones([2, 3, 4, 4]));
 * assertEquals(layer.numBatchesTracked?.item(), 1);
 * ```
 */
export class BatchNorm2d extends BatchNorm {
  /** Refuses inputs that do not have 4 dimensions. */
  protected override checkInput(shape: readonly number[]): void {
    if (shape.length !== 4) refuse("BatchNorm2d", "4", shape);
  }
}
