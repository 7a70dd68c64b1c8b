/**
 * From packed sequences to padded ones, or to a list.
 *
 * @module
 */

import { Arguments, Temporaries } from "../../../ops/_call.ts";
import {
  asInt,
  begin,
  Op,
  putBool,
  putNumber,
  putScalar,
  putTensor,
  run,
  takeTensor,
} from "../../../tensor/call.ts";
import { shapeOf, type Tensor } from "../../../tensor/tensor.ts";
import { sizeOf } from "../../../tensor/traced_size.ts";
import { asPacked, type PackedSequence } from "./packed_sequence.ts";
import { unpadSequence } from "./pad.ts";

/** Options of {@linkcode padPackedSequence}. */
export interface PadPackedSequenceOptions {
  /** Whether the result is `[batch, longest, *]`, not `[longest, batch, *]`; default `false`. */
  batchFirst?: boolean;
  /** What is put where a sequence has ended; default `0`. */
  paddingValue?: number;
  /** The length to pad to, at least that of the longest; default: the longest. */
  totalLength?: number | null;
}

const pad = new Op("aten::_pad_packed_sequence", "padPackedSequence");
const NAMES = "sequence, batchFirst, paddingValue, totalLength";

function totalLength(a: Arguments, sizes: Tensor): number {
  const longest = shapeOf(sizes)[0]!;
  if (!a.has("totalLength")) return sizeOf(sizes, 0);
  const total = a.int("totalLength");
  if (total >= longest) return total;
  throw a.wrong("totalLength", `at least the longest sequence, ${longest}`, total);
}

/**
 * Pads packed sequences again.
 *
 * ATen: `aten::_pad_packed_sequence`
 *
 * @returns The padded tensor, `[longest, batch, *]` (with `batchFirst` `[batch, longest, *]`), and the length of each sequence,
 * both in the order that the sequences had before packing.
 * @throws {RangeError} If `totalLength` is less than the longest sequence.
 *
 * @example
 * ```ts
 * import * as torch from "flambeau";
 * import { assertEquals } from "@std/assert";
 *
 * const { rnn } = torch.nn.utils;
 * const packed = rnn.packSequence([torch.tensor([1, 2, 3]), torch.tensor([4])]);
 * const [padded, lengths] = rnn.padPackedSequence(packed, { batchFirst: true });
 * assertEquals(padded.toArray(), [[1, 2, 3], [4, 0, 0]]);
 * assertEquals(lengths.toArray(), [3, 1]);
 * ```
 */
export function padPackedSequence(
  sequence: PackedSequence,
  options: PadPackedSequenceOptions = {},
): [Tensor, Tensor] {
  const a = new Arguments("padPackedSequence", NAMES, [sequence, options]);
  const { data, batchSizes, unsortedIndices } = asPacked(sequence, a, "sequence");
  const batchFirst = a.bool("batchFirst", false);
  const value = a.float("paddingValue", 0);
  const total = asInt(totalLength(a, batchSizes), a.op, "totalLength");
  begin();
  putTensor(data, a.op, "sequence");
  putTensor(batchSizes, a.op, "sequence");
  putBool(batchFirst);
  putScalar(value);
  putNumber(total);
  run(pad);
  const padded = takeTensor();
  const lengths = takeTensor();
  if (unsortedIndices === null) return [padded, lengths];
  using t = new Temporaries();
  const order = unsortedIndices.device === "cpu" ? unsortedIndices : t.note(unsortedIndices.cpu());
  return [
    t.note(padded).indexSelect(batchFirst ? 0 : 1, unsortedIndices),
    t.note(lengths).indexSelect(0, order),
  ];
}

/**
 * The list of sequences that was packed.
 *
 * @example
 * ```ts
 * import * as torch from "flambeau";
 * import { assertEquals } from "@std/assert";
 *
 * const { rnn } = torch.nn.utils;
 * const list = [torch.tensor([4]), torch.tensor([1, 2, 3])];
 * const packed = rnn.packSequence(list, { enforceSorted: false });
 * assertEquals(rnn.unpackSequence(packed).map((one) => one.toArray()), [[4], [1, 2, 3]]);
 * ```
 */
export function unpackSequence(packedSequences: PackedSequence): Tensor[] {
  const [padded, lengths] = padPackedSequence(packedSequences, { batchFirst: true });
  using t = new Temporaries();
  return unpadSequence(t.note(padded), t.note(lengths), { batchFirst: true });
}
