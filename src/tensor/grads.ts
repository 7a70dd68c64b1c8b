/**
 * The gradients of many tensors by one native call: read, or taken off them.
 *
 * @module
 */

import { context, native, nativeError, noticeWarnings, scratch } from "../../ffi/mod.ts";
import { applyMode, begin, putTensors } from "./call.ts";
import { OWNED, Tensor } from "./tensor.ts";

/** What {@linkcode gradsOf} found. */
export interface Grads {
  /** The gradients, to be disposed of by who asked: they share pages. */
  readonly tensors: readonly (Tensor | null)[];
  /** Their dtypes' numbers. */
  readonly dtypes: readonly number[];
  /** Their layouts' numbers: 0 is strided, all else sparse. */
  readonly layouts: readonly number[];
  /** Their numbers of elements. */
  readonly counts: readonly number[];
}

/** The gradients that `backward()` left, `null` where there is none. */
export function gradsOf(tensors: readonly Tensor[], op: string, argument: string): Grads {
  begin();
  putTensors(tensors, op, argument);
  const count = native.fb_tensor_grads(context);
  if (count < 0) throw nativeError(op);
  scratch.receive(count);
  const words = scratch.words;
  const found = {
    tensors: [] as (Tensor | null)[],
    dtypes: [] as number[],
    layouts: [] as number[],
    counts: [] as number[],
  };
  for (let at = 0; at < count; at += 4) {
    const handle = words[at]!;
    found.tensors.push(handle === 0 ? null : new Tensor(handle, 0, OWNED));
    found.dtypes.push(words[at + 1]!);
    found.layouts.push(words[at + 2]!);
    found.counts.push(words[at + 3]!);
  }
  return found;
}

/** What {@linkcode descend} takes off. */
export interface Descent {
  /** The learning rate. */
  readonly lr: number;
  /** The weight of the L2 penalty. */
  readonly weightDecay: number;
  /** Whether the gradients are followed upwards. */
  readonly maximize: boolean;
}

/**
 * `param += -lr * (grad + weightDecay * param)` for each that has a gradient, without a graph: the caller has gradients off.
 *
 * @returns Whether it was done: where a gradient is sparse, nothing is.
 */
export function descend(
  params: readonly Tensor[],
  { lr, weightDecay, maximize }: Descent,
  op: string,
  argument: string,
): boolean {
  begin();
  putTensors(params, op, argument);
  applyMode();
  const left = native.fb_step_descend(context, lr, weightDecay, maximize);
  noticeWarnings();
  if (left < 0) throw nativeError(op);
  return left === 0;
}
