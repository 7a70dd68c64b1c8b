import { namedArray } from "../../ops/_arguments.ts";
import { Temporaries } from "../../ops/_call.ts";
import * as ops from "../../ops/mod.ts";
import { shapeOf, type Tensor } from "../../tensor/tensor.ts";
import { LayerArguments } from "../_layer.ts";
import { ModuleList } from "../container/module_list.ts";
import { Sequential } from "../container/sequential.ts";
import * as F from "../functional.ts";
import type { FactoryOptions } from "../layer_options.ts";
import { Linear } from "../linear.ts";
import { Module } from "../module.ts";

/** What {@linkcode AdaptiveLogSoftmaxWithLoss} gives. */
export type AdaptiveLoss = [output: Tensor, loss: Tensor] & {
  /** The log probability of each target. */
  readonly output: Tensor;
  /** The mean of the outputs, negated. */
  readonly loss: Tensor;
};

/** Options of {@linkcode AdaptiveLogSoftmaxWithLoss}. */
export interface AdaptiveLogSoftmaxWithLossOptions extends FactoryOptions {
  /** By how much the features of each further cluster are fewer; default `4`. */
  divValue?: number;
  /** Whether the head has a bias; default `false`. */
  headBias?: boolean;
}

const AdaptiveLossArray = namedArray(["output", "loss"]);

/**
 * A softmax over many classes with the rarer ones in clusters, and its loss (Grave et al. 2016). Input `[N, inFeatures]` and classes
 * `[N]`, or both without `N`; the classes are to be sorted by how often they occur.
 *
 * @example
 * ```ts
 * import * as torch from "flambeau";
 * import { assertEquals } from "@std/assert";
 *
 * const layer = new torch.nn.AdaptiveLogSoftmaxWithLoss(8, 20, [4, 10]);
 * const { output, loss } = layer(torch.rand([3, 8]), torch.tensor([0, 5, 19]));
 * assertEquals([output.shape, loss.shape], [[3], []]);
 * assertEquals(layer.logProb(torch.rand([3, 8])).shape, [3, 20]);
 * assertEquals(layer.predict(torch.rand([3, 8])).shape, [3]);
 * ```
 */
