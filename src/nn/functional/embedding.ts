/**
 * Rows of a table: `embedding` and `embeddingBag`.
 *
 * @module
 */

import * as ops from "../../ops/mod.ts";
import { tensor } from "../../tensor/create.ts";
import { shapeOf, type Tensor } from "../../tensor/tensor.ts";
import { Arguments, firstOf, Temporaries } from "../../ops/_call.ts";

/** Options of {@linkcode embedding}. */
export interface EmbeddingOptions {
  /** The row that gets no gradient; a negative one counts from the end. */
  paddingIdx?: number | null;
  /** Rows that are read and longer than this are shortened in place. */
  maxNorm?: number | null;
  /** The norm that `maxNorm` means; default `2`. */
  normType?: number;
  /** Whether gradients are divided by how often a row was read; default `false`. */
  scaleGradByFreq?: boolean;
  /** Whether the gradient is sparse; default `false`. */
  sparse?: boolean;
}

function readPadding(a: Arguments, rows: number): number {
  if (!a.has("paddingIdx")) return -1;
  const at = a.int("paddingIdx");
  if (at >= -rows && at < rows) return at < 0 ? at + rows : at;
  throw a.wrong("paddingIdx", `from ${-rows} to ${rows - 1}`, at);
}

/** Shortens the rows that are read. */
function renorm(a: Arguments, weight: Tensor, input: Tensor): void {
  const maxNorm = a.float("maxNorm");
  const normType = a.float("normType", 2);
  using rows = weight.detach();
  using places = input.contiguous();
  ops.embeddingRenorm_(rows, places, maxNorm, normType);
}

/**
 * The rows of a table at the places.
 *
 * ATen: `aten::embedding`
 *
 * @param input Places, int64 or int32, any shape.
 * @param weight The table, `[rows, size]`.
 *
 * @example
 * ```ts
 * import * as torch from "flambeau";
 * import { assertEquals } from "@std/assert";
 *
 * const table = torch.tensor([[0.5, 1.5], [2.5, 3.5]]);
 * assertEquals(torch.nn.functional.embedding(torch.tensor([1, 0]), table).toArray(), [[2.5, 3.5], [0.5, 1.5]]);
 * ```
 */
export function embedding(input: Tensor, weight: Tensor, options?: EmbeddingOptions): Tensor;
/** The same by place. */
export function embedding(
  input: Tensor,
  weight: Tensor,
  paddingIdx: number | null,
  maxNorm?: number | null,
  normType?: number,
  scaleGradByFreq?: boolean,
  sparse?: boolean,
): Tensor;
export function embedding(...args: unknown[]): Tensor {
  const names = "input, weight, paddingIdx, maxNorm, normType, scaleGradByFreq, sparse";
  const a = new Arguments("embedding", names, args);
  const input = a.tensor("input");
  const weight = a.tensor("weight");
  const padding = readPadding(a, shapeOf(weight)[0] ?? 0);
  const scale = a.bool("scaleGradByFreq", false);
  const sparse = a.bool("sparse", false);
  if (a.has("maxNorm")) renorm(a, weight, input);
  return ops.embedding(weight, input, padding, scale, sparse);
}

/** Options of {@linkcode embeddingBag}. */
export interface EmbeddingBagOptions extends EmbeddingOptions {
  /** Where each bag begins; required where `input` has one dimension. */
  offsets?: Tensor | null;
  /** What is made of the rows of a bag; default `"mean"`. */
  mode?: "sum" | "mean" | "max";
  /** A factor for each row, in the shape of `input`; for mode `"sum"`. */
  perSampleWeights?: Tensor | null;
  /** Whether `offsets` ends with the end of the last bag; default `false`. */
  includeLastOffset?: boolean;
}

const BAG = "input, weight, offsets, maxNorm, normType, scaleGradByFreq, mode, sparse, " +
  "perSampleWeights, includeLastOffset, paddingIdx";
const MODES = ["sum", "mean", "max"] as const;

/** Places and offsets in one dimension. */
interface Bags {
  places: Tensor;
  offsets: Tensor;
  weights: Tensor | null;
  last: boolean;
}

function readBags(a: Arguments, t: Temporaries): Bags {
  const input = a.tensor("input");
  const weights = a.optionalTensor("perSampleWeights");
  const last = a.bool("includeLastOffset", false);
  a.rank("input", input, 1, 2);
  if (weights) a.sameShape("perSampleWeights", weights, "input", input);
  const shape = shapeOf(input);
  if (shape.length === 1) {
    const offsets = a.tensor("offsets");
    a.rank("offsets", offsets, 1);
    return { places: input, offsets, weights, last };
  }
  if (a.has("offsets")) throw a.wrong("offsets", "absent, as 'input' has two dimensions", "one");
  const [count, size] = shape as [number, number];
  const { dtype, device } = input;
  const starts = Array.from({ length: count }, (_, i) => i * size);
  return {
    places: t.note(input.reshape([-1])),
    offsets: t.note(tensor(starts, { dtype, device })),
    weights: weights && t.note(weights.reshape([-1])),
    last: false,
  };
}

function checkMode(a: Arguments, mode: string): void {
  if (mode !== "sum" && a.has("perSampleWeights")) {
    throw a.wrong("perSampleWeights", `absent for mode "${mode}"`, a.get("perSampleWeights"));
  }
  for (const name of ["scaleGradByFreq", "sparse"]) {
    if (mode === "max" && a.bool(name, false)) throw a.wrong(name, 'false for mode "max"', true);
  }
}

/**
 * The sum, mean or largest of some rows of a table, for each bag of places.
 *
 * ATen: `aten::embedding_bag`
 *
 * @param input Places, int64 or int32: `[bags, size]`, or one dimension with `offsets`.
 * @param weight The table, `[rows, size]`.
 *
 * @example
 * ```ts
 * import * as torch from "flambeau";
 * import { assertEquals } from "@std/assert";
 *
 * const table = torch.tensor([[0.5, 1.5], [2.5, 3.5]]);
 * const bags = torch.tensor([[0, 1]]);
 * assertEquals(torch.nn.functional.embeddingBag(bags, table).toArray(), [[1.5, 2.5]]);
 * ```
 */
export function embeddingBag(input: Tensor, weight: Tensor, options?: EmbeddingBagOptions): Tensor;
export function embeddingBag(...args: unknown[]): Tensor {
  const a = new Arguments("embeddingBag", BAG, args);
  const weight = a.tensor("weight");
  a.rank("weight", weight, 2);
  const mode = a.choice("mode", MODES, "mean");
  checkMode(a, mode);
  const scale = a.bool("scaleGradByFreq", false);
  const sparse = a.bool("sparse", false);
  const padding = a.has("paddingIdx") ? readPadding(a, shapeOf(weight)[0]!) : null;
  using t = new Temporaries();
  const { places, offsets, weights, last } = readBags(a, t);
  if (a.has("maxNorm")) renorm(a, weight, places);
  const code = MODES.indexOf(mode);
  return firstOf(
    ops.embeddingBag(weight, places, offsets, scale, code, sparse, weights, last, padding),
  );
}
