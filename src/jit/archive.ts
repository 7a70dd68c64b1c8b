/**
 * TorchScript files. The runtime opens them first, under its own permissions; native code reads and writes them, so that
 * a large model is in memory once.
 *
 * @module
 */

import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { encode, TorchError } from "../../ffi/mod.ts";
import { fileError, pathOf, replaceAtomically, replaceAtomicallyAsync } from "../files/mod.ts";
import { describe, type Tensor } from "../tensor/tensor.ts";
import { Tag } from "./tags.ts";
import { put, putBytes, putText, rewind } from "./words.ts";

/** Further files of an archive, by name: texts, or bytes. */
export type ExtraFiles = Record<string, string | Uint8Array>;

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
export function openArchive(path: string | URL, op: string): OpenedArchive {
  const name = pathOf(path, op);
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
    throw fileError(op, name, "read", cause);
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
  replaceAtomically(path, op, (partial) => {
    try {
      write(encode(partial));
    } catch (cause) {
      throw writeFailure(cause, path, op);
    }
  });
}

/** {@linkcode writeArchive}, where another thread writes. */
export function writeArchiveAsync(
  path: string | URL,
  op: string,
  write: (path: Uint8Array<ArrayBuffer>) => Promise<unknown>,
): Promise<void> {
  return replaceAtomicallyAsync(path, op, async (partial) => {
    try {
      await write(encode(partial));
    } catch (cause) {
      throw writeFailure(cause, path, op);
    }
  });
}

// What is wrong with the program or an option is no fault of the file's.
function writeFailure(cause: unknown, path: string | URL, op: string): unknown {
  if (!(cause instanceof TorchError) || cause.kind !== "serialization") return cause;
  const reason = cause.message.replace(/^.*could not be written: /, "");
  return fileError(op, pathOf(path, op), "written", new Error(reason, { cause }));
}

/** Puts the extra files that were loaded where they were asked for: text, or bytes where bytes stood. */
export function fillExtraFiles(wanted: ExtraFiles | undefined, loaded: unknown): void {
  for (const [name, content] of Object.entries(loaded as Record<string, Tensor>)) {
    using tensor = content;
    const bytes = tensor.toTypedArray() as Uint8Array;
    if (wanted !== undefined) {
      wanted[name] = wanted[name] instanceof Uint8Array ? bytes : new TextDecoder().decode(bytes);
    }
  }
}

/** Writes the extra files of a save to the argument memory. */
export function putExtraFiles(files: ExtraFiles | undefined, op: string): void {
  const entries = Object.entries(files ?? {});
  for (const [name, content] of entries) {
    if (typeof content === "string" || content instanceof Uint8Array) continue;
    throw new TypeError(
      `${op}(): the extra file '${name}' must be a string or a Uint8Array, but got ${
        describe(content)
      }`,
    );
  }
  rewind();
  put(Tag.map);
  put(entries.length);
  for (const [name, content] of entries) {
    put(Tag.string);
    putText(name);
    put(Tag.string);
    if (typeof content === "string") putText(content);
    else putBytes(content);
  }
}
