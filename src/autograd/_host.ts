/**
 * Functions of the user's that LibTorch holds by an id, until it has let go of it.
 *
 * @module
 */

import { context, native, onCall, provideCallback, scratch } from "../../ffi/mod.ts";
import { describe, handleOf, isTensor, OWNED, Tensor } from "../tensor/tensor.ts";
import { inNativeMode } from "./modes.ts";

/** The kinds of call: `fb_call` in `csrc/flambeau.h`. */
export const Call = {
  backward: 0,
  jvp: 1,
  tensorHook: 2,
  accumulateHook: 3,
  nodePrehook: 4,
  nodeHook: 5,
  stack: 6,
  packSaved: 7,
  unpackSaved: 8,
} as const;

const entries = new Map<number, unknown>();
let next = 1;

/** Keeps `entry` under a new id, which is to be given to LibTorch at once. */
export function keepForNative(entry: unknown): number {
  provideCallback();
  releaseKept();
  const id = next++;
  entries.set(id, entry);
  return id;
}

/** Forgets an id that LibTorch never took. */
export function forget(id: number): void {
  entries.delete(id);
}

/** Forgets what LibTorch has let go of: its destructors run anywhere, so they only make a list. */
export function releaseKept(): void {
  if (entries.size === 0) return;
  const { length } = scratch.words;
  let count: number;
  do {
    count = native.fb_host_released(context);
    for (let i = 0; i < count; i++) entries.delete(scratch.words[i]!);
  } while (count === length);
}

/** Serves the calls of a kind with what is kept under the id, in the grad mode that LibTorch has set. */
export function serve<E>(what: number, run: (entry: E, id: number) => void): void {
  onCall(what, (id) => inNativeMode(() => run(entries.get(id) as E, id)));
}

/** The tensor at a place of the scratch memory, where native code wrote handle and bytes; `null` for none. */
export function tensorAt(position: number): Tensor | null {
  const { words } = scratch;
  const handle = words[position]!;
  return handle === 0 ? null : new Tensor(handle, words[position + 1]!, OWNED);
}

/** The list of tensors at a place of the scratch memory, and the place after it. */
export function tensorsAt(position: number): [tensors: (Tensor | null)[], end: number] {
  const count = scratch.words[position]!;
  const tensors: (Tensor | null)[] = [];
  for (let i = 0; i < count; i++) tensors.push(tensorAt(position + 1 + 2 * i));
  return [tensors, position + 1 + 2 * count];
}

/** Leaves handles as the result of a call, after `count` if that is given. */
export function answer(tensors: readonly (Tensor | null)[], op: string, count?: number): void {
  const handles = tensors.map((tensor, i) =>
    tensor === null ? 0 : handleOf(tensor, op, `result[${i}]`)
  );
  if (count !== undefined) handles.unshift(count);
  if (handles.length > scratch.words.length) scratch.grow(handles.length, 0);
  scratch.words.set(handles);
}

/** What a function of the user's returned, as a tensor or `null` for nothing. */
export function asGradient(value: unknown, op: string, what: string): Tensor | null {
  if (value === null || value === undefined) return null;
  if (isTensor(value)) return value;
  if (value instanceof Promise) {
    value.catch(() => {});
    throw new TypeError(`${op}(): ${what} must be synchronous, but it returned a Promise`);
  }
  throw new TypeError(`${op}(): ${what} must return a Tensor or null, but got ${describe(value)}`);
}
