/**
 * The arguments of a call to TorchScript: positional ones, and keywords in a trailing `jit.kwargs`.
 *
 * @module
 */

import { scratch } from "../../ffi/mod.ts";
import { handleOf, isTensor, type Tensor } from "../tensor/tensor.ts";
import { type Plain, plainOf, putPlain } from "./encode.ts";
import { TypedValue } from "./typed_value.ts";
import { Tag } from "./tags.ts";
import { put, putText, rewind } from "./words.ts";

/** Writes the arguments of a call of `name` to the memory, for native code to read. */
export function writeArguments(args: readonly unknown[], name: string): void {
  const last = args.at(-1);
  const named = last instanceof TypedValue && last.content.kind === "kwargs"
    ? last.content.entries
    : null;
  const positional = named === null ? args : args.slice(0, -1);
  const values = positional.map((value, i) => plainOf(value, `${name}(): argument ${i}`));
  const keywords = (named ?? []).map(([key, value]): [string, Plain] => [
    key,
    plainOf(value, `${name}(): argument '${key}'`),
  ]);
  // From here on, nothing of the user's runs.
  rewind();
  put(values.length);
  values.forEach((value, i) => putPlain(value, name, String(i)));
  put(keywords.length);
  for (const [key, value] of keywords) {
    putText(key);
    putPlain(value, name, key);
  }
}

// More arguments than any program has, fewer than the memory holds.
const MOST = 100;

/** {@linkcode writeArguments} for short, where all are tensors; `false`, with nothing written, where they are not. */
export function writeTensors(args: readonly unknown[], name: string): boolean {
  const { length } = args;
  if (length > MOST) return false;
  for (let i = 0; i < length; i++) if (!isTensor(args[i])) return false;
  const { words } = scratch;
  words[0] = length;
  let at = 1;
  for (let i = 0; i < length; i++) {
    words[at++] = Tag.tensor;
    words[at++] = handleOf(args[i] as Tensor, name, String(i));
  }
  words[at] = 0;
  return true;
}
