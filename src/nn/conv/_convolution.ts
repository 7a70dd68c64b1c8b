/**
 * What convolutions of any dimension share: options, weights and text.
 *
 * @module
 */

import { notTheBase } from "../../_arguments.ts";
import type { Size } from "../../ops/_call.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { LayerArguments } from "../_layer.ts";
import * as python from "../_python.ts";
import { fans, kaimingUniform_, uniform_ } from "../init.ts";
import { emptyParameter, type FactoryOptions } from "../layer_options.ts";
import { Module } from "../module.ts";
import type { Parameter } from "../parameter.ts";

/** What the padding of a convolution is made of. */
export type PaddingMode = "zeros" | "reflect" | "replicate" | "circular";

/** Options of {@linkcode Conv1d}, {@linkcode Conv2d} and {@linkcode Conv3d}. */
export interface ConvOptions extends FactoryOptions {
  /** The step of the window; default `1`. */
  stride?: Size;
  /** Added on each side, or `"valid"` (none) or `"same"` (as much as keeps the size); default `0`. */
  padding?: Size | "valid" | "same";
  /** The distance between the window's elements; default `1`. */
  dilation?: Size;
  /** Into how many independent groups the channels are split; default `1`. */
  groups?: number;
  /** Whether a bias is added; default `true`. */
  bias?: boolean;
  /** What the padding is made of; default `"zeros"`. */
  paddingMode?: PaddingMode;
}

/** Options of {@linkcode ConvTranspose1d}, {@linkcode ConvTranspose2d} and {@linkcode ConvTranspose3d}. */
export interface ConvTransposeOptions extends FactoryOptions {
  /** The step of the window; default `1`. */
  stride?: Size;
  /** Taken away on each side, as a convolution of this padding would have added it; default `0`. */
  padding?: Size;
  /** Added on one side, to choose among the sizes that a convolution maps to the same; default `0`. */
  outputPadding?: Size;
  /** Into how many independent groups the channels are split; default `1`. */
  groups?: number;
  /** Whether a bias is added; default `true`. */
  bias?: boolean;
  /** The distance between the window's elements; default `1`. */
  dilation?: Size;
  /** `"zeros"`: there is no other. */
  paddingMode?: "zeros";
}

const MODES = ["zeros", "reflect", "replicate", "circular"] as const;

/** What convolutions of any dimension share. */
export abstract class Convolution<A extends unknown[] = [input: Tensor]> extends Module<A, Tensor> {
  /** Channels of the input. */
  readonly inChannels: number;
  /** Channels of the output. */
  readonly outChannels: number;
  /** The size of the window. */
  readonly kernelSize: readonly number[];
  /** The step of the window. */
  readonly stride: readonly number[];
  /** Added on each side. */
  readonly padding: readonly number[] | "valid" | "same";
  /** The distance between the window's elements. */
  readonly dilation: readonly number[];
  /** Added on one side of the result of a transposed convolution. */
  readonly outputPadding: readonly number[];
  /** Groups of channels. */
  readonly groups: number;
  /** What the padding is made of. */
  readonly paddingMode: PaddingMode;
  /** The window's weights. */
  declare weight: Parameter;
  /** `[outChannels]`, or `null`. */
  declare bias: Parameter | null;

  /** Reads the arguments of a layer of `rank` spatial dimensions, and draws its weights. */
  constructor(layer: string, rank: number, transposed: boolean, args: readonly unknown[]) {
    notTheBase(
      new.target,
      Convolution,
      "nn.Convolution",
      "nn.Conv2d, nn.ConvTranspose2d and their kin",
    );
    super();
    const a = new LayerArguments(layer, transposed ? TRANSPOSED : PLAIN, args);
    this.inChannels = a.count("inChannels");
    this.outChannels = a.count("outChannels");
    this.kernelSize = a.sizes("kernelSize", rank);
    this.stride = a.sizes("stride", rank, 1);
    this.padding = readPadding(a, rank, transposed);
    this.dilation = a.sizes("dilation", rank, 1);
    this.outputPadding = a.sizes("outputPadding", rank, 0);
    this.groups = a.count("groups", 1);
    this.paddingMode = a.choice("paddingMode", transposed ? ["zeros"] : MODES, "zeros");
    checkGroups(a, this);
    checkNotNegative(a, this);
    if (this.padding === "same" && this.stride.some((step) => step !== 1)) {
      throw a.wrong("stride", 'made of ones where padding is "same"', this.stride.join(", "));
    }
    const [first, second] = transposed
      ? [this.inChannels, this.outChannels]
      : [this.outChannels, this.inChannels];
    const shape = [first, second / this.groups, ...this.kernelSize];
    const bias = a.bool("bias", true);
    this.registerParameter("weight", emptyParameter(shape, a.factory()));
    this.registerParameter("bias", bias ? emptyParameter([this.outChannels], a.factory()) : null);
    this.resetParameters();
  }

