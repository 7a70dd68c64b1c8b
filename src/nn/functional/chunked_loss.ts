/**
 * The cross entropy of a linear layer's logits, a piece of the batch at a time: the logits of all are never there at once.
 *
 * @module
 */

import { AutogradFunction, type FunctionContext } from "../../autograd/function.ts";
import { Arguments, type Reduction, Temporaries } from "../../ops/_call.ts";
import { isOptions } from "../../ops/_arguments.ts";
import * as ops from "../../ops/mod.ts";
import * as native from "../../ops/native_nn.ts";
import { asDType } from "../../tensor/call.ts";
import type { DType } from "../../tensor/dtype.ts";
import { shapeOf, type Tensor } from "../../tensor/tensor.ts";

/** How {@linkcode linearCrossEntropy} takes the batch in pieces: PyTorch's `LinearCrossEntropyOptions`. */
export interface ChunkingOptions {
  /** Whether a second backward pass is possible; here it always is. Default `false`. */
  allowRetainGraph?: boolean;
  /** Rows of a piece; default `null`: what the method says. */
  batchChunkSize?: number | null;
  /**
   * `"aspect_ratio"` for pieces whose logits take as much memory as the input, `"aspect_ratio:N"` for an Nth of that, `null` for
   * none; default `"auto"`.
   */
  chunkingMethod?: string | null;
  /** PyTorch's choice between exactness and memory; here sums are always kept in `accDtype`. Default `"auto"`. */
  accPolicy?: "accurate" | "balanced" | "compact" | "auto";
  /** The dtype of logits and sums; default `null`: float32 for halves, else the input's. */
  accDtype?: DType | null;
}

/** {@linkcode ChunkingOptions}, checked, with nothing left out. */
export type Chunking = Required<ChunkingOptions>;

const NAMES = "allowRetainGraph, batchChunkSize, chunkingMethod, accPolicy, accDtype";

/** Reads the options of a call, or of a layer. */
export function readChunking(given: unknown, op: string): Chunking {
  if (!isOptions(given)) {
    throw new TypeError(`${op}(): argument 'options' must be an object of options or null`);
  }
  const a = new Arguments(`${op}(): options`, NAMES, [given]);
  const size = a.has("batchChunkSize") ? a.int("batchChunkSize") : null;
  if (size !== null && size < 1) throw a.wrong("batchChunkSize", "at least 1", size);
  const method = a.isNull("chunkingMethod") ? null : a.get("chunkingMethod") ?? "auto";
  if (method !== null && !/^(auto|aspect_ratio(:0*[1-9]\d*)?)$/.test(String(method))) {
    throw a.wrong("chunkingMethod", "auto, aspect_ratio or aspect_ratio:N", method);
  }
  const policies = ["auto", "accurate", "balanced", "compact"] as const;
  if (a.has("accDtype")) asDType(a.get("accDtype"), op, "accDtype");
  return {
    allowRetainGraph: a.bool("allowRetainGraph", false),
    batchChunkSize: size,
    chunkingMethod: method as string | null,
    accPolicy: a.choice("accPolicy", policies, "auto"),
    accDtype: a.has("accDtype") ? a.get("accDtype") as DType : null,
  };
}

/** The rows of a piece, for `[rows, features]` and so many classes, as PyTorch finds them on a CPU. */
function chunkSize(how: Chunking, input: Tensor, classes: number): number {
  const { batchChunkSize, chunkingMethod } = how;
  const [rows, features] = shapeOf(input) as [number, number];
  const given = batchChunkSize === null ? rows : Math.min(batchChunkSize, rows);
  const usual = isHalf(input) ? "aspect_ratio" : "aspect_ratio:2";
  const auto = batchChunkSize === null ? usual : null;
  const method = chunkingMethod === "auto" ? auto : chunkingMethod;
  if (method === null) return Math.max(1, given);
  const factor = Number(method.split(":")[1] ?? 1);
  const target = Math.ceil(rows / Math.ceil(classes / features));
  const size = Math.min(Math.floor(2 ** Math.ceil(Math.log2(Math.max(target, 1))) / factor), rows);
  if (batchChunkSize !== null && batchChunkSize !== size) {
    throw new RangeError(
      `linearCrossEntropy(): options 'batchChunkSize' (${batchChunkSize}) and 'chunkingMethod' (${method}: ${size}) give different sizes`,
    );
  }
  return Math.max(1, size);
}

