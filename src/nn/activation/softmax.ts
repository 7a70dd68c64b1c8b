/**
 * Softmax and its kind.
 *
 * @module
 */

import { shapeOf, type Tensor } from "../../tensor/tensor.ts";
import * as F from "../functional.ts";
import { LayerArguments } from "../_layer.ts";
import { Module } from "../module.ts";

function implicitDim(input: Tensor): number {
  const { length } = shapeOf(input);
  return length === 0 || length === 1 || length === 3 ? 0 : 1;
}

/** Options of {@linkcode Softmax}. */
export interface SoftmaxOptions {
  /** The dimension whose slices add up to 1; `null`: 0 for inputs of 0, 1 or 3 dimensions, else 1, as old PyTorch chose; default `null`. */
  dim?: number | null;
}

/**
 * `exp(x)`, divided by its sum along a dimension.
 *
 * @example
 * ```ts
 * import * as torch from "flambeau";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(new torch.nn.Softmax(0)(torch.zeros([4])).toArray(), [0.25, 0.25, 0.25, 0.25]);
 * ```
 */
export class Softmax extends Module<[input: Tensor], Tensor> {
  /** The dimension whose slices add up to 1; `null`: 0 for inputs of 0, 1 or 3 dimensions, else 1, as old PyTorch chose. */
  readonly dim: number | null;

  /** Makes the layer. */
  constructor(dim: number | null, options?: SoftmaxOptions);
  /** The same by name. */
  constructor(options?: SoftmaxOptions);
  constructor(...args: unknown[]) {
    super();
    const a = new LayerArguments("Softmax", "dim", args);
    this.dim = a.has("dim") ? a.int("dim") : null;
  }

  /** Applies it. */
  override forward(input: Tensor): Tensor {
    return F.softmax(input, this.dim ?? implicitDim(input));
  }

  /** As PyTorch prints it. */
  override extraRepr(): string {
    return `dim=${this.dim ?? "None"}`;
  }
}

/**
 * {@linkcode Softmax} of `-x`.
 *
 * @example
 * ```ts
 * import * as torch from "flambeau";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(new torch.nn.Softmin(0)(torch.zeros([4])).toArray(), [0.25, 0.25, 0.25, 0.25]);
 * ```
 */
export class Softmin extends Module<[input: Tensor], Tensor> {
  /** The dimension whose slices add up to 1; `null`: 0 for inputs of 0, 1 or 3 dimensions, else 1, as old PyTorch chose. */
  readonly dim: number | null;

  /** Makes the layer. */
  constructor(dim: number | null, options?: SoftmaxOptions);
  /** The same by name. */
  constructor(options?: SoftmaxOptions);
  constructor(...args: unknown[]) {
    super();
    const a = new LayerArguments("Softmin", "dim", args);
    this.dim = a.has("dim") ? a.int("dim") : null;
  }

  /** Applies it. */
  override forward(input: Tensor): Tensor {
    return F.softmin(input, this.dim ?? implicitDim(input));
  }

  /** As PyTorch prints it. */
  override extraRepr(): string {
    return `dim=${this.dim ?? "None"}`;
  }
}

/**
 * The logarithm of {@linkcode Softmax}.
 *
 * @example
 * ```ts
 * import * as torch from "flambeau";
 * import { assertAlmostEquals } from "@std/assert";
 *
 * assertAlmostEquals(new torch.nn.LogSoftmax(0)(torch.zeros([4])).sum().item() as number, -4 * Math.log(4), 1e-5);
 * ```
 */
export class LogSoftmax extends Module<[input: Tensor], Tensor> {
  /** The dimension whose slices add up to 1; `null`: 0 for inputs of 0, 1 or 3 dimensions, else 1, as old PyTorch chose. */
  readonly dim: number | null;

  /** Makes the layer. */
  constructor(dim: number | null, options?: SoftmaxOptions);
  /** The same by name. */
  constructor(options?: SoftmaxOptions);
  constructor(...args: unknown[]) {
    super();
    const a = new LayerArguments("LogSoftmax", "dim", args);
    this.dim = a.has("dim") ? a.int("dim") : null;
  }

  /** Applies it. */
  override forward(input: Tensor): Tensor {
    return F.logSoftmax(input, this.dim ?? implicitDim(input));
  }

  /** As PyTorch prints it. */
  override extraRepr(): string {
    return `dim=${this.dim ?? "None"}`;
  }
}

/**
 * {@linkcode Softmax} over the channels of `[N, C, H, W]` or `[C, H, W]`.
 *
 * @example
 * ```ts
 * import * as torch from "flambeau";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(new torch.nn.Softmax2d()(torch.zeros([2, 1, 1])).toArray(), [[[0.5]], [[0.5]]]);
 * ```
 */
export class Softmax2d extends Module<[input: Tensor], Tensor> {
  /** Applies it. */
  override forward(input: Tensor): Tensor {
    const { length } = shapeOf(input);
    if (length !== 3 && length !== 4) {
      throw new RangeError(
        `nn.Softmax2d: argument 'input' must have 3 or 4 dimensions, but has ${length}`,
      );
    }
    return F.softmax(input, -3);
  }
}
