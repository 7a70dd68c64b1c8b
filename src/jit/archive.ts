/**
 * TorchScript files. The runtime opens them, under its own permissions; native code sees bytes only.
 *
 * @module
 */

import { randomUUID } from "node:crypto";
import {
  closeSync,
  fsyncSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeSync,
} from "node:fs";
import { fileURLToPath } from "node:url";
import { TorchError } from "../../ffi/mod.ts";
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

/** The bytes of a file. */
export function readArchive(path: string | URL): Uint8Array {
  const name = pathOf(path, "jit.load");
  try {
    return readFileSync(name);
  } catch (cause) {
    throw fileError("jit.load", name, cause);
  }
}

/** Writes a file so that a crash at any moment leaves the old one or the new one. */
export function writeArchive(path: string | URL, bytes: Uint8Array): void {
  const name = pathOf(path, "jit.save");
  const temporary = `${name}.${randomUUID()}.tmp`;
  try {
    const file = openSync(temporary, "wx");
    try {
      let written = 0;
      while (written < bytes.length) written += writeSync(file, bytes, written);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    renameSync(temporary, name);
  } catch (cause) {
    rmSync(temporary, { force: true });
    throw fileError("jit.save", name, cause);
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
