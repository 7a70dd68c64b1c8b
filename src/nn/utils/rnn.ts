/**
 * `torch.nn.utils.rnn`: sequences of several lengths, padded to one or packed without padding.
 *
 * @module
 */

export {
  invertPermutation,
  PackedSequence,
  type PackedSequenceOptions,
} from "./rnn/packed_sequence.ts";
export {
  type PackOptions,
  packPaddedSequence,
  type PackPaddedSequenceOptions,
  packSequence,
} from "./rnn/pack.ts";
export { padPackedSequence, type PadPackedSequenceOptions, unpackSequence } from "./rnn/unpack.ts";
export { padSequence, type PadSequenceOptions, unpadSequence } from "./rnn/pad.ts";
