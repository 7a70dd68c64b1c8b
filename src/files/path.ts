/**
 * Paths and the errors of files.
 *
 * @module
 */

import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { TorchError } from "../../ffi/mod.ts";
import { describe } from "../tensor/tensor.ts";

/** The path as the file system takes it. */
export function pathOf(path: unknown, op: string): string {
  if (path instanceof URL && path.protocol === "file:") return fileURLToPath(path);
  if (typeof path === "string" && path !== "" && !path.includes("\0")) return path;
  throw new TypeError(
    `${op}(): argument 'path' must be a path or a file URL, but got ${
      path instanceof URL
        ? `${path.href}: fetch it, and give its bytes where bytes are taken`
        : describe(path)
    }`,
  );
}

/** An error that says which file could not be read or written, and the system's reason. */
export function fileError(
  op: string,
  path: string,
  verb: "read" | "written",
  cause: unknown,
): TorchError {
  const reason = verb === "written" && codeOf(cause) === "ENOENT"
    ? `the folder ${dirname(path)} is not there, make it first`
    : cause instanceof Error
    ? cause.message
    : String(cause);
  return new TorchError(`${op}(): the file ${path} could not be ${verb}: ${reason}`, {
    op,
    kind: "serialization",
    cause,
  });
}

function codeOf(cause: unknown): unknown {
  return cause instanceof Error ? (cause as Error & { code?: unknown }).code : undefined;
}

/** An error about what is in a file. */
export function contentError(op: string, message: string, cause?: unknown): TorchError {
  return new TorchError(`${op}(): ${message}`, { op, kind: "serialization", cause });
}
