/**
 * Opens the shim with `bun:ffi`.
 *
 * @module
 */

import { createRequire } from "node:module";
import type { Native, NativeSymbol, NativeType } from "./symbols.ts";

interface BunSymbol {
  args: string[];
  returns: string;
}

interface BunFfi {
  dlopen(path: string, symbols: Record<string, BunSymbol>): { symbols: unknown };
}

const names: Record<NativeType, string> = {
  f64: "f64",
  i32: "i32",
  u32: "u32",
  bool: "bool",
  buffer: "ptr",
  void: "void",
};

/** Opens the library at `path` and binds every function of `symbols`. */
export function open(path: string, symbols: Record<string, NativeSymbol>): Native {
  // Required by name at run time: a static import of "bun:ffi" would not load anywhere else.
  const ffi = createRequire(import.meta.url)("bun:ffi") as BunFfi;
  const translated: Record<string, BunSymbol> = {};
  for (const [name, { parameters, result }] of Object.entries(symbols)) {
    translated[name] = { args: parameters.map((type) => names[type]), returns: names[result] };
  }
  return ffi.dlopen(path, translated).symbols as Native;
}

/** Bun has no permissions. */
export function missingPermissions(): string[] {
  return [];
}
