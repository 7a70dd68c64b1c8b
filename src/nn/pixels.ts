/**
 * Layers that move channels.
 *
 * @module
 */

import type { Tensor } from "../tensor/tensor.ts";
import * as F from "./functional.ts";
import { LayerArguments } from "./_layer.ts";
import { Module } from "./module.ts";

/**
 * Moves channels into space: `[N, C · r², H, W]` becomes `[N, C, H · r, W · r]` (Shi et al. 2016).
 *
 * @example
 * ```ts
 * import * as torch from "flambeau";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(new torch.nn.PixelShuffle(2)(torch.zeros([1, 4, 3, 3])).shape, [1, 1, 6, 6]);
 * ```
 */
export class PixelShuffle extends Module<[input: Tensor], Tensor> {
  /** r, by which height and width grow. */
  readonly upscaleFactor: number;

  /** Makes the layer. `upscaleFactor`: r, by which height and width grow. */
  constructor(upscaleFactor: number);
  constructor(...args: unknown[]) {
    super();
    const a = new LayerArguments("PixelShuffle", "upscaleFactor", args);
    this.upscaleFactor = a.int("upscaleFactor");
  }

  /** Applies it. */
  override forward(input: Tensor): Tensor {
    return F.pixelShuffle(input, this.upscaleFactor);
  }

  /** As PyTorch prints it. */
  override extraRepr(): string {
    return `upscale_factor=${this.upscaleFactor}`;
  }
}

/**
 * The way back from {@linkcode PixelShuffle}.
 *
 * @example
 * ```ts
 * import * as torch from "flambeau";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(new torch.nn.PixelUnshuffle(2)(torch.zeros([1, 1, 6, 6])).shape, [1, 4, 3, 3]);
 * ```
 */
export class PixelUnshuffle extends Module<[input: Tensor], Tensor> {
  /** r, by which height and width shrink. */
  readonly downscaleFactor: number;

  /** Makes the layer. `downscaleFactor`: r, by which height and width shrink. */
  constructor(downscaleFactor: number);
  constructor(...args: unknown[]) {
    super();
    const a = new LayerArguments("PixelUnshuffle", "downscaleFactor", args);
    this.downscaleFactor = a.int("downscaleFactor");
  }

  /** Applies it. */
  override forward(input: Tensor): Tensor {
    return F.pixelUnshuffle(input, this.downscaleFactor);
  }

  /** As PyTorch prints it. */
  override extraRepr(): string {
    return `downscale_factor=${this.downscaleFactor}`;
  }
}

/**
 * Takes the channels of `[N, C, ...]` from each group in turn (Zhang et al. 2018).
 *
 * @example
 * ```ts
 * import * as torch from "flambeau";
 * import { assertEquals } from "@std/assert";
 *
 * const x = torch.arange(4).reshape([1, 4, 1]);
 * assertEquals(new torch.nn.ChannelShuffle(2)(x).flatten().toArray(), [0, 2, 1, 3]);
 * ```
 */
export class ChannelShuffle extends Module<[input: Tensor], Tensor> {
  /** The number of groups. */
  readonly groups: number;

  /** Makes the layer. `groups`: The number of groups. */
  constructor(groups: number);
  constructor(...args: unknown[]) {
    super();
    const a = new LayerArguments("ChannelShuffle", "groups", args);
    this.groups = a.int("groups");
  }

  /** Applies it. */
  override forward(input: Tensor): Tensor {
    return F.channelShuffle(input, this.groups);
  }

  /** As PyTorch prints it. */
  override extraRepr(): string {
    return `groups=${this.groups}`;
  }
}
