/**
 * Turns a failed native call into the error that says why.
 *
 * @module
 */

import { rethrow } from "./callback.ts";
import { JitTypeError, TorchError, type TorchErrorKind } from "./errors.ts";
import { withHint } from "./hints.ts";
import { native } from "./library.ts";
import { context, takeText } from "./scratch.ts";
import { noticeWarnings } from "./warnings.ts";

/** Kinds by number, in the order of fb_error_kind in csrc/flambeau.h; 9 is the value that does not fit a TorchScript type. */
export const errorKinds: readonly TorchErrorKind[] = [
  "internal",
  "index",
  "value",
  "type",
  "notImplemented",
  "outOfMemory",
  "torchscript",
  "serialization",
  "internal",
  "type",
];
const JIT_TYPE = 9;

/**
 * The calling thread's last native failure, as an error that names `op`. Throws what a function of the user's threw, if
 * that is why native code failed.
 */
export function nativeError(op: string): TorchError {
  const kind = native.fb_error_kind();
  const id = native.fb_error_id();
  const message = takeText(native.fb_error_text(context, 0)).trim();
  rethrow(message);
  const details = {
    op,
    kind: errorKinds[kind] ?? "internal",
    torchscriptTrace: takeText(native.fb_error_text(context, 1)),
    pythonClass: takeText(native.fb_error_text(context, 2)),
    nativeBacktrace: () => takeText(native.fb_error_backtrace(context, id)),
  };
  // What a program raised on its own is its author's to word.
  const said = details.pythonClass === "" ? withHint(tidy(message)) : tidy(message);
  const text = `${op}(): ${withoutName(said, op)}`;
  return kind === JIT_TYPE ? new JitTypeError(text, details) : new TorchError(text, details);
}

/** A sentence of what LibTorch wrote: without a dump of the tensor, and without the place in its own source. */
function tidy(message: string): string {
  return message
    .replace(/\nTensor:\n[\s\S]*$/, "")
    .replaceAll(/ \(of Python compilation unit at: 0x[0-9a-f]+\)/g, "")
    .replace(
      /^.*?INTERNAL ASSERT FAILED at ".*?":\d+, please report a bug to PyTorch\.\s*/s,
      "LibTorch failed an assertion of its own: ",
    );
}

/** Many of LibTorch's messages begin with the op's name, which this library puts first itself. */
function withoutName(message: string, op: string): string {
  const snake = op.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
  const start = [op, snake].flatMap((name) => [`${name}(): `, `${name}: `])
    .find((prefix) => message.startsWith(prefix));
  return start === undefined ? message : message.slice(start.length);
}

/** Passes on a status or count, and throws for a negative one. */
export function check(status: number, op: string): number {
  noticeWarnings();
  if (status < 0) throw nativeError(op);
  return status;
}

/** Passes on a handle, and throws for 0. */
export function checkHandle(handle: number, op: string): number {
  noticeWarnings();
  if (handle === 0) throw nativeError(op);
  return handle;
}