function isHalf({ dtype }: Tensor): boolean {
  return dtype === "float16" || dtype === "bfloat16";
}

/** What a loss in pieces is made of. */
export interface ChunkedLoss {
  readonly input: Tensor;
  readonly matrix: Tensor;
  readonly bias: Tensor | null;
  readonly target: Tensor;
  readonly weight: Tensor | null;
  readonly reduction: Reduction;
  readonly ignoreIndex: number;
}

interface Pieces {
  readonly size: number;
  readonly dtype: DType;
  readonly reduction: Reduction;
  readonly ignoreIndex: number;
}

/** The loss of `[rows, features]` and classes `[rows]`, or of one row. */
export function chunkedLoss(loss: ChunkedLoss, how: Chunking): Tensor {
  const { input, matrix, bias, target, weight, reduction, ignoreIndex } = loss;
  if (shapeOf(input).length === 1) {
    using t = new Temporaries();
    const batch = {
      ...loss,
      input: t.note(input.unsqueeze(0)),
      target: t.note(target.unsqueeze(0)),
    };
    const found = chunkedLoss(batch, how);
    return reduction === "none" ? t.note(found).squeeze(0) : found;
  }
  const pieces: Pieces = {
    size: chunkSize(how, input, shapeOf(matrix)[0]!),
    dtype: how.accDtype ?? (isHalf(input) ? "float32" : input.dtype),
    reduction,
    ignoreIndex,
  };
  return PiecewiseLoss.apply(input, matrix, bias, target, weight, pieces);
}

class PiecewiseLoss extends AutogradFunction {
  static forward(
    ctx: FunctionContext,
    input: Tensor,
    matrix: Tensor,
    bias: Tensor | null,
    target: Tensor,
    weight: Tensor | null,
    pieces: Pieces,
  ): Tensor {
    ctx.saveForBackward(input, matrix, bias, target, weight);
    ctx.pieces = pieces;
    using t = new Temporaries();
    const { dtype, reduction, ignoreIndex } = pieces;
    const factors = weight && as(weight, dtype, t);
    const losses: Tensor[] = [];
    walk(input, matrix, bias, pieces, ({ logits, start, count }) => {
      using some = target.narrow(0, start, count);
      losses.push(
        t.note(native.crossEntropyLoss(logits, some, factors, "none", ignoreIndex, 0)),
      );
    });
    const all = t.note(ops.cat(losses));
    if (reduction === "none") return all.to({ dtype: input.dtype, copy: true });
    const sum = t.note(all.sum());
    const whole = reduction === "sum"
      ? sum
      : t.note(sum.div(t.note(t.note(rowWeights(target, factors, pieces, t)).sum())));
    return whole.to({ dtype: input.dtype, copy: true });
  }

  static backward(ctx: FunctionContext, gradient: Tensor): (Tensor | null)[] {
    const [input, matrix, bias, target, weight] = ctx.savedTensors as [
      Tensor,
      Tensor,
      Tensor | null,
      Tensor,
      Tensor | null,
    ];
    const pieces = ctx.pieces as Pieces;
    using t = new Temporaries();
    const { dtype, reduction } = pieces;
    const factors = weight && as(weight, dtype, t);
    let rows = t.note(rowWeights(target, factors, pieces, t));
    if (reduction === "mean") rows = t.note(rows.div(t.note(rows.sum())));
    const scale = t.note(t.note(as(gradient, dtype, t).mul(rows)).unsqueeze(1));
    const classes = t.note(t.note(classesOf(target, pieces, t)).unsqueeze(1));
    const sums = new Sums(ctx.needsInputGrad, matrix, dtype, t);
    walk(input, matrix, bias, pieces, (piece) => {
      const { logits, start, count } = piece;
      using p = new Temporaries();
      const place = p.note(classes.narrow(0, start, count));
      const minus = p.note(ops.full([count, 1], -1, { dtype }));
      // The gradient of each row's loss: its probabilities, less 1 at its class.
      const likely = p.note(logits.softmax(1));
      const parts = likely.numel() === 0 ? likely : p.note(likely.scatterAdd(1, place, minus));
      sums.add(p.note(parts.mul(p.note(scale.narrow(0, start, count)))), piece);
    });
    return [...sums.results(input.dtype), null, null, null];
  }
}

