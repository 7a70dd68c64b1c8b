/**
 * How an op is called: arguments are checked and turned into plain values first, then written to the
 * scratch memory in schema order, then the op runs, then results are read back.
 *
 * The order matters. Checking may run the user's code (a getter, a Proxy, an iterator), which may itself call
 * ops or dispose tensors; so no handle is read, and nothing is written, before all checking is done.
 *
 * @module
 */

import {
  checkHandle,
  context,
  encode,
  native,
  nativeError,
  noticeWarnings,
  scratch,
} from "../../ffi/mod.ts";
import { type Complex, isComplex as hasParts, type Scalar } from "./complex.ts";
import { deviceCode } from "./device.ts";
import { dtypeCode } from "./dtype.ts";
import type { Layout, MemoryFormat } from "./formats.ts";
import { type Generator, generatorHandle, isGenerator } from "./generator.ts";
import { TracedSize } from "./traced_size.ts";
import { describe, handleOf, handleOfOne, isTensor, OWNED, Tensor } from "./tensor.ts";

export type { Complex, Layout, MemoryFormat, Scalar };

/** An op of LibTorch, looked up when it is first called. */
export class Op {
  /** The op's full name: `"aten::add.Tensor"`. */
  readonly schema: string;
  /** The name that errors show: `"add"`. */
  readonly name: string;
  #handle = 0;

  /** Nothing is looked up yet. */
  constructor(schema: string, name: string) {
    this.schema = schema;
    this.name = name;
  }

  /** The native handle. */
  get handle(): number {
    if (this.#handle === 0) {
      const bytes = encode(this.schema);
      this.#handle = checkHandle(native.fb_op_find(bytes, bytes.length), this.name);
    }
    return this.#handle;
  }
}

// ---- Checking: from whatever was given to plain values ------------------------------------------------------

function wrongType(op: string, argument: string, expected: string, value: unknown): TypeError {
  return new TypeError(
    `${op}(): argument '${argument}' must be ${expected}, but got ${describe(value)}`,
  );
}

/** A tensor, disposed or not (writing its handle checks that). */
export function asTensor(value: unknown, op: string, argument: string): Tensor {
  if (isTensor(value)) return value;
  throw wrongType(op, argument, "a Tensor", value);
}

/** An integer, from a number or a bigint. */
export function asInt(value: unknown, op: string, argument: string): number {
  if (typeof value === "number" && Number.isInteger(value)) return checkSafe(value, op, argument);
  if (typeof value === "bigint") return checkSafe(Number(value), op, argument);
  if (value instanceof TracedSize) return value.stash(argument, -1, 0);
  throw wrongType(op, argument, "an integer", value);
}

function checkSafe(value: number, op: string, argument: string): number {
  if (Number.isSafeInteger(value)) return value;
  throw new RangeError(
    `${op}(): argument '${argument}' must be an integer from -(2**53 - 1) to 2**53 - 1, but got ${value}`,
  );
}

/** A number. */
export function asFloat(value: unknown, op: string, argument: string): number {
  if (typeof value === "number") return value;
  throw wrongType(op, argument, "a number", value);
}

/** A boolean. */
export function asBool(value: unknown, op: string, argument: string): boolean {
  if (typeof value === "boolean") return value;
  throw wrongType(op, argument, "a boolean", value);
}

/** A string. */
export function asString(value: unknown, op: string, argument: string): string {
  if (typeof value === "string") return value;
  throw wrongType(op, argument, "a string", value);
}

/** Whether `value` is something that {@linkcode asScalar} takes. Reads nothing of an object but `re` and `im`. */
export function isScalar(value: unknown): value is Scalar {
  return typeof value === "number" || typeof value === "boolean" || typeof value === "bigint" ||
    value instanceof TracedSize || isComplex(value);
}

function isComplex(value: unknown): value is Complex {
  return !isTensor(value) && hasParts(value);
}

