/**
 * Pooling by a norm.
 *
 * @module
 */

import { notTheBase } from "../../_arguments.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import type { Size } from "../../ops/_call.ts";
import * as F from "../functional.ts";
import { LayerArguments } from "../_layer.ts";
import * as python from "../_python.ts";
import { Module } from "../module.ts";

/** Options of {@linkcode LPPool1d}, {@linkcode LPPool2d} and {@linkcode LPPool3d}. */
export interface LPPoolOptions {
  /** The step of the window; default: the window itself. */
  stride?: Size | null;
  /** Whether a window may end outside; default `false`. */
  ceilMode?: boolean;
}

/** What {@linkcode LPPool1d}, {@linkcode LPPool2d} and {@linkcode LPPool3d} share. */
export abstract class LPPool extends Module<[input: Tensor], Tensor> {
  /** The exponent of the norm. */
  readonly normType: number;
  /** The window. */
  readonly kernelSize: Size;
  /** The step of the window, `null` for the window itself. */
  readonly stride: Size | null;
  /** Whether a window may end outside. */
  readonly ceilMode: boolean;

  /** Reads the arguments of a layer of `rank` spatial dimensions. */
  constructor(layer: string, rank: number, args: readonly unknown[]) {
    notTheBase(new.target, LPPool, "nn.LPPool", "nn.LPPool1d, nn.LPPool2d and nn.LPPool3d");
    super();
    const a = new LayerArguments(layer, "normType, kernelSize, stride, ceilMode", args);
    this.normType = a.float("normType");
    this.kernelSize = a.size("kernelSize", rank);
    this.stride = a.has("stride") ? a.size("stride", rank) : null;
    this.ceilMode = a.bool("ceilMode", false);
  }

  /** As PyTorch prints it, where `normType` is a whole number as an integer. */
  override extraRepr(): string {
    return `norm_type=${this.normType}, kernel_size=${python.size(this.kernelSize)}, stride=${
      python.size(this.stride)
    }, ceil_mode=${python.bool(this.ceilMode)}`;
  }
}

/**
 * The p-norm of each window, over one spatial dimension. Input `[N, C, L]`, or without `N`.
 *
 * @example
 * ```ts
 * import * as torch from "flambeau";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(new torch.nn.LPPool1d(1, 2)(torch.ones([1, 2, 8])).max().item(), 2);
 * ```
 */
export class LPPool1d extends LPPool {
  /** Makes the layer. `normType`: the exponent of the norm. `kernelSize`: the window. */
  constructor(normType: number, kernelSize: Size, options?: LPPoolOptions);
  constructor(...args: unknown[]) {
    super("LPPool1d", 1, args);
  }

  /** Applies it. */
  override forward(input: Tensor): Tensor {
    const { normType, kernelSize, stride, ceilMode } = this;
    return F.lpPool1d(input, normType, kernelSize, { stride, ceilMode });
  }
}

/**
 * The p-norm of each window, over two spatial dimensions. Input `[N, C, H, W]`, or without `N`.
 *
 * @example
 * ```ts
 * import * as torch from "flambeau";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(new torch.nn.LPPool2d(1, 2)(torch.ones([1, 2, 8, 8])).max().item(), 4);
 * ```
 */
export class LPPool2d extends LPPool {
  /** Makes the layer. `normType`: the exponent of the norm. `kernelSize`: the window. */
  constructor(normType: number, kernelSize: Size, options?: LPPoolOptions);
  constructor(...args: unknown[]) {
    super("LPPool2d", 2, args);
  }

  /** Applies it. */
  override forward(input: Tensor): Tensor {
    const { normType, kernelSize, stride, ceilMode } = this;
    return F.lpPool2d(input, normType, kernelSize, { stride, ceilMode });
  }
}

/**
 * The p-norm of each window, over three spatial dimensions. Input `[N, C, D, H, W]`, or without `N`.
 *
 * @example
 * ```ts
 * import * as torch from "flambeau";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(new torch.nn.LPPool3d(1, 2)(torch.ones([1, 2, 8, 8, 8])).max().item(), 8);
 * ```
 */
export class LPPool3d extends LPPool {
  /** Makes the layer. `normType`: the exponent of the norm. `kernelSize`: the window. */
  constructor(normType: number, kernelSize: Size, options?: LPPoolOptions);
  constructor(...args: unknown[]) {
    super("LPPool3d", 3, args);
  }

  /** Applies it. */
  override forward(input: Tensor): Tensor {
    const { normType, kernelSize, stride, ceilMode } = this;
    return F.lpPool3d(input, normType, kernelSize, { stride, ceilMode });
  }
}
