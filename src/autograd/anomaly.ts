/**
 * Anomaly mode: which line made the op whose derivative fails.
 *
 * @module
 */

import {
  check,
  context,
  encode,
  native,
  nativeError,
  onCall,
  takeText,
  TorchError,
} from "../../ffi/mod.ts";
import { asOptions } from "../_arguments.ts";
import { describe } from "../tensor/tensor.ts";
import type { ModeGuard } from "./modes.ts";
import { Call, keepForNative } from "./_host.ts";

/** Options of {@linkcode detectAnomaly}. */
export interface AnomalyOptions {
  /** Whether a gradient that is not a number is an error; default `true`. */
  checkNan?: boolean;
}

const DEEP = 100;
// The library's own folders: what a user wants to see are the frames outside of them.
const OWN = new URL("../..", import.meta.url).href;

// Frames of the runtime.
const FOREIGN = /ext:|node:internal|\(unknown\)|\(native|^\s*at <anonymous>$/;

function isOwn(line: string): boolean {
  return ["src/", "ffi/"].some((folder) =>
    line.includes(`${OWN}${folder}`) || line.includes(`${new URL(OWN).pathname}${folder}`)
  );
}

function userStack(): string {
  const holder = Error as unknown as { stackTraceLimit: number };
  const limit = holder.stackTraceLimit;
  holder.stackTraceLimit = DEEP;
  const lines = (new Error().stack ?? "").split("\n").slice(1);
  holder.stackTraceLimit = limit;
  return lines.filter((line) => !isOwn(line) && !FOREIGN.test(line)).slice(0, 12)
    .join("\n");
}

onCall(Call.stack, () => {
  const bytes = encode(userStack());
  native.fb_anomaly_stack(bytes, bytes.length);
});

/** The failure of a pass; in anomaly mode with the lines that made the op whose derivative failed. */
export function passError(op: string): TorchError {
  const error = nativeError(op);
  const report = takeText(native.fb_anomaly_report(context));
  if (report === "") return error;
  return new TorchError(`${error.message}\n${report}`, { op, kind: error.kind, cause: error });
}

/**
 * Makes backward passes say which line made the op whose derivative fails, and (`checkNan`) fail where a gradient is not a
 * number. Ops are several times slower meanwhile: for finding errors only.
 *
 * @param fn Runs under the mode, forward and backward; without it, the rest of the block that holds `using`.
 * @throws {TypeError} If the function is asynchronous: the mode is the process's, as in PyTorch.
 *
 * @example
 * ```ts
 * import * as torch from "flambeau";
 * import { assert, assertThrows } from "@std/assert";
 *
 * const x = torch.tensor([-1], { dtype: "float32", requiresGrad: true });
 * const error = assertThrows(() =>
 *   torch.autograd.detectAnomaly(() => x.sqrt().sum().backward())
 * , torch.TorchError, "Function 'SqrtBackward0' returned nan values in its 0th output.");
 * assert(error.message.includes("Traceback of forward call that caused the error"));
 * ```
 */
export function detectAnomaly<R>(fn: () => R, options?: AnomalyOptions): R;
/** Turns anomaly mode on until the guard is disposed. */
export function detectAnomaly(options?: AnomalyOptions): ModeGuard;
export function detectAnomaly<R>(
  first?: (() => R) | AnomalyOptions,
  second: AnomalyOptions = {},
): R | ModeGuard {
  const fn = typeof first === "function" ? first : undefined;
  const options = fn === undefined ? (first ?? {}) as AnomalyOptions : second;
  if (typeof options !== "object" || options === null) {
    throw new TypeError(
      `detectAnomaly(): argument 'fn' must be a function, but got ${describe(first)}`,
    );
  }
  const { checkNan = true } = asOptions(options, "detectAnomaly", "checkNan");
  const guard = setDetectAnomaly(true, { checkNan });
  if (fn === undefined) return guard;
  try {
    const result = fn();
    if (!(result instanceof Promise)) return result;
    result.catch(() => {});
    throw new TypeError(
      "detectAnomaly(): argument 'fn' must be synchronous: use setDetectAnomaly for async code",
    );
  } finally {
    guard[Symbol.dispose]();
  }
}

/**
 * Switches anomaly mode on or off, for the process; the guard puts back what was.
 *
 * @example
 * ```ts
 * import * as torch from "flambeau";
 * import { assertEquals } from "@std/assert";
 *
 * {
 *   using _ = torch.autograd.setDetectAnomaly(true);
 *   assertEquals(torch.autograd.isAnomalyEnabled(), true);
 * }
 * assertEquals(torch.autograd.isAnomalyEnabled(), false);
 * ```
 */
export function setDetectAnomaly(on: boolean, options: AnomalyOptions = {}): ModeGuard {
  if (typeof on !== "boolean") {
    throw new TypeError(
      `setDetectAnomaly(): argument 'on' must be a boolean, but got ${describe(on)}`,
    );
  }
  const { checkNan = true } = asOptions(options, "setDetectAnomaly", "checkNan");
  if (typeof checkNan !== "boolean") {
    throw new TypeError(
      `setDetectAnomaly(): argument 'checkNan' must be a boolean, but got ${describe(checkNan)}`,
    );
  }
  const before = native.fb_anomaly_enabled();
  switchTo(on, checkNan);
  let ended = false;
  return {
    [Symbol.dispose]() {
      if (ended) return;
      ended = true;
      switchTo(before > 0, before === 2);
    },
  };
}

function switchTo(on: boolean, checkNan: boolean): void {
  check(native.fb_anomaly_set(on, checkNan, on ? keepForNative(null) : 0), "setDetectAnomaly");
}

/** Whether anomaly mode is on. */
export function isAnomalyEnabled(): boolean {
  return native.fb_anomaly_enabled() > 0;
}
