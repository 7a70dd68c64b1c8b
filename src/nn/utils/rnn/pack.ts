/**
 * From padded sequences, or a list of them, to packed ones.
 *
 * @module
 */

import { sort } from "../../../ops/mod.ts";
import { Arguments, Temporaries } from "../../../ops/_call.ts";
import { begin, Op, putBool, putTensor, run, takeTensor } from "../../../tensor/call.ts";
import { tensor as fromData } from "../../../tensor/create.ts";
import { isTensor, shapeOf, type Tensor } from "../../../tensor/tensor.ts";
import { frozenByTrace } from "../../../tensor/trace_guard.ts";
import { PackedSequence } from "./packed_sequence.ts";
import { padSequence } from "./pad.ts";

/** Options of {@linkcode packSequence}. */
export interface PackOptions {
  /** Whether the sequences are given from longest to shortest; otherwise they are sorted. Default `true`. */
  enforceSorted?: boolean;
}

/** Options of {@linkcode packPaddedSequence}. */
export interface PackPaddedSequenceOptions extends PackOptions {
  /** Whether the input is `[batch, longest, *]`, not `[longest, batch, *]`; default `false`. */
  batchFirst?: boolean;
}

const pack = new Op("aten::_pack_padded_sequence", "packPaddedSequence");
const NAMES = "input, lengths, batchFirst, enforceSorted";

function lengthsOf(a: Arguments, t: Temporaries): Tensor {
  const given = a.get("lengths");
  if (!isTensor(given)) {
    frozenByTrace("a list of lengths");
    return t.note(fromData(a.ints("lengths"), { dtype: "int64" }));
  }
  a.rank("lengths", given, 1);
  return given.dtype === "int64" ? given : t.note(given.to({ dtype: "int64" }));
}

/**
 * Packs padded sequences: what lies past the length of each is dropped.
 *
 * ATen: `aten::_pack_padded_sequence`
 *
 * @param input `[longest, batch, *]`, with `batchFirst` `[batch, longest, *]`.
 * @param lengths The length of each sequence: numbers, or an integer tensor on the CPU.
 * @throws {TorchError} If lengths are not from 1 to the longest, or not sorted with `enforceSorted`.
 *
 * @example
 * ```ts
 * import * as torch from "flambeau";
 * import { assertEquals } from "@std/assert";
 *
 * const padded = torch.tensor([[1, 2, 0], [3, 0, 0], [4, 5, 6]]);
 * const packed = torch.nn.utils.rnn.packPaddedSequence(padded, [2, 1, 3], {
 *   batchFirst: true,
 *   enforceSorted: false,
 * });
 * assertEquals(packed.data.toArray(), [4, 1, 3, 5, 2, 6]);
 * ```
 */
export function packPaddedSequence(
  input: Tensor,
  lengths: Tensor | readonly number[],
  options?: PackPaddedSequenceOptions,
): PackedSequence;
/** The same by place. */
export function packPaddedSequence(
  input: Tensor,
  lengths: Tensor | readonly number[],
  batchFirst: boolean,
  enforceSorted?: boolean,
): PackedSequence;
export function packPaddedSequence(...args: unknown[]): PackedSequence {
  const a = new Arguments("packPaddedSequence", NAMES, args);
  using t = new Temporaries();
  const input = a.tensor("input");
  if (shapeOf(input).length < 2) {
    throw a.wrong("input", "a tensor of at least 2 dimensions", `one of ${shapeOf(input).length}`);
  }
  const batchFirst = a.bool("batchFirst", false);
  const lengths = lengthsOf(a, t);
  if (a.bool("enforceSorted", true)) return packed(input, lengths, batchFirst, null);
  const [sorted, order] = sort(lengths, { descending: true });
  const device = input.device;
  const indices = device === "cpu" ? order : t.note(order).to({ device });
  const rows = t.note(input.indexSelect(batchFirst ? 0 : 1, indices));
  return packed(rows, t.note(sorted), batchFirst, indices);
}

function packed(
  input: Tensor,
  lengths: Tensor,
  batchFirst: boolean,
  sortedIndices: Tensor | null,
): PackedSequence {
  begin();
  putTensor(input, "packPaddedSequence", "input");
  putTensor(lengths, "packPaddedSequence", "lengths");
  putBool(batchFirst);
  run(pack);
  const data = takeTensor();
  return new PackedSequence(data, takeTensor(), { sortedIndices });
}

/**
 * Packs a list of sequences, each `[length, *]`.
 *
 * @example
 * ```ts
 * import * as torch from "flambeau";
 * import { assertEquals } from "@std/assert";
 *
 * const list = [torch.tensor([4, 5]), torch.tensor([1, 2, 3])];
 * const packed = torch.nn.utils.rnn.packSequence(list, { enforceSorted: false });
 * assertEquals(packed.data.toArray(), [1, 4, 2, 5, 3]);
 * assertEquals(packed.sortedIndices?.toArray(), [1, 0]);
 * ```
 */
export function packSequence(
  sequences: readonly Tensor[],
  options: PackOptions = {},
): PackedSequence {
  const a = new Arguments("packSequence", "sequences, enforceSorted", [sequences, options]);
  const lengths = a.tensors("sequences").map((one) => shapeOf(one)[0] ?? 0);
  using padded = padSequence(sequences);
  return packPaddedSequence(padded, lengths, { enforceSorted: a.bool("enforceSorted", true) });
}
