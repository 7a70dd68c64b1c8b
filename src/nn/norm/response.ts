/**
 * Normalization by the values of neighbouring channels.
 *
 * @module
 */

import { Temporaries } from "../../ops/_call.ts";
import { einsum } from "../../ops/mod.ts";
import { tensor } from "../../tensor/create.ts";
import { shapeOf, type Tensor } from "../../tensor/tensor.ts";
import { checkRank } from "./_norm.ts";
import * as F from "../functional.ts";
import { LayerArguments } from "../_layer.ts";
import * as python from "../_python.ts";
import { Module } from "../module.ts";

/** Options of {@linkcode LocalResponseNorm}. */
export interface LocalResponseNormLayerOptions {
  /** The factor; default `1e-4`. */
  alpha?: number;
  /** The power; default `0.75`. */
  beta?: number;
  /** What is added; default `1`. */
  k?: number;
}

/**
 * Divides each value by those of neighbouring channels (Krizhevsky et al. 2012). Input `[N, C, ...]`.
 *
 * @example
 * ```ts
 * import * as torch from "flambeau";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(new torch.nn.LocalResponseNorm(2)(torch.rand([1, 4, 5])).shape, [1, 4, 5]);
 * ```
 */
export class LocalResponseNorm extends Module<[input: Tensor], Tensor> {
  /** How many channels count as near. */
  readonly size: number;
  /** The factor. */
  readonly alpha: number;
  /** The power. */
  readonly beta: number;
  /** What is added. */
  readonly k: number;

  /** Makes the layer. `size`: How many channels count as near. */
  constructor(size: number, options?: LocalResponseNormLayerOptions);
  constructor(...args: unknown[]) {
    super();
    const a = new LayerArguments("LocalResponseNorm", "size, alpha, beta, k", args);
    this.size = a.int("size");
    this.alpha = a.float("alpha", 1e-4);
    this.beta = a.float("beta", 0.75);
    this.k = a.float("k", 1);
  }

  /** Applies it. */
  override forward(input: Tensor): Tensor {
    return F.localResponseNorm(input, this.size, this.alpha, this.beta, this.k);
  }

  /** As PyTorch prints it. */
  override extraRepr(): string {
    return `${this.size}, alpha=${python.float(this.alpha)}, beta=${python.float(this.beta)}, k=${
      python.float(this.k)
    }`;
  }
}

/** Options of {@linkcode CrossMapLRN2d}. */
export type CrossMapLRN2dOptions = LocalResponseNormLayerOptions;

/**
 * {@linkcode LocalResponseNorm} of `[N, C, H, W]` as old Torch computed it. PyTorch never takes the first channel out of the
 * sums again, and nor does this layer; the gradient is that of what it computes, which PyTorch's own is not.
 *
 * @example
 * ```ts
 * import * as torch from "flambeau";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(new torch.nn.CrossMapLRN2d(3)(torch.rand([1, 4, 5, 5])).shape, [1, 4, 5, 5]);
 * ```
 */
export class CrossMapLRN2d extends Module<[input: Tensor], Tensor> {
  /** How many channels count as near. */
  readonly size: number;
  /** The factor. */
  readonly alpha: number;
  /** The power. */
  readonly beta: number;
  /** What is added. */
  readonly k: number;

  /** Makes the layer. `size`: how many channels count as near. */
  constructor(size: number, options?: CrossMapLRN2dOptions);
  constructor(...args: unknown[]) {
    super();
    const a = new LayerArguments("CrossMapLRN2d", "size, alpha, beta, k", args);
    this.size = a.int("size");
    this.alpha = a.float("alpha", 1e-4);
    this.beta = a.float("beta", 0.75);
    this.k = a.float("k", 1);
    if (this.size < 1) throw a.wrong("size", "at least 1", this.size);
  }

  /** Applies it. */
  override forward(input: Tensor): Tensor {
    const shape = shapeOf(input);
    checkRank("CrossMapLRN2d", shape, 4);
    using t = new Temporaries();
    const { dtype } = input;
    const near = t.note(t.note(tensor(this._near(shape[1]!))).to(dtype));
    const squares = t.note(input.mul(input));
    const sums = t.note(einsum("dc,nchw->ndhw", near, squares));
    const scale = t.note(t.note(sums.mul(this.alpha / this.size)).add(this.k));
    return input.mul(t.note(scale.pow(-this.beta)));
  }

  /** Which channels (inner) are in the sum of each (outer). */
  private _near(channels: number): number[][] {
    const reach = Math.trunc((this.size - 1) / 2 + 1);
    const all = Array.from({ length: channels }, (_, i) => i);
    return all.map((at) =>
      all.map((one) => one < at + reach && (one === 0 || one > at - reach) ? 1 : 0)
    );
  }

  /** As PyTorch prints it, where `k` is a whole number as an integer. */
  override extraRepr(): string {
    return `${this.size}, alpha=${python.float(this.alpha)}, beta=${
      python.float(this.beta)
    }, k=${this.k}`;
  }
}