/** A number, bigint, boolean or complex value; a complex one is copied, so that it cannot change any more. */
export function asScalar(value: unknown, op: string, argument: string): Scalar {
  if (typeof value === "number" || typeof value === "boolean") return value;
  if (typeof value === "bigint") {
    if (BigInt.asIntN(64, value) === value) return value;
    throw new RangeError(`${op}(): argument '${argument}' must fit 64 bits, but got ${value}n`);
  }
  if (value instanceof TracedSize) return value.valueOf();
  if (isComplex(value)) {
    const { re, im } = value;
    if (typeof re === "number" && typeof im === "number") return { re, im };
  }
  throw wrongType(op, argument, "a number, bigint, boolean or { re, im }", value);
}

/** LibTorch's number of a dtype, for an argument that is written as an integer. */
export function asDType(value: unknown, op: string, argument: string): number {
  return dtypeCode(value, op, argument);
}

/** LibTorch's code of a device. */
export function asDevice(value: unknown, op: string, argument: string): number {
  return deviceCode(value, op, argument);
}

const memoryFormats: Record<string, number> = {
  contiguous_format: 0,
  preserve_format: 1,
  channels_last: 2,
  channels_last_3d: 3,
};

/** LibTorch's number of a memory format. */
export function asMemoryFormat(value: unknown, op: string, argument: string): number {
  if (typeof value === "string" && Object.hasOwn(memoryFormats, value)) {
    return memoryFormats[value]!;
  }
  throw wrongType(op, argument, `one of ${Object.keys(memoryFormats).join(", ")}`, value);
}

const layouts: Record<string, number> = {
  strided: 0,
  sparse_coo: 1,
  sparse_csr: 2,
  sparse_csc: 4,
  sparse_bsr: 5,
  sparse_bsc: 6,
};

/** LibTorch's number of a layout. */
export function asLayout(value: unknown, op: string, argument: string): number {
  if (typeof value === "string" && Object.hasOwn(layouts, value)) return layouts[value]!;
  throw wrongType(op, argument, `one of ${Object.keys(layouts).join(", ")}`, value);
}

/** A generator. */
export function asGenerator(value: unknown, op: string, argument: string): Generator {
  if (isGenerator(value)) return value;
  throw wrongType(op, argument, "a Generator", value);
}

/** Copies a list (an array or a TypedArray) with each element checked, so that it cannot change any more. */
export function asList<T>(
  value: unknown,
  op: string,
  argument: string,
  element: (value: unknown, op: string, argument: string) => T,
): T[] {
  if (!Array.isArray(value) && !isNumberArray(value)) {
    throw wrongType(op, argument, "an array", value);
  }
  if ((element as unknown) === asInt) return asIntList(value, op, argument) as T[];
  const list: T[] = [];
  for (let i = 0; i < value.length; i++) list.push(element(value[i], op, `${argument}[${i}]`));
  return list;
}

// The commonest list, so the name of an element is made only where one is refused.
function asIntList(value: ArrayLike<unknown>, op: string, argument: string): number[] {
  const { length } = value;
  const at = (i: number): number => {
    const one = value[i];
    if (typeof one === "number" && Number.isSafeInteger(one)) return one;
    if (one instanceof TracedSize) return one.stash(argument, length, i);
    return asInt(one, op, `${argument}[${i}]`);
  };
  // A literal has its size from the start; a list that is pushed to is made large, and made again.
  switch (length) {
    case 0:
      return [];
    case 1:
      return [at(0)];
    case 2:
      return [at(0), at(1)];
    case 3:
      return [at(0), at(1), at(2)];
    case 4:
      return [at(0), at(1), at(2), at(3)];
    default: {
      const list: number[] = [];
      for (let i = 0; i < length; i++) list.push(at(i));
      return list;
    }
  }
}

function isNumberArray(value: unknown): value is Float64Array {
  return ArrayBuffer.isView(value) && !(value instanceof DataView);
}

/** A list of integers; a single integer stands for a list of one, or of `length` where the schema fixes it. */
export function asInts(value: unknown, op: string, argument: string, length = 1): number[] {
  if (typeof value === "number" || typeof value === "bigint") {
    return new Array(length).fill(asInt(value, op, argument));
  }
  if (value instanceof TracedSize) return [value.stash(argument, 1, 0)];
  return asList(value, op, argument, asInt);
}

/** A list of numbers; a single one stands for a list of one. */
export function asFloats(value: unknown, op: string, argument: string): number[] {
  if (typeof value === "number") return [value];
  return asList(value, op, argument, asFloat);
}

