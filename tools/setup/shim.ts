/**
 * Builds the shim by `zig build`, unless the cache has it already.
 *
 * @module
 */

import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, readdir, readFile, rm, stat, utimes } from "node:fs/promises";
import { availableParallelism, freemem } from "node:os";
import { dirname, join } from "node:path";
import process from "node:process";
import type { Context } from "./context.ts";
import { SetupError } from "./errors.ts";
import { putDirectory, requireSpace } from "./files.ts";
import type { Libtorch } from "./libtorch.ts";
import { run, tail } from "./process.ts";
import type { Stdcxx } from "./stdcxx.ts";
import type { Zig } from "./zig.ts";

/** What the shim is built from, its sources apart. */
export interface ShimInputs {
  /** The LibTorch it is linked against. */
  readonly libtorch: Pick<Libtorch, "directory" | "version">;
  /** The compiler. */
  readonly zig: Pick<Zig, "exe" | "version">;
  /** The standard library it is compiled against. */
  readonly stdcxx: Stdcxx;
}

/** A built shim. */
export interface Shim {
  /** The shared library. */
  readonly path: string;
  /** The hash of everything it was built from. */
  readonly key: string;
}

const KEPT = 3;
const BUILD_MEGABYTES = 300;
// What compiling one source takes.
const COMPILER_MEMORY = 1.5 * 2 ** 30;

/** The shim's file name on this platform. */
export const SHIM_NAME: string = process.platform === "darwin"
  ? "libflambeau.dylib"
  : "libflambeau.so";

/** Finds or builds the shim of `context.root`. */
export async function ensureShim(context: Context, inputs: ShimInputs): Promise<Shim> {
  const shim = await findShim(context, inputs);
  const directory = dirname(shim.path);
  if (!existsSync(shim.path)) {
    await requireSpace(context, BUILD_MEGABYTES, "Building the shim");
    await putDirectory(context, directory, (staging) => build(context, inputs, staging));
    if (await shimKey(context.root, inputs) !== shim.key) {
      context.report.line("The sources changed while they were compiled: compiling them again.");
      await rm(directory, { recursive: true });
      return await ensureShim(context, inputs);
    }
  }
  // The newest are kept, and using one makes it new.
  const now = new Date();
  await utimes(directory, now, now);
  await prune(context);
  return shim;
}

/** Where the shim of these inputs is, once it is built. */
export async function findShim(context: Context, inputs: ShimInputs): Promise<Shim> {
  const key = await shimKey(context.root, inputs);
  return { key, path: join(context.home, "shims", key, SHIM_NAME) };
}

/** The hash of the shim's sources, LibTorch and compiler. */
export async function shimKey(root: string, inputs: ShimInputs): Promise<string> {
  const hash = createHash("sha256");
  const { libtorch, zig, stdcxx } = inputs;
  const machine = [process.platform, process.arch];
  const facts = [machine, libtorch.version, libtorch.directory, zig.version, stdcxx];
  hash.update(JSON.stringify(facts));
  for (const file of await sources(root)) {
    hash.update(`\0${file}\0`).update(await readFile(join(root, file)));
  }
  return hash.digest("hex").slice(0, 24);
}

async function sources(root: string): Promise<string[]> {
  const names = await readdir(join(root, "csrc"), { recursive: true }).catch(() => []);
  const code = names.filter((name) => /\.(cpp|hpp|h|inc)$/.test(name)).sort();
  if (!code.some((name) => name.endsWith(".cpp"))) {
    throw new SetupError(
      `There are no sources of the shim (csrc/*.cpp) in ${root}: this copy of Flambeau is incomplete, ` +
        "so fetch it again.",
    );
  }
  return ["build.zig", ...code.map((name) => `csrc/${name}`)];
}

async function build(context: Context, inputs: ShimInputs, staging: string): Promise<string> {
  const { libtorch, zig, stdcxx } = inputs;
  const count = (await sources(context.root)).filter((file) => file.endsWith(".cpp")).length;
  const seconds = startClock(
    context,
    `Compiling the shim (${count} sources) with Zig ${zig.version}`,
  );
  const prefix = join(staging, "out");
  const args = [
    "build",
    `-Dlibtorch=${libtorch.directory}`,
    ...stdcxx.include.map((directory) => `-Dstdcxx-include=${directory}`),
    `-Dstdcxx-lib=${stdcxx.library}`,
    // By itself Zig leaves a core free, which of two is half.
    `-j${compilersAtOnce()}`,
    "--prefix",
    prefix,
    "--cache-dir",
    join(context.home, "zig-cache", "local"),
    "--color",
    "off",
  ];
  const globalCache = join(context.home, "zig-cache", "global");
  await mkdir(globalCache, { recursive: true });
  const ended = await run(zig.exe, args, {
    cwd: context.root,
    env: { ...context.env, ZIG_GLOBAL_CACHE_DIR: globalCache },
  });
  context.report.line(`Compiling the shim took ${seconds()} s.`);
  const library = join(prefix, "lib");
  if (ended.code === 0 && existsSync(join(library, SHIM_NAME))) return library;
  throw new SetupError(
    `The shim did not compile: mend csrc/, or what Zig says below, and run the set-up again.\n` +
      tail(ended.stderr, 60),
  );
}

/** As many as there are cores, and memory for. */
function compilersAtOnce(): number {
  return Math.max(1, Math.min(availableParallelism(), Math.floor(freemem() / COMPILER_MEMORY)));
}

/** Says every ten seconds that work goes on; the function returned ends that and gives the seconds. */
function startClock(context: Context, title: string): () => number {
  const start = performance.now();
  const elapsed = () => Math.round((performance.now() - start) / 1000);
  context.report.line(`${title} …`);
  const timer = setInterval(() => context.report.line(`${title} … ${elapsed()} s`), 10_000);
  return () => {
    clearInterval(timer);
    return elapsed();
  };
}

/** Removes all but the newest of the shims that no checkout is linked to. */
async function prune({ home }: Context): Promise<void> {
  const parent = join(home, "shims");
  const linked = await linkedKeys(home);
  const keys = (await readdir(parent)).filter((key) => !linked.has(key));
  const shims = await Promise.all(keys.map(async (key) => {
    const path = join(parent, key);
    return { path, time: (await stat(path)).mtimeMs };
  }));
  shims.sort((a, b) => b.time - a.time);
  for (const { path } of shims.slice(KEPT)) await rm(path, { recursive: true, force: true });
}

async function linkedKeys(home: string): Promise<Set<string>> {
  const links = join(home, "links");
  const names = await readdir(links).catch(() => []);
  const texts = await Promise.all(
    names.map((name) => readFile(join(links, name), "utf8").catch(() => "")),
  );
  return new Set(texts.flatMap((text) => text.match(/"key": "(\w+)"/)?.[1] ?? []));
}
