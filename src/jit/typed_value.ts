/**
 * Values that say their TorchScript type, for where no schema does: tracing, and arguments of type `Any`.
 *
 * @module
 */

import { describe, Tensor } from "../tensor/tensor.ts";

/** What a {@linkcode TypedValue} holds. */
export type TypedValueContent =
  | { readonly kind: "int"; readonly value: number | bigint }
  | { readonly kind: "float"; readonly value: number }
  | { readonly kind: "bool"; readonly value: boolean }
  | { readonly kind: "str"; readonly value: string }
  | { readonly kind: "complex"; readonly re: number; readonly im: number }
  | { readonly kind: "tuple"; readonly values: readonly unknown[] }
  | { readonly kind: "namedTuple"; readonly entries: readonly (readonly [string, unknown])[] }
  | { readonly kind: "list"; readonly type: string; readonly values: readonly unknown[] }
  | {
    readonly kind: "dict";
    readonly key: string;
    readonly value: string;
    readonly entries: readonly (readonly [unknown, unknown])[];
  }
  | { readonly kind: "kwargs"; readonly entries: readonly (readonly [string, unknown])[] };

/** A value together with its TorchScript type. Made by `jit.tuple`, `jit.int` and their kin. */
export class TypedValue {
  /** The value, copied when this was made. */
  readonly content: TypedValueContent;

  /** Use `jit.tuple` and its kin. */
  constructor(content: TypedValueContent) {
    this.content = content;
  }
}

function wrong(name: string, expected: string, value: unknown): TypeError {
  return new TypeError(`jit.${name}(): the value must be ${expected}, but got ${describe(value)}`);
}

/**
 * A tuple of an array's elements, or a named tuple of an object's entries.
 *
 * @example
 * ```ts
 * import * as torch from "flambeau";
 * import { assertEquals } from "@std/assert";
 *
 * const swap = torch.jit.trace(
 *   (x: torch.Tensor, y: torch.Tensor) => torch.jit.tuple([y, x]),
 *   [torch.ones([1]), torch.zeros([1])],
 * );
 * const [a, b] = swap(torch.ones([1]), torch.zeros([1])) as torch.Tensor[];
 * assertEquals([a!.item(), b!.item()], [0, 1]);
 * ```
 */
export function tuple(values: readonly unknown[] | Record<string, unknown>): TypedValue {
  if (Array.isArray(values)) return new TypedValue({ kind: "tuple", values: [...values] });
  // jit.tuple(x, y) would take x for an object with entries.
  if (typeof values !== "object" || values === null || values instanceof Tensor) {
    throw wrong("tuple", "an array or an object", values);
  }
  return new TypedValue({ kind: "namedTuple", entries: Object.entries(values) });
}

/** A TorchScript int. */
export function int(value: number | bigint): TypedValue {
  if (typeof value !== "bigint" && !Number.isSafeInteger(value)) {
    throw wrong("int", "an integer (a bigint outside of the safe range)", value);
  }
  return new TypedValue({ kind: "int", value });
}

/** A TorchScript float. */
export function float(value: number): TypedValue {
  if (typeof value !== "number") throw wrong("float", "a number", value);
  return new TypedValue({ kind: "float", value });
}

/** A TorchScript bool. */
export function bool(value: boolean): TypedValue {
  if (typeof value !== "boolean") throw wrong("bool", "a boolean", value);
  return new TypedValue({ kind: "bool", value });
}

/** A TorchScript str. */
export function str(value: string): TypedValue {
  if (typeof value !== "string") throw wrong("str", "a string", value);
  return new TypedValue({ kind: "str", value });
}

/** A TorchScript complex. */
export function complex(re: number, im: number): TypedValue {
  if (typeof re !== "number" || typeof im !== "number") throw wrong("complex", "two numbers", re);
  return new TypedValue({ kind: "complex", re, im });
}

/** A single value by what it looks like: a whole number is an int, a fraction a float, a string a str. */
export function scalar(value: number | bigint | boolean | string): TypedValue {
  switch (typeof value) {
    case "bigint":
      return int(value);
    case "number":
      return Number.isSafeInteger(value) ? int(value) : float(value);
    case "boolean":
      return bool(value);
    case "string":
      return str(value);
    default:
      throw wrong("scalar", "a number, bigint, boolean or string", value);
  }
}

/** A list whose element type is given as TorchScript writes it: `jit.list("float", [1, 2])`. */
export function list(type: string, values: Iterable<unknown>): TypedValue {
  if (typeof type !== "string") throw wrong("list", "preceded by a type as a string", type);
  if (typeof values !== "object" || typeof values?.[Symbol.iterator] !== "function") {
    throw wrong("list", "an array, or another iterable", values);
  }
  return new TypedValue({ kind: "list", type, values: [...values] });
}

/**
 * A dictionary with its types: `jit.dict(["str", "int"], { a: 1 })`, or from a Map or entries. The types may be one text too, as
 * TorchScript writes it: `jit.dict("Dict[str, int]", …)`, `jit.dict("str, int", …)`.
 */
export function dict(
  type: readonly [key: string, value: string] | string,
  entries: Iterable<readonly [unknown, unknown]> | Record<string, unknown>,
): TypedValue {
  const [key, value] = typeof type === "string" ? dictTypes(type) : Array.from(type ?? []);
  if (typeof key !== "string" || typeof value !== "string") {
    throw wrong("dict", "preceded by the types of keys and values", type);
  }
  if (typeof entries !== "object" || entries === null) {
    throw wrong("dict", "an object, a Map, or entries", entries);
  }
  const pairs = Symbol.iterator in entries ? [...entries] : Object.entries(entries);
  return new TypedValue({ kind: "dict", key, value, entries: pairs as [unknown, unknown][] });
}

// A key's type has no comma of its own; a value's alone is that of a dictionary with strings as keys.
function dictTypes(text: string): [string, string] {
  const inner = /^\s*Dict\[(.*)\]\s*$/s.exec(text)?.[1] ?? text;
  const comma = /^\s*(\w+)\s*,\s*(.*?)\s*$/s.exec(inner);
  return comma === null ? ["str", inner.trim()] : [comma[1]!, comma[2]!];
}

/** Keyword arguments, as the last argument of a call: `m(x, jit.kwargs({ scale: 2 }))`. */
export function kwargs(values: Record<string, unknown>): TypedValue {
  if (typeof values !== "object" || values === null) throw wrong("kwargs", "an object", values);
  return new TypedValue({ kind: "kwargs", entries: Object.entries(values) });
}
