import { check, native } from "../../ffi/mod.ts";
import { describe } from "../tensor/tensor.ts";

/** What can be set of {@linkcode asyncSettings}. */
export interface AsyncOptions {
  /** How many calls run at the same time; default: as many as there are cores. */
  threads?: number;
  /** How many calls may wait; default 131,072. One more is rejected. */
  queueLimit?: number;
}

/** The settings of `runAsync`, and what is going on. */
export interface AsyncStatus {
  /** How many calls run at the same time. */
  threads: number;
  /** How many calls may wait. */
  queueLimit: number;
  /** How many wait. */
  queued: number;
  /** How many run. */
  running: number;
  /** How many run on after their deadline. */
  abandoned: number;
}

/**
 * Sets and tells how `runAsync` runs, for the process.
 *
 * Calls that run at the same time share the cores: each has the cores divided by their number for LibTorch's own
 * parallel loops, so a single call has all of them, and many do not get into each other's way.
 *
 * @throws {RangeError} If a setting is not a positive integer.
 *
 * @example
 * ```ts
 * import * as torch from "flambeau";
 * import { assertEquals } from "@std/assert";
 *
 * const { threads } = torch.asyncSettings();
 * assertEquals(torch.asyncSettings({ threads: 3 }).threads, 3);
 * torch.asyncSettings({ threads });
 * ```
 */
export function asyncSettings(options: AsyncOptions = {}): AsyncStatus {
  const threads = positive("threads", options.threads, 1024);
  const queueLimit = positive("queueLimit", options.queueLimit, 2 ** 31 - 1);
  const setting = (what: number, value: number) =>
    check(native.fb_jobs_setting(what, value), "asyncSettings");
  return {
    threads: setting(0, threads),
    queueLimit: setting(1, queueLimit),
    queued: setting(2, 0),
    running: setting(3, 0),
    abandoned: setting(4, 0),
  };
}

function positive(name: string, value: unknown, most: number): number {
  if (value === undefined) return 0;
  if (typeof value === "number" && Number.isInteger(value) && value >= 1 && value <= most) {
    return value;
  }
  throw new RangeError(
    `asyncSettings(): argument '${name}' must be an integer from 1 to ${most}, but got ${
      describe(value)
    }`,
  );
}
