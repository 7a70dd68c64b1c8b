/**
 * Words to JavaScript values.
 *
 * @module
 */

import type { Complex } from "../tensor/complex.ts";
import { Generator } from "../tensor/generator.ts";
import { OWNED, Tensor } from "../tensor/tensor.ts";
import { NativeHandle } from "./handle.ts";
import { Tag } from "./tags.ts";
import { seek, take, takeInt64, takeString } from "./words.ts";

/** A member of a TorchScript enum. */
export interface EnumValue {
  /** The enum's name. */
  readonly type: string;
  /** The member's name. */
  readonly name: string;
  /** The member's value. */
  readonly value: unknown;
}

/** Makes the JavaScript object for a script object: `isModule` tells a module from a class instance. */
export type MakeObject = (handle: NativeHandle, isModule: boolean, type: string) => unknown;

let makeObject: MakeObject = () => {
  throw new Error("Script objects cannot be made before src/jit/mod.ts is loaded");
};

/** Sets what {@linkcode takeValue} makes of script objects; set once, by the module that defines their classes. */
export function setMakeObject(make: MakeObject): void {
  makeObject = make;
}

// A script object that was read but not made yet: making one asks native code about it, which overwrites
// the words that are still to be read.
class Pending {
  readonly handle: NativeHandle;
  readonly isModule: boolean;
  readonly type: string;

  constructor(handle: NativeHandle, isModule: boolean, type: string) {
    this.handle = handle;
    this.isModule = isModule;
    this.type = type;
  }
}

let pending = 0;

/** Reads one value. */
export function takeValue(): unknown {
  pending = 0;
  const value = takeWords();
  return pending === 0 ? value : makeObjects(value);
}

/** Reads the value that begins at word `at`. */
export function takeValueAt(at: number): unknown {
  seek(at);
  return takeValue();
}

function makeObjects(value: unknown): unknown {
  if (value instanceof Pending) return makeObject(value.handle, value.isModule, value.type);
  if (value instanceof Tensor || typeof value !== "object" || value === null) return value;
  if (value instanceof Promise) return value.then(makeObjects);
  if (Array.isArray(value)) return value.map(makeObjects);
  if (value instanceof Map) return new Map([...value].map(([key, one]) => [key, makeObjects(one)]));
  const record = value as Record<string, unknown>;
  for (const key of Object.keys(record)) setKey(record, key, makeObjects(record[key]));
  if (Symbol.iterator in record) iterateValues(record);
  return record;
}

function takeWords(): unknown {
  const tag = take();
  switch (tag) {
    case Tag.none:
      return null;
    case Tag.tensor:
      return takeTensor();
    case Tag.bool:
      return take() === 1;
    case Tag.int:
    case Tag.float:
      return take();
    case Tag.int64:
      return takeInt64();
    case Tag.complex:
      return { re: take(), im: take() } satisfies Complex;
    case Tag.string:
    case Tag.device:
      return takeString();
    case Tag.array:
    case Tag.tuple:
      return takeArray();
    case Tag.map:
      return takeMap();
    case Tag.dict:
      return new Map(takePairs());
    case Tag.namedTuple:
      return takeNamedTuple();
    case Tag.object: {
      pending++;
      return new Pending(new NativeHandle("object", take()), take() === 1, takeString());
    }
    case Tag.enum:
      return { type: takeString(), name: takeString(), value: takeWords() } satisfies EnumValue;
    case Tag.generator:
      return new Generator(OWNED, take());
    case Tag.future:
      return Promise.resolve(takeWords());
    case Tag.opaque:
      return { opaque: takeString() };
    default:
      throw new Error(`Native code wrote a value of the unknown kind ${tag}`);
  }
}

// An undefined tensor (a gradient that is absent) has no handle.
function takeTensor(): Tensor | null {
  const handle = take();
  const bytes = take();
  return handle === 0 ? null : new Tensor(handle, bytes, OWNED);
}

function takeArray(): unknown[] {
  const count = take();
  const values: unknown[] = [];
  for (let i = 0; i < count; i++) values.push(takeWords());
  return values;
}

/** Sets a key of a plain object, even one that JavaScript treats specially. */
function setKey(target: Record<string, unknown>, key: string, value: unknown): void {
  Object.defineProperty(target, key, {
    value,
    writable: true,
    enumerable: true,
    configurable: true,
  });
}

function takePairs(): [unknown, unknown][] {
  const count = take();
  const pairs: [unknown, unknown][] = [];
  for (let i = 0; i < count; i++) pairs.push([takeWords(), takeWords()]);
  return pairs;
}

function takeMap(): Record<string, unknown> {
  const record: Record<string, unknown> = {};
  for (const [key, value] of takePairs()) setKey(record, key as string, value);
  return record;
}

function takeNamedTuple(): Record<string, unknown> {
  const count = take();
  const entries: [string, unknown][] = [];
  for (let i = 0; i < count; i++) entries.push([takeString(), takeWords()]);
  return recordOf(entries);
}

/** A named tuple: an object of its fields, iterable in order. */
export function recordOf(
  entries: Iterable<readonly [string, unknown]>,
): Record<string, unknown> {
  const record: Record<string, unknown> = {};
  for (const [name, value] of entries) setKey(record, name, value);
  return iterateValues(record);
}

// Field names of a named tuple are identifiers, so Object.values keeps their order.
function iterateValues(record: Record<string, unknown>): Record<string, unknown> {
  Object.defineProperty(record, Symbol.iterator, {
    value: () => Object.values(record)[Symbol.iterator](),
    configurable: true,
  });
  return record;
}
