import { describe } from "../tensor/tensor.ts";

/** What `runAsync` minds beside the arguments. */
export interface RunSettings {
  /** Aborting it rejects the promise with its reason. A job that waits is taken out of the queue; one that runs goes on, unheard. */
  signal?: AbortSignal;
  /** Milliseconds until the promise is rejected, the time in the queue included. */
  deadline?: number;
  /** CPU memory that the call may hold at once, in bytes; a call that asks for more is rejected. */
  maxBytes?: number;
}

/** Settings for one call, told from its arguments by their class. Made by {@linkcode runOptions}. */
export class RunOptions {
  /** What was given. */
  readonly settings: Readonly<RunSettings>;

  /** Use {@linkcode runOptions}. */
  constructor(settings: RunSettings) {
    this.settings = settings;
  }
}

/**
 * Settings of one `runAsync`, to be given as its last argument.
 *
 * LibTorch cannot stop a program that runs. When a deadline passes, the promise is rejected at once, the program runs on
 * where it is, unheard, and another thread takes the place of its thread, so that the other calls are not held up.
 *
 * @throws {TypeError} If a setting has another type than it should.
 * @throws {RangeError} If a number is not positive.
 *
 * @example
 * ```ts
 * import * as torch from "flambeau";
 * import { assertRejects } from "@std/assert";
 *
 * const { spin } = torch.jit.compile(`
 * def spin(n: int) -> int:
 *     x = 0
 *     for i in range(n):
 *         x += i % 7
 *     return x
 * `);
 * await assertRejects(
 *   () => spin!.runAsync(20_000_000, torch.jit.runOptions({ deadline: 5 })),
 *   torch.TorchError,
 *   "deadline",
 * );
 * ```
 */
export function runOptions(settings: RunSettings): RunOptions {
  const { signal, deadline, maxBytes } = settings;
  if (signal !== undefined && !(signal instanceof AbortSignal)) {
    throw new TypeError(
      `runOptions(): argument 'signal' must be an AbortSignal, but got ${describe(signal)}`,
    );
  }
  checkPositive("deadline", deadline);
  checkPositive("maxBytes", maxBytes);
  return new RunOptions({ signal, deadline, maxBytes });
}

function checkPositive(name: string, value: unknown): void {
  if (value === undefined) return;
  if (typeof value !== "number") {
    throw new TypeError(
      `runOptions(): argument '${name}' must be a number, but got ${describe(value)}`,
    );
  }
  if (!(value > 0)) {
    throw new RangeError(`runOptions(): argument '${name}' must be above 0, but got ${value}`);
  }
}
