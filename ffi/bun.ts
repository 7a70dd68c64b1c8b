/**
 * Opens the shim with `bun:ffi`.
 *
 * @module
 */

import { createRequire } from "node:module";
import process from "node:process";
import type { Buffers } from "./ballast.ts";
import type { WatchJobs } from "./jobs.ts";
import type { Callback, Native, NativeCallback, NativeSymbol, NativeType } from "./symbols.ts";

interface BunSymbol {
  args: string[];
  returns: string;
}

interface BunFfi {
  dlopen(path: string, symbols: Record<string, BunSymbol>): { symbols: unknown };
  toArrayBuffer(
    address: number,
    offset: number,
    bytes: number,
    context?: number,
    deleter?: number,
  ): ArrayBuffer;
  JSCallback: new (callback: Callback, definition: BunSymbol) => { ptr: NativeCallback };
}

const names: Record<NativeType, string> = {
  f64: "f64",
  i32: "i32",
  u32: "u32",
  bool: "bool",
  buffer: "ptr",
  function: "ptr",
  void: "void",
};

// Required by name at run time: a static import of "bun:ffi" would not load anywhere else.
const bunFfi = () => createRequire(import.meta.url)("bun:ffi") as BunFfi;

/** Opens the library at `path` and binds every function of `symbols`. */
export function open(path: string, symbols: Record<string, NativeSymbol>): Native {
  const translated: Record<string, BunSymbol> = {};
  for (const [name, { parameters, result }] of Object.entries(symbols)) {
    translated[name] = { args: parameters.map((type) => names[type]), returns: names[result] };
  }
  return bunFfi().dlopen(path, translated).symbols as Native;
}

// Module constants: a callback that is collected is gone for native code too.
const callbacks: unknown[] = [];

/** A function for `fb_host_set`; it must not throw, and lives as long as the thread. */
export function makeCallback(callback: Callback): NativeCallback {
  const made = new (bunFfi().JSCallback)(callback, { args: ["i32", "f64", "i32"], returns: "i32" });
  callbacks.push(made);
  return made.ptr;
}

/** Ballast by a buffer whose deleter JavaScriptCore calls while it collects. */
export function openBuffers(path: string, native: Native): Buffers {
  // By Node-API native code learns of the end of this Worker, before memory that tensors lie in goes.
  process.dlopen({ exports: {} }, path);
  const { toArrayBuffer } = bunFfi();
  const address = native.fb_ballast(0);
  const deleter = native.fb_ballast(1);
  const blockDeleter = native.fb_ballast(2);
  const shareDeleter = native.fb_ballast(3);
  return {
    block: (bytes) => {
      const block = native.fb_block_new(bytes);
      return block === 0 ? null : toArrayBuffer(block, 0, bytes, block, blockDeleter);
    },
    ballast: (page, bytes) => toArrayBuffer(address, 0, bytes, page, deleter),
    share: (place, bytes, held) => toArrayBuffer(place, 0, bytes, held, shareDeleter),
    view: (place, bytes) => toArrayBuffer(place, 0, bytes),
  };
}

interface PipeReader {
  read(): Promise<{ done: boolean }>;
  cancel(): Promise<void>;
}

interface BunFile {
  Bun: { file(fd: number): { stream(): { getReader(): PipeReader } } };
}

// Opening the pipe anew takes longer than a job may.
const IDLE_MS = 20;
const POLL_MS = 25;

/** Waits by a pipe: Bun's FFI has no calls on other threads, and lost some of the calls that came from there. */
export function watchJobs(_path: string, native: Native): WatchJobs {
  return (context, ready) => {
    const fd = native.fb_jobs_pipe(context);
    const { Bun } = globalThis as unknown as BunFile;
    let reader: PipeReader | null = null;
    let idle: ReturnType<typeof setTimeout> | null = null;
    let poll: ReturnType<typeof setInterval> | null = null;
    const close = () => {
      idle = null;
      // What came in the meantime keeps it open.
      if (ready()) return;
      if (poll !== null) clearInterval(poll);
      poll = null;
      reader?.cancel();
      reader = null;
    };
    const rest = () => {
      if (idle !== null || reader === null) return;
      // An open pipe keeps the process alive, so it is closed soon after the last job; this timer does not.
      idle = setTimeout(close, IDLE_MS);
      idle.unref();
    };
    const read = async (mine: PipeReader) => {
      while (reader === mine && !(await mine.read()).done) {
        if (!ready()) rest();
      }
    };
    const wake = () => {
      if (idle !== null) clearTimeout(idle);
      idle = null;
      if (reader === null) read(reader = Bun.file(fd).stream().getReader());
      // Bun does not always wake for a pipe once Workers were terminated.
      poll ??= setInterval(() => {
        if (!ready()) rest();
      }, POLL_MS);
    };
    return { wake, rest };
  };
}

/** Whether the collector lets dead native memory grow to the size of the live: JavaScriptCore lets its heap double. */
export const collectsLate: boolean = true;

/** How many times its size a page of small tensors claims: a collection takes a millisecond. */
export const smallWeight: number = 2;

/** The same of one for tensors with a graph behind them. */
export const graphWeight: number = 1;

/** The same of one for larger ones. A step of training makes so many that a collection came by every twenty steps. */
export const mediumGraphWeight: number = 1 / 2;

/** The same of a large tensor's own. */
export const heavyWeight: number = 1;

/** What a program that trains, or forgets small tensors, should claim for good: nothing, since JavaScriptCore would let as much again pile up. Where that is collected by hand, more is claimed (`src/memory/graph_garbage.ts`). */
export function anchorBytes(): number {
  return 0;
}

/** Has the garbage collector look at what was made since it last ran: a millisecond. */
export const collectYoung: (() => void) | null =
  (createRequire(import.meta.url)("bun:jsc") as { edenGC?: () => void }).edenGC ?? null;

/** Has the garbage collector run, now. */
export function collectGarbage(): void {
  (globalThis as unknown as { Bun: { gc(now: boolean): void } }).Bun.gc(true);
}

/** Bun has no permissions. */
export function missingPermissions(): string[] {
  return [];
}
