/**
 * Layers that drop at random while training.
 *
 * @module
 */

import { notTheBase } from "../_arguments.ts";
import type { Tensor } from "../tensor/tensor.ts";
import * as F from "./functional.ts";
import { LayerArguments } from "./_layer.ts";
import * as python from "./_python.ts";
import { Module } from "./module.ts";

/** Options of {@linkcode Dropout} and its kind. */
export interface DropoutLayerOptions {
  /** The chance of an element to be zeroed, from 0 to 1; default `0.5`. */
  p?: number;
  /** Whether the input itself is changed; default `false`. */
  inplace?: boolean;
}

/** What layers share that drop at random while training. */
export abstract class Dropping extends Module<[input: Tensor], Tensor> {
  /** The chance to be zeroed. */
  readonly p: number;
  /** Whether the input itself is changed. */
  readonly inplace: boolean;

  /** Reads the arguments of a layer. */
  constructor(layer: string, args: readonly unknown[]) {
    notTheBase(new.target, Dropping, "nn.Dropping", "nn.Dropout, nn.Dropout2d and their kin");
    super();
    const a = new LayerArguments(layer, "p, inplace", args);
    this.p = a.probability("p", 0.5);
    this.inplace = a.bool("inplace", false);
  }

  /** As PyTorch prints it. */
  override extraRepr(): string {
    return `p=${python.float(this.p)}, inplace=${python.bool(this.inplace)}`;
  }
}

/**
 * Zeroes elements at random while training, and scales the others by `1 / (1 - p)` (Hinton et al. 2012).
 *
 * @example
 * ```ts
 * import * as torch from "flambeau";
 * import { assertEquals } from "@std/assert";
 *
 * const layer = new torch.nn.Dropout(0.3).eval();
 * assertEquals(layer(torch.ones([2])).shape, [2]);
 * ```
 */
export class Dropout extends Dropping {
  /** Makes the layer. `p`: the chance to be zeroed; default `0.5`. */
  constructor(p: number, options?: DropoutLayerOptions);
  /** The same by name. */
  constructor(options?: DropoutLayerOptions);
  constructor(...args: unknown[]) {
    super("Dropout", args);
  }

  /** Applies it. */
  override forward(input: Tensor): Tensor {
    return F.dropout(input, this.p, this.training, this.inplace);
  }
}

/**
 * Zeroes whole channels at random while training. Input `[N, C, L]` or `[C, L]`.
 *
 * @example
 * ```ts
 * import * as torch from "flambeau";
 * import { assertEquals } from "@std/assert";
 *
 * const layer = new torch.nn.Dropout1d(0.3).eval();
 * assertEquals(layer(torch.ones([1, 2, 4])).shape, [1, 2, 4]);
 * ```
 */
export class Dropout1d extends Dropping {
  /** Makes the layer. `p`: the chance to be zeroed; default `0.5`. */
  constructor(p: number, options?: DropoutLayerOptions);
  /** The same by name. */
  constructor(options?: DropoutLayerOptions);
  constructor(...args: unknown[]) {
    super("Dropout1d", args);
  }

  /** Applies it. */
  override forward(input: Tensor): Tensor {
    return F.dropout1d(input, this.p, this.training, this.inplace);
  }
}

/**
 * Zeroes whole channels at random while training. Input `[N, C, H, W]`; one of three dimensions is read as
 * `[N, C, L]`.
 *
 * @example
 * ```ts
 * import * as torch from "flambeau";
 * import { assertEquals } from "@std/assert";
 *
 * const layer = new torch.nn.Dropout2d(0.3).eval();
 * assertEquals(layer(torch.ones([1, 2, 4, 4])).shape, [1, 2, 4, 4]);
 * ```
 */
export class Dropout2d extends Dropping {
  /** Makes the layer. `p`: the chance to be zeroed; default `0.5`. */
  constructor(p: number, options?: DropoutLayerOptions);
  /** The same by name. */
  constructor(options?: DropoutLayerOptions);
  constructor(...args: unknown[]) {
    super("Dropout2d", args);
  }

  /** Applies it. */
  override forward(input: Tensor): Tensor {
    return F.dropout2d(input, this.p, this.training, this.inplace);
  }
}

/**
 * Zeroes whole channels at random while training. Input `[N, C, D, H, W]` or `[C, D, H, W]`.
 *
 * @example
 * ```ts
 * import * as torch from "flambeau";
 * import { assertEquals } from "@std/assert";
 *
 * const layer = new torch.nn.Dropout3d(0.3).eval();
 * assertEquals(layer(torch.ones([1, 2, 4, 4, 4])).shape, [1, 2, 4, 4, 4]);
 * ```
 */
export class Dropout3d extends Dropping {
  /** Makes the layer. `p`: the chance to be zeroed; default `0.5`. */
  constructor(p: number, options?: DropoutLayerOptions);
  /** The same by name. */
  constructor(options?: DropoutLayerOptions);
  constructor(...args: unknown[]) {
    super("Dropout3d", args);
  }

  /** Applies it. */
  override forward(input: Tensor): Tensor {
    return F.dropout3d(input, this.p, this.training, this.inplace);
  }
}

/**
 * Sets elements to a negative saturation value at random while training, keeping mean and variance as {@linkcode SELU}
 * expects (Klambauer et al. 2017).
 *
 * @example
 * ```ts
 * import * as torch from "flambeau";
 * import { assertEquals } from "@std/assert";
 *
 * const layer = new torch.nn.AlphaDropout(0.3).eval();
 * assertEquals(layer(torch.ones([2])).shape, [2]);
 * ```
 */
export class AlphaDropout extends Dropping {
  /** Makes the layer. `p`: the chance to be zeroed; default `0.5`. */
  constructor(p: number, options?: DropoutLayerOptions);
  /** The same by name. */
  constructor(options?: DropoutLayerOptions);
  constructor(...args: unknown[]) {
    super("AlphaDropout", args);
  }

  /** Applies it. */
  override forward(input: Tensor): Tensor {
    return F.alphaDropout(input, this.p, this.training);
  }
}

/**
 * {@linkcode AlphaDropout} of whole channels. Input `[N, C, ...]`.
 *
 * @example
 * ```ts
 * import * as torch from "flambeau";
 * import { assertEquals } from "@std/assert";
 *
 * const layer = new torch.nn.FeatureAlphaDropout(0.3).eval();
 * assertEquals(layer(torch.ones([1, 2, 4])).shape, [1, 2, 4]);
 * ```
 */
export class FeatureAlphaDropout extends Dropping {
  /** Makes the layer. `p`: the chance to be zeroed; default `0.5`. */
  constructor(p: number, options?: DropoutLayerOptions);
  /** The same by name. */
  constructor(options?: DropoutLayerOptions);
  constructor(...args: unknown[]) {
    super("FeatureAlphaDropout", args);
  }

  /** Applies it. */
  override forward(input: Tensor): Tensor {
    return F.featureAlphaDropout(input, this.p, this.training);
  }
}
