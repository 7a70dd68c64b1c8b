/**
 * What generated wrappers share: the trailing options object, the tests that pick an overload, and the
 * errors when none fits. All of it runs before anything is written for a call.
 *
 * @module
 */

import { checkKnown } from "../_arguments.ts";
import { asDType, asInt, asList, asTensor } from "../tensor/call.ts";
import { TracedSize } from "../tensor/traced_size.ts";
import { describe, isTensor, type Tensor } from "../tensor/tensor.ts";

/** An options object, read key by key. */
export type Options = Readonly<Record<string, unknown>>;

/** No options were given. */
export const NONE: Options = Object.freeze({});

/** Whether a value is an options object: a plain object, and not a complex number. */
export function isOptions(value: unknown): value is Options {
  if (typeof value !== "object" || value === null) return false;
  // Most that is asked about is one of these, and asking for a prototype takes ten times as long.
  if (isTensor(value) || Array.isArray(value)) return false;
  const prototype = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) return false;
  return !("re" in value && "im" in value);
}

/** Checks an options object for keys that the op does not know; `after` is the first argument that follows it. */
export function readOptions(op: string, known: string, options: Options, after: unknown): Options {
  if (after !== undefined) {
    throw new TypeError(
      `${op}(): the options object must be the last argument, but ${describe(after)} follows it`,
    );
  }
  checkKnown(options, op, known);
  return options;
}

/** What stands after the last positional argument: options, or one argument too many. */
export function lastOptions(
  op: string,
  known: string,
  value: unknown,
  count: number,
  extra: unknown,
): Options {
  if (value === undefined && extra === undefined) return NONE;
  if (isOptions(value)) return readOptions(op, known, value, extra);
  throw new TypeError(
    `${op}(): takes at most ${count} positional argument${
      count === 1 ? "" : "s"
    } and an options object, but got ${describe(value === undefined ? extra : value)} besides${
      typeof value === "number" ? `: several numbers go in an array, ${op}([…])` : ""
    }`,
  );
}

/** An argument that may stand in its place or in the options. */
export function either(op: string, argument: string, given: unknown, option: unknown): unknown {
  if (option === undefined) return given;
  if (given === undefined) return option;
  throw new TypeError(`${op}(): argument '${argument}' was given twice, also in the options`);
}

// No value of a user's, so that it fits no argument.
const TWICE = Symbol("given twice");

/** The same where overloads disagree about the place, so that being given twice fits none of them. */
export function or(given: unknown, option: unknown): unknown {
  return given === undefined ? option : option === undefined ? given : TWICE;
}

/** The error when no overload takes what was given. */
export function noOverload(
  op: string,
  forms: string,
  positional: readonly unknown[],
  options: Options,
): TypeError {
  const given: string[] = positional.map((value) =>
    value === undefined ? "undefined" : kind(value)
  );
  while (given.at(-1) === "undefined") given.pop();
  for (const key of Object.keys(options)) given.push(`${key}: ${kind(options[key])}`);
  return new TypeError(
    `${op}(): the argument types do not fit: got (${given.join(", ")}), but it takes ${forms}`,
  );
}

function kind(value: unknown): string {
  return typeof value === "number" && !Number.isInteger(value) ? String(value) : describe(value);
}

/** Whether a list was given that may be one of numbers. */
export function isNumbers(value: unknown): boolean {
  return Array.isArray(value)
    ? !isTensor(value[0])
    : ArrayBuffer.isView(value) && !(value instanceof DataView);
}

/** Whether a list was given that may be one of tensors. */
export function isTensors(value: unknown): boolean {
  return Array.isArray(value) && (value.length === 0 || isTensor(value[0]));
}

/** Whether a number was given that may stand for an integer. */
export function isIntegral(value: unknown): boolean {
  return typeof value === "number" || typeof value === "bigint" || value instanceof TracedSize;
}

/** A list of tensors, some of which may be absent. */
export function asOptionalTensors(
  value: unknown,
  op: string,
  argument: string,
): (Tensor | null)[] {
  return asList(value, op, argument, asOptionalTensor);
}

/** A tensor or nothing. */
export function asOptionalTensor(value: unknown, op: string, argument: string): Tensor | null {
  return value === undefined || value === null ? null : asTensor(value, op, argument);
}

/** An integer or nothing. */
export function asOptionalInt(value: unknown, op: string, argument: string): number | null {
  return value === undefined || value === null ? null : asInt(value, op, argument);
}

/** A dtype's number or nothing. */
export function asOptionalDType(value: unknown, op: string, argument: string): number | null {
  return value === undefined || value === null ? null : asDType(value, op, argument);
}

const reductions = ["none", "mean", "sum"];

/** How a loss is reduced. */
export type Reduction = "none" | "mean" | "sum";

/** LibTorch's number of a reduction. */
export function asReduction(value: unknown, op: string, argument: string): number {
  const code = reductions.indexOf(value as string);
  if (code >= 0) return code;
  throw new TypeError(
    `${op}(): argument '${argument}' must be one of ${reductions.join(", ")}, but got ${
      describe(value)
    }`,
  );
}

/** Leading integers of a call such as `x.view(2, 3)` as one list; anything else is left as it is. */
export function leadingIntegers(args: unknown[]): unknown[] {
  if (!isIntegral(args[0])) return args;
  let count = 1;
  while (count < args.length && isIntegral(args[count])) count++;
  return [args.slice(0, count), ...args.slice(count)];
}

/** Sets `requiresGrad` on a tensor that was just made; a failure frees it. */
export function requireGrad(tensor: Tensor, on: boolean): Tensor {
  if (!on) return tensor;
  try {
    tensor.requiresGrad = true;
  } catch (error) {
    tensor.dispose();
    throw error;
  }
  return tensor;
}

/** A class of arrays whose elements have names too. */
export function namedArray(names: readonly string[]): new () => unknown[] {
  class Named extends Array<unknown> {
    static override get [Symbol.species](): ArrayConstructor {
      return Array;
    }
  }
  names.forEach((name, index) => {
    Object.defineProperty(Named.prototype, name, {
      get(this: unknown[]) {
        return this[index];
      },
      configurable: true,
    });
  });
  return Named;
}
