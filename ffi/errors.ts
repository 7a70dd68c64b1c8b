/**
 * The error classes, without a word about native code: `raise.ts` fills them from the shim's error slot.
 *
 * @module
 */

/** What kind of failure a {@linkcode TorchError} is. */
export type TorchErrorKind =
  | "index"
  | "value"
  | "type"
  | "notImplemented"
  | "outOfMemory"
  | "torchscript"
  | "serialization"
  | "internal";

/** What is known of a failure beside its message. */
export interface TorchErrorDetails {
  /** The op, method or function that failed: `"matmul"`, `"jit.load"`. */
  op?: string;
  /** Default `"value"`. */
  kind?: TorchErrorKind;
  /** TorchScript's own traceback, where a script failed. */
  torchscriptTrace?: string;
  /** The Python class that a script raised: `"builtins.ValueError"`. */
  pythonClass?: string;
  /** Fetches the C++ backtrace; called when {@linkcode TorchError.nativeBacktrace} is read. */
  nativeBacktrace?: () => string;
  /** The error underneath. */
  cause?: unknown;
}

/**
 * A failure that LibTorch or this library reports. The message is one sentence that names the op and what
 * was wrong; `kind` tells failures apart in code.
 *
 * @example
 * ```ts
 * import * as torch from "flambeau";
 * import { assertEquals, assertThrows } from "@std/assert";
 *
 * const error = assertThrows(
 *   () => torch.zeros([2, 3]).matmul(torch.zeros([2, 3])),
 *   torch.TorchError,
 * );
 * assertEquals(error.op, "matmul");
 * ```
 */
export class TorchError extends Error {
  /** The name of the class. */
  override readonly name: string = "TorchError";
  /** The op, method or function that failed, or `""`. */
  readonly op: string;
  /** The kind of failure. */
  readonly kind: TorchErrorKind;
  /** TorchScript's own traceback where a script failed, else `null`. */
  readonly torchscriptTrace: string | null;
  /** The Python exception class that a script raised, else `null`. */
  readonly pythonClass: string | null;
  readonly #backtrace: (() => string) | undefined;

  /** Makes an error with one sentence and what is known beside it. */
  constructor(message: string, details: TorchErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.op = details.op ?? "";
    this.kind = details.kind ?? "value";
    this.torchscriptTrace = details.torchscriptTrace || null;
    this.pythonClass = details.pythonClass || null;
    this.#backtrace = details.nativeBacktrace;
  }

  /** The C++ backtrace, symbolized when first read (milliseconds); empty once later failures replaced it. */
  get nativeBacktrace(): string {
    return this.#backtrace?.() ?? "";
  }
}

/** Something was used after it was disposed. */
export class DisposedError extends TorchError {
  /** The name of the class. */
  override readonly name: string = "DisposedError";
}

/** The native library could not be loaded; the message lists what was tried and how to mend it. */
export class LoadError extends TorchError {
  /** The name of the class. */
  override readonly name: string = "LoadError";
}

/** A trace gives other results than the function that was traced. */
export class TraceCheckError extends TorchError {
  /** The name of the class. */
  override readonly name: string = "TraceCheckError";
}

/** A value does not fit the TorchScript type that a function asks for; the message has the path to it. */
export class JitTypeError extends TorchError {
  /** The name of the class. */
  override readonly name: string = "JitTypeError";
}
