/**
 * Names with values, from whatever has them.
 *
 * @module
 */

import { describe, isTensor } from "../../tensor/tensor.ts";

/** The pairs of an object, a Map or pairs; `ordered` where their order was given, not that of an object's keys. */
export function pairsOf<V>(
  value: unknown,
  container: string,
  argument: string,
): { pairs: [string, V][]; ordered: boolean } {
  const isObject = (typeof value === "object" && value !== null) || typeof value === "function";
  if (!isObject || isTensor(value)) throw refused(container, argument, value);
  if (!(Symbol.iterator in value)) return { pairs: Object.entries(value), ordered: false };
  const pairs = [...value as Iterable<unknown>].map((pair, i) => {
    if (Array.isArray(pair) && pair.length === 2) return pair as [string, V];
    throw refused(container, `${argument}[${i}]`, pair, "a pair of a name and a value");
  });
  return { pairs, ordered: true };
}

function refused(
  container: string,
  argument: string,
  value: unknown,
  what = "an object, a Map, pairs or another dict",
): TypeError {
  return new TypeError(
    `nn.${container}: argument '${argument}' must be ${what}, but got ${describe(value)}`,
  );
}
