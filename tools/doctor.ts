/**
 * Says what Flambeau finds on this machine, where, in which version, and what to do about the rest.
 *
 * @module
 */

import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import process from "node:process";
import { readLink } from "../ffi/link.ts";
import { runTool } from "./setup.ts";
import { type Context, thisMachine } from "./setup/context.ts";
import { SetupError } from "./setup/errors.ts";
import { findLibtorch } from "./setup/libtorch.ts";
import { findPip } from "./setup/pip.ts";
import { findRuntime } from "./setup/runtimes.ts";
import { findShim } from "./setup/shim.ts";
import { findStdcxx } from "./setup/stdcxx.ts";
import { BUN, DENO, LIBTORCH_VERSION, type RuntimePin, ZIG_VERSION } from "./setup/versions.ts";
import { findZig } from "./setup/zig.ts";

/** What the doctor says of one thing. */
export interface Finding {
  /** The thing. */
  readonly name: string;
  /** Whether it is well, and if not, whether the library can do without it. */
  readonly state: "ok" | "missing" | "optional";
  /** What was found where, or what to do. */
  readonly text: string;
}

const SET_UP = 'run "deno task setup" (or "bun run setup")';

if (import.meta.main) {
  await runTool(async () => {
    const findings = await examine(thisMachine());
    const marks = { ok: "ok     ", missing: "TO MEND", optional: "absent " };
    const lines = findings.map(({ name, state, text }) =>
      `${marks[state]} ${name.padEnd(11)} ${text.replaceAll("\n", `\n${" ".repeat(20)}`)}`
    );
    process.stdout.write(lines.join("\n") + "\n");
    return findings.some(({ state }) => state === "missing") ? 1 : 0;
  });
}

/** Examines the machine, in the order in which the parts need each other. */
export async function examine(context: Context): Promise<Finding[]> {
  const findings = [running()];
  findings.push(await runtime(context, DENO), await runtime(context, BUN));
  const probes = { "Python": python, "libstdc++": stdcxx, "Zig": zig, "LibTorch": libtorch };
  for (const [name, probe] of Object.entries({ ...probes, "shim": shim, "PyTorch": pytorch })) {
    findings.push({ name, ...await probe(context).catch(asFinding) });
  }
  findings.push({ name: "disk", ...await disk(context) });
  return findings;
}

type Result = Omit<Finding, "name">;

function asFinding(error: unknown): Result {
  if (error instanceof SetupError) return { state: "missing", text: error.message };
  throw error;
}

function running(): Finding {
  const name = process.versions.bun ? "Bun" : "Deno";
  const version = process.versions.bun ?? process.versions.deno ?? process.version;
  const text = `${name} ${version} on ${process.platform} ${process.arch}: ${process.execPath}`;
  return { name: "running on", state: "ok", text };
}

async function runtime(context: Context, pin: RuntimePin): Promise<Finding> {
  const found = await findRuntime(context, pin);
  const name = pin.name === "deno" ? "Deno" : "Bun";
  if (found) return { name, state: "ok", text: `${found.version}: ${found.exe} (${found.source})` };
  const text = `no ${name} ${pin.oldest} or newer; only the tests need both, and fetch it`;
  return { name, state: "optional", text };
}

async function python(context: Context): Promise<Result> {
  const pip = await findPip(context);
  if (pip) {
    return { state: "ok", text: `${pip.pythonVersion} with pip ${pip.version}: ${pip.python}` };
  }
  return {
    state: "optional",
    text:
      "no Python with pip on PATH; without it, set-up needs Zig on PATH and fetches LibTorch's archive",
  };
}

async function stdcxx(context: Context): Promise<Result> {
  const { library, include } = await findStdcxx(context);
  return { state: "ok", text: `${library}, headers in ${include[0]}` };
}

async function zig(context: Context): Promise<Result> {
  const found = await findZig(context);
  if (found) return { state: "ok", text: `${found.version}: ${found.exe} (${found.source})` };
  return { state: "missing", text: `no Zig ${ZIG_VERSION}: ${SET_UP}` };
}

async function libtorch(context: Context): Promise<Result> {
  const found = await findLibtorch(context);
  if (found) return { state: "ok", text: `${found.version}: ${found.directory} (${found.source})` };
  return { state: "missing", text: `no LibTorch ${LIBTORCH_VERSION}: ${SET_UP}` };
}

async function shim(context: Context): Promise<Result> {
  const link = readLink(context.root, context.home);
  if (!link || !existsSync(link.shim)) {
    return { state: "missing", text: `not built for ${context.root}: ${SET_UP}` };
  }
  const [zig, libtorch] = [await findZig(context), await findLibtorch(context)];
  if (!zig || !libtorch) {
    return { state: "ok", text: `${link.shim} (whether it is stale cannot be told)` };
  }
  const stdcxx = await findStdcxx(context);
  const { key } = await findShim(context, { zig, libtorch, stdcxx });
  if (key === link.key) return { state: "ok", text: link.shim };
  return { state: "missing", text: `${link.shim} is stale, its sources have changed: ${SET_UP}` };
}

async function pytorch({ home }: Context): Promise<Result> {
  const note = join(home, "python", "tests.json");
  const text = await readFile(note, "utf8").catch(() => "");
  if (text) return { state: "ok", text: `${JSON.parse(text).exe} (for the tests)` };
  return {
    state: "optional",
    text: "no Python environment with PyTorch; only the tests need one, and make it",
  };
}

async function disk(context: Context): Promise<Result> {
  const at = existsSync(context.home) ? context.home : "/";
  const free = Math.floor(await context.freeBytes(at) / 1e6);
  return { state: "ok", text: `${free} MB free for the cache, ${context.home}` };
}
