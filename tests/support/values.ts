/**
 * Values of TorchScript as JSON, as `tests/python/interop_values.py` writes and reads them.
 *
 * @module
 */

import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import * as torch from "../../mod.ts";

/** A value as JSON has it. */
export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

type Marked = Record<string, Json[]>;

function encodeTensor(tensor: torch.Tensor): Json {
  const flat = tensor.reshape([-1]).toArray() as unknown[];
  return { $tensor: [tensor.shape, tensor.dtype, flat.map(encode)] };
}

/** A value for Python. An array becomes a list; `{ $tuple: [...] }` is a tuple there. */
export function encode(value: unknown): Json {
  if (value instanceof torch.Tensor) return encodeTensor(value);
  if (value === null || value === undefined) return null;
  if (typeof value === "bigint") return { $int: String(value) };
  if (typeof value === "number" && !Number.isFinite(value)) {
    return { $float: String(value).replace("Infinity", "inf").toLowerCase() };
  }
  if (Array.isArray(value)) return value.map(encode);
  if (value instanceof Map) {
    return { $map: [...value].map(([key, one]) => [encode(key), encode(one)]) };
  }
  if (typeof value !== "object") return value as Json;
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, encode(one)]));
}

/** A value from Python, to call a script with. */
export function decode(value: Json): unknown {
  if (Array.isArray(value)) return value.map(decode);
  if (typeof value !== "object" || value === null) return value;
  const marked = value as Marked;
  if ("$tensor" in value) {
    const [shape, dtype, values] = marked.$tensor as [number[], torch.DType, Json[]];
    const flat = values.map(decode) as number[];
    return torch.tensor(flat, { dtype }).reshape(shape);
  }
  if ("$map" in value) {
    return new Map((marked.$map as [Json, Json][]).map(([key, one]) => [decode(key), decode(one)]));
  }
  if ("$int" in value) return BigInt(value.$int as string);
  if ("$float" in value) return Number((value.$float as string).replace("inf", "Infinity"));
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, decode(one)]));
}

/** Asserts that a result is what Python had, floats within 1e-5 of one another. */
export function assertSame(actual: unknown, expected: Json, path = "the result"): void {
  if (actual instanceof torch.Tensor) return assertSameTensor(actual, expected, path);
  if (Array.isArray(expected)) {
    assert(Array.isArray(actual), `${path} is no array`);
    assertEquals(actual.length, expected.length, `${path} has another length`);
    expected.forEach((one, i) => assertSame(actual[i], one, `${path}[${i}]`));
  } else if (typeof expected === "object" && expected !== null) {
    assertSameObject(actual, expected, path);
  } else if (typeof expected === "number" && !Number.isInteger(expected)) {
    assertAlmostEquals(actual as number, expected, 1e-5);
  } else {
    assertEquals(actual, expected as unknown, path);
  }
}

function assertSameTensor(actual: torch.Tensor, expected: Json, path: string): void {
  const [shape, dtype, values] = (expected as Marked).$tensor as [number[], string, Json[]];
  assertEquals([actual.shape, actual.dtype as string], [shape, dtype], path);
  const flat = actual.reshape([-1]).toArray() as unknown[];
  assertSame(flat, values, path);
}

function assertSameObject(actual: unknown, expected: { [key: string]: Json }, path: string): void {
  const marked = expected as Marked;
  if ("$enum" in expected) {
    const [type, name, value] = marked.$enum!;
    assertEquals(actual, { type, name, value } as unknown, path);
  } else if ("$complex" in expected) {
    const [re, im] = marked.$complex!;
    assertEquals(actual, { re, im } as unknown, path);
  } else if ("$map" in expected) {
    assert(actual instanceof Map, `${path} is no Map`);
    assertSame([...actual], expected.$map!, path);
  } else if ("$int" in expected || "$float" in expected) {
    assertEquals(actual, decode(expected), path);
  } else {
    const entries = Object.entries(actual as object);
    assertEquals(entries.map(([key]) => key), Object.keys(expected), path);
    for (const [key, one] of entries) assertSame(one, expected[key]!, `${path}.${key}`);
  }
}