/** A list of tensors. */
export function asTensors(value: unknown, op: string, argument: string): Tensor[] {
  if (isTensor(value)) throw wrongType(op, argument, "an array of tensors", value);
  return asList(value, op, argument, asTensor);
}

// ---- Writing: plain values only, and no user code from here on ----------------------------------------------

let position = 0;

/** Starts the arguments of a call. */
export function begin(): void {
  position = 0;
}

// Fixed-size arguments always fit: an op has at most 30, the memory has thousands of words.
function reserve(words: number): void {
  if (position + words + 256 > scratch.words.length) scratch.grow(position + words + 256, position);
}

/** Writes a tensor. */
export function putTensor(tensor: Tensor, op: string, argument: string): void {
  scratch.words[position++] = handleOf(tensor, op, argument);
}

/** Writes a tensor, or none. */
export function putOptionalTensor(tensor: Tensor | null, op: string, argument: string): void {
  scratch.words[position++] = tensor === null ? 0 : handleOf(tensor, op, argument);
}

/** Writes a generator, or that the default one is meant. */
export function putGenerator(generator: Generator | null, op: string, argument: string): void {
  scratch.words[position++] = generator === null ? 0 : generatorHandle(generator, op, argument);
}

/** Writes a list of tensors; `null` is an absent list, or an absent element where the schema allows one. */
export function putTensors(
  tensors: readonly (Tensor | null)[] | null,
  op: string,
  argument: string,
): void {
  if (tensors === null) {
    scratch.words[position++] = -1;
    return;
  }
  reserve(tensors.length);
  const words = scratch.words;
  words[position++] = tensors.length;
  for (let i = 0; i < tensors.length; i++) {
    const tensor = tensors[i]!;
    words[position++] = tensor === null ? 0 : handleOfOne(tensor, op, argument, i);
  }
}

/** Writes an integer, a float, or a number that stands for a dtype, device, layout or memory format. */
export function putNumber(value: number): void {
  scratch.words[position++] = value;
}

/** Writes a boolean. */
export function putBool(value: boolean): void {
  scratch.words[position++] = value ? 1 : 0;
}

/** Writes that an optional argument is absent (not for tensors and lists, which say so themselves). */
export function putAbsent(): void {
  scratch.words[position++] = 0;
}

/** Writes an optional number. */
export function putOptionalNumber(value: number | null): void {
  if (value === null) return putAbsent();
  scratch.words[position++] = 1;
  scratch.words[position++] = value;
}

/** Writes an optional boolean. */
export function putOptionalBool(value: boolean | null): void {
  putOptionalNumber(value === null ? null : value ? 1 : 0);
}

/** Writes a scalar: its kind, then its value. */
export function putScalar(value: Scalar): void {
  const words = scratch.words;
  if (typeof value === "number") {
    words[position++] = Number.isSafeInteger(value) && !Object.is(value, -0) ? 0 : 1;
    words[position++] = value;
  } else if (typeof value === "boolean") {
    words[position++] = 2;
    words[position++] = value ? 1 : 0;
  } else if (typeof value === "bigint") {
    words[position++] = 4;
    words[position++] = Number(value >> 32n);
    words[position++] = Number(value & 0xffffffffn);
  } else {
    words[position++] = 3;
    words[position++] = value.re;
    words[position++] = value.im;
  }
}

/** Writes an optional scalar. */
export function putOptionalScalar(value: Scalar | null): void {
  if (value === null) return putAbsent();
  scratch.words[position++] = 1;
  putScalar(value);
}

/** Writes a list of numbers, or that it is absent. */
export function putNumbers(values: readonly number[] | null): void {
  if (values === null) {
    scratch.words[position++] = -1;
    return;
  }
  reserve(values.length);
  const words = scratch.words;
  words[position++] = values.length;
  for (let i = 0; i < values.length; i++) words[position++] = values[i]!;
}

/** Writes a list of booleans, or that it is absent. */
export function putBools(values: readonly boolean[] | null): void {
  putNumbers(values === null ? null : values.map(Number));
}

