/**
 * The part of `@std/assert` that the tests and doc examples use, over `node:assert/strict`.
 *
 * The import map (and `paths` in tsconfig.json for Bun) points `@std/assert` here, so that the suite
 * runs without JSR; the names and meanings are std's.
 *
 * @module
 */

import * as node from "node:assert/strict";

/** Throws unless `condition` is truthy. */
export function assert(condition: unknown, message = "Expected a truthy value"): asserts condition {
  node.ok(condition, message);
}

/** Throws unless the values are deeply equal. */
export function assertEquals<T>(actual: T, expected: T, message?: string): void {
  node.deepStrictEqual(actual, expected, message);
}

/** Throws if the values are deeply equal. */
export function assertNotEquals<T>(actual: T, expected: T, message?: string): void {
  node.notDeepStrictEqual(actual, expected, message);
}

/** Throws unless the values are the same, by `Object.is`. */
export function assertStrictEquals<T>(actual: unknown, expected: T, message?: string): void {
  node.strictEqual(actual, expected, message);
}

/** Throws unless `actual` is within `tolerance` of `expected` (default: a relative 1e-7). */
export function assertAlmostEquals(actual: number, expected: number, tolerance?: number): void {
  if (Object.is(actual, expected)) return;
  const limit = tolerance ?? (Number.isFinite(expected) ? Math.abs(expected * 1e-7) : 1e-7);
  const delta = Math.abs(expected - actual);
  node.ok(
    delta <= limit,
    `Expected ${actual} to be within ${limit} of ${expected}, but the difference is ${delta}`,
  );
}

/** Throws unless `actual` contains `expected`. */
export function assertStringIncludes(actual: string, expected: string): void {
  node.ok(
    actual.includes(expected),
    `Expected the text to contain ${JSON.stringify(expected)}, but it is:\n${actual}`,
  );
}

/** Throws unless `actual` matches `expected`. */
export function assertMatch(actual: string, expected: RegExp): void {
  node.match(actual, expected);
}

/** Throws unless `actual` is an instance of `type`. */
// deno-lint-ignore no-explicit-any
export function assertInstanceOf<T extends abstract new (...args: any[]) => any>(
  actual: unknown,
  type: T,
): asserts actual is InstanceType<T> {
  node.ok(
    actual instanceof type,
    `Expected an instance of ${type.name}, but got ${String(actual)}`,
  );
}

// deno-lint-ignore no-explicit-any
type ErrorClass<E extends Error> = new (...args: any[]) => E;

function checkError<E extends Error>(error: unknown, type?: ErrorClass<E>, part?: string): E {
  node.ok(error instanceof Error, `Expected an Error to be thrown, but got ${String(error)}`);
  if (type && !(error instanceof type)) {
    throw new node.AssertionError({
      message: `Expected a ${type.name}, but got ${error.name}: ${error.message}`,
    });
  }
  if (part !== undefined) assertStringIncludes(error.message, part);
  return error as E;
}

/** Throws unless `fn` throws (an instance of `type`, whose message contains `part`); returns the error. */
export function assertThrows<E extends Error = Error>(
  fn: () => unknown,
  type?: ErrorClass<E>,
  part?: string,
): E {
  try {
    fn();
  } catch (error) {
    return checkError(error, type, part);
  }
  throw new node.AssertionError({ message: "Expected the function to throw" });
}

/** Rejects unless `fn` rejects (with an instance of `type`, whose message contains `part`). */
export async function assertRejects<E extends Error = Error>(
  fn: () => PromiseLike<unknown>,
  type?: ErrorClass<E>,
  part?: string,
): Promise<E> {
  try {
    await fn();
  } catch (error) {
    return checkError(error, type, part);
  }
  throw new node.AssertionError({ message: "Expected the function to reject" });
}
