/**
 * Distances of vectors.
 *
 * @module
 */

import type { Tensor } from "../tensor/tensor.ts";
import * as F from "./functional.ts";
import { LayerArguments } from "./_layer.ts";
import { Module } from "./module.ts";

/** Options of {@linkcode PairwiseDistance}. */
export interface PairwiseDistanceOptions {
  /** The exponent of the norm; default `2`. */
  p?: number;
  /** What is added to each difference; default `1e-6`. */
  eps?: number;
  /** Whether the last dimension is kept with size 1; default `false`. */
  keepdim?: boolean;
}

/**
 * The p-norm of the difference of two batches of vectors, `[N, D]` or `[D]`.
 *
 * @example
 * ```ts
 * import * as torch from "flambeau";
 * import { assertAlmostEquals } from "@std/assert";
 *
 * const x = torch.tensor([[1.5, 2]]);
 * assertAlmostEquals(new torch.nn.PairwiseDistance()(x, torch.zeros([1, 2])).item() as number, 2.5, 1e-4);
 * ```
 */
export class PairwiseDistance extends Module<[x1: Tensor, x2: Tensor], Tensor> {
  /** The exponent of the norm. */
  readonly norm: number;
  /** What is added to each difference. */
  readonly eps: number;
  /** Whether the last dimension is kept with size 1. */
  readonly keepdim: boolean;

  /** Makes the layer. */
  constructor(p: number, options?: PairwiseDistanceOptions);
  /** The same by name. */
  constructor(options?: PairwiseDistanceOptions);
  constructor(...args: unknown[]) {
    super();
    const a = new LayerArguments("PairwiseDistance", "p, eps, keepdim", args);
    this.norm = a.float("p", 2);
    this.eps = a.float("eps", 1e-6);
    this.keepdim = a.bool("keepdim", false);
  }

  /** Applies it. */
  override forward(x1: Tensor, x2: Tensor): Tensor {
    return F.pairwiseDistance(x1, x2, this.norm, this.eps, this.keepdim);
  }
}

/** Options of {@linkcode CosineSimilarity}. */
export interface CosineSimilarityOptions {
  /** The dimension of the vectors; default `1`. */
  dim?: number;
  /** The smallest product of lengths to divide by; default `1e-8`. */
  eps?: number;
}

/**
 * The cosine of the angle between vectors along a dimension.
 *
 * @example
 * ```ts
 * import * as torch from "flambeau";
 * import { assertAlmostEquals } from "@std/assert";
 *
 * const x = torch.tensor([[1.5, 2]]);
 * assertAlmostEquals(new torch.nn.CosineSimilarity()(x, x).item() as number, 1, 1e-5);
 * ```
 */
export class CosineSimilarity extends Module<[x1: Tensor, x2: Tensor], Tensor> {
  /** The dimension of the vectors. */
  readonly dim: number;
  /** The smallest product of lengths to divide by. */
  readonly eps: number;

  /** Makes the layer. */
  constructor(dim: number, options?: CosineSimilarityOptions);
  /** The same by name. */
  constructor(options?: CosineSimilarityOptions);
  constructor(...args: unknown[]) {
    super();
    const a = new LayerArguments("CosineSimilarity", "dim, eps", args);
    this.dim = a.int("dim", 1);
    this.eps = a.float("eps", 1e-8);
  }

  /** Applies it. */
  override forward(x1: Tensor, x2: Tensor): Tensor {
    return F.cosineSimilarity(x1, x2, this.dim, this.eps);
  }
}
