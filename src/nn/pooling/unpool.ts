/**
 * The way back from pooling by the largest value.
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

/** Options of {@linkcode MaxUnpool1d}, {@linkcode MaxUnpool2d} and {@linkcode MaxUnpool3d}. */
export interface MaxUnpoolLayerOptions {
  /** The step of the window; default: the window itself. */
  stride?: Size | null;
  /** How much padding the pooling had; default `0`. */
  padding?: Size;
}

/** What {@linkcode MaxUnpool1d}, {@linkcode MaxUnpool2d} and {@linkcode MaxUnpool3d} share. */
export abstract class MaxUnpool
  extends Module<[input: Tensor, indices: Tensor, outputSize?: readonly number[] | null], Tensor> {
  /** The window. */
  readonly kernelSize: readonly number[];
  /** The step of the window. */
  readonly stride: readonly number[];
  /** How much padding the pooling had. */
  readonly padding: readonly number[];

  /** Reads the arguments of a layer of `rank` spatial dimensions. */
  constructor(layer: string, rank: number, args: readonly unknown[]) {
    notTheBase(
      new.target,
      MaxUnpool,
      "nn.MaxUnpool",
      "nn.MaxUnpool1d, nn.MaxUnpool2d and nn.MaxUnpool3d",
    );
    super();
    const a = new LayerArguments(layer, "kernelSize, stride, padding", args);
    this.kernelSize = a.sizes("kernelSize", rank);
    this.stride = a.sizes("stride", rank, this.kernelSize);
    this.padding = a.sizes("padding", rank, 0);
  }

  /** As PyTorch prints it. */
  override extraRepr(): string {
    return `kernel_size=${python.size(this.kernelSize)}, stride=${
      python.size(this.stride)
    }, padding=${python.size(this.padding)}`;
  }
}

/**
 * The way back from {@linkcode MaxPool1d} with `returnIndices`: each value at its place, zeros elsewhere.
 *
 * A call takes the output, the indices and, where several sizes are possible, the size to restore.
 *
 * @example
 * ```ts
 * import * as torch from "flambeau";
 * import { assertEquals } from "@std/assert";
 *
 * const x = torch.rand([1, 2, 8]);
 * const [y, indices] = torch.nn.functional.maxPool1dWithIndices(x, 2);
 * assertEquals(new torch.nn.MaxUnpool1d(2)(y, indices).shape, [1, 2, 8]);
 * ```
 */
export class MaxUnpool1d extends MaxUnpool {
  /** Makes the layer. `kernelSize`: the window. */
  constructor(kernelSize: Size, options?: MaxUnpoolLayerOptions);
  /** The same with the step by place. */
  constructor(kernelSize: Size, stride: Size | null, options?: MaxUnpoolLayerOptions);
  constructor(...args: unknown[]) {
    super("MaxUnpool1d", 1, args);
  }

  /** Applies it. */
  override forward(
    input: Tensor,
    indices: Tensor,
    outputSize: readonly number[] | null = null,
  ): Tensor {
    const { kernelSize, stride, padding } = this;
    return F.maxUnpool1d(input, indices, kernelSize, { stride, padding, outputSize });
  }
}

/**
 * The way back from {@linkcode MaxPool2d} with `returnIndices`: each value at its place, zeros elsewhere.
 *
 * A call takes the output, the indices and, where several sizes are possible, the size to restore.
 *
 * @example
 * ```ts
 * import * as torch from "flambeau";
 * import { assertEquals } from "@std/assert";
 *
 * const x = torch.rand([1, 2, 8, 8]);
 * const [y, indices] = torch.nn.functional.maxPool2dWithIndices(x, 2);
 * assertEquals(new torch.nn.MaxUnpool2d(2)(y, indices).shape, [1, 2, 8, 8]);
 * ```
 */
export class MaxUnpool2d extends MaxUnpool {
  /** Makes the layer. `kernelSize`: the window. */
  constructor(kernelSize: Size, options?: MaxUnpoolLayerOptions);
  /** The same with the step by place. */
  constructor(kernelSize: Size, stride: Size | null, options?: MaxUnpoolLayerOptions);
  constructor(...args: unknown[]) {
    super("MaxUnpool2d", 2, args);
  }

  /** Applies it. */
  override forward(
    input: Tensor,
    indices: Tensor,
    outputSize: readonly number[] | null = null,
  ): Tensor {
    const { kernelSize, stride, padding } = this;
    return F.maxUnpool2d(input, indices, kernelSize, { stride, padding, outputSize });
  }
}

/**
 * The way back from {@linkcode MaxPool3d} with `returnIndices`: each value at its place, zeros elsewhere.
 *
 * A call takes the output, the indices and, where several sizes are possible, the size to restore.
 *
 * @example
 * ```ts
 * import * as torch from "flambeau";
 * import { assertEquals } from "@std/assert";
 *
 * const x = torch.rand([1, 2, 8, 8, 8]);
 * const [y, indices] = torch.nn.functional.maxPool3dWithIndices(x, 2);
 * assertEquals(new torch.nn.MaxUnpool3d(2)(y, indices).shape, [1, 2, 8, 8, 8]);
 * ```
 */
export class MaxUnpool3d extends MaxUnpool {
  /** Makes the layer. `kernelSize`: the window. */
  constructor(kernelSize: Size, options?: MaxUnpoolLayerOptions);
  /** The same with the step by place. */
  constructor(kernelSize: Size, stride: Size | null, options?: MaxUnpoolLayerOptions);
  constructor(...args: unknown[]) {
    super("MaxUnpool3d", 3, args);
  }

  /** Applies it. */
  override forward(
    input: Tensor,
    indices: Tensor,
    outputSize: readonly number[] | null = null,
  ): Tensor {
    const { kernelSize, stride, padding } = this;
    return F.maxUnpool3d(input, indices, kernelSize, { stride, padding, outputSize });
  }
}
