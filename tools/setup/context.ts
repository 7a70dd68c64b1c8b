/**
 * What every part of the set-up is handed, so that a test can stand in for the machine.
 *
 * @module
 */

import { statfs } from "node:fs/promises";
import { dirname } from "node:path";
import process from "node:process";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { flambeauHome } from "../../ffi/home.ts";
import { type Report, report } from "./progress.ts";

/** The machine as set-up sees it. */
export interface Context {
  /** The checkout. */
  readonly root: string;
  /** The cache. */
  readonly home: string;
  /** Environment variables. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Where progress goes. */
  readonly report: Report;
  /** The bytes free on the disk that holds an existing directory. */
  freeBytes(directory: string): Promise<number>;
  /** Waits before something is tried again. */
  pause(milliseconds: number): Promise<void>;
}

/** The checkout that these tools belong to. */
export const PROJECT_ROOT: string = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

/** This machine. */
export function thisMachine(): Context {
  return { root: PROJECT_ROOT, home: flambeauHome(), env: process.env, report, freeBytes, pause };
}

async function freeBytes(directory: string): Promise<number> {
  const { bavail, bsize } = await statfs(directory);
  return bavail * bsize;
}
