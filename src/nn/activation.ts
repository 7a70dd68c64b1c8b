import type { Tensor } from "../tensor/tensor.ts";
import { checkProbability, dropout, relu } from "./functional.ts";
import { Module } from "./module.ts";

/**
 * `max(x, 0)`, element by element.
 *
 * @example
 * ```ts
 * import * as torch from "flambeau";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(new torch.nn.ReLU()(torch.tensor([-1, 2])).toArray(), [0, 2]);
 * ```
 */
export class ReLU extends Module<[input: Tensor], Tensor> {
  /** Whether the input itself is changed. */
  readonly inplace: boolean;

  /** `inplace` (default `false`): change the input itself. */
  constructor(options: { inplace?: boolean } = {}) {
    super();
    this.inplace = options.inplace ?? false;
  }

  /** Applies it. */
  override forward(input: Tensor): Tensor {
    return this.inplace ? input.relu_() : relu(input);
  }

  /** As PyTorch prints it. */
  override extraRepr(): string {
    return this.inplace ? "inplace=True" : "";
  }
}

/**
 * Zeroes elements at random while training, and scales the others by `1 / (1 - p)`.
 *
 * @example
 * ```ts
 * import * as torch from "flambeau";
 * import { assertEquals } from "@std/assert";
 *
 * const layer = new torch.nn.Dropout(0.3).eval();
 * assertEquals(layer(torch.ones([2])).toArray(), [1, 1]);
 * ```
 */
export class Dropout extends Module<[input: Tensor], Tensor> {
  /** The chance of an element to be zeroed. */
  readonly p: number;

  /** `p` from 0 to 1; default `0.5`. */
  constructor(p: number = 0.5) {
    super();
    checkProbability(p, "nn.Dropout");
    this.p = p;
  }

  /** Applies it. */
  override forward(input: Tensor): Tensor {
    return dropout(input, this.p, this.training);
  }

  /** As PyTorch prints it. */
  override extraRepr(): string {
    return `p=${this.p}, inplace=False`;
  }
}

/**
 * Joins the dimensions from `startDim` to `endDim` into one.
 *
 * @example
 * ```ts
 * import * as torch from "flambeau";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(new torch.nn.Flatten()(torch.zeros([2, 3, 4])).shape, [2, 12]);
 * ```
 */
export class Flatten extends Module<[input: Tensor], Tensor> {
  /** The first dimension that is joined. */
  readonly startDim: number;
  /** The last one. */
  readonly endDim: number;

  /** Default: all but the first. */
  constructor(startDim: number = 1, endDim: number = -1) {
    super();
    this.startDim = startDim;
    this.endDim = endDim;
  }

  /** Applies it. */
  override forward(input: Tensor): Tensor {
    return input.flatten(this.startDim, this.endDim);
  }

  /** As PyTorch prints it. */
  override extraRepr(): string {
    return `start_dim=${this.startDim}, end_dim=${this.endDim}`;
  }
}
