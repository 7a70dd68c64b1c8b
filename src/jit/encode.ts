/**
 * JavaScript values to words.
 *
 * In two steps, since looking at a value may run the user's code (a getter, a Proxy), which may call ops or
 * dispose tensors: first a plain copy of the whole value is made, then the copy is written, without interruption.
 *
 * @module
 */

import { type Generator, generatorHandle, isGenerator } from "../tensor/generator.ts";
import { describe, handleOf, isTensor, type Tensor } from "../tensor/tensor.ts";
import { isTuple } from "../tensor/tuple.ts";
import { isTypedArray } from "../tensor/typed_array.ts";
import { isScriptHandle, type ScriptHandle, scriptHandleOf } from "./handle.ts";
import { Tag } from "./tags.ts";
import { TypedValue } from "./typed_value.ts";
import { put, putInt64, putText } from "./words.ts";

/** A value that can no longer change. */
export type Plain =
  | null
  | undefined
  | boolean
  | number
  | bigint
  | string
  | Tensor
  | Generator
  | ScriptHandle
  | PlainNode;

/** A container or typed value of {@linkcode Plain} parts. */
class PlainNode {
  readonly tag: number;
  readonly types: readonly string[];
  readonly keys: readonly Plain[] | null;
  readonly values: readonly Plain[];

  constructor(
    tag: number,
    values: readonly Plain[],
    keys: readonly Plain[] | null,
    types: readonly string[],
  ) {
    this.tag = tag;
    this.values = values;
    this.keys = keys;
    this.types = types;
  }
}

const MAX_DEPTH = 100;

function node(
  tag: number,
  values: Plain[],
  keys: Plain[] | null = null,
  types: string[] = [],
): PlainNode {
  return new PlainNode(tag, values, keys, types);
}

function refuse(
  path: string,
  value: unknown,
  reason = "which TorchScript has no type for",
): TypeError {
  return new TypeError(`${path} is ${describe(value)}, ${reason}`);
}

/** Copies a value. `path` names it in errors. */
export function plainOf(value: unknown, path: string, depth = 0): Plain {
  if (depth > MAX_DEPTH) {
    throw new TypeError(`${path} is nested more than ${MAX_DEPTH} levels deep, or contains itself`);
  }
  if (value === null || value === undefined || isTensor(value) || isGenerator(value)) return value;
  switch (typeof value) {
    case "boolean":
    case "number":
    case "string":
      return value;
    case "bigint":
      if (BigInt.asIntN(64, value) === value) return value;
      throw new RangeError(`${path} is ${value}n, which does not fit 64 bits`);
  }
  if (isScriptHandle(value)) return value;
  if (value instanceof TypedValue) return plainOfTyped(value, path, depth);
  if (Array.isArray(value) || isTypedArray(value)) {
    return plainOfArray(value as ArrayLike<unknown>, path, depth);
  }
  if (value instanceof Map) return plainOfMap(value, path, depth);
  if (typeof value === "object" && isPlainObject(value)) {
    return plainOfEntries(Tag.record, Object.entries(value), path, depth);
  }
  throw refuse(path, value);
}

// Class instances are refused: their fields are seldom what a model should get.
function isPlainObject(value: object): boolean {
  const prototype = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

function plainOfArray(values: ArrayLike<unknown>, path: string, depth: number): PlainNode {
  const copies: Plain[] = [];
  for (let i = 0; i < values.length; i++) {
    copies.push(plainOf(values[i], `${path}[${i}]`, depth + 1));
  }
  if (isTuple(values)) return node(Tag.tuple, copies);
  const numbers = copies.length > 0 && copies.every((copy) => typeof copy === "number");
  return node(numbers ? Tag.numbers : Tag.array, copies);
}

function plainOfEntries(
  tag: number,
  entries: readonly (readonly [string, unknown])[],
  path: string,
  depth: number,
): PlainNode {
  const values = entries.map(([key, value]) => plainOf(value, `${path}.${key}`, depth + 1));
  return node(tag, values, entries.map(([key]) => key));
}

function plainOfMap(map: Map<unknown, unknown>, path: string, depth: number): PlainNode {
  const keys: Plain[] = [];
  const values: Plain[] = [];
  for (const [key, value] of map) {
    keys.push(plainOf(key, `${path}, key ${keys.length},`, depth + 1));
    values.push(plainOf(value, `${path}, value ${values.length},`, depth + 1));
  }
  return node(Tag.map, values, keys);
}

function plainOfTyped(typed: TypedValue, path: string, depth: number): Plain {
  const { content } = typed;
  switch (content.kind) {
    case "int":
      return typeof content.value === "bigint" ? content.value : node(Tag.int, [content.value]);
    case "float":
      return node(Tag.float, [content.value]);
    case "complex":
      return node(Tag.complex, [content.re, content.im]);
    case "bool":
    case "str":
      return content.value;
    case "tuple":
      return node(
        Tag.tuple,
        content.values.map((value, i) => plainOf(value, `${path}[${i}]`, depth + 1)),
      );
    case "namedTuple":
      return plainOfEntries(Tag.namedTuple, content.entries, path, depth);
    case "list":
      return node(
        Tag.list,
        content.values.map((value, i) => plainOf(value, `${path}[${i}]`, depth + 1)),
        null,
        [content.type],
      );
    case "dict": {
      const { tag: _, ...map } = plainOfMap(new Map(content.entries), path, depth);
      return node(Tag.dict, [...map.values], [...map.keys!], [content.key, content.value]);
    }
    default:
      throw refuse(path, "jit.kwargs", "which stands only as the last argument of a call");
  }
}

/** Writes a copied value. `op` and `path` name a disposed tensor in errors. */
export function putPlain(value: Plain, op: string, path: string): void {
  if (value === null || value === undefined) return put(Tag.none);
  if (value instanceof PlainNode) return putNode(value, op, path);
  switch (typeof value) {
    case "boolean":
      put(Tag.bool);
      return put(value ? 1 : 0);
    case "number":
      put(Tag.number);
      return put(value);
    case "bigint":
      put(Tag.int64);
      return putInt64(value);
    case "string":
      put(Tag.string);
      return putText(value);
  }
  if (isTensor(value)) {
    put(Tag.tensor);
    return put(handleOf(value, op, path));
  }
  if (isGenerator(value)) {
    put(Tag.generator);
    return put(generatorHandle(value, op, path));
  }
  put(Tag.object);
  put(scriptHandleOf(value, op, path));
}

function putNode(value: PlainNode, op: string, path: string): void {
  const { tag, types, keys, values } = value;
  put(tag);
  if (tag === Tag.int || tag === Tag.float || tag === Tag.complex) {
    for (const part of values) put(part as number);
    return;
  }
  for (const type of types) putText(type);
  put(values.length);
  for (let i = 0; i < values.length; i++) {
    if (tag === Tag.numbers) {
      put(values[i] as number);
      continue;
    }
    if (tag === Tag.record || tag === Tag.namedTuple) putText(keys![i] as string);
    else if (keys !== null) putPlain(keys[i]!, op, `${path}, key ${i}`);
    // A key that is no string is not spelled out: to print a tensor would run ops, in the middle of this.
    const key = keys?.[i];
    putPlain(values[i]!, op, typeof key === "string" ? `${path}.${key}` : `${path}[${i}]`);
  }
}
