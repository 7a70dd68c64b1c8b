/**
 * What functions that PyTorch writes in Python share (those of `torch.nn.functional`, mostly): arguments by place and by
 * name, checked, and the tensors that they make on the way.
 *
 * @module
 */

import {
  asOptionalTensor,
  isOptions,
  type Options,
  readOptions,
  type Reduction,
} from "./_arguments.ts";
import { asBool, asFloat, asFloats, asInt, asInts, asTensor, asTensors } from "../tensor/call.ts";
import { TracedSize } from "../tensor/traced_size.ts";
import { describe, shapeOf, type Tensor } from "../tensor/tensor.ts";

export type { Reduction };

/** A size for each spatial dimension, or one for all. */
export type Size = number | readonly number[];

/** A size for each spatial dimension, or one for all; `null` is the input's own. */
export type OutputSize = number | null | readonly (number | null)[];

const parameters = new Map<string, readonly string[]>();

function parametersOf(names: string): readonly string[] {
  let list = parameters.get(names);
  if (!list) parameters.set(names, list = names.split(", "));
  return list;
}

// An object without a prototype is a hash table to the engines; one of a class is not, and this class has no members either.
const Values = function () {} as unknown as new () => Record<string, unknown>;
Values.prototype = Object.create(null);

/** The arguments of a call: the first by place, the others perhaps in one trailing options object. */
export class Arguments {
  /** The function's name, for errors. */
  readonly op: string;
  readonly #values: Record<string, unknown> = new Values();

  /** `names` are the parameters in order, with commas between them; `options` those of the options object. */
  constructor(op: string, names: string, given: readonly unknown[], options: string = names) {
    this.op = op;
    const list = parametersOf(names);
    // An abstract layer's constructor passes on what it was given.
    if (!Array.isArray(given)) throw new TypeError(`${op}(): the arguments must be an array`);
    let count = given.length;
    while (count > 0 && given[count - 1] === undefined) count--;
    if (count > 0 && isOptions(given[count - 1])) this.#read(options, given[--count] as Options);
    for (let i = 0; i < count; i++) {
      if (isOptions(given[i])) readOptions(op, options, given[i] as Options, given[i + 1] ?? null);
      this.#place(list, i, given[i]);
    }
  }

