/**
 * Finds the runtimes that the tests run on, or brings them.
 *
 * @module
 */

import { existsSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import type { Context } from "./context.ts";
import { SetupError } from "./errors.ts";
import { putDirectory, requireSpace } from "./files.ts";
import { run, tail, which } from "./process.ts";
import { atLeast, type RuntimePin } from "./versions.ts";

const RUNTIME_MEGABYTES = 400;

/** A runtime that can be started. */
export interface Runtime {
  /** The program. */
  readonly exe: string;
  /** Its version. */
  readonly version: string;
  /** Where it was found. */
  readonly source: "running" | "PATH" | "cache";
}

/** Finds a runtime that is new enough: the one running, on `PATH`, or in the cache. */
export async function findRuntime(context: Context, pin: RuntimePin): Promise<Runtime | null> {
  const candidates: [Runtime["source"], string | null][] = [
    ["running", process.versions[pin.name] ? process.execPath : null],
    ["PATH", await which(pin.name, context.env)],
    ["cache", cached(context, pin)],
  ];
  for (const [source, exe] of candidates) {
    const version = exe && await runtimeVersion(context, exe);
    if (version && atLeast(version, pin.oldest)) return { exe, version, source };
  }
  return null;
}

/** Finds a runtime, else fetches it by npm. */
export async function ensureRuntime(context: Context, pin: RuntimePin): Promise<Runtime> {
  const found = await findRuntime(context, pin);
  if (found) return found;
  const npm = await which("npm", context.env);
  if (!npm) throw missing(pin, "there is no npm to fetch it");
  await requireSpace(context, RUNTIME_MEGABYTES, `Fetching ${pin.name} ${pin.version}`);
  await putDirectory(context, directory(context, pin), async (staging) => {
    context.report.line(`Fetching ${pin.name} ${pin.version} by npm …`);
    const args = ["install", "--no-fund", "--no-audit", "--prefix", staging];
    const ended = await run(npm, [...args, `${pin.name}@${pin.version}`], { env: context.env });
    if (ended.code !== 0) throw missing(pin, `npm could not fetch it:\n${tail(ended.stderr)}`);
  });
  const runtime = await findRuntime(context, pin);
  if (!runtime) throw missing(pin, "the one that npm fetched does not run");
  return runtime;
}

function missing({ name, oldest }: RuntimePin, why: string): SetupError {
  return new SetupError(
    `The tests need ${name} ${oldest} or newer; install it, or see why ${why}`,
  );
}

async function runtimeVersion({ env }: Context, exe: string): Promise<string | null> {
  const { code, stdout } = await run(exe, ["--version"], { env });
  return code === 0 ? stdout.match(/\d+\.\d+\.\d+/)?.[0] ?? null : null;
}

function directory({ home }: Context, { name, version }: RuntimePin): string {
  return join(home, "runtimes", `${name}-${version}`);
}

function cached(context: Context, pin: RuntimePin): string | null {
  const ending = process.platform === "win32" ? ".cmd" : "";
  const exe = join(directory(context, pin), "node_modules", ".bin", pin.name + ending);
  return existsSync(exe) ? exe : null;
}
