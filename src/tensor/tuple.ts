/**
 * Arrays that TorchScript is to take for tuples, not for lists: results of a fixed number of parts.
 *
 * @module
 */

import { isTracing } from "./trace_guard.ts";

const tuples: WeakSet<object> = new WeakSet();

/** The array, noted as a tuple where a trace may give it out. */
export function asTuple<T extends readonly unknown[]>(array: T): T {
  if (isTracing()) tuples.add(array);
  return array;
}

/** Whether an array was noted as a tuple. */
export function isTuple(array: object): boolean {
  return tuples.has(array);
}
