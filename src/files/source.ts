/**
 * Bytes to read from any place of: a file's, opened through the runtime, or an array's.
 *
 * @module
 */

import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { byteLengthOf, copyOf, isFixed } from "../tensor/typed_array.ts";
import { contentError, fileError, pathOf } from "./path.ts";

/** Bytes of a known number. */
export interface Source extends Disposable {
  /** How many. */
  readonly size: number;
  /** What errors call it. */
  readonly name: string;
  /** Fills `into` with the bytes from `position` on. */
  read(position: number, into: Uint8Array): void;
}

/** As much as is read at once. */
export const CHUNK: number = 4 << 20;

/** Opens a file, or takes bytes as they are. */
export function openSource(source: string | URL | Uint8Array, op: string): Source {
  if (source instanceof Uint8Array) return new ArraySource(source, op);
  return new FileSource(pathOf(source, op), op);
}

class ArraySource implements Source {
  readonly #bytes: Uint8Array;
  readonly #op: string;
  readonly size: number;
  readonly name = "the file given as bytes";

  constructor(bytes: Uint8Array, op: string) {
    this.#bytes = isFixed(bytes) ? bytes : copyOf(bytes) as Uint8Array;
    this.size = byteLengthOf(this.#bytes);
    this.#op = op;
  }

  read(position: number, into: Uint8Array): void {
    const end = position + into.length;
    if (end > this.#bytes.length) throw ended(this.#op, this.name, end, this.size);
    into.set(this.#bytes.subarray(position, end));
  }

  [Symbol.dispose](): void {}
}

class FileSource implements Source {
  readonly #file: number;
  readonly #op: string;
  readonly size: number;
  readonly name: string;

  constructor(path: string, op: string) {
    this.name = path;
    this.#op = op;
    try {
      this.#file = openSync(path, "r");
    } catch (cause) {
      throw fileError(op, path, "read", cause);
    }
    try {
      const stat = fstatSync(this.#file);
      if (!stat.isFile()) throw new Error("it is no regular file");
      this.size = stat.size;
    } catch (cause) {
      closeSync(this.#file);
      throw fileError(op, path, "read", cause);
    }
  }

  read(position: number, into: Uint8Array): void {
    let done = 0;
    while (done < into.length) {
      let count: number;
      try {
        count = readSync(this.#file, into, done, into.length - done, position + done);
      } catch (cause) {
        throw fileError(this.#op, this.name, "read", cause);
      }
      if (count === 0) throw ended(this.#op, this.name, position + into.length, this.size);
      done += count;
    }
  }

  [Symbol.dispose](): void {
    closeSync(this.#file);
  }
}

function ended(op: string, name: string, needed: number, size: number): Error {
  return contentError(op, `${name} ends too early: it has ${size} bytes, and ${needed} are needed`);
}
