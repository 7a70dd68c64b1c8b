import { asOptions } from "../../_arguments.ts";
import { Temporaries } from "../../ops/_call.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { LayerArguments } from "../_layer.ts";
import { MultiheadAttention } from "../attention.ts";
import { Dropout } from "../dropout.ts";
import { Linear } from "../linear.ts";
import { Module } from "../module.ts";
import { LayerNorm } from "../norm/layer.ts";
import {
  activated,
  activationOf,
  DECODER_MASKS,
  LAYER_NAMES,
  passed,
  type TransformerLayerOptions,
} from "./_layer.ts";

/** What a call of {@linkcode TransformerDecoderLayer} takes besides the sequences. */
export interface DecoderLayerMasks {
  /** `true` where a place of the target may not look, or what is added to scores: `[T, T]` or `[N * nhead, T, T]`. */
  tgtMask?: Tensor | null;
  /** The same for places of the memory: `[T, S]` or `[N * nhead, T, S]`. */
  memoryMask?: Tensor | null;
  /** `true` where a place of the target is to be ignored, or what is added to its scores: `[N, T]` or `[T]`. */
  tgtKeyPaddingMask?: Tensor | null;
  /** The same for places of the memory: `[N, S]` or `[S]`. */
  memoryKeyPaddingMask?: Tensor | null;
  /** A hint that `tgtMask` is the causal one; default `false`. */
  tgtIsCausal?: boolean;
  /** A hint that `memoryMask` is the causal one; default `false`. */
  memoryIsCausal?: boolean;
}

/**
 * A layer of a transformer's decoder (Vaswani et al. 2017): attention of a sequence to itself, then to the encoder's memory, then two
 * affine maps, each with dropout, a sum with its input, and a normalization.
 *
 * Target and output `[T, N, dModel]`, memory `[S, N, dModel]` (`batchFirst`: `[N, T, dModel]`; without a batch: `[T, dModel]`).
 *
 * @example
 * ```ts
 * import * as torch from "flambeau";
 * import { assertEquals } from "@std/assert";
 *
 * const layer = new torch.nn.TransformerDecoderLayer(8, 2, { dimFeedforward: 16, batchFirst: true });
 * const [target, memory] = [torch.randn([3, 4, 8]), torch.randn([3, 5, 8])];
 * assertEquals(layer(target, memory).shape, [3, 4, 8]);
 * ```
 */
export class TransformerDecoderLayer
  extends Module<[tgt: Tensor, memory: Tensor, masks?: DecoderLayerMasks], Tensor> {
  /** Attention of the target to itself. */
  self_attn: MultiheadAttention;
  /** Attention of the target to the memory. */
  multihead_attn: MultiheadAttention;
  /** The first affine map. */
  linear1: Linear;
  /** Dropout between the maps. */
  dropout: Dropout;
  /** The second affine map. */
  linear2: Linear;
  /** Whether each block normalizes its input. */
  readonly normFirst: boolean;
  /** The normalization of attention to itself. */
  norm1: LayerNorm;
  /** The normalization of attention to the memory. */
  norm2: LayerNorm;
  /** The normalization of the maps. */
  norm3: LayerNorm;
  /** Dropout of attention to itself. */
  dropout1: Dropout;
  /** Dropout of attention to the memory. */
  dropout2: Dropout;
  /** Dropout of the maps. */
  dropout3: Dropout;
  /** What stands between the maps. */
  activation: ((input: Tensor) => Tensor) | Module<[input: Tensor], Tensor>;

  /** Makes a layer with random weights. */
  constructor(dModel: number, nhead: number, options?: TransformerLayerOptions);
  constructor(...args: unknown[]) {
    super();
    const a = new LayerArguments("TransformerDecoderLayer", LAYER_NAMES, args);
    const [dModel, hidden] = [a.positive("dModel"), a.count("dimFeedforward", 2048)];
    const [p, bias, factory] = [a.probability("dropout", 0.1), a.bool("bias", true), a.factory()];
    const batchFirst = a.bool("batchFirst", false);
    const norm = { eps: a.float("layerNormEps", 1e-5), bias, ...factory };
    const attention = { dropout: p, bias, batchFirst, ...factory };
    this.self_attn = new MultiheadAttention(dModel, a.count("nhead"), attention);
    this.multihead_attn = new MultiheadAttention(dModel, a.count("nhead"), attention);
    this.linear1 = new Linear(dModel, hidden, { bias, ...factory });
    this.dropout = new Dropout(p);
    this.linear2 = new Linear(hidden, dModel, { bias, ...factory });
    this.normFirst = a.bool("normFirst", false);
    this.norm1 = new LayerNorm(dModel, norm);
    this.norm2 = new LayerNorm(dModel, norm);
    this.norm3 = new LayerNorm(dModel, norm);
    this.dropout1 = new Dropout(p);
    this.dropout2 = new Dropout(p);
    this.dropout3 = new Dropout(p);
    this.activation = activationOf(a.get("activation"), "TransformerDecoderLayer");
  }

  /** Runs the layer. */
  override forward(tgt: Tensor, memory: Tensor, masks?: DecoderLayerMasks): Tensor {
    using t = new Temporaries();
    const given = asOptions(masks ?? {}, "TransformerDecoderLayer", DECODER_MASKS, "masks");
    const attend = (x: Tensor) => attendedSelf(this, x, given, t);
    const look = (x: Tensor) => attendedMemory(this, x, memory, given, t);
    const feed = (x: Tensor) => fed(this, x, t);
    if (this.normFirst) {
      const x = t.note(tgt.add(attend(passed(t, this.norm1, this.norm1(tgt)))));
      const y = t.note(x.add(look(passed(t, this.norm2, this.norm2(x)))));
      return y.add(feed(passed(t, this.norm3, this.norm3(y))));
    }
    const x = passed(t, this.norm1, this.norm1(t.note(tgt.add(attend(tgt)))));
    const y = passed(t, this.norm2, this.norm2(t.note(x.add(look(x)))));
    return this.norm3(t.note(y.add(feed(y))));
  }
}

function attendedSelf(
  layer: TransformerDecoderLayer,
  x: Tensor,
  { tgtMask = null, tgtKeyPaddingMask = null, tgtIsCausal = false }: DecoderLayerMasks,
  t: Temporaries,
): Tensor {
  const [found] = layer.self_attn(x, x, x, {
    attnMask: tgtMask,
    keyPaddingMask: tgtKeyPaddingMask,
    needWeights: false,
    isCausal: tgtIsCausal,
  });
  return passed(t, layer.dropout1, layer.dropout1(passed(t, layer.self_attn, found)));
}

function attendedMemory(
  layer: TransformerDecoderLayer,
  x: Tensor,
  memory: Tensor,
  { memoryMask = null, memoryKeyPaddingMask = null, memoryIsCausal = false }: DecoderLayerMasks,
  t: Temporaries,
): Tensor {
  const [found] = layer.multihead_attn(x, memory, memory, {
    attnMask: memoryMask,
    keyPaddingMask: memoryKeyPaddingMask,
    needWeights: false,
    isCausal: memoryIsCausal,
  });
  return passed(t, layer.dropout2, layer.dropout2(passed(t, layer.multihead_attn, found)));
}

function fed(layer: TransformerDecoderLayer, x: Tensor, t: Temporaries): Tensor {
  const { linear1, dropout, linear2 } = layer;
  const hidden = activated(t, layer.activation, passed(t, linear1, linear1(x)));
  const found = passed(t, linear2, linear2(passed(t, dropout, dropout(hidden))));
  return passed(t, layer.dropout3, layer.dropout3(found));
}
