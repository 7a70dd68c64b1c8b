/**
 * The order in which the weights of convolutions lie in memory.
 *
 * @module
 */

import { clone } from "../../ops/mod.ts";
import { asMemoryFormat, type MemoryFormat } from "../../tensor/call.ts";
import { Conv2d, Conv3d, ConvTranspose2d, ConvTranspose3d } from "../conv/mod.ts";
import type { AnyModule } from "../module.ts";
import { asModule } from "./_module.ts";

type Convolution = Conv2d | Conv3d | ConvTranspose2d | ConvTranspose3d;
type ConvolutionType = abstract new (...args: never[]) => Convolution;

function convert<M extends AnyModule>(
  op: string,
  module: M,
  memoryFormat: MemoryFormat,
  types: readonly ConvolutionType[],
): M {
  asMemoryFormat(memoryFormat, op, "memoryFormat");
  for (const one of asModule(module, op).modules()) {
    if (!types.some((type) => one instanceof type)) continue;
    const { weight } = one as unknown as Convolution;
    using values = weight.detach();
    using converted = clone(values, { memoryFormat });
    weight.data = converted;
  }
  return module;
}

/**
 * Lays the weights of all two-dimensional convolutions within a module out in a memory format, in place; other parameters stay.
 * With `"channels_last"` LibTorch converts neither the weights nor, for an input that lies so already, anything else at each call.
 *
 * @param module A module; itself, or any within it, may be a `Conv2d` or `ConvTranspose2d`.
 * @param memoryFormat `"channels_last"` or `"contiguous_format"`.
 * @returns The module.
 *
 * @example
 * ```ts
 * import * as torch from "flambeau";
 * import { assertEquals } from "@std/assert";
 *
 * const net = new torch.nn.Sequential(new torch.nn.Conv2d(8, 4, 3));
 * torch.nn.utils.convertConv2dWeightMemoryFormat(net, "channels_last");
 * assertEquals(net.stateDict()["0.weight"].stride(), [72, 1, 24, 8]);
 * ```
 */
export function convertConv2dWeightMemoryFormat<M extends AnyModule>(
  module: M,
  memoryFormat: MemoryFormat,
): M {
  return convert("convertConv2dWeightMemoryFormat", module, memoryFormat, [
    Conv2d,
    ConvTranspose2d,
  ]);
}

/**
 * {@linkcode convertConv2dWeightMemoryFormat} for convolutions in three dimensions.
 *
 * @param module A module; itself, or any within it, may be a `Conv3d` or `ConvTranspose3d`.
 * @param memoryFormat `"channels_last_3d"` or `"contiguous_format"`.
 * @returns The module.
 */
export function convertConv3dWeightMemoryFormat<M extends AnyModule>(
  module: M,
  memoryFormat: MemoryFormat,
): M {
  return convert("convertConv3dWeightMemoryFormat", module, memoryFormat, [
    Conv3d,
    ConvTranspose3d,
  ]);
}
