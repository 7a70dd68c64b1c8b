/**
 * Opens the shim with `Deno.dlopen`. The neutral types are Deno's own names, so the table passes as it is.
 *
 * @module
 */

import type { Native, NativeSymbol } from "./symbols.ts";

interface DenoFfi {
  dlopen(path: string, symbols: Record<string, NativeSymbol>): { symbols: unknown };
}

/** Opens the library at `path` and binds every function of `symbols`. */
export function open(path: string, symbols: Record<string, NativeSymbol>): Native {
  const { Deno } = globalThis as unknown as { Deno: DenoFfi };
  return Deno.dlopen(path, symbols).symbols as Native;
}
