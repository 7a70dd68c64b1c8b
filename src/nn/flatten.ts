/**
 * Layers that join and split dimensions, and the one that does nothing.
 *
 * @module
 */

import type { Tensor } from "../tensor/tensor.ts";
import { LayerArguments } from "./_layer.ts";
import * as python from "./_python.ts";
import { Module } from "./module.ts";

/** Options of {@linkcode Flatten}. */
export interface FlattenOptions {
  /** The first dimension that is joined; default `1`. */
  startDim?: number;
  /** The last one; default `-1`. */
  endDim?: number;
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

  /** Makes the layer. */
  constructor(startDim: number, endDim: number, options?: FlattenOptions);
  /** The same by name. */
  constructor(options?: FlattenOptions);
  constructor(...args: unknown[]) {
    super();
    const a = new LayerArguments("Flatten", "startDim, endDim", args);
    this.startDim = a.int("startDim", 1);
    this.endDim = a.int("endDim", -1);
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

/**
 * Splits a dimension into several.
 *
 * @example
 * ```ts
 * import * as torch from "flambeau";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(new torch.nn.Unflatten(1, [2, 3])(torch.zeros([4, 6])).shape, [4, 2, 3]);
 * ```
 */
export class Unflatten extends Module<[input: Tensor], Tensor> {
  /** The dimension that is split. */
  readonly dim: number;
  /** The sizes that it becomes, one of them perhaps -1. */
  readonly unflattenedSize: readonly number[];

  /** Makes the layer. `dim`: The dimension that is split. `unflattenedSize`: The sizes that it becomes, one of them perhaps -1. */
  constructor(dim: number, unflattenedSize: readonly number[]);
  constructor(...args: unknown[]) {
    super();
    const a = new LayerArguments("Unflatten", "dim, unflattenedSize", args);
    this.dim = a.int("dim");
    this.unflattenedSize = a.ints("unflattenedSize");
  }

  /** Applies it. */
  override forward(input: Tensor): Tensor {
    return input.unflatten(this.dim, [...this.unflattenedSize]);
  }

  /** As PyTorch prints it. */
  override extraRepr(): string {
    return `dim=${this.dim}, unflattened_size=${python.size(this.unflattenedSize)}`;
  }
}
