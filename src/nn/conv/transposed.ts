/**
 * Transposed convolutions.
 *
 * @module
 */

import type { Size } from "../../ops/_call.ts";
import { shapeOf, type Tensor } from "../../tensor/tensor.ts";
import * as F from "../functional.ts";
import { Convolution, type ConvTransposeOptions } from "./_convolution.ts";

/** What a call of a transposed convolution takes: the input and, where several sizes are possible, the output's. */
export type TransposedArguments = [input: Tensor, outputSize?: readonly number[] | null];

abstract class Transposed extends Convolution<TransposedArguments> {
  /** The padding that gives an output of the size asked for, with or without batch and channels. */
  protected paddingFor(input: Tensor, outputSize: readonly number[] | null): readonly number[] {
    if (outputSize === null) return this.outputPadding;
    const { kernelSize, stride, dilation } = this;
    const rank = kernelSize.length;
    const others = shapeOf(input).length === rank + 2 ? 2 : 1;
    const size = outputSize.length === rank + others ? outputSize.slice(others) : outputSize;
    if (size.length !== rank) {
      throw new RangeError(
        `nn.${this.typeName()}: argument 'outputSize' must have ${rank} or ${
          rank + others
        } elements, but has ${outputSize.length}`,
      );
    }
    const padding = this.padding as readonly number[];
    return shapeOf(input).slice(-rank).map((length, i) => {
      const least = (length - 1) * stride[i]! - 2 * padding[i]! +
        dilation[i]! * (kernelSize[i]! - 1) + 1;
      const most = least + stride[i]! - 1;
      if (size[i]! >= least && size[i]! <= most) return size[i]! - least;
      throw new RangeError(
        `nn.${this.typeName()}: argument 'outputSize[${i}]' must be from ${least} to ${most}, but got ${
          size[i]
        }`,
      );
    });
  }
}

/**
 * A one-dimensional transposed convolution: the gradient of {@linkcode Conv1d} with respect to its input.
 *
 * Input `[N, inChannels, L]` or `[inChannels, L]`; `weight` is `[inChannels, outChannels / groups, kL]`. A call
 * takes the output's spatial size too, where the stride leaves a choice.
 *
 * @example
 * ```ts
 * import * as torch from "flambeau";
 * import { assertEquals } from "@std/assert";
 *
 * const layer = new torch.nn.ConvTranspose1d(3, 8, 3, { stride: 2, padding: 1 });
 * assertEquals(layer(torch.ones([1, 3, 8])).shape, [1, 8, 15]);
 * assertEquals(layer(torch.ones([1, 3, 8]), [16]).shape, [1, 8, 16]);
 * ```
 */
export class ConvTranspose1d extends Transposed {
  /** Makes a layer with random weights. */
  constructor(
    inChannels: number,
    outChannels: number,
    kernelSize: Size,
    options?: ConvTransposeOptions,
  );
  constructor(...args: unknown[]) {
    super("ConvTranspose1d", 1, true, args);
  }

  /** Applies it. */
  override forward(input: Tensor, outputSize: readonly number[] | null = null): Tensor {
    const { weight, bias, stride, dilation, groups } = this;
    const padding = this.padding as readonly number[];
    const added = this.paddingFor(input, outputSize);
    return F.convTranspose1d(input, weight, bias, stride, padding, added, groups, dilation);
  }
}

/**
 * A two-dimensional transposed convolution: the gradient of {@linkcode Conv2d} with respect to its input.
 *
 * Input `[N, inChannels, H, W]` or `[inChannels, H, W]`; `weight` is `[inChannels, outChannels / groups, kH, kW]`. A call
 * takes the output's spatial size too, where the stride leaves a choice.
 *
 * @example
 * ```ts
 * import * as torch from "flambeau";
 * import { assertEquals } from "@std/assert";
 *
 * const layer = new torch.nn.ConvTranspose2d(3, 8, 3, { stride: 2, padding: 1 });
 * assertEquals(layer(torch.ones([1, 3, 8, 8])).shape, [1, 8, 15, 15]);
 * assertEquals(layer(torch.ones([1, 3, 8, 8]), [16, 16]).shape, [1, 8, 16, 16]);
 * ```
 */
export class ConvTranspose2d extends Transposed {
  /** Makes a layer with random weights. */
  constructor(
    inChannels: number,
    outChannels: number,
    kernelSize: Size,
    options?: ConvTransposeOptions,
  );
  constructor(...args: unknown[]) {
    super("ConvTranspose2d", 2, true, args);
  }

  /** Applies it. */
  override forward(input: Tensor, outputSize: readonly number[] | null = null): Tensor {
    const { weight, bias, stride, dilation, groups } = this;
    const padding = this.padding as readonly number[];
    const added = this.paddingFor(input, outputSize);
    return F.convTranspose2d(input, weight, bias, stride, padding, added, groups, dilation);
  }
}

/**
 * A three-dimensional transposed convolution: the gradient of {@linkcode Conv3d} with respect to its input.
 *
 * Input `[N, inChannels, D, H, W]` or `[inChannels, D, H, W]`; `weight` is `[inChannels, outChannels / groups, kD, kH, kW]`. A call
 * takes the output's spatial size too, where the stride leaves a choice.
 *
 * @example
 * ```ts
 * import * as torch from "flambeau";
 * import { assertEquals } from "@std/assert";
 *
 * const layer = new torch.nn.ConvTranspose3d(3, 8, 3, { stride: 2, padding: 1 });
 * assertEquals(layer(torch.ones([1, 3, 8, 8, 8])).shape, [1, 8, 15, 15, 15]);
 * assertEquals(layer(torch.ones([1, 3, 8, 8, 8]), [16, 16, 16]).shape, [1, 8, 16, 16, 16]);
 * ```
 */
export class ConvTranspose3d extends Transposed {
  /** Makes a layer with random weights. */
  constructor(
    inChannels: number,
    outChannels: number,
    kernelSize: Size,
    options?: ConvTransposeOptions,
  );
  constructor(...args: unknown[]) {
    super("ConvTranspose3d", 3, true, args);
  }

  /** Applies it. */
  override forward(input: Tensor, outputSize: readonly number[] | null = null): Tensor {
    const { weight, bias, stride, dilation, groups } = this;
    const padding = this.padding as readonly number[];
    const added = this.paddingFor(input, outputSize);
    return F.convTranspose3d(input, weight, bias, stride, padding, added, groups, dilation);
  }
}
