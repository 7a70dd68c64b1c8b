/**
 * Attention of several heads: `multiHeadAttentionForward`.
 *
 * @module
 */

import { Arguments, Temporaries } from "../../ops/_call.ts";
import * as ops from "../../ops/mod.ts";
import * as native from "../../ops/native_nn.ts";
import { shapeOf, type Tensor } from "../../tensor/tensor.ts";
import { isTracing } from "../../tensor/trace_guard.ts";
import { asTuple } from "../../tensor/tuple.ts";
import { sizeOf } from "../../tensor/traced_size.ts";

/** Options of {@linkcode multiHeadAttentionForward}. */
export interface MultiHeadAttentionOptions {
  /** Whether weights are dropped; default `true`. */
  training?: boolean;
  /** `true` where a key is to be ignored, or what is added to its scores: `[N, S]` or `[S]`. */
  keyPaddingMask?: Tensor | null;
  /** Whether to return the weights too; default `true`. */
  needWeights?: boolean;
  /** `true` where a query may not look, or what is added to scores: `[L, S]` or `[N * numHeads, L, S]`. */
  attnMask?: Tensor | null;
  /** Whether there are `qProjWeight`, `kProjWeight` and `vProjWeight`, not `inProjWeight`; default `false`. */
  useSeparateProjWeight?: boolean;
  /** The projection of queries, `[E, E]`. */
  qProjWeight?: Tensor | null;
  /** The projection of keys, `[E, keySize]`. */
  kProjWeight?: Tensor | null;
  /** The projection of values, `[E, valueSize]`. */
  vProjWeight?: Tensor | null;
  /** Keys to use as they are, `[N * numHeads, S, E / numHeads]`. */
  staticK?: Tensor | null;
  /** Values to use as they are, likewise. */
  staticV?: Tensor | null;
  /** Whether weights are averaged over heads; default `true`. */
  averageAttnWeights?: boolean;
  /** A hint that `attnMask` is the causal one; default `false`. */
  isCausal?: boolean;
}

/** What attention gives: the output, and the weights or `null`. */
export type Attended = [output: Tensor, weights: Tensor | null];

const NAMES = "query, key, value, embedDimToCheck, numHeads, inProjWeight, inProjBias, biasK, " +
  "biasV, addZeroAttn, dropoutP, outProjWeight, outProjBias, training, keyPaddingMask, " +
  "needWeights, attnMask, useSeparateProjWeight, qProjWeight, kProjWeight, vProjWeight, staticK, " +
  "staticV, averageAttnWeights, isCausal";

/** A call on its way: its arguments, what it made, and its sizes. */
interface Attention {
  a: Arguments;
  t: Temporaries;
  batched: boolean;
  length: number;
  batch: number;
  heads: number;
  size: number;
}

/** The batch as a size that a trace keeps variable. */
function batchOf({ a, batched }: Attention): number {
  return batched ? sizeOf(a.tensor("query"), 1) : 1;
}

/** `batch * heads` as a size: while tracing what the others leave, since arithmetic would make it a constant. */
function allHeads({ batch, heads }: Attention): number {
  return isTracing() ? -1 : batch * heads;
}

/** Queries, keys and values, each `[length, N, E]` before heads are split, `[N * heads, length, size]` after. */
interface Parts {
  q: Tensor;
  k: Tensor;
  v: Tensor;
}

function readSizes(a: Arguments, t: Temporaries): Attention {
  const query = a.tensor("query");
  a.rank("query", query, 2, 3);
  const shape = shapeOf(query);
  for (const name of ["key", "value"]) a.rank(name, a.tensor(name), shape.length);
  const embed = shape.at(-1)!;
  const heads = a.int("numHeads");
  if (a.int("embedDimToCheck") !== embed) {
    throw a.wrong("embedDimToCheck", `${embed}, the size of 'query'`, a.int("embedDimToCheck"));
  }
  if (heads < 1 || embed % heads !== 0) throw a.wrong("numHeads", `a divisor of ${embed}`, heads);
  const batched = shape.length === 3;
  const batch = batched ? shape[1]! : 1;
  return { a, t, batched, length: shape[0]!, batch, heads, size: embed / heads };
}

function withBatch({ t, batched }: Attention, tensor: Tensor): Tensor {
  return batched ? tensor : t.note(tensor.unsqueeze(1));
}

/** The weights and biases of the three projections. */
function projections({ a, t }: Attention): [Tensor[], (Tensor | null)[]] {
  const bias = a.optionalTensor("inProjBias");
  const biases = bias ? bias.chunk(3).map((one) => t.note(one)) : [null, null, null];
  if (a.bool("useSeparateProjWeight", false)) {
    return [["qProjWeight", "kProjWeight", "vProjWeight"].map((name) => a.tensor(name)), biases];
  }
  a.sameShape("value", a.tensor("value"), "key", a.tensor("key"));
  return [a.tensor("inProjWeight").chunk(3).map((one) => t.note(one)), biases];
}

