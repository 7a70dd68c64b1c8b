import { asOptions } from "../../_arguments.ts";
import { isGradEnabled } from "../../autograd/modes.ts";
import { Temporaries } from "../../ops/_call.ts";
import { arange, eq, ge } from "../../ops/mod.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { LayerArguments } from "../_layer.ts";
import { GELU, ReLU } from "../activation/mod.ts";
import { ModuleList } from "../container/mod.ts";
import { copyModule } from "../copy.ts";
import { gelu, relu } from "../functional.ts";
import { type AnyModule, Module } from "../module.ts";
import { additive, checkLayers, isCausalMask, lengthOf, passedOf } from "./_layer.ts";
import { type EncoderLayerMasks, TransformerEncoderLayer } from "./encoder_layer.ts";

/** A layer for {@linkcode TransformerEncoder}. */
export type EncoderLayer = Module<[src: Tensor, masks?: EncoderLayerMasks], Tensor>;

/** Options of {@linkcode TransformerEncoder}. */
export interface TransformerEncoderOptions {
  /** What comes after the last layer. */
  norm?: Module<[input: Tensor], Tensor> | null;
  /**
   * Whether padded places of the output are zeros before `norm`, as PyTorch's nested tensors leave them: in evaluation mode, with a padding mask
   * and no `mask`, where no gradient is recorded, and the layer is a {@linkcode TransformerEncoderLayer} with `batchFirst`, biases, an even number
   * of heads, ReLU or GELU, without `normFirst`. Else they hold what the layers make of the padding. Default `true`.
   */
  enableNestedTensor?: boolean;
  /** Whether it is so only where each sequence's padding is at its end; `false`: the number of places that are no padding tells its length. Default `true`. */
  maskCheck?: boolean;
}

/** What a call of {@linkcode TransformerEncoder} takes besides the sequences. */
export interface EncoderMasks {
  /** `true` where a place may not look, or what is added to scores: `[S, S]` or `[N * nhead, S, S]`. */
  mask?: Tensor | null;
  /** `true` where a place is to be ignored, or what is added to its scores: `[N, S]` or `[S]`. */
  srcKeyPaddingMask?: Tensor | null;
  /** Whether `mask` is the causal one; default: it is looked at. */
  isCausal?: boolean | null;
}

/**
 * A stack of encoder layers.
 *
 * @example
 * ```ts
 * import * as torch from "flambeau";
 * import { assertEquals } from "@std/assert";
 *
 * const layer = new torch.nn.TransformerEncoderLayer(8, 2, { dimFeedforward: 16 });
 * const encoder = new torch.nn.TransformerEncoder(layer, 2);
 * assertEquals(encoder(torch.randn([5, 3, 8])).shape, [5, 3, 8]);
 * ```
 */
export class TransformerEncoder extends Module<[src: Tensor, masks?: EncoderMasks], Tensor> {
  /** The layers. */
  layers: ModuleList<EncoderLayer>;
  /** How many there are. */
  readonly numLayers: number;
  /** What comes after the last, or `null`. */
  norm: Module<[input: Tensor], Tensor> | null;
  /** Whether padded places may be zeros. */
  readonly enableNestedTensor: boolean;
  /** Whether padding must be at the end for it. */
  readonly maskCheck: boolean;

  /** Makes a stack of copies of a layer. */
  constructor(encoderLayer: EncoderLayer, numLayers: number, options?: TransformerEncoderOptions);
  constructor(...args: unknown[]) {
    super();
    const a = new LayerArguments(
      "TransformerEncoder",
      "encoderLayer, numLayers, norm, enableNestedTensor, maskCheck",
      args,
    );
    const [layer, count] = [a.get("encoderLayer") as EncoderLayer, a.count("numLayers")];
    checkLayers(count, layer, "TransformerEncoder");
    this.layers = new ModuleList(Array.from({ length: count }, () => copyModule(layer)));
    this.numLayers = count;
    this.norm = (a.get("norm") as Module<[Tensor], Tensor> | undefined) ?? null;
    this.enableNestedTensor = a.bool("enableNestedTensor", true);
    this.maskCheck = a.bool("maskCheck", true);
  }

  /** Runs the layers. */
  override forward(src: Tensor, masks?: EncoderMasks): Tensor {
    using t = new Temporaries();
    const { mask: given, srcKeyPaddingMask: padding, isCausal: said } = asOptions(
      masks ?? {},
      "TransformerEncoder",
      "mask, srcKeyPaddingMask, isCausal",
      "masks",
    );
    const srcMask = additive(given, src.dtype, t);
    const padded = padding && !given ? paddedPlaces(this, src, padding, t) : null;
    const srcKeyPaddingMask = additive(padded ?? padding, src.dtype, t);
    const isCausal = isCausalMask(srcMask, said, lengthOf(src, isBatchFirst(this.layers.at(0))));
    const masksOfLayers = { srcMask, srcKeyPaddingMask, isCausal };
    const output = [...this.layers].reduce((x, layer, i) => {
      const made = layer(x, masksOfLayers);
      const last = i === this.layers.length - 1 && this.norm === null && padded === null;
      return last ? made : passedOf(t, TransformerEncoderLayer, layer, made);
    }, src);
    if (padded === null) return this.norm === null ? output : this.norm(output);
    const zeroed = output.maskedFill(t.note(padded.unsqueeze(-1)), 0);
    return this.norm === null ? zeroed : this.norm(t.note(zeroed));
  }
}

// Whether PyTorch would compute with nested tensors, as far as the module and the modes decide it.
function wouldNest({ enableNestedTensor, layers }: TransformerEncoder, src: Tensor): boolean {
  const layer = layers.at(0);
  if (!enableNestedTensor || layer.training || src.ndim !== 3) return false;
  if (!(layer instanceof TransformerEncoderLayer) || layer.normFirst) return false;
  const { self_attn, activation, norm1, norm2, linear1, linear2 } = layer;
  if (!self_attn.batchFirst || self_attn.in_proj_bias === null || self_attn.numHeads % 2 === 1) {
    return false;
  }
  if (norm1.eps !== norm2.eps || !isReluOrGelu(activation)) return false;
  if (!isGradEnabled()) return true;
  const used = [self_attn, norm1, norm2, linear1, linear2].flatMap((one) => [...one.parameters()]);
  return !src.requiresGrad && !used.some((one) => one.requiresGrad);
}

function isReluOrGelu(activation: TransformerEncoderLayer["activation"]): boolean {
  return activation === relu || activation === gelu || activation instanceof ReLU ||
    activation instanceof GELU;
}

/** True at places of padding, which come out as zeros; `null` where they do not. */
function paddedPlaces(
  encoder: TransformerEncoder,
  src: Tensor,
  padding: Tensor,
  t: Temporaries,
): Tensor | null {
  if (!wouldNest(encoder, src) || padding.ndim !== 2) return null;
  const kept = t.note(padding.logicalNot());
  const lengths = t.note(kept.sum([1], { keepdim: true }));
  const places = t.note(arange(padding.size(1), { device: src.device }));
  const padded = t.note(ge(places, lengths));
  if (!encoder.maskCheck) return padded;
  // While a trace is made, what is found here is frozen into it, as in PyTorch.
  return t.note(t.note(eq(padded, kept)).any()).item() === true ? null : padded;
}

/** Whether a layer takes the batch first. */
export function isBatchFirst(layer: AnyModule): boolean {
  const { self_attn } = layer as { self_attn?: { batchFirst?: boolean } };
  return self_attn?.batchFirst === true;
}
