/**
 * Opens the shim with `Deno.dlopen`. The neutral types are Deno's own names, so the table passes as it is.
 *
 * @module
 */

import type { Native, NativeSymbol } from "./symbols.ts";

interface DenoFfi {
  dlopen(path: string, symbols: Record<string, NativeSymbol>): { symbols: unknown };
  permissions: { querySync(what: { name: string }): { state: string } };
}

const NEEDED = ["ffi", "read", "env"];

const { Deno } = globalThis as unknown as { Deno: DenoFfi };

/** Opens the library at `path` and binds every function of `symbols`. */
export function open(path: string, symbols: Record<string, NativeSymbol>): Native {
  return Deno.dlopen(path, symbols).symbols as Native;
}

/** The flags that Deno was started without, of those that finding and opening the shim takes. */
export function missingPermissions(): string[] {
  return NEEDED.filter((name) => Deno.permissions.querySync({ name }).state !== "granted")
    .map((name) => `--allow-${name}`);
}
