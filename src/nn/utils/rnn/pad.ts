/**
 * From a list of sequences to a padded tensor, and back.
 *
 * @module
 */

import { arange } from "../../../ops/mod.ts";
import { Arguments } from "../../../ops/_call.ts";
import * as native from "../../../ops/native_nn.ts";
import { shapeOf, type Tensor } from "../../../tensor/tensor.ts";

/** Options of {@linkcode padSequence}. */
export interface PadSequenceOptions {
  /** Whether the result is `[batch, longest, *]`, not `[longest, batch, *]`; default `false`. */
  batchFirst?: boolean;
  /** What is put where a sequence has ended; default `0`. */
  paddingValue?: number;
  /** The side that is padded; default `"right"`. */
  paddingSide?: "left" | "right";
}

/**
 * Pads sequences, each `[length, *]`, to the length of the longest.
 *
 * ATen: `aten::pad_sequence`
 *
 * @returns `[longest, batch, *]`, with `batchFirst` `[batch, longest, *]`.
 *
 * @example
 * ```ts
 * import * as torch from "flambeau";
 * import { assertEquals } from "@std/assert";
 *
 * const list = [torch.tensor([1, 2, 3]), torch.tensor([4])];
 * const padded = torch.nn.utils.rnn.padSequence(list, { batchFirst: true });
 * assertEquals(padded.toArray(), [[1, 2, 3], [4, 0, 0]]);
 * ```
 */
export function padSequence(
  sequences: readonly Tensor[],
  options: PadSequenceOptions = {},
): Tensor {
  const names = "sequences, batchFirst, paddingValue, paddingSide";
  const a = new Arguments("padSequence", names, [sequences, options]);
  const list = a.tensors("sequences");
  if (list.length === 0) throw a.wrong("sequences", "at least one tensor", "none");
  list.forEach((one, i) => {
    if (shapeOf(one).length > 0) return;
    throw a.wrong(`sequences[${i}]`, "a tensor of at least one dimension", "one of 0");
  });
  const side = a.choice("paddingSide", ["right", "left"] as const, "right");
  const batchFirst = a.bool("batchFirst", false);
  return native.padSequence(list, batchFirst, a.float("paddingValue", 0), side);
}

/**
 * Cuts the padding off: a list of sequences from a padded tensor. Unlike PyTorch's, the input keeps its shape.
 *
 * @param paddedSequences `[longest, batch, *]`, with `batchFirst` `[batch, longest, *]`.
 * @param lengths The length of each sequence, `[batch]`.
 * @param options `batchFirst`; default `false`.
 *
 * @example
 * ```ts
 * import * as torch from "flambeau";
 * import { assertEquals } from "@std/assert";
 *
 * const { rnn } = torch.nn.utils;
 * const padded = torch.tensor([[1, 2, 3], [4, 0, 0]]);
 * const list = rnn.unpadSequence(padded, torch.tensor([3, 1]), { batchFirst: true });
 * assertEquals(list.map((one) => one.toArray()), [[1, 2, 3], [4]]);
 * ```
 */
export function unpadSequence(
  paddedSequences: Tensor,
  lengths: Tensor,
  options: { batchFirst?: boolean } = {},
): Tensor[] {
  const names = "paddedSequences, lengths, batchFirst";
  const a = new Arguments("unpadSequence", names, [paddedSequences, lengths, options]);
  const padded = a.tensor("paddedSequences");
  const ends = a.tensor("lengths");
  a.rank("lengths", ends, 1);
  const shape = shapeOf(padded);
  if (shape.length < 2) {
    throw a.wrong("paddedSequences", "a tensor of at least 2 dimensions", `one of ${shape.length}`);
  }
  const [batchDim, longest] = a.bool("batchFirst", false) ? [0, shape[1]!] : [1, shape[0]!];
  if (shape[batchDim] !== shapeOf(ends)[0]) {
    throw a.wrong("lengths", `as many as sequences, ${shape[batchDim]}`, `${shapeOf(ends)[0]}`);
  }
  using places = arange(0, longest, { device: ends.device });
  return Array.from({ length: shape[batchDim]! }, (_, i) => {
    using sequence = padded.select(batchDim, i);
    using end = ends.select(0, i);
    using kept = places.lt(end);
    return sequence.index(kept);
  });
}
