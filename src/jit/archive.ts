/**
 * TorchScript files. The runtime opens them first, under its own permissions; native code reads and writes them, so that
 * a large model is in memory once.
 *
 * @module
 */

import { randomUUID } from "node:crypto";
import { closeSync, fstatSync, openSync, readSync, renameSync, rmSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { encode, TorchError } from "../../ffi/mod.ts";
import { describe } from "../tensor/tensor.ts";
import { Tag } from "./tags.ts";
import { put, putText, rewind } from "./words.ts";

/** Further files of an archive, by name. */
export type ExtraFiles = Record<string, string>;

/** The path as the file system takes it. */
function pathOf(path: unknown, op: string): string {
  if (path instanceof URL) return fileURLToPath(path);
  if (typeof path === "string" && path !== "" && !path.includes("\0")) return path;
  throw new TypeError(
    `${op}(): argument 'path' must be a path or a file URL, but got ${describe(path)}`,
  );
}

function fileError(op: string, path: string, cause: unknown): TorchError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  const verb = op === "jit.save" ? "written" : "read";
  return new TorchError(`${op}(): the file ${path} could not be ${verb}: ${reason}`, {
    op,
    kind: "serialization",
    cause,
  });
}

/** A file that this process may read, and how it begins. */
export interface OpenedArchive {
  /** Its path, for native code, which reads the rest. */
  path: string;
  /** Its size in bytes. */
  size: number;
  /** Its first bytes. */
  head: Uint8Array;
}

/** Looks into a file: the runtime says here whether this process may. */
export function openArchive(path: string | URL): OpenedArchive {
  const name = pathOf(path, "jit.load");
  try {
    const file = openSync(name, "r");
    try {
      const head = new Uint8Array(4);
      const read = readSync(file, head, 0, head.length, 0);
      return { path: name, size: fstatSync(file).size, head: head.subarray(0, read) };
    } finally {
      closeSync(file);
    }
  } catch (cause) {
    throw fileError("jit.load", name, cause);
  }
}

/**
 * Has a file written so that a crash at any moment leaves the old one or the new one. `write` gets the path, as bytes, of
 * an empty file beside it.
 */
export function writeArchive(
  path: string | URL,
  op: string,
  write: (path: Uint8Array<ArrayBuffer>) => void,
): void {
  const name = pathOf(path, op);
  const temporary = `${name}.${randomUUID()}.tmp`;
  try {
    closeSync(openSync(temporary, "wx"));
    write(encode(temporary));
    renameSync(temporary, name);
  } catch (cause) {
    rmSync(temporary, { force: true });
    // What is wrong with the program or an option is no fault of the file's.
    if (cause instanceof TypeError) throw cause;
    if (cause instanceof TorchError && cause.kind !== "serialization") throw cause;
    throw fileError(op, name, cause);
  }
}

/** Writes the extra files of a save to the argument memory. */
export function putExtraFiles(files: ExtraFiles | undefined, op: string): void {
  const entries = Object.entries(files ?? {});
  for (const [name, content] of entries) {
    if (typeof content !== "string") {
      throw new TypeError(
        `${op}(): the extra file '${name}' must be a string, but got ${describe(content)}`,
      );
    }
  }
  rewind();
  put(Tag.map);
  put(entries.length);
  for (const [name, content] of entries) {
    put(Tag.string);
    putText(name);
    put(Tag.string);
    putText(content);
  }
}