  #read(names: string, options: Options): void {
    readOptions(this.op, names, options, undefined);
    for (const name of Object.keys(options)) this.#values[name] = options[name];
  }

  #place(list: readonly string[], index: number, value: unknown): void {
    if (value === undefined) return;
    const name = list[index];
    if (name === undefined) {
      throw new TypeError(
        `${this.op}(): takes at most ${list.length} arguments, but got ${describe(value)} besides`,
      );
    }
    if (this.#values[name] !== undefined) {
      throw new TypeError(
        `${this.op}(): argument '${name}' was given twice, also in the options`,
      );
    }
    this.#values[name] = value;
  }

  /** The argument as it was given, for an op that checks it; `undefined` stands for `null` too. */
  get(name: string): unknown {
    return this.#values[name] ?? undefined;
  }

  /** Whether the argument was given, and is not `null`. */
  has(name: string): boolean {
    return this.get(name) !== undefined;
  }

  /** Whether the argument was given as `null`. */
  isNull(name: string): boolean {
    return this.#values[name] === null;
  }

  /** A tensor. */
  tensor(name: string): Tensor {
    return asTensor(this.#values[name], this.op, name);
  }

  /** A tensor or nothing. */
  optionalTensor(name: string): Tensor | null {
    return asOptionalTensor(this.#values[name], this.op, name);
  }

  /** Tensors, at least one. */
  tensors(name: string): Tensor[] {
    return asTensors(this.#values[name], this.op, name);
  }

  /** A boolean. */
  bool(name: string, fallback: boolean): boolean {
    return this.has(name) ? asBool(this.get(name), this.op, name) : fallback;
  }

  /** An integer; required without a fallback. */
  int(name: string, fallback?: number): number {
    if (fallback !== undefined && !this.has(name)) return fallback;
    return asInt(this.#values[name], this.op, name);
  }

  /** A number; required without a fallback. */
  float(name: string, fallback?: number): number {
    if (fallback !== undefined && !this.has(name)) return fallback;
    return asFloat(this.#values[name], this.op, name);
  }

  /** A probability. */
  probability(name: string, fallback: number): number {
    const p = this.float(name, fallback);
    if (p >= 0 && p <= 1) return p;
    throw this.wrong(name, "a probability from 0 to 1", p);
  }

  /** How a loss is reduced. */
  reduction(): Reduction {
    return this.choice("reduction", ["none", "mean", "sum"], "mean");
  }

  /** One of several words. */
  choice<W extends string>(name: string, words: readonly W[], fallback: W): W {
    const value = this.get(name) ?? fallback;
    if (words.includes(value as W)) return value as W;
    throw new TypeError(
      `${this.op}(): argument '${name}' must be one of ${words.join(", ")}, but got ${
        describe(value)
      }`,
    );
  }

  /** Exactly `count` integers; a single one stands for all. */
  sizes(name: string, count: number, fallback?: Size): number[] {
    const list = asInts(constant(this.get(name) ?? fallback), this.op, name, count);
    if (list.length === 1) return new Array(count).fill(list[0]);
    if (list.length === count) return list;
    throw this.wrongCount(name, count, list.length);
  }

  /** Integers, as many as there are. */
  ints(name: string): number[] {
    return asInts(constant(this.#values[name]), this.op, name);
  }

  /** Exactly `count` numbers; a single one stands for all. */
  floats(name: string, count: number): number[] {
    const list = asFloats(this.#values[name], this.op, name);
    if (list.length === 1) return new Array(count).fill(list[0]);
    if (list.length === count) return list;
    throw this.wrongCount(name, count, list.length);
  }

  /** Sizes of an output, where `null` is the input's own size. */
  outputSizes(name: string, count: number, input: Tensor): number[] {
    const value = this.#values[name];
    const shape = shapeOf(input).slice(-count);
    if (value === null) return shape;
    if (!Array.isArray(value) || !value.includes(null)) return this.sizes(name, count);
    if (value.length !== count) throw this.wrongCount(name, count, value.length);
    return value.map((size, i) => asInt(size ?? shape[i], this.op, `${name}[${i}]`));
  }

  /** The error of a value out of range. */
  wrong(name: string, expected: string, found: unknown): RangeError {
    const text = typeof found === "number" ? String(found) : describe(found);
    return new RangeError(
      `${this.op}(): argument '${name}' must be ${expected}, but got ${text}`,
    );
  }

  /** The error of a value of another type. */
  wrongType(name: string, expected: string): TypeError {
    const found = describe(this.#values[name]);
    return new TypeError(`${this.op}(): argument '${name}' must be ${expected}, but got ${found}`);
  }

  /** The error of a list that is too short or too long. */
  wrongCount(name: string, count: number, found: number): RangeError {
    return new RangeError(
      `${this.op}(): argument '${name}' must have ${count} elements, but got ${found}`,
    );
  }

  /** Checks the number of an argument's dimensions. */
  rank(name: string, tensor: Tensor, ...ranks: number[]): void {
    const { length } = shapeOf(tensor);
    if (ranks.includes(length)) return;
    throw this.wrong(name, `a tensor of ${ranks.join(" or ")} dimensions`, `one of ${length}`);
  }

  /** Checks that two arguments have the same shape. */
  sameShape(name: string, tensor: Tensor, other: string, like: Tensor): void {
    const shape = shapeOf(tensor);
    const expected = shapeOf(like);
    if (shape.length === expected.length && shape.every((size, i) => size === expected[i])) return;
    throw new RangeError(
      `${this.op}(): argument '${name}' must have the shape [${
        expected.join(", ")
      }] of '${other}', but has [${shape.join(", ")}]`,
    );
  }
}

/** Sizes of a trace as numbers: they are computed with, which makes them constants, and a warning says so. */
function constant(value: unknown): unknown {
  if (value instanceof TracedSize) return value.valueOf();
  return Array.isArray(value) ? value.map(constant) : value;
}

/** Tensors that a function makes on its way, which are freed when it ends. */
export class Temporaries {
  readonly #tensors: Tensor[] = [];

  /** Notes a tensor, and returns it. */
  note(tensor: Tensor): Tensor {
    this.#tensors.push(tensor);
    return tensor;
  }

  /** Frees them, the last first, so that each slot of a page serves again. */
  [Symbol.dispose](): void {
    for (let i = this.#tensors.length - 1; i >= 0; i--) this.#tensors[i]!.dispose();
  }
}

/** An op's wrapper for arguments that it checks itself. */
export function unchecked<R>(
  wrapper: (...args: never[]) => R,
): (...args: unknown[]) => R {
  return wrapper as unknown as (...args: unknown[]) => R;
}

/** Frees the results that were not asked for, and returns the first. */
export function firstOf(results: readonly Tensor[]): Tensor {
  for (const tensor of results.slice(1)) tensor.dispose();
  return results[0]!;
}

/** Reduces what a loss is for each element, and frees that. */
export function reduce(loss: Tensor, reduction: Reduction): Tensor {
  if (reduction === "none") return loss;
  using each = loss;
  return reduction === "mean" ? each.mean() : each.sum();
}
