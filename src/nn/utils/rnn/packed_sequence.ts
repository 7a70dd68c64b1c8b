import { Arguments } from "../../../ops/_call.ts";
import type { DType } from "../../../tensor/dtype.ts";
import { isTensor, shapeOf, type Tensor } from "../../../tensor/tensor.ts";

/**
 * The inverse of a permutation: where each place went.
 *
 * ATen: `aten::argsort`, whose length a trace keeps variable
 *
 * @param permutation `[n]`, int64; `null` gives `null`.
 *
 * @example
 * ```ts
 * import * as torch from "flambeau";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(torch.nn.utils.rnn.invertPermutation(torch.tensor([2, 0, 1])).toArray(), [1, 2, 0]);
 * ```
 */
export function invertPermutation(permutation: Tensor): Tensor;
/** Nothing, for nothing. */
export function invertPermutation(permutation: Tensor | null): Tensor | null;
export function invertPermutation(permutation: Tensor | null): Tensor | null {
  if (permutation === null) return null;
  const a = new Arguments("nn.utils.rnn.invertPermutation", "permutation", [permutation]);
  a.rank("permutation", a.tensor("permutation"), 1);
  return permutation.argsort();
}

/** How the sequences of a {@linkcode PackedSequence} were sorted. */
export interface PackedSequenceOptions {
  /** Which sequence stands at each place of the packed batch, int64 `[n]`; default: they are in order. */
  sortedIndices?: Tensor | null;
  /** The inverse of `sortedIndices`; default: worked out from it. */
  unsortedIndices?: Tensor | null;
}

function checkBatchSizes(a: Arguments, sizes: Tensor): void {
  a.rank("batchSizes", sizes, 1);
  const fits = sizes.dtype === "int64" && sizes.device === "cpu" && shapeOf(sizes)[0]! > 0;
  if (fits) return;
  throw a.wrong(
    "batchSizes",
    "of dtype int64, on the CPU, and of at least one element",
    `${sizes.dtype} on ${sizes.device} of ${shapeOf(sizes)[0]}`,
  );
}

/**
 * Sequences of several lengths without their padding: all first elements, then all second ones, and so on. Recurrent layers
 * take it and give it. {@linkcode packSequence} and {@linkcode packPaddedSequence} make it.
 *
 * @example
 * ```ts
 * import * as torch from "flambeau";
 * import { assertEquals } from "@std/assert";
 *
 * const { rnn } = torch.nn.utils;
 * const packed = rnn.packSequence([torch.tensor([1, 2, 3]), torch.tensor([4, 5])]);
 * assertEquals(packed.data.toArray(), [1, 4, 2, 5, 3]);
 * assertEquals(packed.batchSizes.toArray(), [2, 2, 1]);
 * ```
 */
export class PackedSequence {
  /** The elements, `[all lengths, *]`. */
  readonly data: Tensor;
  /** How many sequences are that long, for each place: int64 `[longest]`, on the CPU, never growing. */
  readonly batchSizes: Tensor;
  /** Which sequence stands at each place of the packed batch, or `null` where they are in order. */
  readonly sortedIndices: Tensor | null;
  /** The inverse of `sortedIndices`, or `null`. */
  readonly unsortedIndices: Tensor | null;

  /** For the functions that pack. */
  constructor(data: Tensor, batchSizes: Tensor, options: PackedSequenceOptions = {}) {
    const given = [data, batchSizes, options];
    const names = "data, batchSizes, sortedIndices, unsortedIndices";
    const a = new Arguments("PackedSequence", names, given);
    this.data = a.tensor("data");
    this.batchSizes = a.tensor("batchSizes");
    checkBatchSizes(a, this.batchSizes);
    this.sortedIndices = a.optionalTensor("sortedIndices");
    this.unsortedIndices = a.optionalTensor("unsortedIndices") ??
      invertPermutation(this.sortedIndices);
  }

  /** The elements in another dtype or on another device. */
  to(options: { dtype?: DType; device?: string }): PackedSequence {
    const data = this.data.to(options);
    const { device } = data;
    const moved = (indices: Tensor | null) => indices && indices.to({ device });
    return new PackedSequence(data, this.batchSizes, {
      sortedIndices: moved(this.sortedIndices),
      unsortedIndices: moved(this.unsortedIndices),
    });
  }

  /** The elements in float32. */
  float(): PackedSequence {
    return this.to({ dtype: "float32" });
  }

  /** The elements in float64. */
  double(): PackedSequence {
    return this.to({ dtype: "float64" });
  }

  /** The parts, in PyTorch's order. */
  *[Symbol.iterator](): Generator<Tensor | null> {
    yield this.data;
    yield this.batchSizes;
    yield this.sortedIndices;
    yield this.unsortedIndices;
  }

  /** Frees the tensors. */
  dispose(): void {
    for (const part of this) part?.dispose();
  }

  /** {@linkcode dispose}, for `using`. */
  [Symbol.dispose](): void {
    this.dispose();
  }
}

/** Refuses what is not packed. */
export function asPacked(value: unknown, a: Arguments, name: string): PackedSequence {
  if (value instanceof PackedSequence) return value;
  throw new TypeError(
    `${a.op}(): argument '${name}' must be a PackedSequence, but got ${
      isTensor(value) ? "a Tensor" : typeof value
    }`,
  );
}
