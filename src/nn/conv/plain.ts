/**
 * Convolutions.
 *
 * @module
 */

import type { Size } from "../../ops/_call.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import * as F from "../functional.ts";
import { Convolution, type ConvOptions } from "./_convolution.ts";

/**
 * A one-dimensional convolution (cross-correlation, as in PyTorch).
 *
 * Input `[N, inChannels, L]` or `[inChannels, L]`; `weight` is `[outChannels, inChannels / groups, kL]`. Weights
 * and bias are drawn evenly from ±1/√fan-in.
 *
 * @example
 * ```ts
 * import * as torch from "flambeau";
 * import { assertEquals } from "@std/assert";
 *
 * const layer = new torch.nn.Conv1d(3, 8, 3, { padding: 1 });
 * assertEquals(layer(torch.ones([1, 3, 8])).shape, [1, 8, 8]);
 * ```
 */
export class Conv1d extends Convolution {
  /** Makes a layer with random weights. */
  constructor(inChannels: number, outChannels: number, kernelSize: Size, options?: ConvOptions);
  constructor(...args: unknown[]) {
    super("Conv1d", 1, false, args);
  }

  /** Applies the convolution. */
  override forward(input: Tensor): Tensor {
    const { weight, bias, stride, padding, dilation, groups } = this;
    if (this.paddingMode === "zeros") {
      return F.conv1d(input, weight, bias, stride, padding, dilation, groups);
    }
    using padded = F.pad(input, this.sides(), this.paddingMode);
    return F.conv1d(padded, weight, bias, stride, 0, dilation, groups);
  }
}

/**
 * A two-dimensional convolution (cross-correlation, as in PyTorch).
 *
 * Input `[N, inChannels, H, W]` or `[inChannels, H, W]`; `weight` is `[outChannels, inChannels / groups, kH, kW]`. Weights
 * and bias are drawn evenly from ±1/√fan-in.
 *
 * @example
 * ```ts
 * import * as torch from "flambeau";
 * import { assertEquals } from "@std/assert";
 *
 * const layer = new torch.nn.Conv2d(3, 8, 3, { padding: 1 });
 * assertEquals(layer(torch.ones([1, 3, 8, 8])).shape, [1, 8, 8, 8]);
 * ```
 */
export class Conv2d extends Convolution {
  /** Makes a layer with random weights. */
  constructor(inChannels: number, outChannels: number, kernelSize: Size, options?: ConvOptions);
  constructor(...args: unknown[]) {
    super("Conv2d", 2, false, args);
  }

  /** Applies the convolution. */
  override forward(input: Tensor): Tensor {
    const { weight, bias, stride, padding, dilation, groups } = this;
    if (this.paddingMode === "zeros") {
      return F.conv2d(input, weight, bias, stride, padding, dilation, groups);
    }
    using padded = F.pad(input, this.sides(), this.paddingMode);
    return F.conv2d(padded, weight, bias, stride, 0, dilation, groups);
  }
}

/**
 * A three-dimensional convolution (cross-correlation, as in PyTorch).
 *
 * Input `[N, inChannels, D, H, W]` or `[inChannels, D, H, W]`; `weight` is `[outChannels, inChannels / groups, kD, kH, kW]`. Weights
 * and bias are drawn evenly from ±1/√fan-in.
 *
 * @example
 * ```ts
 * import * as torch from "flambeau";
 * import { assertEquals } from "@std/assert";
 *
 * const layer = new torch.nn.Conv3d(3, 8, 3, { padding: 1 });
 * assertEquals(layer(torch.ones([1, 3, 8, 8, 8])).shape, [1, 8, 8, 8, 8]);
 * ```
 */
export class Conv3d extends Convolution {
  /** Makes a layer with random weights. */
  constructor(inChannels: number, outChannels: number, kernelSize: Size, options?: ConvOptions);
  constructor(...args: unknown[]) {
    super("Conv3d", 3, false, args);
  }

  /** Applies the convolution. */
  override forward(input: Tensor): Tensor {
    const { weight, bias, stride, padding, dilation, groups } = this;
    if (this.paddingMode === "zeros") {
      return F.conv3d(input, weight, bias, stride, padding, dilation, groups);
    }
    using padded = F.pad(input, this.sides(), this.paddingMode);
    return F.conv3d(padded, weight, bias, stride, 0, dilation, groups);
  }
}
