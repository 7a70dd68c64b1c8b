/**
 * A file that is open for looking into it and for loading it: what was checked is what is loaded, even where another process
 * writes to it meanwhile.
 *
 * @module
 */

import {
  check,
  checkHandle,
  context,
  encode,
  native,
  nativeError,
  scratch,
  TorchError,
} from "../../../ffi/mod.ts";
import { byteLengthOf, copyOf, isFixed, type TypedArray } from "../../tensor/typed_array.ts";
import { openArchive } from "../archive.ts";
import { startJob } from "../../jobs/mod.ts";
import { takeValue, takeValueAt } from "../decode.ts";
import { putNames } from "../script_function.ts";
import { rewind } from "../words.ts";

/** An open file. */
export class Opened {
  readonly #handle: number;
  readonly #op: string;
  // Native code borrows them.
  readonly #bytes: TypedArray | null;

  /** Opens a file, or looks at bytes: at a copy, where another thread is to. */
  constructor(source: string | URL | Uint8Array, op: string, onThread: boolean) {
    this.#op = op;
    if (source instanceof Uint8Array) {
      checkHead(source, source.length, op);
      const bytes = isFixed(source) ? source : copyOf(source);
      const open = onThread ? native.fb_archive_open_copy : native.fb_archive_open;
      this.#bytes = onThread ? null : bytes;
      this.#handle = checkHandle(open(bytes, byteLengthOf(bytes)), op);
      return;
    }
    const file = openArchive(source, op);
    checkHead(file.head, file.size, op);
    const path = encode(file.path);
    this.#bytes = null;
    this.#handle = checkHandle(native.fb_archive_open_file(path, path.length), op);
  }

  /** The ops that the program can reach. */
  ops(verify: boolean): string[] {
    return this.#take(native.fb_archive_ops(this.#handle, context, verify)) as string[];
  }

  /** What is in it; its shape is written in csrc/load.cpp. */
  describe(verify: boolean): unknown {
    return this.#take(native.fb_archive_describe(this.#handle, context, verify));
  }

  /** Loads it; the words in the memory are the names of the extra files. The number of words of the result. */
  load(device: number, verify: boolean): number {
    const count = native.fb_load(this.#handle, context, device, verify);
    if (count < 0) throw fileFailure(nativeError(this.#op), this.#op);
    return count;
  }

  /** {@linkcode ops}, found on another thread. */
  opsAsync(verify: boolean): Promise<string[]> {
    return this.#start<string[]>(
      () => {},
      () => native.fb_job_archive_ops(this.#handle, context, verify),
    );
  }

  /** {@linkcode load}, on another thread: the extra files of `names`, and the module. */
  loadAsync(
    names: readonly string[],
    device: number,
    verify: boolean,
  ): Promise<[unknown, unknown]> {
    return this.#start(
      () => {
        rewind();
        putNames(names);
      },
      () => native.fb_job_load(this.#handle, context, device, verify),
    );
  }

  async #start<T>(write: () => void, submit: () => number): Promise<T> {
    try {
      const request = { name: this.#op, settings: {}, write, submit, take: takeValueAt };
      return await startJob(request) as T;
    } catch (error) {
      throw error instanceof TorchError ? fileFailure(error, this.#op) : error;
    }
  }

  #take(count: number): unknown {
    if (count < 0) throw fileFailure(nativeError(this.#op), this.#op);
    scratch.receive(check(count, this.#op));
    rewind();
    return takeValue();
  }

  /** Closes it. */
  [Symbol.dispose](): void {
    native.fb_archive_close(this.#handle);
  }
}

/** What LibTorch finds wrong in an archive is the file's fault, whatever kind of exception it throws. */
function fileFailure(error: TorchError, op: string): TorchError {
  const unknown = /Unknown builtin op: ([\w:]+)/.exec(error.message)?.[1];
  if (unknown !== undefined && !unknown.startsWith("aten::")) {
    const [namespace] = unknown.split("::");
    return new TorchError(
      `${op}(): the program uses the op ${unknown}, which no library that is loaded registers: open the library ` +
        `of the ops '${namespace}' with jit.loadLibrary() first`,
      { op: error.op, kind: error.kind, cause: error },
    );
  }
  if (error.kind !== "value" && error.kind !== "internal") return error;
  return new TorchError(error.message, { op: error.op, kind: "serialization", cause: error });
}

// LibTorch's own words for this speak of its reader's internals.
function checkHead(head: Uint8Array, size: number, op: string): void {
  const isZip = size >= 22 && head[0] === 0x50 && head[1] === 0x4b;
  if (isZip) return;
  throw new TorchError(
    `${op}(): this is no TorchScript file: a zip archive was expected, but the ${size} bytes ${
      size < 22 ? "are too few for one" : "do not begin like one"
    }`,
    { op, kind: "serialization" },
  );
}

/** Runs `use` on an open file, and names the file in what it throws. */
export function withOpened<R>(
  source: string | URL | Uint8Array,
  op: string,
  use: (opened: Opened) => R,
): R {
  try {
    using opened = new Opened(source, op, false);
    return use(opened);
  } catch (error) {
    throw inFile(error, source);
  }
}

/** {@linkcode withOpened}, for what takes its time. */
export async function withOpenedAsync<R>(
  source: string | URL | Uint8Array,
  op: string,
  use: (opened: Opened) => Promise<R>,
): Promise<R> {
  try {
    using opened = new Opened(source, op, true);
    return await use(opened);
  } catch (error) {
    throw inFile(error, source);
  }
}

function inFile(error: unknown, source: string | URL | Uint8Array): unknown {
  const named = source instanceof Uint8Array || !(error instanceof TorchError) ||
    error.message.includes(String(source));
  if (named) return error;
  return new TorchError(`${error.message} (in ${String(source)})`, {
    op: error.op,
    kind: error.kind,
    cause: error,
  });
}
