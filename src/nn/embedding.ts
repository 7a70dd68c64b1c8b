import { noGrad } from "../autograd/modes.ts";
import { describe, isTensor, shapeOf, type Tensor } from "../tensor/tensor.ts";
import { embedding } from "./functional.ts";
import { normal_ } from "./init.ts";
import { LayerArguments } from "./_layer.ts";
import * as python from "./_python.ts";
import { emptyParameter, type FactoryOptions } from "./layer_options.ts";
import { Module } from "./module.ts";
import { Parameter } from "./parameter.ts";

/** Options of {@linkcode Embedding.fromPretrained}, and most of those of {@linkcode Embedding}. */
export interface EmbeddingLookupOptions {
  /** The row that gets no gradient, and begins as zeros; a negative one counts from the end. */
  paddingIdx?: number | null;
  /** Rows that are read and longer than this are shortened in place. */
  maxNorm?: number | null;
  /** The norm that `maxNorm` means; default `2`. */
  normType?: number;
  /** Whether gradients are divided by how often a row was read; default `false`. */
  scaleGradByFreq?: boolean;
  /** Whether the gradient of the table is sparse; default `false`. */
  sparse?: boolean;
}

/** A table that there is already, for a layer of tables. */
export interface GivenTable {
  /** The table to use, whose memory the layer shares; default: a random one. See `fromPretrained`. */
  _weight?: Tensor | null;
  /** Whether the table takes no gradients; default `false`. */
  _freeze?: boolean;
}

/** Options of {@linkcode Embedding}. */
export interface EmbeddingLayerOptions extends EmbeddingLookupOptions, GivenTable, FactoryOptions {}

const NAMES = "numEmbeddings, embeddingDim, paddingIdx, maxNorm, normType, scaleGradByFreq, " +
  "sparse, _weight, _freeze, device, dtype";

/** Checks the row of padding, and counts it from the start. */
export function paddingRow(a: LayerArguments, rows: number): number | null {
  if (!a.has("paddingIdx")) return null;
  const row = a.int("paddingIdx");
  if (row < -rows || row >= rows) throw a.wrong("paddingIdx", `from ${-rows} to ${rows - 1}`, row);
  return row < 0 ? row + rows : row;
}

/** Fills a table as PyTorch does: normal values, and zeros in the row of padding. */
export function fillTable(weight: Tensor, padding: number | null): void {
  normal_(weight);
  if (padding === null) return;
  noGrad(() => {
    using row = weight.select(0, padding);
    row.zero_();
  });
}

/** The parameter of a table that was given, or of a new one, not filled yet. */
export function tableOf(a: LayerArguments, rows: number, size: number): Parameter {
  const frozen = a.bool("_freeze", false);
  if (!a.has("_weight")) {
    const table = emptyParameter([rows, size], a.factory());
    if (frozen) table.requiresGrad = false;
    return table;
  }
  const given = a.tensor("_weight");
  const shape = shapeOf(given);
  if (shape.length === 2 && shape[0] === rows && shape[1] === size) {
    return new Parameter(given, !frozen);
  }
  throw a.wrong("_weight", `of shape [${rows}, ${size}]`, `[${shape.join(", ")}]`);
}

/** Rows and columns of a table that was given. */
export function tableSize(table: Tensor, layer: string): [number, number] {
  const shape = isTensor(table) ? shapeOf(table) : [];
  if (shape.length === 2) return shape as [number, number];
  throw new RangeError(
    `nn.${layer}.fromPretrained(): argument 'embeddings' must be a tensor of 2 dimensions, but got ${
      isTensor(table) ? `one of ${shape.length}` : describe(table)
    }`,
  );
}

