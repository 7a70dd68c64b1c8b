import { noGrad } from "../../autograd/modes.ts";
import { copyModule } from "../../nn/copy.ts";
import { type AnyModule, Module } from "../../nn/module.ts";
import type { Buffer } from "../../nn/parameter.ts";
import { tensor } from "../../tensor/create.ts";
import { describe, type Tensor } from "../../tensor/tensor.ts";
import { checkBoolean, withDefaults } from "../options.ts";
import { type AvgFn, each, getSwaMultiAvgFn, type MultiAvgFn } from "./averages.ts";

/** Options of {@linkcode AveragedModel}. */
export interface AveragedModelOptions {
  /** Where the averages are kept; default (`null`) where the model is. */
  device?: string | null;
  /** How one parameter is averaged; default (`null`): `multiAvgFn`. */
  avgFn?: AvgFn | null;
  /** How parameters are averaged together; default (`null`): a plain average. */
  multiAvgFn?: MultiAvgFn | null;
  /** Whether buffers are averaged too, rather than copied; default `false`. */
  useBuffers?: boolean;
}

const DEFAULTS: Required<AveragedModelOptions> = {
  device: null,
  avgFn: null,
  multiAvgFn: null,
  useBuffers: false,
};

/**
 * A copy of a model that holds the average of its parameters along the training (SWA, Izmailov et al. 2018; EMA, Polyak and
 * Juditsky 1992).
 *
 * @example
 * ```ts
 * import * as torch from "flambeau";
 * import { assertAlmostEquals } from "@std/assert";
 *
 * const model = new torch.nn.Linear(1, 1, { bias: false });
 * const averaged = new torch.optim.swaUtils.AveragedModel(model);
 * for (const value of [1, 2, 6]) {
 *   torch.noGrad(() => model.weight.fill_(value));
 *   averaged.updateParameters(model);
 * }
 * assertAlmostEquals(Number(averaged(torch.ones([1, 1])).item()), 3, 1e-6);
 * ```
 */
export class AveragedModel<A extends unknown[] = unknown[], R = unknown> extends Module<A, R> {
  /** The copy that holds the averages. */
  module: Module<A, R>;
  /** How many models were averaged. */
  declare n_averaged: Buffer;
  /** How one parameter is averaged. */
  readonly avgFn: AvgFn | null;
  /** How parameters are averaged together. */
  readonly multiAvgFn: MultiAvgFn | null;
  /** Whether buffers are averaged too. */
  readonly useBuffers: boolean;

  /** Copies the model. */
  constructor(model: Module<A, R>, options?: AveragedModelOptions) {
    super();
    if (!(model instanceof Module)) {
      throw new TypeError(
        `AveragedModel: argument 'model' must be a Module, but got ${describe(model)}`,
      );
    }
    const all = withDefaults("AveragedModel", DEFAULTS, options);
    checkBoolean("AveragedModel", "useBuffers", all.useBuffers);
    if (all.avgFn !== null && all.multiAvgFn !== null) {
      throw new TypeError("AveragedModel: only one of 'avgFn' and 'multiAvgFn' can be given");
    }
    using count = tensor(0, all.device === null ? {} : { device: all.device });
    this.registerBuffer("n_averaged", count);
    this.module = copyModule(model);
    if (all.device !== null) this.module.to({ device: all.device });
    this.avgFn = all.avgFn;
    this.multiAvgFn = all.multiAvgFn;
    this.useBuffers = all.useBuffers;
  }

  /** Runs the averaged model. */
  override forward(...args: A): R {
    return this.module(...args);
  }

  /** How many models were averaged. */
  get nAveraged(): number {
    return Number(this.n_averaged.item());
  }

  /** Takes the model's parameters, as they are now, into the average. */
  updateParameters(model: AnyModule): void {
    const averaged = tensorsOf(this.module, this.useBuffers);
    const current = tensorsOf(model, this.useBuffers);
    if (averaged.length !== current.length) {
      throw new RangeError(
        `AveragedModel.updateParameters(): the model has ${current.length} parameters, the average ${averaged.length}`,
      );
    }
    const count = this.nAveraged;
    noGrad(() => {
      if (count === 0) averaged.forEach((one, i) => one.copy_(current[i]!));
      else this._average(averaged, current, count);
      if (!this.useBuffers) {
        const buffers = [...model.buffers()];
        [...this.module.buffers()].forEach((one, i) => one.copy_(buffers[i]!));
      }
      this.n_averaged.add_(1);
    });
  }

  private _average(averaged: Tensor[], current: Tensor[], count: number): void {
    if (this.avgFn !== null) return each(averaged, current, count, this.avgFn);
    const average = this.multiAvgFn ?? getSwaMultiAvgFn();
    const groups = new Map<string, [Tensor[], Tensor[]]>();
    averaged.forEach((one, i) => {
      const key = `${one.device} ${one.dtype}`;
      if (!groups.has(key)) groups.set(key, [[], []]);
      groups.get(key)![0].push(one);
      groups.get(key)![1].push(current[i]!);
    });
    for (const [ours, theirs] of groups.values()) average(ours, theirs, count);
  }
}

function tensorsOf(module: AnyModule, buffers: boolean): Tensor[] {
  return [...module.parameters(), ...(buffers ? module.buffers() : [])];
}
