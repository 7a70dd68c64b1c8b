import { asOptions } from "../../_arguments.ts";
import { Temporaries } from "../../ops/_call.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { LayerArguments } from "../_layer.ts";
import { ModuleList } from "../container/mod.ts";
import { copyModule } from "../copy.ts";
import { Module } from "../module.ts";
import { checkLayers, DECODER_MASKS, isCausalMask, lengthOf, passedOf } from "./_layer.ts";
import { type DecoderLayerMasks, TransformerDecoderLayer } from "./decoder_layer.ts";
import { isBatchFirst } from "./encoder.ts";

/** A layer for {@linkcode TransformerDecoder}. */
export type DecoderLayer = Module<
  [tgt: Tensor, memory: Tensor, masks?: DecoderLayerMasks],
  Tensor
>;

/** Options of {@linkcode TransformerDecoder}. */
export interface TransformerDecoderOptions {
  /** What comes after the last layer. */
  norm?: Module<[input: Tensor], Tensor> | null;
}

/** What a call of {@linkcode TransformerDecoder} takes besides the sequences. */
export interface DecoderMasks extends Omit<DecoderLayerMasks, "tgtIsCausal"> {
  /** Whether `tgtMask` is the causal one; default: it is looked at. */
  tgtIsCausal?: boolean | null;
}

/**
 * A stack of decoder layers.
 *
 * @example
 * ```ts
 * import * as torch from "flambeau";
 * import { assertEquals } from "@std/assert";
 *
 * const layer = new torch.nn.TransformerDecoderLayer(8, 2, { dimFeedforward: 16 });
 * const decoder = new torch.nn.TransformerDecoder(layer, 2, { norm: new torch.nn.LayerNorm(8) });
 * assertEquals(decoder(torch.randn([4, 3, 8]), torch.randn([5, 3, 8])).shape, [4, 3, 8]);
 * ```
 */
export class TransformerDecoder
  extends Module<[tgt: Tensor, memory: Tensor, masks?: DecoderMasks], Tensor> {
  /** The layers. */
  layers: ModuleList<DecoderLayer>;
  /** How many there are. */
  readonly numLayers: number;
  /** What comes after the last, or `null`. */
  norm: Module<[input: Tensor], Tensor> | null;

  /** Makes a stack of copies of a layer. */
  constructor(decoderLayer: DecoderLayer, numLayers: number, options?: TransformerDecoderOptions);
  constructor(...args: unknown[]) {
    super();
    const a = new LayerArguments("TransformerDecoder", "decoderLayer, numLayers, norm", args);
    const [layer, count] = [a.get("decoderLayer") as DecoderLayer, a.count("numLayers")];
    checkLayers(count, layer, "TransformerDecoder");
    this.layers = new ModuleList(Array.from({ length: count }, () => copyModule(layer)));
    this.numLayers = count;
    this.norm = (a.get("norm") as Module<[Tensor], Tensor> | undefined) ?? null;
  }

  /** Runs the layers. */
  override forward(tgt: Tensor, memory: Tensor, masks?: DecoderMasks): Tensor {
    using t = new Temporaries();
    const given = asOptions(masks ?? {}, "TransformerDecoder", DECODER_MASKS, "masks");
    const length = lengthOf(tgt, isBatchFirst(this.layers.at(0)));
    const tgtIsCausal = isCausalMask(given.tgtMask, given.tgtIsCausal, length);
    const masksOfLayers = { ...given, tgtIsCausal };
    const output = [...this.layers].reduce((x, layer, i) => {
      const made = layer(x, memory, masksOfLayers);
      const last = i === this.layers.length - 1 && this.norm === null;
      return last ? made : passedOf(t, TransformerDecoderLayer, layer, made);
    }, tgt);
    return this.norm === null ? output : this.norm(output);
  }
}
