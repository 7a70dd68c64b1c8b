/**
 * Arguments that are no tensors: what is wrong with them, in a sentence.
 *
 * @module
 */

import { describe } from "./tensor/tensor.ts";

/** What can be looped over, or the TypeError that says what was given instead. */
export function asIterable<T>(value: Iterable<T>, op: string, argument: string): Iterable<T> {
  if (typeof (value as Partial<Iterable<T>> | null | undefined)?.[Symbol.iterator] === "function") {
    return value;
  }
  throw new TypeError(
    `${op}(): argument '${argument}' must be iterable, but got ${describe(value)}`,
  );
}

/** An object of options, or the TypeError that says what was given instead. */
export function asOptions<O extends object>(value: O, op: string, argument = "options"): O {
  if (typeof value === "object" && value !== null) return value;
  throw new TypeError(
    `${op}(): argument '${argument}' must be an object, but got ${describe(value)}`,
  );
}

/** Something with a length, or the TypeError that says what was given instead. */
export function asSized<S extends { readonly length: number }>(
  value: S,
  op: string,
  argument: string,
): S {
  if (typeof value === "object" && value !== null && "length" in value) return value;
  throw new TypeError(
    `${op}(): argument '${argument}' must have a length, but got ${describe(value)}`,
  );
}
