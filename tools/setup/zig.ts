/**
 * Finds Zig, or brings it.
 *
 * @module
 */

import { existsSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import type { Context } from "./context.ts";
import { SetupError } from "./errors.ts";
import { putDirectory, requireSpace } from "./files.ts";
import { findPip, type Pip, pipFailure, pipInstall } from "./pip.ts";
import { run, which } from "./process.ts";
import { ZIG_VERSION } from "./versions.ts";

/** What PyPI's `ziglang` comes to, packed and unpacked. */
const ZIG_MEGABYTES = 450;

/** A Zig of the right version. */
export interface Zig {
  /** The compiler. */
  readonly exe: string;
  /** Its version. */
  readonly version: string;
  /** Where it was found. */
  readonly source: "PATH" | "cache";
}

/** The Zig on `PATH` if it is the pinned one, else the cache's; null when neither is there. */
export async function findZig(context: Context): Promise<Zig | null> {
  const onPath = await which("zig", context.env);
  if (onPath && await zigVersion(context, onPath) === ZIG_VERSION) {
    return { exe: onPath, version: ZIG_VERSION, source: "PATH" };
  }
  const exe = cachedZig(context);
  if (!existsSync(exe)) return null;
  const version = await zigVersion(context, exe);
  if (version === ZIG_VERSION) return { exe, version, source: "cache" };
  throw new SetupError(
    `The shim is built with Zig ${ZIG_VERSION}, but ${exe} ` +
      `${version === null ? "does not run" : `is Zig ${version}`}: ` +
      `delete ${zigDirectory(context)} and run the set-up again.`,
  );
}

/** Finds Zig, else fetches it by pip. */
export async function ensureZig(context: Context): Promise<Zig> {
  const found = await findZig(context);
  if (found) return found;
  const pip = await findPip(context);
  if (!pip) throw await noZig(context);
  await fetchZig(context, pip);
  return (await findZig(context))!;
}

async function fetchZig(context: Context, pip: Pip): Promise<void> {
  await requireSpace(context, ZIG_MEGABYTES, `Fetching Zig ${ZIG_VERSION}`);
  await putDirectory(context, zigDirectory(context), async (staging) => {
    const target = join(staging, "zig");
    const ended = await pipInstall(context, pip, {
      args: ["--no-deps", "--target", target, `ziglang==${ZIG_VERSION}`],
      directory: staging,
      title: `Zig ${ZIG_VERSION} by pip`,
      megabytes: ZIG_MEGABYTES,
    });
    if (ended.code !== 0) throw pipFailure(`ziglang ${ZIG_VERSION}`, ended);
    return target;
  });
}

async function noZig(context: Context): Promise<SetupError> {
  const other = await which("zig", context.env);
  const version = other && await zigVersion(context, other);
  const found = version ? `the zig on PATH is ${version}` : "no zig is on PATH";
  return new SetupError(
    `The shim is built with Zig ${ZIG_VERSION}, but ${found}, and there is no Python with pip to fetch ` +
      `it: put Zig ${ZIG_VERSION} on PATH, or install Python 3 with pip, and run the set-up again.`,
  );
}

/** What `zig version` says, or null when it does not run. */
export async function zigVersion({ env }: Context, exe: string): Promise<string | null> {
  const { code, stdout } = await run(exe, ["version"], { env });
  return code === 0 ? stdout.trim() : null;
}

function zigDirectory({ home }: Context): string {
  return join(home, "zig", ZIG_VERSION);
}

function cachedZig(context: Context): string {
  return join(zigDirectory(context), "ziglang", process.platform === "win32" ? "zig.exe" : "zig");
}
