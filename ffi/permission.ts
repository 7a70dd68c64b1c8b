/**
 * Deno's permissions, for what native code does on its own. Other runtimes have none, and allow all.
 *
 * @module
 */

import { TorchError } from "./errors.ts";

interface DenoPermissions {
  permissions: {
    querySync(descriptor: { name: string; path?: string }): { state: string };
  };
}

/** Throws unless the runtime lets this program open native code at `path`. */
export function requireNativeCode(path: string, op: string): void {
  const { Deno } = globalThis as unknown as { Deno?: DenoPermissions };
  if (Deno === undefined || Deno.permissions.querySync({ name: "ffi", path }).state === "granted") {
    return;
  }
  throw new TorchError(`${op}(): opening ${path} needs Deno's permission: run with --allow-ffi`, {
    op,
    kind: "value",
  });
}