/** The gradients as they add up. */
class Sums {
  readonly #needed: readonly boolean[];
  readonly #matrix: Tensor | null;
  readonly #bias: Tensor | null;
  readonly #inputs: Tensor[] = [];
  readonly #t: Temporaries;

  constructor(needed: readonly boolean[], matrix: Tensor, dtype: DType, t: Temporaries) {
    this.#needed = needed;
    this.#t = t;
    const [classes, features] = shapeOf(matrix) as [number, number];
    this.#matrix = needed[1] ? t.note(ops.zeros([classes, features], { dtype })) : null;
    this.#bias = needed[2] ? t.note(ops.zeros([classes], { dtype })) : null;
  }

  add(gradient: Tensor, { x, weights }: Piece): void {
    if (this.#needed[0]) this.#inputs.push(this.#t.note(gradient.mm(weights)));
    using columns = gradient.t();
    this.#matrix?.addmm_(columns, x);
    if (this.#bias === null) return;
    using sum = gradient.sum(0);
    this.#bias.add_(sum);
  }

  results(dtype: DType): (Tensor | null)[] {
    const input = this.#needed[0] ? this.#t.note(ops.cat(this.#inputs)) : null;
    return [input, this.#matrix, this.#bias].map((one) => one && one.to({ dtype, copy: true }));
  }
}

/** A piece of the batch. */
interface Piece {
  readonly logits: Tensor;
  readonly start: number;
  readonly count: number;
  readonly x: Tensor;
  readonly weights: Tensor;
}

/** Visits the pieces, each with its logits, which are freed after it. */
function walk(
  input: Tensor,
  matrix: Tensor,
  bias: Tensor | null,
  { size, dtype }: Pieces,
  visit: (piece: Piece) => void,
): void {
  using t = new Temporaries();
  const [values, weights] = [as(input, dtype, t), as(matrix, dtype, t)];
  const shift = bias && as(bias, dtype, t);
  const rows = shapeOf(input)[0]!;
  for (let start = 0; start < Math.max(rows, 1); start += size) {
    const count = Math.min(size, rows - start);
    using x = values.narrow(0, start, count);
    using logits = native.linear(x, weights, shift);
    visit({ logits, start, count, x, weights });
  }
}

/** The values in a dtype, without a graph. */
function as(tensor: Tensor, dtype: DType, t: Temporaries): Tensor {
  return t.note(t.note(tensor.detach()).to(dtype));
}

/** What each row counts: the factor of its class, 0 where it is ignored. */
function rowWeights(
  target: Tensor,
  factors: Tensor | null,
  pieces: Pieces,
  t: Temporaries,
): Tensor {
  const { dtype, ignoreIndex } = pieces;
  const counts = t.note(t.note(target.ne(ignoreIndex)).to(dtype));
  if (factors === null || factors.numel() === 0) return counts.clone();
  return t.note(factors.take(t.note(classesOf(target, pieces, t)))).mul(counts);
}

/** The classes, with 0 for those that are ignored: they may be none. */
function classesOf(target: Tensor, { ignoreIndex }: Pieces, t: Temporaries): Tensor {
  return target.maskedFill(t.note(target.eq(ignoreIndex)), 0);
}
