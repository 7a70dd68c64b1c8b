/**
 * Opens the shim with `Deno.dlopen`. The neutral types are Deno's own names, so the table passes as it is.
 *
 * @module
 */

import { createRequire } from "node:module";
import process from "node:process";
import { getHeapStatistics } from "node:v8";
import type { Buffers } from "./ballast.ts";
import type { WatchJobs } from "./jobs.ts";
import type { Callback, Native, NativeCallback, NativeSymbol } from "./symbols.ts";

interface DenoFfi {
  dlopen(path: string, symbols: Record<string, NativeSymbol>): { symbols: unknown };
  UnsafeCallback: new (
    definition: { parameters: readonly string[]; result: string },
    callback: Callback,
  ) => { pointer: NativeCallback };
  permissions: { querySync(what: { name: string }): { state: string } };
}

const NEEDED = ["ffi", "read", "env"];

const { Deno } = globalThis as unknown as { Deno: DenoFfi };

/** Opens the library at `path` and binds every function of `symbols`. */
export function open(path: string, symbols: Record<string, NativeSymbol>): Native {
  return Deno.dlopen(path, symbols).symbols as Native;
}

// A callback that is collected is gone for native code too.
const callbacks: unknown[] = [];

/** A function for `fb_host_set`; it must not throw, and lives as long as the thread. */
export function makeCallback(callback: Callback): NativeCallback {
  const definition = { parameters: ["i32", "f64", "i32"], result: "i32" };
  const made = new Deno.UnsafeCallback(definition, callback);
  callbacks.push(made);
  return made.pointer;
}

// V8 looks at the bytes of young buffers, and collects them at once, when it allocates one itself.
const BYTES_A_LOOK = 4 << 20;
let unseen = 0;

interface Addon {
  ballast(page: number, bytes: number): object | undefined;
  block(bytes: number): ArrayBuffer | undefined;
  share(address: number, bytes: number, block: number): ArrayBuffer | undefined;
  view(address: number, bytes: number): ArrayBuffer;
}

/** Ballast and views by Node-API: Deno's FFI has no buffer with a deleter, and asks for more permissions. */
export function openBuffers(path: string): Buffers {
  const addon = { exports: {} as Addon };
  process.dlopen(addon, path);
  const { ballast, block, share, view } = addon.exports;
  return {
    ballast: (page, bytes) => {
      const made = ballast(page, bytes);
      feel(bytes);
      return made ?? null;
    },
    block: (bytes) => {
      const made = block(bytes);
      feel(bytes);
      return made ?? null;
    },
    share: (address, bytes, held) => {
      const made = share(address, bytes, held);
      feel(bytes);
      return made ?? null;
    },
    view,
  };
}

function feel(bytes: number): void {
  unseen += bytes;
  if (unseen <= BYTES_A_LOOK) return;
  unseen = 0;
  new ArrayBuffer(1);
}

/** Waits by a call on a thread of Deno's, which its event loop awaits. */
export function watchJobs(path: string, native: Native): WatchJobs {
  return (context, ready) => {
    const definition = { parameters: ["f64"], result: "i32", nonblocking: true } as const;
    const { fb_jobs_wait } = Deno.dlopen(path, { fb_jobs_wait: definition }).symbols as {
      fb_jobs_wait: (context: number) => Promise<number>;
    };
    let waiting = false;
    const wait = async () => {
      waiting = true;
      do await fb_jobs_wait(context); while (ready());
      waiting = false;
    };
    return {
      wake: () => {
        if (!waiting) wait();
      },
      // Or it would keep the process for as long as the call waits.
      rest: () => {
        if (waiting) native.fb_jobs_rest(context);
      },
    };
  };
}

/** Whether the collector lets dead native memory grow to the size of the live. V8 looks sooner. */
export const collectsLate: boolean = false;

/**
 * How many times its size a page of small tensors claims. V8 looks at its young objects in a fifth of a millisecond, so that
 * it is better to look often: what is freed soon is in the processor's cache when it serves again.
 */
export const smallWeight: number = 8;

/** The same of one for tensors with a graph behind them. */
export const graphWeight: number = 8;

/** The same of one for larger ones. */
export const mediumGraphWeight: number = 1;

/** The same of a large tensor's own. */
export const heavyWeight: number = 4;

// V8 collects without end where buffers come near its limit of the heap.
const MOST_ANCHOR = 1 << 30;
const SHARE_OF_HEAP = 1 / 4;

/**
 * What a program that trains, or forgets small tensors, should claim for good. V8 scavenges once young buffers claim 64 MB, but first it marks the whole
 * heap, on threads that kernels want too, once heap and buffers have grown by a seventh or so since it last did: by less than
 * 64 MB where they are small.
 */
export function anchorBytes(): number {
  const { heap_size_limit } = getHeapStatistics();
  return Math.min(MOST_ANCHOR, Math.floor(heap_size_limit * SHARE_OF_HEAP));
}

/** V8 lets no program collect what is young only. It does so itself, after each 64 MB of young claims. */
export const collectYoung: (() => void) | null = null;

let collect: (() => void) | null = null;

/** Has the garbage collector run, now. */
export function collectGarbage(): void {
  if (collect === null) {
    const require = createRequire(import.meta.url);
    require("node:v8").setFlagsFromString("--expose-gc");
    collect = require("node:vm").runInNewContext("gc") as () => void;
  }
  collect();
}

/** The flags that Deno was started without, of those that finding and opening the shim takes. */
export function missingPermissions(): string[] {
  return NEEDED.filter((name) => Deno.permissions.querySync({ name }).state !== "granted")
    .map((name) => `--allow-${name}`);
}
