/**
 * The loops in C++ that a call from JavaScript is held against, in the same process.
 *
 * @module
 */

import { check, context, native } from "../ffi/mod.ts";
import type { jit, Tensor } from "../mod.ts";
import { writeArguments } from "../src/jit/arguments.ts";
import { functionHandle } from "../src/jit/script_function.ts";
import { handleOf } from "../src/tensor/tensor.ts";

/** Nanoseconds a call of a script function in a loop in C++. */
export function nativeCall(fn: jit.ScriptFunction, calls: number, ...args: unknown[]): number {
  writeArguments(args, "bench");
  return check(native.fb_callable_bench(functionHandle(fn, "bench"), context, calls), "bench");
}

/** Nanoseconds a call of an op (by its number in `csrc/bench.cpp`) in a loop in C++. */
export function nativeOp(op: number, calls: number, x: Tensor): number {
  return check(native.fb_bench(op, handleOf(x, "bench", "x"), calls), "bench");
}

const COPIES = { "same memory": 0, "new memory": 1, "cold memory": 2 } as const;

/** Nanoseconds that memcpy takes from `x` to the memory of `y`, to fresh memory, or to such as lies in no cache. */
export function nativeCopy(
  where: keyof typeof COPIES,
  calls: number,
  x: Tensor,
  y: Tensor,
): number {
  const [from, to] = [handleOf(x, "bench", "x"), handleOf(y, "bench", "y")];
  return check(native.fb_bench_copy(COPIES[where], from, to, calls), "bench");
}
