/**
 * Transformers: encoder, decoder, their layers.
 *
 * @module
 */

export type { TransformerActivation, TransformerLayerOptions } from "./_layer.ts";
export { type EncoderLayerMasks, TransformerEncoderLayer } from "./encoder_layer.ts";
export { type DecoderLayerMasks, TransformerDecoderLayer } from "./decoder_layer.ts";
export {
  type EncoderLayer,
  type EncoderMasks,
  TransformerEncoder,
  type TransformerEncoderOptions,
} from "./encoder.ts";
export {
  type DecoderLayer,
  type DecoderMasks,
  TransformerDecoder,
  type TransformerDecoderOptions,
} from "./decoder.ts";
export {
  type CustomDecoder,
  type CustomEncoder,
  Transformer,
  type TransformerMasks,
  type TransformerOptions,
} from "./transformer.ts";
