/**
 * Writing files so that a crash at any moment leaves the old one or the new one.
 *
 * @module
 */

import { open } from "node:fs/promises";
import { randomUUID } from "node:crypto";
import {
  closeSync,
  fchmodSync,
  fsyncSync,
  openSync,
  realpathSync,
  renameSync,
  statSync,
  unlinkSync,
  writeSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { fileError, pathOf } from "./path.ts";

/** A file that is being written. */
export interface Sink {
  /** The bytes written so far. */
  readonly position: number;
  /** Appends bytes. */
  write(bytes: Uint8Array): void;
  /** Overwrites bytes that were appended before. */
  patch(position: number, bytes: Uint8Array): void;
}

// What the file system refused, as opposed to what the caller's own code threw.
class Refusal extends Error {}

function attempt<T>(action: () => T): T {
  try {
    return action();
  } catch (cause) {
    throw new Refusal("", { cause });
  }
}

class FileSink implements Sink {
  readonly #file: number;
  position = 0;

  constructor(file: number) {
    this.#file = file;
  }

  write(bytes: Uint8Array): void {
    writeAll(this.#file, bytes, this.position);
    this.position += bytes.length;
  }

  patch(position: number, bytes: Uint8Array): void {
    writeAll(this.#file, bytes, position);
  }
}

function writeAll(file: number, bytes: Uint8Array, position: number): void {
  let written = 0;
  while (written < bytes.length) {
    const count = attempt(() =>
      writeSync(file, bytes, written, bytes.length - written, position + written)
    );
    if (count === 0) throw new Refusal("", { cause: new Error("nothing more can be written") });
    written += count;
  }
}

/** Where a save goes: what a link leads to, and the mode of the file that is there. */
interface Target {
  path: string;
  mode: number | null;
}

// To look needs the runtime's permission to read, which a program that only writes may not have.
function targetOf(path: string): Target {
  let target: Target;
  let isFile: boolean;
  try {
    const real = realpathSync(path);
    const stat = statSync(real);
    isFile = stat.isFile();
    target = { path: real, mode: stat.mode & 0o7777 };
  } catch {
    return { path, mode: null };
  }
  // A rename would put a file in the place of a device.
  if (!isFile) throw new Refusal("", { cause: new Error("it is there, and is no regular file") });
  return target;
}

/**
 * Has a file written whole: `write` gets the path of an empty file in the same directory, which is then synchronized to the
 * disk and takes the place of `path`. A file that was there keeps its mode; a new one has what the process's umask gives.
 * Where `write` or the file system fails, nothing is left behind.
 *
 * @throws {TorchError} If the file system refuses; what `write` throws is thrown as it is.
 */
export function replaceAtomically(
  path: string | URL,
  op: string,
  write: (partial: string) => void,
): void {
  const name = pathOf(path, op);
  let temporary: string | null = null;
  try {
    const target = targetOf(name);
    const partial = join(dirname(target.path), `.flambeau-${randomUUID()}.tmp`);
    withFile(partial, "wx", (file) => {
      temporary = partial;
      const { mode } = target;
      if (mode !== null) attempt(() => fchmodSync(file, mode));
    });
    write(partial);
    withFile(partial, "r+", (file) => attempt(() => fsyncSync(file)));
    attempt(() => renameSync(partial, target.path));
    syncDirectory(dirname(target.path));
  } catch (error) {
    if (temporary !== null) remove(temporary);
    throw error instanceof Refusal ? fileError(op, name, "written", error.cause) : error;
  }
}

/** {@linkcode replaceAtomically}, for what another thread writes. */
export async function replaceAtomicallyAsync(
  path: string | URL,
  op: string,
  write: (partial: string) => Promise<void>,
): Promise<void> {
  const name = pathOf(path, op);
  let temporary: string | null = null;
  try {
    const target = targetOf(name);
    const partial = join(dirname(target.path), `.flambeau-${randomUUID()}.tmp`);
    withFile(partial, "wx", (file) => {
      temporary = partial;
      const { mode } = target;
      if (mode !== null) attempt(() => fchmodSync(file, mode));
    });
    await write(partial);
    await synchronized(partial);
    attempt(() => renameSync(partial, target.path));
    syncDirectory(dirname(target.path));
  } catch (error) {
    if (temporary !== null) remove(temporary);
    throw error instanceof Refusal ? fileError(op, name, "written", error.cause) : error;
  }
}

// Bringing a large file to the disk takes seconds.
async function synchronized(path: string): Promise<void> {
  try {
    const file = await open(path, "r+");
    try {
      await file.sync();
    } finally {
      await file.close();
    }
  } catch (cause) {
    throw new Refusal("", { cause });
  }
}

function withFile(path: string, flags: string, use: (file: number) => void): void {
  const file = attempt(() => openSync(path, flags));
  try {
    use(file);
  } finally {
    closeSync(file);
  }
}

/**
 * {@linkcode replaceAtomically}, for what is written here.
 *
 * @param fill Writes the content.
 */
export function writeAtomically(
  path: string | URL,
  op: string,
  fill: (sink: Sink) => void,
): void {
  replaceAtomically(path, op, (partial) => {
    withFile(partial, "r+", (file) => fill(new FileSink(file)));
  });
}

function remove(temporary: string): void {
  try {
    unlinkSync(temporary);
  } catch {
    // The error that is on its way says more.
  }
}

// So that the rename itself survives a loss of power, where the system and the permissions allow it.
function syncDirectory(directory: string): void {
  try {
    const file = openSync(directory, "r");
    try {
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
  } catch {
    // The file is whole either way.
  }
}

/** What `fill` writes, as bytes. */
export function bytesSink(fill: (sink: Sink) => void): Uint8Array<ArrayBuffer> {
  let bytes = new Uint8Array(1024);
  const sink = {
    position: 0,
    write(piece: Uint8Array): void {
      const end = sink.position + piece.length;
      if (end > bytes.length) {
        const grown = new Uint8Array(Math.max(end, 2 * bytes.length));
        grown.set(bytes.subarray(0, sink.position));
        bytes = grown;
      }
      bytes.set(piece, sink.position);
      sink.position = end;
    },
    patch(position: number, piece: Uint8Array): void {
      bytes.set(piece, position);
    },
  };
  fill(sink);
  return bytes.slice(0, sink.position);
}