function project(call: Attention): Parts {
  const { a, t } = call;
  const [weights, biases] = projections(call);
  const [q, k, v] = ["query", "key", "value"].map((name, i) => {
    const input = withBatch(call, a.tensor(name));
    return t.note(native.linear(input, weights[i]!, biases[i]));
  }) as [Tensor, Tensor, Tensor];
  const biasK = a.optionalTensor("biasK");
  const biasV = a.optionalTensor("biasV");
  if (!biasK !== !biasV) throw a.wrong("biasV", "given with 'biasK', or neither", a.get("biasV"));
  if (!biasK || !biasV) return { q, k, v };
  const extend = (list: Tensor, bias: Tensor) =>
    t.note(ops.cat([list, t.note(bias.repeat([1, batchOf(call), 1]))]));
  return { q, k: extend(k, biasK), v: extend(v, biasV) };
}

function splitHeads(call: Attention, tensor: Tensor): Tensor {
  const { t, size } = call;
  const view = t.note(tensor.reshape([sizeOf(tensor, 0), allHeads(call), size]));
  return t.note(view.transpose(0, 1));
}

function readStatic({ a, batch, heads, size }: Attention, name: string): Tensor | null {
  const tensor = a.optionalTensor(name);
  if (!tensor) return null;
  if (a.has("biasK")) throw a.wrong(name, "absent where there is 'biasK'", tensor);
  const [count, , last] = shapeOf(tensor);
  if (count === batch * heads && last === size) return tensor;
  throw a.wrong(name, `of shape [${batch * heads}, S, ${size}]`, `[${shapeOf(tensor).join(", ")}]`);
}

function headsOf(call: Attention, { q, k, v }: Parts): Parts {
  const { a, t, size } = call;
  const parts = {
    q: splitHeads(call, q),
    k: readStatic(call, "staticK") ?? splitHeads(call, k),
    v: readStatic(call, "staticV") ?? splitHeads(call, v),
  };
  if (!a.bool("addZeroAttn", false)) return parts;
  const { dtype, device } = q;
  const zeros = t.note(ops.zeros([sizeOf(parts.q, 0), 1, size], { dtype, device }));
  const extend = (list: Tensor) => t.note(ops.cat([list, zeros], 1));
  return { ...parts, k: extend(parts.k), v: extend(parts.v) };
}

/** A mask as what is added to scores, with zeros for keys that were added. */
function additive(
  { a, t }: Attention,
  name: string,
  dtype: Tensor["dtype"],
  added: number,
): Tensor | null {
  const mask = a.optionalTensor(name);
  if (!mask) return null;
  const scores = mask.dtype !== "bool" ? mask : t.note(
    t.note(ops.zerosLike(mask, { dtype })).maskedFill(mask, -Infinity),
  );
  return added === 0 ? scores : t.note(native.pad(scores, [0, added]));
}

function checkMask({ a, batch, heads, length }: Attention, mask: Tensor, keys: number): void {
  const expected = shapeOf(mask).length === 3 ? [batch * heads, length, keys] : [length, keys];
  a.rank("attnMask", mask, 2, 3);
  if (shapeOf(mask).every((size, i) => size === expected[i])) return;
  throw a.wrong("attnMask", `of shape [${expected.join(", ")}]`, `[${shapeOf(mask).join(", ")}]`);
}

function checkPadding({ a, batched, batch }: Attention, keys: number): void {
  const mask = a.tensor("keyPaddingMask");
  const expected = batched ? [batch, keys] : [keys];
  a.rank("keyPaddingMask", mask, expected.length);
  const shape = shapeOf(mask);
  if (shape.every((size, i) => size === expected[i])) return;
  throw a.wrong("keyPaddingMask", `of shape [${expected.join(", ")}]`, `[${shape.join(", ")}]`);
}

/** Both masks as one, `[1 or N * heads, 1 or length, keys]`. */
function maskOf(call: Attention, keys: number, { q, k }: Parts): Tensor | null {
  const { a, t, heads } = call;
  const added = shapeOf(k)[1]! - keys;
  const given = a.optionalTensor("attnMask");
  if (given) checkMask(call, given, keys);
  const own = additive(call, "attnMask", q.dtype, added);
  const mask = own && own.ndim === 2 ? t.note(own.unsqueeze(0)) : own;
  const padding = additive(call, "keyPaddingMask", q.dtype, added);
  if (!padding) return mask;
  checkPadding(call, keys);
  const rows = call.batched ? padding : t.note(padding.unsqueeze(0));
  const each = t.note(t.note(t.note(rows.unsqueeze(1)).unsqueeze(2)).expand([-1, heads, -1, -1]));
  const flat = t.note(each.flatten(0, 1));
  return mask ? t.note(mask.add(flat)) : flat;
}