/**
 * A table of vectors, read by number: input `[*]` of integers, output `[*, embeddingDim]`.
 *
 * `weight` is `[numEmbeddings, embeddingDim]`, drawn from the normal distribution.
 *
 * ATen: `aten::embedding`
 *
 * @example
 * ```ts
 * import * as torch from "flambeau";
 * import { assertEquals } from "@std/assert";
 *
 * const layer = new torch.nn.Embedding(10, 3, { paddingIdx: 0 });
 * assertEquals(layer(torch.tensor([[1, 2], [4, 0]])).shape, [2, 2, 3]);
 * assertEquals(layer(torch.tensor([0])).toArray(), [[0, 0, 0]]);
 * assertEquals(String(layer), "Embedding(10, 3, padding_idx=0)");
 * ```
 */
export class Embedding extends Module<[input: Tensor], Tensor> {
  /** The rows of the table. */
  readonly numEmbeddings: number;
  /** The size of each row. */
  readonly embeddingDim: number;
  /** The row that gets no gradient, or `null`. */
  readonly paddingIdx: number | null;
  /** Rows that are longer are shortened, or `null`. */
  readonly maxNorm: number | null;
  /** The norm that `maxNorm` means. */
  readonly normType: number;
  /** Whether gradients are divided by how often a row was read. */
  readonly scaleGradByFreq: boolean;
  /** Whether the gradient of the table is sparse. */
  readonly sparse: boolean;
  /** `[numEmbeddings, embeddingDim]`. */
  declare weight: Parameter;

  /** Makes a table with random rows. */
  constructor(
    numEmbeddings: number,
    embeddingDim: number,
    options?: EmbeddingLayerOptions,
  );
  constructor(...args: unknown[]) {
    super();
    const a = new LayerArguments("Embedding", NAMES, args);
    this.numEmbeddings = a.count("numEmbeddings");
    this.embeddingDim = a.count("embeddingDim");
    this.paddingIdx = paddingRow(a, this.numEmbeddings);
    this.maxNorm = a.has("maxNorm") ? a.float("maxNorm") : null;
    this.normType = a.float("normType", 2);
    this.scaleGradByFreq = a.bool("scaleGradByFreq", false);
    this.sparse = a.bool("sparse", false);
    this.registerParameter("weight", tableOf(a, this.numEmbeddings, this.embeddingDim));
    if (!a.has("_weight")) this.resetParameters();
  }

  /**
   * Makes a layer over a table that there is, whose memory it shares.
   *
   * @param embeddings `[rows, size]`.
   * @param options `freeze` (default `true`): whether the table takes no gradients; and those of the layer.
   */
  static fromPretrained(
    embeddings: Tensor,
    options: EmbeddingLookupOptions & { freeze?: boolean } = {},
  ): Embedding {
    const [rows, size] = tableSize(embeddings, "Embedding");
    const { freeze = true, ...others } = options;
    return new Embedding(rows, size, { ...others, _weight: embeddings, _freeze: freeze });
  }

  /** Draws the rows anew; the row of padding becomes zeros. */
  resetParameters(): void {
    fillTable(this.weight, this.paddingIdx);
  }

  /** Reads the rows. */
  override forward(input: Tensor): Tensor {
    const { paddingIdx, maxNorm, normType, scaleGradByFreq, sparse } = this;
    return embedding(input, this.weight, {
      paddingIdx,
      maxNorm,
      normType,
      scaleGradByFreq,
      sparse,
    });
  }

  /** As PyTorch prints it. */
  override extraRepr(): string {
    const parts = [`${this.numEmbeddings}`, `${this.embeddingDim}`];
    if (this.paddingIdx !== null) parts.push(`padding_idx=${this.paddingIdx}`);
    if (this.maxNorm !== null) parts.push(`max_norm=${python.float(this.maxNorm)}`);
    if (this.normType !== 2) parts.push(`norm_type=${python.float(this.normType)}`);
    if (this.scaleGradByFreq) parts.push("scale_grad_by_freq=True");
    if (this.sparse) parts.push("sparse=True");
    return parts.join(", ");
  }
}
