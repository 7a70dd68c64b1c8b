/**
 * Opens the shim with `Deno.dlopen`. The neutral types are Deno's own names, so the table passes as it is.
 *
 * @module
 */

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

/** The flags that Deno was started without, of those that finding and opening the shim takes. */
export function missingPermissions(): string[] {
  return NEEDED.filter((name) => Deno.permissions.querySync({ name }).state !== "granted")
    .map((name) => `--allow-${name}`);
}
