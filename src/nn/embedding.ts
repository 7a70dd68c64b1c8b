import { noGrad } from "../autograd/modes.ts";
import { describe, isTensor, shapeOf, type Tensor } from "../tensor/tensor.ts";
import { embedding } from "./functional.ts";
import { normal_ } from "./init.ts";
import { checkCount, emptyParameter, type FactoryOptions } from "./layer_options.ts";
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

/** Checks the row of padding, and counts it from the start. */
export function paddingRow(
  value: number | null | undefined,
  rows: number,
  layer: string,
): number | null {
  if (value === null || value === undefined) return null;
  if (!Number.isInteger(value) || value < -rows || value >= rows) {
    throw new RangeError(
      `nn.${layer}: option 'paddingIdx' must be an integer from ${-rows} to ${rows - 1}, but got ${
        describe(value)
      }`,
    );
  }
  return value < 0 ? value + rows : value;
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
export function tableOf(
  rows: number,
  size: number,
  options: GivenTable & FactoryOptions,
  layer: string,
): Parameter {
  const { _weight: given, _freeze: frozen = false } = options;
  if (!given) {
    const table = emptyParameter([rows, size], options);
    if (frozen) table.requiresGrad = false;
    return table;
  }
  const shape = tableSize(given, layer);
  if (shape[0] !== rows || shape[1] !== size) {
    throw new RangeError(
      `nn.${layer}: option '_weight' must have the shape [${rows}, ${size}], but has [${shape}]`,
    );
  }
  return new Parameter(given, !frozen);
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

/** A Python float: with a point. */
export function pythonFloat(value: number): string {
  return Number.isInteger(value) ? value.toFixed(1) : String(value);
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
    options: EmbeddingLayerOptions = {},
  ) {
    super();
    checkCount(numEmbeddings, "Embedding", "numEmbeddings");
    checkCount(embeddingDim, "Embedding", "embeddingDim");
    const { maxNorm = null, normType = 2, scaleGradByFreq = false, sparse = false } = options;
    this.numEmbeddings = numEmbeddings;
    this.embeddingDim = embeddingDim;
    this.paddingIdx = paddingRow(options.paddingIdx, numEmbeddings, "Embedding");
    this.maxNorm = maxNorm;
    this.normType = normType;
    this.scaleGradByFreq = scaleGradByFreq;
    this.sparse = sparse;
    const table = tableOf(numEmbeddings, embeddingDim, options, "Embedding");
    this.registerParameter("weight", table);
    if (!options._weight) this.resetParameters();
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
    if (this.maxNorm !== null) parts.push(`max_norm=${pythonFloat(this.maxNorm)}`);
    if (this.normType !== 2) parts.push(`norm_type=${pythonFloat(this.normType)}`);
    if (this.scaleGradByFreq) parts.push("scale_grad_by_freq=True");
    if (this.sparse) parts.push("sparse=True");
    return parts.join(", ");
  }
}
