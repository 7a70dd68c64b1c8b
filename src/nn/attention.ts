import { asOptions } from "../_arguments.ts";
import { Temporaries } from "../ops/_call.ts";
import { shapeOf, type Tensor } from "../tensor/tensor.ts";
import { asTuple } from "../tensor/tuple.ts";
import { type Attended, multiHeadAttentionForward } from "./functional.ts";
import { constant_, xavierNormal_, xavierUniform_ } from "./init.ts";
import { LayerArguments } from "./_layer.ts";
import { emptyParameter, type FactoryOptions } from "./layer_options.ts";
import { Linear } from "./linear.ts";
import { Module } from "./module.ts";
import type { Parameter } from "./parameter.ts";

/** Options of {@linkcode MultiheadAttention}. */
export interface MultiheadAttentionOptions extends FactoryOptions {
  /** The chance of a weight to be dropped while training; default `0`. */
  dropout?: number;
  /** Whether the projections have biases; default `true`. */
  bias?: boolean;
  /** Whether a learned key and value are added to those that are given; default `false`. */
  addBiasKv?: boolean;
  /** Whether a key and a value of zeros are added; default `false`. */
  addZeroAttn?: boolean;
  /** The size of keys; default `embedDim`. */
  kdim?: number | null;
  /** The size of values; default `embedDim`. */
  vdim?: number | null;
  /** Whether inputs and output are `[batch, length, *]`, not `[length, batch, *]`; default `false`. */
  batchFirst?: boolean;
}

const NAMES =
  "embedDim, numHeads, dropout, bias, addBiasKv, addZeroAttn, kdim, vdim, batchFirst, " +
  "device, dtype";

/** What a call of {@linkcode MultiheadAttention} takes besides queries, keys and values. */
export interface AttentionOptions {
  /** `true` where a key is to be ignored, or what is added to its scores: `[N, S]` or `[S]`. */
  keyPaddingMask?: Tensor | null;
  /** Whether to return the weights too; default `true`. Without them, it is faster. */
  needWeights?: boolean;
  /** `true` where a query may not look, or what is added to scores: `[L, S]` or `[N * numHeads, L, S]`. */
  attnMask?: Tensor | null;
  /** Whether weights are averaged over heads; default `true`. */
  averageAttnWeights?: boolean;
  /** A hint that `attnMask` is the causal one; default `false`. */
  isCausal?: boolean;
}

/** What {@linkcode MultiheadAttention} is called with. */
export type AttentionInputs = [
  query: Tensor,
  key: Tensor,
  value: Tensor,
  options?: AttentionOptions,
];

/** The projection of attention's output: PyTorch prints it under this name. */
class NonDynamicallyQuantizableLinear extends Linear {
  override typeName(): string {
    return "NonDynamicallyQuantizableLinear";
  }
}

/**
 * Attention of several heads (Vaswani et al. 2017): each head looks from projected queries at projected keys, and takes the
 * projected values that it looks at.
 *
 * Queries `[L, N, E]`, keys `[S, N, kdim]` and values `[S, N, vdim]` (`batchFirst`: `[N, L, E]`; without a batch: `[L, E]`). Gives
 * the output, in the shape of the queries, and the weights `[N, L, S]` (`averageAttnWeights: false`: `[N, numHeads, L, S]`), or
 * `null` with `needWeights: false`.
 *
 * ATen: `aten::bmm`, `aten::softmax` and others; without weights `aten::scaled_dot_product_attention`
 *
 * @example
 * ```ts
 * import * as torch from "flambeau";
 * import { assertEquals } from "@std/assert";
 *
 * const attention = new torch.nn.MultiheadAttention(8, 2, { batchFirst: true });
 * const x = torch.randn([3, 5, 8]);
 * const [output, weights] = attention(x, x, x);
 * assertEquals([output.shape, weights?.shape], [[3, 5, 8], [3, 5, 5]]);
 * const [, none] = attention(x, x, x, { needWeights: false });
 * assertEquals(none, null);
 * ```
 */
export class MultiheadAttention extends Module<AttentionInputs, Attended> {
  /** The size of queries and of the output. */
  readonly embedDim: number;
  /** How many heads it is split into. */
  readonly numHeads: number;
  /** The chance of a weight to be dropped while training. */
  readonly dropout: number;
  /** Whether a key and a value of zeros are added. */
  readonly addZeroAttn: boolean;
  /** The size of keys. */
  readonly kdim: number;
  /** The size of values. */
  readonly vdim: number;
  /** Whether inputs and output are `[batch, length, *]`. */
  readonly batchFirst: boolean;
  /** The three projections, `[3 * embedDim, embedDim]`; `null` where keys or values have another size. */
  declare in_proj_weight: Parameter | null;
  /** The projection of queries, or `null`. */
  declare q_proj_weight: Parameter | null;
  /** The projection of keys, or `null`. */
  declare k_proj_weight: Parameter | null;
  /** The projection of values, or `null`. */
  declare v_proj_weight: Parameter | null;
  /** The biases of the projections, `[3 * embedDim]`, or `null`. */
  declare in_proj_bias: Parameter | null;
  /** The projection of the output. */
  declare out_proj: Linear;
  /** The key that is added, `[1, 1, embedDim]`, or `null`. */
  declare bias_k: Parameter | null;
  /** The value that is added, `[1, 1, embedDim]`, or `null`. */
  declare bias_v: Parameter | null;

