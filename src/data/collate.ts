/**
 * Collation: from the examples of a batch to one value whose tensors have one more dimension.
 *
 * @module
 */

import { stack } from "../ops/mod.ts";
import { type Complex, isComplex } from "../tensor/complex.ts";
import { tensor } from "../tensor/create.ts";
import { describe, isTensor, type Tensor } from "../tensor/tensor.ts";
import { isTypedArray, type TypedArray } from "../tensor/typed_array.ts";

/** What {@linkcode defaultCollate} makes of examples of type `T`. */
export type Collated<T> = T extends Tensor | number | bigint | boolean | TypedArray | Complex
  ? Tensor
  : T extends string ? string[]
  : T extends ReadonlyMap<infer K, infer V> ? Map<K, Collated<V>>
  : T extends object ? { -readonly [K in keyof T]: Collated<T[K]> }
  : unknown;

/** What {@linkcode defaultConvert} makes of a value of type `T`. */
export type Converted<T> = T extends TypedArray ? Tensor
  : T extends Tensor | string | number | bigint | boolean | null | undefined ? T
  : T extends object ? { -readonly [K in keyof T]: Converted<T[K]> }
  : T;

/**
 * Makes a batch of examples, as PyTorch does: tensors are stacked; TypedArrays become tensors and are stacked; numbers become an
 * int64 tensor where all are whole, else a float64 one; booleans a bool tensor; strings stay an array; arrays, objects and
 * Maps are collated item by item.
 *
 * JavaScript does not know 1 from 1.0: a batch whose fractions happen to be all whole is int64. Where that may be, make
 * examples of tensors, or convert the batch.
 *
 * @param batch The examples, all of the same form.
 * @throws {TypeError} If an example is nothing of that, or they differ in form.
 *
 * @example
 * ```ts
 * import * as torch from "flambeau";
 * import { assertEquals } from "@std/assert";
 *
 * const batch = torch.data.defaultCollate([{ x: torch.ones([2]), y: 3, name: "a" }, { x: torch.zeros([2]), y: 4, name: "b" }]);
 * assertEquals(batch.x.toArray(), [[1, 1], [0, 0]]);
 * assertEquals([batch.y.toArray(), batch.name], [[3, 4], ["a", "b"]]);
 * ```
 */
export function defaultCollate<T>(batch: readonly T[]): Collated<T> {
  if (!Array.isArray(batch) || batch.length === 0) {
    throw new TypeError(
      `defaultCollate(): argument 'batch' must be an array of at least one example, but got ${
        describe(batch)
      }`,
    );
  }
  return collated(batch, "batch") as Collated<T>;
}

function collated(batch: readonly unknown[], path: string): unknown {
  const [first] = batch;
  if (isTensor(first)) return stack(all(batch, isTensor, "a Tensor", path));
  if (isTypedArray(first)) return stacked(all(batch, isTypedArray, "a TypedArray", path));
  switch (typeof first) {
    case "number":
    case "bigint":
      return collatedNumbers(all(batch, isNumber, "a number", path));
    case "boolean":
      return tensor(all(batch, isBoolean, "a boolean", path));
    case "string":
      return all(batch, isString, "a string", path);
    case "object":
      if (first !== null) return collatedParts(batch, first, path);
  }
  throw new TypeError(
    `defaultCollate(): examples must be tensors, TypedArrays, numbers, booleans, strings, arrays or objects, but ${path}[0] is ${
      describe(first)
    }`,
  );
}

function all<T>(
  batch: readonly unknown[],
  is: (value: unknown) => value is T,
  name: string,
  path: string,
): T[] {
  return batch.map((value, i) => {
    if (is(value)) return value;
    throw new TypeError(
      `defaultCollate(): ${path}[${i}] must be ${name} like ${path}[0], but is ${describe(value)}`,
    );
  });
}

function isNumber(value: unknown): value is number | bigint {
  return typeof value === "number" || typeof value === "bigint";
}

function isBoolean(value: unknown): value is boolean {
  return typeof value === "boolean";
}

function isString(value: unknown): value is string {
  return typeof value === "string";
}

function collatedNumbers(numbers: readonly (number | bigint)[]): Tensor {
  const whole = numbers.every((one) => typeof one === "bigint" || Number.isSafeInteger(one));
  return tensor(numbers, { dtype: whole ? "int64" : "float64" });
}

function stacked(arrays: readonly TypedArray[]): Tensor {
  const rows = arrays.map((array) => tensor(array));
  try {
    return stack(rows);
  } finally {
    for (const row of rows) row.dispose();
  }
}

function collatedParts(batch: readonly unknown[], first: object, path: string): unknown {
  if (Array.isArray(first)) return collatedArrays(batch, first, path);
  if (first instanceof Map) {
    const maps = all(batch, (one) => one instanceof Map, "a Map", path);
    return new Map([...first.keys()].map((key) => {
      return [key, collated(maps.map((map) => map.get(key)), `${path}[…].get(${String(key)})`)];
    }));
  }
  if (isComplex(first)) return tensor(all(batch, isComplex, "complex", path));
  const records = all(batch, isRecord, "an object", path);
  return Object.fromEntries(
    Object.keys(first).map((key) => {
      return [key, collated(records.map((one) => one[key]), `${path}[…].${key}`)];
    }),
  );
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value) && !isTensor(value);
}

function collatedArrays(
  batch: readonly unknown[],
  first: readonly unknown[],
  path: string,
): unknown[] {
  const arrays = all(batch, (one): one is unknown[] => Array.isArray(one), "an array", path);
  const other = arrays.findIndex((array) => array.length !== first.length);
  if (other >= 0) {
    throw new TypeError(
      `defaultCollate(): the arrays of ${path} must be of one length, but ${path}[0] has ${first.length} items and ` +
        `${path}[${other}] ${arrays[other]!.length}`,
    );
  }
  return first.map((_, i) => collated(arrays.map((array) => array[i]), `${path}[…][${i}]`));
}

/**
 * Turns the TypedArrays of a value into tensors, deeply, and leaves the rest as it is: what a loader without batches
 * does.
 */
export function defaultConvert<T>(value: T): Converted<T> {
  return converted(value) as Converted<T>;
}

function converted(value: unknown): unknown {
  if (typeof value !== "object" || value === null || isTensor(value)) return value;
  if (isTypedArray(value)) return tensor(value);
  if (Array.isArray(value)) return value.map(converted);
  if (value instanceof Map) return new Map([...value].map(([key, one]) => [key, converted(one)]));
  const prototype = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, converted(one)]));
}
