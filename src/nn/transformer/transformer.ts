import { asOptions } from "../../_arguments.ts";
import { Temporaries } from "../../ops/_call.ts";
import type { DType } from "../../tensor/dtype.ts";
import { shapeOf, type Tensor } from "../../tensor/tensor.ts";
import { LayerArguments } from "../_layer.ts";
import { xavierUniform_ } from "../init.ts";
import { Module } from "../module.ts";
import { LayerNorm } from "../norm/layer.ts";
import { causalMask, DECODER_MASKS, passedOf, type TransformerLayerOptions } from "./_layer.ts";
import { type DecoderMasks, TransformerDecoder } from "./decoder.ts";
import { TransformerDecoderLayer } from "./decoder_layer.ts";
import { type EncoderMasks, TransformerEncoder } from "./encoder.ts";
import { TransformerEncoderLayer } from "./encoder_layer.ts";

/** An encoder of one's own. */
export type CustomEncoder = Module<[src: Tensor, masks?: EncoderMasks], Tensor>;

/** A decoder of one's own. */
export type CustomDecoder = Module<[tgt: Tensor, memory: Tensor, masks?: DecoderMasks], Tensor>;

/** Options of {@linkcode Transformer}. */
export interface TransformerOptions extends TransformerLayerOptions {
  /** The size of each element of a sequence; default `512`. */
  dModel?: number;
  /** How many heads attention has; default `8`. */
  nhead?: number;
  /** Layers of the encoder; default `6`. */
  numEncoderLayers?: number;
  /** Layers of the decoder; default `6`. */
  numDecoderLayers?: number;
  /** The encoder to use instead. */
  customEncoder?: CustomEncoder | null;
  /** The decoder to use instead. */
  customDecoder?: CustomDecoder | null;
}

/** What a call of {@linkcode Transformer} takes besides the sequences. */
export interface TransformerMasks extends DecoderMasks {
  /** `true` where a place of the source may not look, or what is added to scores: `[S, S]` or `[N * nhead, S, S]`. */
  srcMask?: Tensor | null;
  /** `true` where a place of the source is to be ignored, or what is added to its scores: `[N, S]` or `[S]`. */
  srcKeyPaddingMask?: Tensor | null;
  /** Whether `srcMask` is the causal one; default: it is looked at. */
  srcIsCausal?: boolean | null;
}

const NAMES = "dModel, nhead, numEncoderLayers, numDecoderLayers, dimFeedforward, dropout, " +
  "activation, customEncoder, customDecoder, layerNormEps, batchFirst, normFirst, bias, device, " +
  "dtype";

/**
 * A transformer, encoder and decoder (Vaswani et al. 2017). Weights of more than one dimension are drawn by Xavier's rule.
 *
 * Source `[S, N, dModel]`, target and output `[T, N, dModel]` (`batchFirst`: `[N, S, dModel]`; without a batch: `[S, dModel]`).
 *
 * @example
 * ```ts
 * import * as torch from "flambeau";
 * import { assertEquals } from "@std/assert";
 *
 * const { Transformer } = torch.nn;
 * const net = new Transformer({ dModel: 8, nhead: 2, numEncoderLayers: 1, numDecoderLayers: 1, dimFeedforward: 16 });
 * const [source, target] = [torch.randn([5, 3, 8]), torch.randn([4, 3, 8])];
 * const tgtMask = Transformer.generateSquareSubsequentMask(4);
 * assertEquals(net(source, target, { tgtMask }).shape, [4, 3, 8]);
 * ```
 */
