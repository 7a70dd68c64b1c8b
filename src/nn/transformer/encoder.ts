import { Temporaries } from "../../ops/_call.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { LayerArguments } from "../_layer.ts";
import { ModuleList } from "../container/mod.ts";
import { copyModule } from "../copy.ts";
import { type AnyModule, Module } from "../module.ts";
import { additive, checkLayers, isCausalMask, lengthOf, passedOf } from "./_layer.ts";
import { type EncoderLayerMasks, TransformerEncoderLayer } from "./encoder_layer.ts";

/** A layer for {@linkcode TransformerEncoder}. */
export type EncoderLayer = Module<[src: Tensor, masks?: EncoderLayerMasks], Tensor>;

/** Options of {@linkcode TransformerEncoder}. */
export interface TransformerEncoderOptions {
  /** What comes after the last layer. */
  norm?: Module<[input: Tensor], Tensor> | null;
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

  /** Makes a stack of copies of a layer. */
  constructor(encoderLayer: EncoderLayer, numLayers: number, options?: TransformerEncoderOptions);
  constructor(...args: unknown[]) {
    super();
    const a = new LayerArguments("TransformerEncoder", "encoderLayer, numLayers, norm", args);
    const [layer, count] = [a.get("encoderLayer") as EncoderLayer, a.count("numLayers")];
    checkLayers(count, layer, "TransformerEncoder");
    this.layers = new ModuleList(Array.from({ length: count }, () => copyModule(layer)));
    this.numLayers = count;
    this.norm = (a.get("norm") as Module<[Tensor], Tensor> | undefined) ?? null;
  }

  /** Runs the layers. */
  override forward(src: Tensor, masks?: EncoderMasks): Tensor {
    using t = new Temporaries();
    const { mask: given, srcKeyPaddingMask: padding, isCausal: said } = masks ?? {};
    const srcMask = additive(given, src.dtype, t);
    const srcKeyPaddingMask = additive(padding, src.dtype, t);
    const isCausal = isCausalMask(srcMask, said, lengthOf(src, isBatchFirst(this.layers.at(0))));
    const masksOfLayers = { srcMask, srcKeyPaddingMask, isCausal };
    const output = [...this.layers].reduce((x, layer, i) => {
      const made = layer(x, masksOfLayers);
      const last = i === this.layers.length - 1 && this.norm === null;
      return last ? made : passedOf(t, TransformerEncoderLayer, layer, made);
    }, src);
    return this.norm === null ? output : this.norm(output);
  }
}

/** Whether a layer takes the batch first. */
export function isBatchFirst(layer: AnyModule): boolean {
  const { self_attn } = layer as { self_attn?: { batchFirst?: boolean } };
  return self_attn?.batchFirst === true;
}
