/**
 * The arguments of a call to TorchScript: positional ones, and keywords in a trailing `jit.kwargs`.
 *
 * @module
 */

import { type Plain, plainOf, putPlain } from "./encode.ts";
import { TypedValue } from "./typed_value.ts";
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