  /** Draws the weights anew. */
  resetParameters(): void {
    kaimingUniform_(this.weight, { a: Math.sqrt(5) });
    const { fanIn } = fans(this.weight);
    if (this.bias === null || fanIn === 0) return;
    uniform_(this.bias, -1 / Math.sqrt(fanIn), 1 / Math.sqrt(fanIn));
  }

  /** How much `pad()` is to add, the last dimension first, where the padding is not made of zeros. */
  protected sides(): number[] {
    const { padding, dilation, kernelSize } = this;
    return kernelSize.map((_, i) => kernelSize.length - 1 - i).flatMap((dim) => {
      if (padding === "valid") return [0, 0];
      if (padding !== "same") return [padding[dim]!, padding[dim]!];
      const total = dilation[dim]! * (kernelSize[dim]! - 1);
      return [Math.floor(total / 2), total - Math.floor(total / 2)];
    });
  }

  /** As PyTorch prints it. */
  override extraRepr(): string {
    const { padding, dilation, outputPadding } = this;
    const unlike = (sizes: readonly number[], usual: number) => sizes.some((one) => one !== usual);
    const parts = [
      `${this.inChannels}, ${this.outChannels}`,
      `kernel_size=${python.size(this.kernelSize)}, stride=${python.size(this.stride)}`,
    ];
    if (typeof padding === "string") parts.push(`padding=${padding}`);
    else if (unlike(padding, 0)) parts.push(`padding=${python.size(padding)}`);
    if (unlike(dilation, 1)) parts.push(`dilation=${python.size(dilation)}`);
    if (unlike(outputPadding, 0)) parts.push(`output_padding=${python.size(outputPadding)}`);
    if (this.groups !== 1) parts.push(`groups=${this.groups}`);
    if (this.bias === null) parts.push("bias=False");
    if (this.paddingMode !== "zeros") parts.push(`padding_mode=${this.paddingMode}`);
    return parts.join(", ");
  }
}

const PLAIN = "inChannels, outChannels, kernelSize, stride, padding, dilation, groups, bias, " +
  "paddingMode, device, dtype";
const TRANSPOSED = "inChannels, outChannels, kernelSize, stride, padding, outputPadding, groups, " +
  "bias, dilation, paddingMode, device, dtype";

function readPadding(a: LayerArguments, rank: number, transposed: boolean): Convolution["padding"] {
  const given = a.get("padding");
  if (transposed || typeof given !== "string") return a.sizes("padding", rank, 0);
  return a.choice<"valid" | "same">("padding", ["valid", "same"], "valid");
}

type Read = Pick<
  Convolution,
  "inChannels" | "outChannels" | "groups" | "kernelSize" | "stride" | "dilation" | "padding"
>;

function checkNotNegative(a: LayerArguments, layer: Read): void {
  for (const name of ["kernelSize", "stride", "dilation", "padding"] as const) {
    const sizes = layer[name];
    if (typeof sizes === "string" || sizes.every((one) => one >= 0)) continue;
    throw a.wrong(name, "not negative", sizes.join(", "));
  }
}

function checkGroups(a: LayerArguments, { inChannels, outChannels, groups }: Read): void {
  if (groups > 0 && inChannels % groups === 0 && outChannels % groups === 0) return;
  const expected = `a divisor of inChannels (${inChannels}) and outChannels (${outChannels})`;
  throw a.wrong("groups", expected, groups);
}
