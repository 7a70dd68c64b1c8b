/**
 * Files in the cache: staged beside their place, then moved there in one step.
 *
 * @module
 */

import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readdir, rename, rm, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { Context } from "./context.ts";
import { errorCode, SetupError } from "./errors.ts";

/**
 * Lets `fill` write into a fresh directory of the cache, then moves it to `target` in one step, so
 * that `target` is either whole or not there. When another set-up was first, its result stays.
 */
export async function putDirectory(
  context: Context,
  target: string,
  fill: (staging: string) => Promise<string | void>,
): Promise<void> {
  const parent = join(context.home, "staging");
  await mkdir(parent, { recursive: true });
  const staging = await mkdtemp(join(parent, "part-"));
  try {
    const whole = await fill(staging) ?? staging;
    await mkdir(dirname(target), { recursive: true });
    await rename(whole, target);
  } catch (error) {
    const taken = ["ENOTEMPTY", "EEXIST"].includes(errorCode(error) ?? "");
    if (!taken || !existsSync(target)) throw error;
  } finally {
    await rm(staging, { recursive: true, force: true });
  }
}

/** The bytes held by the files under a directory that may be changing meanwhile. */
export async function directorySize(directory: string): Promise<number> {
  let bytes = 0;
  const entries = await readdir(directory, { withFileTypes: true }).catch(() => []);
  for (const entry of entries) {
    const path = join(directory, entry.name);
    if (entry.isDirectory()) bytes += await directorySize(path);
    else bytes += await stat(path).then((file) => file.size, () => 0);
  }
  return bytes;
}

/** Throws unless the cache's disk has `megabytes` free. */
export async function requireSpace(
  context: Context,
  megabytes: number,
  what: string,
): Promise<void> {
  await mkdir(context.home, { recursive: true });
  const free = Math.floor(await context.freeBytes(context.home) / 1e6);
  if (free >= megabytes) return;
  throw new SetupError(
    `${what} needs ${megabytes} MB of disk space, but ${context.home} has ${free} MB free: ` +
      `free some space, or set FLAMBEAU_HOME to a directory on a larger disk.`,
  );
}
