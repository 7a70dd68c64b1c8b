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
  LAYER_NAMES,
  passed,
  type TransformerLayerOptions,
} from "./_layer.ts";

/** What a call of {@linkcode TransformerEncoderLayer} takes besides the sequences. */
export interface EncoderLayerMasks {
  /** `true` where a place may not look, or what is added to scores: `[S, S]` or `[N * nhead, S, S]`. */
  srcMask?: Tensor | null;
  /** `true` where a place is to be ignored, or what is added to its scores: `[N, S]` or `[S]`. */
  srcKeyPaddingMask?: Tensor | null;
  /** A hint that `srcMask` is the causal one; default `false`. */
  isCausal?: boolean;
}

/**
 * A layer of a transformer's encoder (Vaswani et al. 2017): attention of a sequence to itself, then two affine maps, each with
 * dropout, a sum with its input, and a normalization.
 *
 * Input and output `[S, N, dModel]` (`batchFirst`: `[N, S, dModel]`; without a batch: `[S, dModel]`).
 *
 * @example
 * ```ts
 * import * as torch from "flambeau";
 * import { assertEquals } from "@std/assert";
 *
 * const layer = new torch.nn.TransformerEncoderLayer(8, 2, { dimFeedforward: 16, batchFirst: true });
 * const x = torch.randn([3, 5, 8]);
 * const srcMask = torch.nn.Transformer.generateSquareSubsequentMask(5);
 * assertEquals(layer(x, { srcMask, isCausal: true }).shape, [3, 5, 8]);
 * ```
 */
export class TransformerEncoderLayer
  extends Module<[src: Tensor, masks?: EncoderLayerMasks], Tensor> {
  /** Attention of the sequence to itself. */
  self_attn: MultiheadAttention;
  /** The first affine map. */
  linear1: Linear;
  /** Dropout between the maps. */
  dropout: Dropout;
  /** The second affine map. */
  linear2: Linear;
  /** Whether each block normalizes its input. */
  readonly normFirst: boolean;
  /** The normalization of attention. */
  norm1: LayerNorm;
  /** The normalization of the maps. */
  norm2: LayerNorm;
  /** Dropout of attention. */
  dropout1: Dropout;
  /** Dropout of the maps. */
  dropout2: Dropout;
  /** What stands between the maps. */
  activation: ((input: Tensor) => Tensor) | Module<[input: Tensor], Tensor>;

  /** Makes a layer with random weights. */
  constructor(dModel: number, nhead: number, options?: TransformerLayerOptions);
  constructor(...args: unknown[]) {
    super();
    const a = new LayerArguments("TransformerEncoderLayer", LAYER_NAMES, args);
    const [dModel, hidden] = [a.positive("dModel"), a.count("dimFeedforward", 2048)];
    const [p, bias, factory] = [a.probability("dropout", 0.1), a.bool("bias", true), a.factory()];
    const batchFirst = a.bool("batchFirst", false);
    const norm = { eps: a.float("layerNormEps", 1e-5), bias, ...factory };
    const attention = { dropout: p, bias, batchFirst, ...factory };
    this.self_attn = new MultiheadAttention(dModel, a.count("nhead"), attention);
    this.linear1 = new Linear(dModel, hidden, { bias, ...factory });
    this.dropout = new Dropout(p);
    this.linear2 = new Linear(hidden, dModel, { bias, ...factory });
    this.normFirst = a.bool("normFirst", false);
    this.norm1 = new LayerNorm(dModel, norm);
    this.norm2 = new LayerNorm(dModel, norm);
    this.dropout1 = new Dropout(p);
    this.dropout2 = new Dropout(p);
    this.activation = activationOf(a.get("activation"), "TransformerEncoderLayer");
  }

  /** Runs the layer. */
  override forward(src: Tensor, masks?: EncoderLayerMasks): Tensor {
    using t = new Temporaries();
    const known = "srcMask, srcKeyPaddingMask, isCausal";
    const given = asOptions(masks ?? {}, "TransformerEncoderLayer", known, "masks");
    const attend = (x: Tensor) => attended(this, x, given, t);
    const feed = (x: Tensor) => fed(this, x, t);
    if (this.normFirst) {
      const x = t.note(src.add(attend(passed(t, this.norm1, this.norm1(src)))));
      return x.add(feed(passed(t, this.norm2, this.norm2(x))));
    }
    const x = passed(t, this.norm1, this.norm1(t.note(src.add(attend(src)))));
    return this.norm2(t.note(x.add(feed(x))));
  }
}

function attended(
  layer: TransformerEncoderLayer,
  x: Tensor,
  { srcMask = null, srcKeyPaddingMask = null, isCausal = false }: EncoderLayerMasks,
  t: Temporaries,
): Tensor {
  const [found] = layer.self_attn(x, x, x, {
    attnMask: srcMask,
    keyPaddingMask: srcKeyPaddingMask,
    needWeights: false,
    isCausal,
  });
  return passed(t, layer.dropout1, layer.dropout1(passed(t, layer.self_attn, found)));
}

function fed(layer: TransformerEncoderLayer, x: Tensor, t: Temporaries): Tensor {
  const { linear1, dropout, linear2 } = layer;
  const hidden = activated(t, layer.activation, passed(t, linear1, linear1(x)));
  const found = passed(t, linear2, linear2(passed(t, dropout, dropout(hidden))));
  return passed(t, layer.dropout2, layer.dropout2(found));
}