/** Joins the heads of `[N * heads, length, size]`, and projects. */
function finish(call: Attention, found: Tensor): Tensor {
  const { a, t, batched, heads, size } = call;
  const rows = t.note(t.note(found.transpose(0, 1)).reshape([-1, heads * size]));
  const bias = a.optionalTensor("outProjBias");
  const projected = t.note(native.linear(rows, a.tensor("outProjWeight"), bias));
  const length = sizeOf(a.tensor("query"), 0);
  const output = projected.view([length, batchOf(call), shapeOf(projected)[1]!]);
  return batched ? output : t.note(output).squeeze(1);
}

function weighted(call: Attention, { q, k, v }: Parts, mask: Tensor | null, p: number): Attended {
  const { a, t, batched, heads, size } = call;
  const scaled = t.note(q.mul(Math.sqrt(1 / size)));
  const keys = t.note(k.transpose(-2, -1));
  const scores = t.note(mask ? ops.baddbmm(mask, scaled, keys) : scaled.bmm(keys));
  const shares = t.note(scores.softmax(-1));
  const kept = p > 0 ? t.note(ops.dropout(shares, p, true)) : shares;
  const output = finish(call, t.note(kept.bmm(v)));
  const each = t.note(kept.view([batchOf(call), heads, sizeOf(kept, 1), sizeOf(kept, 2)]));
  const average = a.bool("averageAttnWeights", true);
  const weights = average ? t.note(each.mean([1])) : each;
  return asTuple([output, batched ? weights.viewAs(weights) : weights.squeeze(0)]);
}

function unweighted(call: Attention, parts: Parts, mask: Tensor | null, p: number): Attended {
  const { a, t, heads, size } = call;
  const split = (tensor: Tensor) =>
    t.note(tensor.reshape([batchOf(call), heads, sizeOf(tensor, 1), size]));
  const wide = mask && t.note(
    shapeOf(mask)[0] === 1
      ? mask.unsqueeze(0)
      : mask.view([batchOf(call), heads, -1, sizeOf(mask, -1)]),
  );
  const causal = a.bool("isCausal", false) && !mask;
  const [q, k, v] = [split(parts.q), split(parts.k), split(parts.v)];
  const found = t.note(native.scaledDotProductAttention(q, k, v, wide, p, causal));
  const joined = t.note(found.reshape([allHeads(call), sizeOf(found, 2), size]));
  return asTuple([finish(call, joined), null]);
}

/**
 * Attention of several heads, with the projections before and after it.
 *
 * ATen: `aten::bmm`, `aten::softmax` and others; without weights `aten::scaled_dot_product_attention`
 *
 * @param query `[L, N, E]` or `[L, E]`.
 * @param key `[S, N, keySize]` or `[S, keySize]`.
 * @param value `[S, N, valueSize]` or `[S, valueSize]`.
 * @param embedDimToCheck `E`.
 * @param numHeads How many heads `E` is split into.
 * @param inProjWeight The three projections, `[3 * E, E]`; `null` with `useSeparateProjWeight`.
 * @param inProjBias Their biases, `[3 * E]`.
 * @param biasK A key to add, `[1, 1, E]`.
 * @param biasV A value to add, likewise.
 * @param addZeroAttn Whether to add a key and a value of zeros.
 * @param dropoutP The chance of a weight to be dropped while training.
 * @param outProjWeight The projection of the output, `[E, E]`.
 * @param outProjBias Its bias, `[E]`.
 */
export function multiHeadAttentionForward(
  query: Tensor,
  key: Tensor,
  value: Tensor,
  embedDimToCheck: number,
  numHeads: number,
  inProjWeight: Tensor | null,
  inProjBias: Tensor | null,
  biasK: Tensor | null,
  biasV: Tensor | null,
  addZeroAttn: boolean,
  dropoutP: number,
  outProjWeight: Tensor,
  outProjBias: Tensor | null,
  options?: MultiHeadAttentionOptions,
): Attended;
export function multiHeadAttentionForward(...args: unknown[]): Attended {
  const a = new Arguments("multiHeadAttentionForward", NAMES, args);
  using t = new Temporaries();
  const call = readSizes(a, t);
  const weights = a.bool("needWeights", true);
  const causal = a.bool("isCausal", false);
  if (causal && !a.has("attnMask")) throw a.wrong("attnMask", "given with 'isCausal'", undefined);
  const drop = a.bool("training", true) ? a.probability("dropoutP", 0) : 0;
  const keys = shapeOf(readStatic(call, "staticK") ?? a.tensor("key"))[a.has("staticK") ? 1 : 0]!;
  const parts = headsOf(call, project(call));
  const unmasked = causal && !weights && !a.has("keyPaddingMask");
  const mask = unmasked ? null : maskOf(call, keys, parts);
  return (weights ? weighted : unweighted)(call, parts, mask, drop);
}