  /** Makes a layer with random weights. */
  constructor(embedDim: number, numHeads: number, options?: MultiheadAttentionOptions);
  constructor(...args: unknown[]) {
    super();
    const a = new LayerArguments("MultiheadAttention", NAMES, args);
    this.embedDim = a.positive("embedDim");
    this.numHeads = a.positive("numHeads");
    if (this.embedDim % this.numHeads !== 0) {
      throw a.wrong("numHeads", `a divisor of 'embedDim' (${this.embedDim})`, this.numHeads);
    }
    this.dropout = a.probability("dropout", 0);
    this.addZeroAttn = a.bool("addZeroAttn", false);
    this.kdim = a.positive("kdim", this.embedDim);
    this.vdim = a.positive("vdim", this.embedDim);
    this.batchFirst = a.bool("batchFirst", false);
    registerWeights(this, a);
    this.resetParameters();
  }

  /** Draws the weights anew, but for the output's; biases become 0. */
  resetParameters(): void {
    const { in_proj_weight, q_proj_weight, k_proj_weight, v_proj_weight } = this;
    for (const weight of [in_proj_weight, q_proj_weight, k_proj_weight, v_proj_weight]) {
      if (weight !== null) xavierUniform_(weight);
    }
    if (this.in_proj_bias !== null) constant_(this.in_proj_bias, 0);
    if (this.out_proj.bias !== null) constant_(this.out_proj.bias, 0);
    if (this.bias_k !== null) xavierNormal_(this.bias_k);
    if (this.bias_v !== null) xavierNormal_(this.bias_v);
  }

  /** Looks from queries at keys, and takes values. */
  override forward(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    options?: AttentionOptions,
  ): Attended {
    if (!this.batchFirst || shapeOf(query).length !== 3) {
      return attend(this, query, key, value, options);
    }
    using t = new Temporaries();
    const turned = new Map<Tensor, Tensor>();
    const turn = (tensor: Tensor): Tensor => {
      const known = turned.get(tensor);
      if (known) return known;
      const made = t.note(tensor.transpose(1, 0));
      turned.set(tensor, made);
      return made;
    };
    const [output, weights] = attend(this, turn(query), turn(key), turn(value), options);
    return asTuple([t.note(output).transpose(1, 0), weights]);
  }
}

// Functions, not private methods: those would keep a layer from being copied (src/nn/copy.ts).

function registerWeights(layer: MultiheadAttention, a: LayerArguments): void {
  const { embedDim, kdim, vdim } = layer;
  const [bias, addBiasKv] = [a.bool("bias", true), a.bool("addBiasKv", false)];
  const joint = kdim === embedDim && vdim === embedDim;
  const add = (name: string, wanted: boolean, shape: number[]) =>
    layer.registerParameter(name, wanted ? emptyParameter(shape, a.factory()) : null);
  add("in_proj_weight", joint, [3 * embedDim, embedDim]);
  add("q_proj_weight", !joint, [embedDim, embedDim]);
  add("k_proj_weight", !joint, [embedDim, kdim]);
  add("v_proj_weight", !joint, [embedDim, vdim]);
  add("in_proj_bias", bias, [3 * embedDim]);
  add("bias_k", addBiasKv, [1, 1, embedDim]);
  add("bias_v", addBiasKv, [1, 1, embedDim]);
  const projection = new NonDynamicallyQuantizableLinear(embedDim, embedDim, {
    bias,
    ...a.factory(),
  });
  layer.registerModule("out_proj", projection);
}

const OPTIONS = "keyPaddingMask, needWeights, attnMask, averageAttnWeights, isCausal";

function attend(
  layer: MultiheadAttention,
  query: Tensor,
  key: Tensor,
  value: Tensor,
  options: AttentionOptions = {},
): Attended {
  return multiHeadAttentionForward(
    query,
    key,
    value,
    layer.embedDim,
    layer.numHeads,
    layer.in_proj_weight,
    layer.in_proj_bias,
    layer.bias_k,
    layer.bias_v,
    layer.addZeroAttn,
    layer.dropout,
    layer.out_proj.weight,
    layer.out_proj.bias,
    {
      ...asOptions(options, "MultiheadAttention", OPTIONS),
      training: layer.training,
      useSeparateProjWeight: layer.in_proj_weight === null,
      qProjWeight: layer.q_proj_weight,
      kProjWeight: layer.k_proj_weight,
      vProjWeight: layer.v_proj_weight,
    },
  );
}
