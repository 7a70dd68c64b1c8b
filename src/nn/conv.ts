import { conv2d, pad } from "./functional.ts";
import { fans, kaimingUniform_, uniform_ } from "./init.ts";
import {
  checkCount,
  emptyParameter,
  type FactoryOptions,
  type Pair,
  pairOf,
  showPair,
} from "./layer_options.ts";
import { Module } from "./module.ts";
import type { Parameter } from "./parameter.ts";
import { describe, type Tensor } from "../tensor/tensor.ts";

/** Options of {@linkcode Conv2d}. */
export interface Conv2dOptions extends FactoryOptions {
  /** The step of the window; default `1`. */
  stride?: Pair;
  /** Added on each side, or `"valid"` (none) or `"same"` (as much as keeps the size); default `0`. */
  padding?: Pair | "valid" | "same";
  /** The distance between the window's elements; default `1`. */
  dilation?: Pair;
  /** Into how many independent groups the channels are split; default `1`. */
  groups?: number;
  /** Whether a bias is added; default `true`. */
  bias?: boolean;
  /** What the padding is made of; default `"zeros"`. */
  paddingMode?: "zeros" | "reflect" | "replicate" | "circular";
}

/**
 * A two-dimensional convolution (cross-correlation, as in PyTorch).
 *
 * Input `[N, inChannels, H, W]` or `[inChannels, H, W]`; `weight` is `[outChannels, inChannels / groups, kH, kW]`.
 *
 * @example
 * ```ts
 * import * as torch from "flambeau";
 * import { assertEquals } from "@std/assert";
 *
 * const layer = new torch.nn.Conv2d(3, 8, 3, { padding: 1 });
 * assertEquals(layer(torch.ones([1, 3, 16, 16])).shape, [1, 8, 16, 16]);
 * ```
 */
export class Conv2d extends Module<[input: Tensor], Tensor> {
  /** Channels of the input. */
  readonly inChannels: number;
  /** Channels of the output. */
  readonly outChannels: number;
  /** Height and width of the window. */
  readonly kernelSize: readonly [number, number];
  /** The step of the window. */
  readonly stride: readonly [number, number];
  /** Added on each side. */
  readonly padding: readonly [number, number] | "valid" | "same";
  /** The distance between the window's elements. */
  readonly dilation: readonly [number, number];
  /** Groups of channels. */
  readonly groups: number;
  /** What the padding is made of. */
  readonly paddingMode: "zeros" | "reflect" | "replicate" | "circular";
  /** `[outChannels, inChannels / groups, kH, kW]`. */
  declare weight: Parameter;
  /** `[outChannels]`, or `null`. */
  declare bias: Parameter | null;

  /** Makes a layer with random weights. */
  constructor(
    inChannels: number,
    outChannels: number,
    kernelSize: Pair,
    options: Conv2dOptions = {},
  ) {
    super();
    const {
      stride = 1,
      padding = 0,
      dilation = 1,
      groups = 1,
      bias = true,
      paddingMode = "zeros",
    } = options;
    checkChannels(inChannels, outChannels, groups);
    if (!["zeros", "reflect", "replicate", "circular"].includes(paddingMode)) {
      throw new TypeError(
        `nn.Conv2d: option 'paddingMode' must be zeros, reflect, replicate or circular, but got ${
          describe(paddingMode)
        }`,
      );
    }
    this.inChannels = inChannels;
    this.outChannels = outChannels;
    this.kernelSize = pairOf(kernelSize, "Conv2d", "kernelSize");
    this.stride = pairOf(stride, "Conv2d", "stride");
    this.padding = padding === "same" || padding === "valid"
      ? padding
      : pairOf(padding, "Conv2d", "padding");
    this.dilation = pairOf(dilation, "Conv2d", "dilation");
    this.groups = groups;
    this.paddingMode = paddingMode;
    if (padding === "same" && (this.stride[0] !== 1 || this.stride[1] !== 1)) {
      throw new RangeError('nn.Conv2d: padding "same" needs a stride of 1');
    }
    const shape = [outChannels, inChannels / groups, ...this.kernelSize];
    this.registerParameter("weight", emptyParameter(shape, options));
    this.registerParameter("bias", bias ? emptyParameter([outChannels], options) : null);
    this.resetParameters();
  }

  /** Draws the weights anew. */
  resetParameters(): void {
    kaimingUniform_(this.weight, { a: Math.sqrt(5) });
    const { fanIn } = fans(this.weight);
    if (this.bias === null || fanIn === 0) return;
    uniform_(this.bias, -1 / Math.sqrt(fanIn), 1 / Math.sqrt(fanIn));
  }

  /** Applies the convolution. */
  override forward(input: Tensor): Tensor {
    const { weight, bias, stride, dilation, groups } = this;
    const options = { bias, stride: [...stride], dilation: [...dilation], groups };
    if (this.paddingMode !== "zeros") {
      using padded = pad(input, this.#sides(), { mode: this.paddingMode });
      return conv2d(padded, weight, options);
    }
    const { padding } = this;
    if (typeof padding === "string") return conv2d(input, weight, { ...options, padding });
    return conv2d(input, weight, { ...options, padding: [...padding] });
  }

  // Left, right, top, bottom, as pad() takes them.
  #sides(): number[] {
    if (this.padding === "valid") return [0, 0, 0, 0];
    if (this.padding !== "same") {
      return [this.padding[1], this.padding[1], this.padding[0], this.padding[0]];
    }
    return [1, 0].flatMap((dim) => {
      const total = this.dilation[dim]! * (this.kernelSize[dim]! - 1);
      return [Math.floor(total / 2), total - Math.floor(total / 2)];
    });
  }

  /** As PyTorch prints it. */
  override extraRepr(): string {
    const { padding, dilation } = this;
    const text = typeof padding === "string" ? padding : showPair(padding);
    const parts = [
      `${this.inChannels}, ${this.outChannels}`,
      `kernel_size=${showPair(this.kernelSize)}, stride=${showPair(this.stride)}`,
    ];
    if (text !== "(0, 0)") parts.push(`padding=${text}`);
    if (showPair(dilation) !== "(1, 1)") parts.push(`dilation=${showPair(dilation)}`);
    if (this.groups !== 1) parts.push(`groups=${this.groups}`);
    if (this.bias === null) parts.push("bias=False");
    if (this.paddingMode !== "zeros") parts.push(`padding_mode=${this.paddingMode}`);
    return parts.join(", ");
  }
}

function checkChannels(inChannels: number, outChannels: number, groups: number): void {
  checkCount(inChannels, "Conv2d", "inChannels");
  checkCount(outChannels, "Conv2d", "outChannels");
  checkCount(groups, "Conv2d", "groups");
  if (groups > 0 && inChannels % groups === 0 && outChannels % groups === 0) return;
  throw new RangeError(
    `nn.Conv2d: option 'groups' must divide inChannels (${inChannels}) and outChannels (${outChannels}), but got ${groups}`,
  );
}
