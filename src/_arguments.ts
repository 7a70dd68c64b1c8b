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

/** Refuses to make a class that is but the base of others: `made` is the `new.target` of its constructor. */
export function notTheBase(made: unknown, base: unknown, name: string, others: string): void {
  if (made !== base) return;
  throw new TypeError(
    `${name}(): this is the base of ${others}, and is not made itself: make one of those, or of a class that extends it`,
  );
}