/** Writes a list of scalars, or that it is absent. */
export function putScalars(values: readonly Scalar[] | null): void {
  if (values === null) {
    scratch.words[position++] = -1;
    return;
  }
  reserve(values.length * 3);
  scratch.words[position++] = values.length;
  for (const value of values) putScalar(value);
}

// Options that are words ("none", "reflect") come again and again.
const MOST_WORDS = 256;
const LONGEST_WORD = 16;
const encoded = new Map<string, Uint8Array>();

function bytesOf(value: string): Uint8Array {
  if (value.length > LONGEST_WORD) return encode(value);
  let bytes = encoded.get(value);
  if (bytes === undefined) {
    bytes = encode(value);
    if (encoded.size < MOST_WORDS) encoded.set(value, bytes);
  }
  return bytes;
}

/** Writes a string. */
export function putString(value: string): void {
  const bytes = bytesOf(value);
  reserve(Math.ceil(bytes.length / 8));
  scratch.words[position++] = bytes.length;
  scratch.bytes.set(bytes, position * 8);
  position += Math.ceil(bytes.length / 8);
}

/** Writes an optional string. */
export function putOptionalString(value: string | null): void {
  if (value === null) return putAbsent();
  scratch.words[position++] = 1;
  putString(value);
}

// ---- Running, and reading results ---------------------------------------------------------------------------

type Hook = (() => void) | null;

let modeHook: Hook = null;
let traceHook: Hook = null;
// Both as one, so that a call has one thing to look at.
let beforeRun: Hook = null;

function joinHooks(): void {
  const [first, second] = [modeHook, traceHook];
  beforeRun = first === null || second === null ? first ?? second : () => {
    first();
    second();
  };
}

/** Sets what runs before each native call, while asynchronous tasks have modes of their own; `null` for nothing. */
export function setBeforeRun(hook: (() => void) | null): void {
  modeHook = hook;
  joinHooks();
}

/** Sets what runs before each native call while a trace is under way; `null` for nothing. It must leave the words alone. */
export function setBeforeTracedRun(hook: (() => void) | null): void {
  traceHook = hook;
  joinHooks();
}

/** Does what is to be done before a native call that computes: puts on the mode of the task that is running. */
export function applyMode(): void {
  if (beforeRun !== null) beforeRun();
}

/** Runs the op on what was written. Results are read from their start by the functions below, in order. */
export function run(op: Op): void {
  applyMode();
  const count = native.fb_op_call(op.handle, context);
  noticeWarnings();
  if (count < 0) throw nativeError(op.name);
  scratch.receive(count);
  position = 0;
}

/** Runs an op whose only result is a tensor. */
export function runTensor(op: Op): Tensor {
  applyMode();
  const count = native.fb_op_call(op.handle, context);
  noticeWarnings();
  if (count < 0) throw nativeError(op.name);
  const words = scratch.words;
  return new Tensor(words[0]!, words[1]!, OWNED);
}

/** The next result, a tensor. */
export function takeTensor(): Tensor {
  const words = scratch.words;
  const tensor = new Tensor(words[position]!, words[position + 1]!, OWNED);
  position += 2;
  return tensor;
}

/** The next result, a tensor or `null` where the op left it out. */
export function takeOptionalTensor(): Tensor | null {
  if (scratch.words[position] !== 0) return takeTensor();
  position += 2;
  return null;
}

/** The next result, a list of tensors. */
export function takeTensors(): Tensor[] {
  const count = scratch.words[position++]!;
  const tensors: Tensor[] = [];
  for (let i = 0; i < count; i++) tensors.push(takeTensor());
  return tensors;
}

/** The next result, a scalar: an integer outside of the safe range is a bigint. */
export function takeScalar(): Scalar {
  const words = scratch.words;
  const tag = words[position++]!;
  const value = words[position++]!;
  if (tag === 2) return value === 1;
  if (tag === 3) return { re: value, im: words[position++]! };
  if (tag === 4) return (BigInt(value) << 32n) | BigInt(words[position++]!);
  return value;
}

/** The next result, a number. */
export function takeNumber(): number {
  return Number(takeScalar());
}

/** The next result, a boolean. */
export function takeBool(): boolean {
  return Boolean(takeScalar());
}
