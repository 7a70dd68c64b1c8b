/**
 * What optimizers and schedulers check about their options.
 *
 * @module
 */

import { describe } from "../tensor/tensor.ts";

/** The options given, over the defaults; unknown ones are refused by name, with a `hint` where there is one. */
export function withDefaults<O extends object>(
  name: string,
  defaults: O,
  given: unknown,
  hint: string = "",
): O {
  if (given === undefined) return { ...defaults };
  if (typeof given !== "object" || given === null || Array.isArray(given)) {
    throw new TypeError(
      `${name}: argument 'options' must be an object such as { lr: 0.1 }, but got ${
        describe(given)
      }`,
    );
  }
  const result = { ...defaults } as Record<string, unknown>;
  for (const [key, value] of Object.entries(given)) {
    if (!Object.hasOwn(defaults, key)) {
      throw new TypeError(
        `${name}: unknown option '${key}'; its options are ${Object.keys(defaults).join(", ")}${
          hint === "" ? "" : `; ${hint}`
        }`,
      );
    }
    if (value !== undefined) result[key] = value;
  }
  return result as O;
}

/** The range of a number. */
export interface NumberRange {
  /** The least value. */
  min?: number;
  /** The greatest value. */
  max?: number;
  /** A value that it stays below. */
  below?: number;
  /** A value that it stays above. */
  above?: number;
  /** Whether it is an integer. */
  integer?: boolean;
}

function fits(value: number, range: NumberRange): boolean {
  const { min = -Infinity, max = Infinity, below, above, integer = false } = range;
  return value >= min && value <= max && (below === undefined || value < below) &&
    (above === undefined || value > above) && (!integer || Number.isSafeInteger(value));
}

function sayRange({ min, max, below, above, integer = false }: NumberRange): string {
  const parts = [
    ...(min === undefined ? [] : [`at least ${min}`]),
    ...(above === undefined ? [] : [`above ${above}`]),
    ...(max === undefined ? [] : [`at most ${max}`]),
    ...(below === undefined ? [] : [`below ${below}`]),
  ];
  return `${integer ? "an integer" : "a number"}${
    parts.length === 0 ? "" : ` of ${parts.join(" and ")}`
  }`;
}

/** Refuses what is not a number within the range. */
export function checkNumber(
  name: string,
  option: string,
  value: unknown,
  range: NumberRange = {},
): asserts value is number {
  if (typeof value !== "number") {
    throw new TypeError(
      `${name}: '${option}' must be ${sayRange(range)}, but got ${describe(value)}`,
    );
  }
  if (!fits(value, range)) {
    throw new RangeError(`${name}: '${option}' must be ${sayRange(range)}, but got ${value}`);
  }
}

/** Refuses what is not a boolean. */
export function checkBoolean(name: string, option: string, value: unknown): void {
  if (typeof value === "boolean") return;
  throw new TypeError(`${name}: '${option}' must be a boolean, but got ${describe(value)}`);
}

/** Refuses what is not one of the strings. */
export function checkOneOf(
  name: string,
  option: string,
  value: unknown,
  choices: readonly (string | null)[],
): void {
  if (choices.includes(value as string | null)) return;
  throw new RangeError(
    `${name}: '${option}' must be one of ${
      choices.map((choice) => choice === null ? "null" : `'${choice}'`).join(", ")
    }, but got ${describe(value)}`,
  );
}

/** Refuses what is not a pair of numbers. */
export function checkPair(
  name: string,
  option: string,
  value: unknown,
): asserts value is [number, number] {
  if (Array.isArray(value) && value.length === 2) return;
  throw new TypeError(
    `${name}: '${option}' must be an array of two numbers, but got ${describe(value)}`,
  );
}

/** Refuses decay rates of moments that are not from 0 to 1. */
export function checkBetas(name: string, betas: unknown): void {
  checkPair(name, "betas", betas);
  betas.forEach((beta, i) => checkNumber(name, `betas[${i}]`, beta, { min: 0, below: 1 }));
}

function isLike(value: unknown, like: unknown): boolean {
  if (like === null || typeof like === "string") return true;
  if (!Array.isArray(like)) return typeof value === typeof like;
  return Array.isArray(value) && value.length === like.length &&
    value.every((one) => typeof one === "number" || one === null);
}

/**
 * Refuses options of another type than the defaults': they may be set between steps, and a learning rate that is no number
 * would make all parameters NaN. Numbers out of range are let pass, as PyTorch does.
 */
export function checkTypes(name: string, group: object, defaults: object): void {
  for (const key in defaults) {
    const like = (defaults as Record<string, unknown>)[key];
    const value = (group as Record<string, unknown>)[key];
    if (isLike(value, like)) continue;
    const type = Array.isArray(like) ? `an array of ${like.length} numbers` : `a ${typeof like}`;
    throw new TypeError(
      `${name}.step(): '${key}' of a parameter group must be ${type}, but is ${describe(value)}`,
    );
  }
}

/** How a step is computed: the switches that PyTorch's optimizers share. */
export interface StepSwitches {
  /**
   * Taken as it is: all three values mean LibTorch's ops over lists, whose results are to the last bit those of PyTorch's default
   * on the CPU (one tensor at a time computes the same, slower).
   */
  foreach?: boolean | null;
  /** Whether the update is maximized instead: gradients are negated; default `false`. */
  maximize?: boolean;
  /** Refused where `true`: a step is not recorded for gradients. */
  differentiable?: boolean;
  /** Refused where `true`: it serves CUDA graphs. */
  capturable?: boolean;
}

/** {@linkcode StepSwitches}, and LibTorch's fused kernel. */
export interface FusedSwitches extends StepSwitches {
  /**
   * Whether LibTorch's fused kernel does the step, which reads each number once; default (`null`): no, as PyTorch's on the CPU. It is
   * the fastest, rounds within an update a little differently, and needs gradients in the memory layout of their parameters.
   */
  fused?: boolean | null;
}

/** Refuses switches of the wrong type, and those that do not apply. */
export function checkSwitches(name: string, options: FusedSwitches): void {
  const { foreach = null, fused = null, maximize = false } = options;
  if (foreach !== null) checkBoolean(name, "foreach", foreach);
  if (fused !== null) checkBoolean(name, "fused", fused);
  checkBoolean(name, "maximize", maximize);
  if (fused === true && foreach === true) {
    throw new RangeError(`${name}: 'fused' and 'foreach' cannot both be true`);
  }
  if (options.differentiable) {
    throw new RangeError(
      `${name}: 'differentiable' cannot be true: a step changes the parameters in place and is not recorded for gradients`,
    );
  }
  if (options.capturable) {
    throw new RangeError(
      `${name}: 'capturable' cannot be true: it makes a step part of a CUDA graph, which Flambeau does not record`,
    );
  }
}