export class AdaptiveLogSoftmaxWithLoss
  extends Module<[input: Tensor, target: Tensor], AdaptiveLoss> {
  /** The number of features. */
  readonly inFeatures: number;
  /** The number of classes. */
  readonly nClasses: number;
  /** Where each cluster ends, the last at `nClasses`. */
  readonly cutoffs: readonly number[];
  /** By how much the features of each further cluster are fewer. */
  readonly divValue: number;
  /** Whether the head has a bias. */
  readonly headBias: boolean;
  /** The scores of the frequent classes, and of the clusters. */
  readonly head: Linear;
  /** The scores within each cluster. */
  readonly tail: ModuleList<Sequential>;

  /** Makes the layers with random weights. `cutoffs`: the first class of each cluster, in order. */
  constructor(
    inFeatures: number,
    nClasses: number,
    cutoffs: readonly number[],
    options?: AdaptiveLogSoftmaxWithLossOptions,
  );
  constructor(...args: unknown[]) {
    super();
    const names = "inFeatures, nClasses, cutoffs, divValue, headBias, device, dtype";
    const a = new LayerArguments("AdaptiveLogSoftmaxWithLoss", names, args);
    this.inFeatures = a.count("inFeatures");
    this.nClasses = a.count("nClasses");
    this.cutoffs = [...readCutoffs(a, this.nClasses), this.nClasses];
    this.divValue = a.float("divValue", 4);
    this.headBias = a.bool("headBias", false);
    const factory = a.factory();
    const clusters = this.cutoffs.length - 1;
    const headSize = this.cutoffs[0]! + clusters;
    this.head = new Linear(this.inFeatures, headSize, { bias: this.headBias, ...factory });
    this.tail = new ModuleList();
    for (let i = 0; i < clusters; i++) {
      const hidden = Math.floor(this.inFeatures / this.divValue ** (i + 1));
      const size = this.cutoffs[i + 1]! - this.cutoffs[i]!;
      const options = { bias: false, ...factory };
      this.tail.append(
        new Sequential(
          new Linear(this.inFeatures, hidden, options),
          new Linear(hidden, size, options),
        ),
      );
    }
  }

  /** Draws the weights anew. */
  resetParameters(): void {
    this.head.resetParameters();
    for (const cluster of this.tail) {
      for (const layer of cluster) (layer as Linear).resetParameters();
    }
  }

  /** The log probability of each target, and the loss. */
  override forward(input: Tensor, target: Tensor): AdaptiveLoss {
    const rank = shapeOf(target).length;
    const [[rows], [targets]] = [shapeOf(input), shapeOf(target)];
    if (rank > 1 || shapeOf(input).length !== rank + 1 || (rank === 1 && rows !== targets)) {
      throw new RangeError(
        `nn.AdaptiveLogSoftmaxWithLoss: input and target must be [N, inFeatures] and [N], or both without N, but have the shapes [${
          shapeOf(input).join(", ")
        }] and [${shapeOf(target).join(", ")}]`,
      );
    }
    using t = new Temporaries();
    const output = rank === 1
      ? this._outputs(input, target)
      : t.note(this._outputs(t.note(input.unsqueeze(0)), t.note(target.unsqueeze(0)))).squeeze(0);
    const made = new AdaptiveLossArray();
    made.push(output, t.note(output.neg()).mean());
    return made as AdaptiveLoss;
  }

  /** The log-probability of each target. */
  private _outputs(input: Tensor, target: Tensor): Tensor {
    using t = new Temporaries();
    const [first] = this.cutoffs;
    const total = shapeOf(target)[0]!;
    let output = t.note(input.newZeros([total]));
    let places = t.note(target.clone());
    let used = 0;
    [0, ...this.cutoffs].slice(0, -1).forEach((low, i) => {
      const rows = t.note(this._rowsOf(target, low, this.cutoffs[i]!));
      const count = shapeOf(rows)[0]!;
      used += count;
      if (i === 0 || count === 0) return;
      const scores = t.note(this.tail.at(i - 1)(t.note(input.indexSelect(0, rows))));
      const logs = t.note(F.logSoftmax(scores, 1));
      const within = t.note(t.note(t.note(target.indexSelect(0, rows)).sub(low)).unsqueeze(1));
      const found = t.note(t.note(logs.gather(1, within)).squeeze(1));
      places = t.note(places.indexFill(0, rows, first! + i - 1));
      output = t.note(output.indexCopy(0, rows, found));
    });
    if (used !== total) {
      throw new RangeError(
        `nn.AdaptiveLogSoftmaxWithLoss: targets must be from 0 to ${this.nClasses - 1}`,
      );
    }
    const head = t.note(F.logSoftmax(t.note(this.head(input)), 1));
    return output.add(t.note(t.note(head.gather(1, t.note(places.unsqueeze(1)))).squeeze(1)));
  }

  /** The rows whose targets lie in a cluster. */
  private _rowsOf(target: Tensor, low: number, high: number): Tensor {
    using t = new Temporaries();
    const mask = t.note(t.note(target.ge(low)).logicalAnd(t.note(target.lt(high))));
    return t.note(ops.nonzero(mask)).squeeze(1);
  }

  /** The log probabilities of all classes, `[N, nClasses]`, of an input `[N, inFeatures]`. */
  logProb(input: Tensor): Tensor {
    using t = new Temporaries();
    const head = t.note(F.logSoftmax(t.note(this.head(input)), 1));
    const first = this.cutoffs[0]!;
    const parts = [t.note(head.narrow(1, 0, first))];
    [...this.tail].forEach((cluster, i) => {
      const logs = t.note(F.logSoftmax(t.note(cluster(input)), 1));
      parts.push(t.note(logs.add(t.note(head.narrow(1, first + i, 1)))));
    });
    return ops.cat(parts, 1);
  }

  /** The likeliest class of each input, `[N]`. */
  predict(input: Tensor): Tensor {
    using t = new Temporaries();
    const best = t.note(t.note(this.head(input)).argmax(1));
    const whole = t.note(t.note(this.logProb(input)).argmax(1));
    // As PyTorch: a frequent class that has the best score of the head stays.
    return ops.where(t.note(best.lt(this.cutoffs[0]!)), best, whole);
  }
}

function readCutoffs(a: LayerArguments, classes: number): number[] {
  const cutoffs = a.ints("cutoffs");
  const rising = cutoffs.every((one, i) => one > (cutoffs[i - 1] ?? 0) && one < classes);
  if (cutoffs.length > 0 && rising) return cutoffs;
  throw a.wrong("cutoffs", `integers from 1 to ${classes - 1}, rising`, cutoffs.join(", "));
}