export class Transformer
  extends Module<[src: Tensor, tgt: Tensor, masks?: TransformerMasks], Tensor> {
  /** The encoder. */
  encoder: CustomEncoder;
  /** The decoder. */
  decoder: CustomDecoder;
  /** The size of each element of a sequence. */
  readonly dModel: number;
  /** How many heads attention has. */
  readonly nhead: number;
  /** Whether inputs and output are `[batch, length, size]`. */
  readonly batchFirst: boolean;

  /** Makes a transformer with random weights. */
  constructor(options?: TransformerOptions);
  constructor(...args: unknown[]) {
    super();
    const a = new LayerArguments("Transformer", NAMES, args);
    this.encoder = (a.get("customEncoder") as CustomEncoder | undefined) ?? encoderOf(a);
    this.decoder = (a.get("customDecoder") as CustomDecoder | undefined) ?? decoderOf(a);
    for (const parameter of this.parameters()) {
      if (shapeOf(parameter).length > 1) xavierUniform_(parameter);
    }
    this.dModel = a.count("dModel", 512);
    this.nhead = a.count("nhead", 8);
    this.batchFirst = a.bool("batchFirst", false);
  }

  /**
   * A square mask that lets no place see those after it: `-Infinity` above the diagonal, 0 elsewhere.
   *
   * @param size How many places.
   */
  static generateSquareSubsequentMask(
    size: number,
    options: { dtype?: DType; device?: string } = {},
  ): Tensor {
    return causalMask(size, options);
  }

  /** Runs encoder and decoder. */
  override forward(src: Tensor, tgt: Tensor, masks?: TransformerMasks): Tensor {
    checkInputs(this, src, tgt);
    const known = `srcMask, srcKeyPaddingMask, srcIsCausal, ${DECODER_MASKS}`;
    const given = asOptions(masks ?? {}, "Transformer", known, "masks");
    const { srcMask, srcKeyPaddingMask, srcIsCausal, ...others } = given;
    using t = new Temporaries();
    const encoded = this.encoder(src, { mask: srcMask, srcKeyPaddingMask, isCausal: srcIsCausal });
    const memory = passedOf(t, TransformerEncoder, this.encoder, encoded);
    return this.decoder(tgt, memory, others);
  }
}

function layerOptions(a: LayerArguments): TransformerLayerOptions {
  return {
    dimFeedforward: a.count("dimFeedforward", 2048),
    dropout: a.probability("dropout", 0.1),
    activation: a.get("activation") as TransformerLayerOptions["activation"],
    layerNormEps: a.float("layerNormEps", 1e-5),
    batchFirst: a.bool("batchFirst", false),
    normFirst: a.bool("normFirst", false),
    bias: a.bool("bias", true),
    ...a.factory(),
  };
}

function normOf(a: LayerArguments): LayerNorm {
  const eps = a.float("layerNormEps", 1e-5);
  return new LayerNorm(a.count("dModel", 512), { eps, bias: a.bool("bias", true), ...a.factory() });
}

function encoderOf(a: LayerArguments): TransformerEncoder {
  const [dModel, nhead] = [a.count("dModel", 512), a.count("nhead", 8)];
  const layer = new TransformerEncoderLayer(dModel, nhead, layerOptions(a));
  const stack = new TransformerEncoder(layer, a.count("numEncoderLayers", 6), { norm: normOf(a) });
  layer.dispose();
  return stack;
}

function decoderOf(a: LayerArguments): TransformerDecoder {
  const [dModel, nhead] = [a.count("dModel", 512), a.count("nhead", 8)];
  const layer = new TransformerDecoderLayer(dModel, nhead, layerOptions(a));
  const stack = new TransformerDecoder(layer, a.count("numDecoderLayers", 6), { norm: normOf(a) });
  layer.dispose();
  return stack;
}

function checkInputs({ dModel, batchFirst }: Transformer, src: Tensor, tgt: Tensor): void {
  const [source, target] = [shapeOf(src), shapeOf(tgt)];
  const batch = batchFirst ? 0 : 1;
  if (source.length === 3 && source[batch] !== target[batch]) {
    throw new RangeError(
      `Transformer(): 'src' and 'tgt' must have the same batch, but have ${source[batch]} and ${
        target[batch]
      }`,
    );
  }
  for (const [name, shape] of [["src", source], ["tgt", target]] as const) {
    if (shape.at(-1) === dModel) continue;
    throw new RangeError(
      `Transformer(): argument '${name}' must be of size ${dModel} in its last dimension, but is of ${
        shape.at(-1)
      }`,
    );
  }
}
