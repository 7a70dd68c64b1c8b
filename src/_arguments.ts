/**
 * Arguments that are no tensors: what is wrong with them, in a sentence.
 *
 * @module
 */

import { describe, isTensor } from "./tensor/tensor.ts";

/** What can be looped over, or the TypeError that says what was given instead. */
export function asIterable<T>(value: Iterable<T>, op: string, argument: string): Iterable<T> {
  if (typeof (value as Partial<Iterable<T>> | null | undefined)?.[Symbol.iterator] === "function") {
    return value;
  }
  throw new TypeError(
    `${op}(): argument '${argument}' must be iterable, but got ${describe(value)}`,
  );
}

const keySets = new Map<string, Set<string>>();

function keySet(known: string): Set<string> {
  let set = keySets.get(known);
  if (!set) keySets.set(known, set = new Set(known === "" ? [] : known.split(", ")));
  return set;
}

/** Refuses what is not among the known options by name: one that were passed over in silence would be a wrong result. */
export function checkKnown(options: object, op: string, known: string): void {
  for (const key of Object.keys(options)) {
    if (keySet(known).has(key)) continue;
    throw new TypeError(
      `${op}(): unknown option '${key}'; ${
        known === "" ? "it takes no options" : `its options are ${known}`
      }`,
    );
  }
}

/** An object with none but the known options (`"lr, momentum"`), or the TypeError that says what is wrong with it. */
export function asOptions<O extends object>(
  value: O,
  op: string,
  known: string,
  argument = "options",
): O {
  if (isTensor(value) || Array.isArray(value)) throw notAnObject(value, op, argument);
  checkKnown(asObject(value, op, argument), op, known);
  return value;
}

/** An object, or the TypeError that says what was given instead. */
export function asObject<O extends object>(value: O, op: string, argument: string): O {
  if (typeof value === "object" && value !== null) return value;
  throw notAnObject(value, op, argument);
}

function notAnObject(value: unknown, op: string, argument: string): TypeError {
  return new TypeError(
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
