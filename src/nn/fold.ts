/**
 * Sliding blocks of images.
 *
 * @module
 */

import type { Tensor } from "../tensor/tensor.ts";
import type { Size } from "../ops/_call.ts";
import * as F from "./functional.ts";
import { LayerArguments } from "./_layer.ts";
import * as python from "./_python.ts";
import { Module } from "./module.ts";

/** Options of {@linkcode Fold}. */
export interface FoldOptions {
  /** The distance of the elements of a block; default `1`. */
  dilation?: Size;
  /** How many zeros are put at both sides; default `0`. */
  padding?: Size;
  /** The step of the block; default `1`. */
  stride?: Size;
}

/**
 * Adds up blocks into an image: `[N, C · kH · kW, blocks]` becomes `[N, C, H, W]`. The way back from {@linkcode Unfold}, but for overlaps.
 *
 * @example
 * ```ts
 * import * as torch from "flambeau";
 * import { assertEquals } from "@std/assert";
 *
 * const layer = new torch.nn.Fold([4, 4], 2, { stride: 2 });
 * assertEquals(layer(torch.ones([1, 8, 4])).shape, [1, 2, 4, 4]);
 * ```
 */
export class Fold extends Module<[input: Tensor], Tensor> {
  /** Height and width of the image. */
  readonly outputSize: Size;
  /** Height and width of a block. */
  readonly kernelSize: Size;
  /** The distance of the elements of a block. */
  readonly dilation: Size;
  /** How many zeros are put at both sides. */
  readonly padding: Size;
  /** The step of the block. */
  readonly stride: Size;

  /** Makes the layer. `outputSize`: Height and width of the image. `kernelSize`: Height and width of a block. */
  constructor(outputSize: Size, kernelSize: Size, options?: FoldOptions);
  constructor(...args: unknown[]) {
    super();
    const a = new LayerArguments("Fold", "outputSize, kernelSize, dilation, padding, stride", args);
    this.outputSize = a.size("outputSize", 2);
    this.kernelSize = a.size("kernelSize", 2);
    this.dilation = a.size("dilation", 2, 1);
    this.padding = a.size("padding", 2, 0);
    this.stride = a.size("stride", 2, 1);
  }

  /** Applies it. */
  override forward(input: Tensor): Tensor {
    return F.fold(
      input,
      this.outputSize,
      this.kernelSize,
      this.dilation,
      this.padding,
      this.stride,
    );
  }

  /** As PyTorch prints it. */
  override extraRepr(): string {
    return `output_size=${python.size(this.outputSize)}, kernel_size=${
      python.size(this.kernelSize)
    }, dilation=${python.size(this.dilation)}, padding=${python.size(this.padding)}, stride=${
      python.size(this.stride)
    }`;
  }
}

/** Options of {@linkcode Unfold}. */
export interface UnfoldOptions {
  /** The distance of the elements of a block; default `1`. */
  dilation?: Size;
  /** How many zeros are put at both sides; default `0`. */
  padding?: Size;
  /** The step of the block; default `1`. */
  stride?: Size;
}

/**
 * The blocks of an image as columns: `[N, C, H, W]` becomes `[N, C · kH · kW, blocks]`.
 *
 * @example
 * ```ts
 * import * as torch from "flambeau";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(new torch.nn.Unfold(2, { stride: 2 })(torch.ones([1, 2, 4, 4])).shape, [1, 8, 4]);
 * ```
 */
export class Unfold extends Module<[input: Tensor], Tensor> {
  /** Height and width of a block. */
  readonly kernelSize: Size;
  /** The distance of the elements of a block. */
  readonly dilation: Size;
  /** How many zeros are put at both sides. */
  readonly padding: Size;
  /** The step of the block. */
  readonly stride: Size;

  /** Makes the layer. `kernelSize`: Height and width of a block. */
  constructor(kernelSize: Size, options?: UnfoldOptions);
  constructor(...args: unknown[]) {
    super();
    const a = new LayerArguments("Unfold", "kernelSize, dilation, padding, stride", args);
    this.kernelSize = a.size("kernelSize", 2);
    this.dilation = a.size("dilation", 2, 1);
    this.padding = a.size("padding", 2, 0);
    this.stride = a.size("stride", 2, 1);
  }

  /** Applies it. */
  override forward(input: Tensor): Tensor {
    return F.unfold(input, this.kernelSize, this.dilation, this.padding, this.stride);
  }

  /** As PyTorch prints it. */
  override extraRepr(): string {
    return `kernel_size=${python.size(this.kernelSize)}, dilation=${
      python.size(this.dilation)
    }, padding=${python.size(this.padding)}, stride=${python.size(this.stride)}`;
  }
}
