/**
 * Where Flambeau keeps what it fetched and built: one directory a user, never the checkout.
 *
 * @module
 */

import { join, resolve } from "node:path";
import process from "node:process";

/** Reads an environment variable; one that may not be read counts as unset. */
export function tryGetEnv(name: string): string | undefined {
  try {
    return process.env[name] || undefined;
  } catch {
    // Deno without --allow-env: the defaults then hold.
    return undefined;
  }
}

/**
 * The cache directory: `FLAMBEAU_HOME`, else the platform's place for a user's caches.
 *
 * @example Put it elsewhere
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { flambeauHome } from "./home.ts";
 *
 * assertEquals(flambeauHome((name) => name === "FLAMBEAU_HOME" ? "/data/fb" : undefined), "/data/fb");
 * ```
 */
export function flambeauHome(env: (name: string) => string | undefined = tryGetEnv): string {
  const home = env("FLAMBEAU_HOME");
  if (home) return resolve(home);
  const cache = env("XDG_CACHE_HOME");
  if (cache) return join(cache, "flambeau");
  const user = env("HOME") ?? env("USERPROFILE") ?? ".";
  if (process.platform === "darwin") return join(user, "Library", "Caches", "flambeau");
  if (process.platform === "win32") {
    return join(env("LOCALAPPDATA") ?? join(user, "AppData", "Local"), "flambeau");
  }
  return join(user, ".cache", "flambeau");
}
