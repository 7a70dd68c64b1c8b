import type { Tensor } from "../tensor/tensor.ts";
import {
  type EmbeddingLookupOptions,
  fillTable,
  type GivenTable,
  paddingRow,
  tableOf,
  tableSize,
} from "./embedding.ts";
import { embeddingBag } from "./functional.ts";
import { LayerArguments } from "./_layer.ts";
import * as python from "./_python.ts";
import type { FactoryOptions } from "./layer_options.ts";
import { Module } from "./module.ts";
import type { Parameter } from "./parameter.ts";

const NAMES = "numEmbeddings, embeddingDim, maxNorm, normType, scaleGradByFreq, mode, sparse, " +
  "_weight, includeLastOffset, paddingIdx, _freeze, device, dtype";

/** Options of {@linkcode EmbeddingBag.fromPretrained}, and most of those of {@linkcode EmbeddingBag}. */
export interface EmbeddingBagLookupOptions extends EmbeddingLookupOptions {
  /** What is made of the rows of a bag; default `"mean"`. */
  mode?: "sum" | "mean" | "max";
  /** Whether `offsets` ends with the end of the last bag; default `false`. */
  includeLastOffset?: boolean;
}

/** Options of {@linkcode EmbeddingBag}. */
export interface EmbeddingBagLayerOptions
  extends EmbeddingBagLookupOptions, GivenTable, FactoryOptions {}

/** What {@linkcode EmbeddingBag} is called with: places, and for one dimension of them where each bag begins. */
export type EmbeddingBagInputs = [
  input: Tensor,
  offsets?: Tensor | null,
  perSampleWeights?: Tensor | null,
];

/**
 * The sum, mean or largest of some rows of a table: input `[bags, size]`, or one dimension with `offsets`, output
 * `[bags, embeddingDim]`.
 *
 * ATen: `aten::embedding_bag`
 *
 * @example
 * ```ts
 * import * as torch from "flambeau";
 * import { assertEquals } from "@std/assert";
 *
 * const layer = new torch.nn.EmbeddingBag(10, 3, { mode: "sum" });
 * assertEquals(layer(torch.tensor([1, 2, 4, 5, 4]), torch.tensor([0, 3])).shape, [2, 3]);
 * assertEquals(String(layer), "EmbeddingBag(10, 3, mode='sum')");
 * ```
 */
export class EmbeddingBag extends Module<EmbeddingBagInputs, Tensor> {
  /** The rows of the table. */
  readonly numEmbeddings: number;
  /** The size of each row. */
  readonly embeddingDim: number;
  /** The row that is left out of bags, or `null`. */
  readonly paddingIdx: number | null;
  /** Rows that are longer are shortened, or `null`. */
  readonly maxNorm: number | null;
  /** The norm that `maxNorm` means. */
  readonly normType: number;
  /** Whether gradients are divided by how often a row was read. */
  readonly scaleGradByFreq: boolean;
  /** What is made of the rows of a bag. */
  readonly mode: "sum" | "mean" | "max";
  /** Whether the gradient of the table is sparse. */
  readonly sparse: boolean;
  /** Whether `offsets` ends with the end of the last bag. */
  readonly includeLastOffset: boolean;
  /** `[numEmbeddings, embeddingDim]`. */
  declare weight: Parameter;

  /** Makes a table with random rows. */
  constructor(
    numEmbeddings: number,
    embeddingDim: number,
    options?: EmbeddingBagLayerOptions,
  );
  constructor(...args: unknown[]) {
    super();
    const a = new LayerArguments("EmbeddingBag", NAMES, args);
    this.numEmbeddings = a.count("numEmbeddings");
    this.embeddingDim = a.count("embeddingDim");
    this.paddingIdx = paddingRow(a, this.numEmbeddings);
    this.maxNorm = a.has("maxNorm") ? a.float("maxNorm") : null;
    this.normType = a.float("normType", 2);
    this.scaleGradByFreq = a.bool("scaleGradByFreq", false);
    this.mode = a.choice("mode", ["sum", "mean", "max"] as const, "mean");
    this.sparse = a.bool("sparse", false);
    this.includeLastOffset = a.bool("includeLastOffset", false);
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
    options: EmbeddingBagLookupOptions & { freeze?: boolean } = {},
  ): EmbeddingBag {
    const [rows, size] = tableSize(embeddings, "EmbeddingBag");
    const { freeze = true, ...others } = options;
    return new EmbeddingBag(rows, size, { ...others, _weight: embeddings, _freeze: freeze });
  }

  /** Draws the rows anew; the row of padding becomes zeros. */
  resetParameters(): void {
    fillTable(this.weight, this.paddingIdx);
  }

  /** Reads the rows of each bag, and joins them. */
  override forward(
    input: Tensor,
    offsets: Tensor | null = null,
    perSampleWeights: Tensor | null = null,
  ): Tensor {
    const { maxNorm, normType, scaleGradByFreq, mode, sparse, includeLastOffset, paddingIdx } =
      this;
    return embeddingBag(input, this.weight, {
      offsets,
      maxNorm,
      normType,
      scaleGradByFreq,
      mode,
      sparse,
      perSampleWeights,
      includeLastOffset,
      paddingIdx,
    });
  }

  /** As PyTorch prints it. */
  override extraRepr(): string {
    const parts = [`${this.numEmbeddings}`, `${this.embeddingDim}`];
    if (this.maxNorm !== null) parts.push(`max_norm=${python.float(this.maxNorm)}`);
    if (this.normType !== 2) parts.push(`norm_type=${python.float(this.normType)}`);
    if (this.scaleGradByFreq) parts.push("scale_grad_by_freq=True");
    parts.push(`mode='${this.mode}'`);
    if (this.paddingIdx !== null) parts.push(`padding_idx=${this.paddingIdx}`);
    return parts.join(", ");
  }
}
