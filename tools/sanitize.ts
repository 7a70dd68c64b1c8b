/**
 * Builds the shim's native tests (`tests/native/`) with GCC's sanitizers, unless the cache has them
 * already, and runs them: the ABI's errors, ownership and jobs under AddressSanitizer, LeakSanitizer and
 * UndefinedBehaviorSanitizer, the job queue under ThreadSanitizer. LibTorch itself is not instrumented, and ThreadSanitizer, which
 * does not see its reference counts, takes the last release of a tensor for a race now and then: the queue is tested on its own.
 *
 *     deno task sanitize
 *
 * Ends with one plain line, `N passed, N failed`.
 *
 * @module
 */

import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { basename, join } from "node:path";
import process from "node:process";
import { runTool, setUp } from "./setup.ts";
import { type Context, thisMachine } from "./setup/context.ts";
import { SetupError } from "./setup/errors.ts";
import { type Ended, run, tail, which } from "./setup/process.ts";

/** A test binary. */
interface Binary {
  readonly name: string;
  /** The compiler's options of its sanitizers. */
  readonly sanitizers: readonly string[];
  /** The sources of `tests/native/` and of `csrc/`, without their ending. */
  readonly tests: readonly string[];
  readonly shim: readonly string[];
  /** Whether LibTorch is linked. */
  readonly libtorch: boolean;
  /** The arguments of each run. */
  readonly runs: readonly (readonly string[])[];
}

/** How many native tests passed and failed. */
export interface NativeCount {
  /** How many passed. */
  readonly passed: number;
  /** How many failed; a run that a sanitizer ended counts as one. */
  readonly failed: number;
}

const ADDRESS = [
  "-fsanitize=address,undefined,float-cast-overflow",
  // It needs the type information of LibTorch's hidden classes.
  "-fno-sanitize=vptr",
  "-fno-omit-frame-pointer",
];

/** The sources that the exercised exports need; those of files, autograd and images have tests of their own. */
const EXERCISED =
  ("anomaly archive arena batching block_cache budget call_stacks callable compile context copy_kernel crc32 " +
    "error fences functorch fusion fusion_guard fusion_layouts graph guarded_operators guards guards_indices guards_language " +
    "guards_quantized guards_tensors guards_unchecked handles host hot_code image in_flight inspect job_queue jobs " +
    "large_blocks lent list_gradients list_mutation machine memory module nesting observers op optimize " +
    "packed_lstm pages pickle_check plain_copy printing process_end reach registry retired runs saved_hooks " +
    "saved_mutation shared_memory small_blocks sort_lists source_check source_names state step storage tensor " +
    "trace transfer turns value warnings")
    .split(" ");

const BINARIES: readonly Binary[] = [
  {
    name: "abi, address and undefined behaviour",
    sanitizers: ADDRESS,
    tests: ["harness", "abi_test"],
    shim: EXERCISED,
    libtorch: true,
    runs: [[]],
  },
  {
    name: "jobs, address and undefined behaviour",
    sanitizers: ADDRESS,
    tests: ["harness", "jobs_test"],
    shim: EXERCISED,
    libtorch: true,
    runs: [[], ["end"]],
  },
  {
    name: "job queue, threads",
    sanitizers: ["-fsanitize=thread", "-fno-omit-frame-pointer"],
    tests: ["harness", "queue_test"],
    shim: ["job_queue"],
    libtorch: false,
    runs: [[]],
  },
];

/** Builds what is missing and runs all of it. Where there is no g++, says so and counts nothing. */
export async function runNativeTests(context: Context, libtorch: string): Promise<NativeCount> {
  const compiler = await which("g++", context.env);
  if (!compiler) {
    context.report.line(
      "The native tests are left out: they are built with g++, whose sanitizers Zig's compiler lacks.",
    );
    return { passed: 0, failed: 0 };
  }
  const build = await Build.of(context, compiler, libtorch);
  const total = { passed: 0, failed: 0 };
  for (const { name, path, runs } of await build.all()) {
    for (const args of runs) {
      process.stdout.write(`\nNative tests: ${name}${args.length > 0 ? `, ${args}` : ""}\n`);
      const { passed, failed } = await runBinary(context, path, args);
      total.passed += passed;
      total.failed += failed;
    }
  }
  return total;
}

async function runBinary(
  context: Context,
  path: string,
  args: readonly string[],
): Promise<NativeCount> {
  const ended = await started(context, path, args);
  if (ended === null) return { passed: 0, failed: 0 };
  const [, passed, failed] = ended.stdout.match(/^(\d+) passed, (\d+) failed$/m) ?? [];
  // Without its last line, which would be read as the sum of all.
  process.stdout.write(ended.stdout.replace(/^\d+ passed, \d+ failed\n/m, ""));
  process.stdout.write(ended.stderr);
  const count = { passed: Number(passed ?? 0), failed: Number(failed ?? 0) };
  // The run that only ends is a test by itself.
  if (args.length > 0 && ended.code === 0) count.passed++;
  if (ended.code !== 0 && count.failed === 0) count.failed = 1;
  return count;
}

// What ThreadSanitizer says where the kernel scatters addresses wider than it can follow.
const SCATTERED = "unexpected memory mapping";

/** Runs a binary; null, and a line that says so, where its sanitizer cannot work on this machine. */
async function started(
  context: Context,
  path: string,
  args: readonly string[],
): Promise<Ended | null> {
  const env = {
    ...context.env,
    // What no machine has is to be an error that can be caught, as it is without the sanitizer.
    // What threads hold that are at work when the process ends is no leak.
    ASAN_OPTIONS: `allocator_may_return_null=1:detect_leaks=${args.includes("end") ? 0 : 1}`,
    UBSAN_OPTIONS: "print_stacktrace=1:halt_on_error=1",
  };
  const ended = await run(path, args, { env });
  if (!ended.stderr.includes(SCATTERED)) return ended;
  const unscattered = await which("setarch", context.env);
  const again = unscattered ? await run(unscattered, ["-R", path, ...args], { env }) : ended;
  if (again.stdout !== "" && !again.stderr.includes(SCATTERED)) return again;
  context.report.line(
    "This is left out: the kernel scatters addresses wider than ThreadSanitizer can follow, and " +
      (unscattered
        ? `setarch -R was of no help: ${tail(again.stderr, 1)}`
        : "there is no setarch to prevent it."),
  );
  return null;
}

/** The compiling of the binaries, each file of which is kept by the hash of what it was made from. */
class Build {
  readonly #context: Context;
  readonly #compiler: string;
  readonly #libtorch: string;
  readonly #facts: string;
  readonly #directory: string;

  private constructor(context: Context, compiler: string, libtorch: string, facts: string) {
    this.#context = context;
    this.#compiler = compiler;
    this.#libtorch = libtorch;
    this.#facts = facts;
    this.#directory = join(context.home, "sanitized");
  }

  /** What every file depends on: the compiler, LibTorch and the headers. */
  static async of(context: Context, compiler: string, libtorch: string): Promise<Build> {
    const version = await run(compiler, ["--version"], { env: context.env });
    const hash = createHash("sha256").update(version.stdout).update(libtorch);
    for (const part of ["csrc", "tests/native"]) {
      const directory = join(context.root, part);
      for (const name of (await readdir(directory)).filter((name) => name.endsWith(".h")).sort()) {
        hash.update(name).update(await readFile(join(directory, name)));
      }
    }
    await mkdir(join(context.home, "sanitized"), { recursive: true });
    return new Build(context, compiler, libtorch, hash.digest("hex"));
  }

  async all(): Promise<{ name: string; path: string; runs: Binary["runs"] }[]> {
    const start = performance.now();
    const built = [];
    for (const binary of BINARIES) {
      built.push({ name: binary.name, path: await this.#binary(binary), runs: binary.runs });
    }
    const seconds = Math.round((performance.now() - start) / 1000);
    if (seconds > 0) this.#context.report.line(`Building the native tests took ${seconds} s.`);
    return built;
  }

  async #binary({ name, sanitizers, tests, shim, libtorch }: Binary): Promise<string> {
    const sources = [
      ...tests.map((test) => `tests/native/${test}.cpp`),
      ...shim.map((source) => `csrc/${source}.cpp`),
    ];
    const objects = new Map<string, string>();
    for (const source of sources) objects.set(source, await this.#place(source, sanitizers, ".o"));
    const missing = sources.filter((source) => !existsSync(objects.get(source)!));
    const all = createHash("sha256").update([...objects.values()].join()).digest("hex");
    const target = join(this.#directory, all.slice(0, 24));
    if (existsSync(target)) return target;

    if (missing.length > 0) {
      this.#context.report.line(`Compiling ${missing.length} sources for: ${name} …`);
    }
    const prelude = missing.length > PRELUDE_PAYS ? await this.#prelude(sanitizers) : null;
    const work = missing.map((source) => () =>
      this.#compile(source, objects.get(source)!, sanitizers, prelude)
    );
    await parallel(work, availableParallelism());
    if (prelude) await rm(prelude, { recursive: true });
    const lib = join(this.#libtorch, "lib");
    const libraries = libtorch
      ? [`-L${lib}`, "-ltorch_cpu", "-lc10", `-Wl,-rpath,${lib}`]
      : ["-pthread"];
    await this.#run([...sanitizers, ...objects.values(), ...libraries], target);
    return target;
  }

  async #place(source: string, sanitizers: readonly string[], end: string): Promise<string> {
    const text = await readFile(join(this.#context.root, source));
    const hash = createHash("sha256").update(this.#facts).update(sanitizers.join()).update(text);
    return join(
      this.#directory,
      `${basename(source, ".cpp")}-${hash.digest("hex").slice(0, 24)}${end}`,
    );
  }

  #options(sanitizers: readonly string[]): string[] {
    const include = join(this.#libtorch, "include");
    const api = join(include, "torch", "csrc", "api", "include");
    const compat = join(this.#context.root, "csrc", "compat");
    // Not optimized: it takes a third of the time, and nothing is lost to a report.
    return ["-std=c++20", "-O0", "-g1", "-w", ...sanitizers]
      .concat(["-isystem", include, "-isystem", api, "-isystem", compat]);
  }

  /** LibTorch's headers, compiled once: half a gigabyte, so it is not kept. */
  async #prelude(sanitizers: readonly string[]): Promise<string> {
    const directory = join(this.#directory, `prelude-${process.pid}`);
    await mkdir(directory, { recursive: true });
    const header = join(this.#context.root, "tests", "native", "prelude.h");
    await writeFile(join(directory, "prelude.h"), await readFile(header));
    const args = [...this.#options(sanitizers), "-x", "c++-header", header];
    await this.#run(args, join(directory, "prelude.h.gch"));
    return directory;
  }

  async #compile(
    source: string,
    target: string,
    sanitizers: readonly string[],
    prelude: string | null,
  ): Promise<void> {
    const first = prelude ? ["-include", join(prelude, "prelude.h")] : [];
    const path = join(this.#context.root, source);
    await this.#run([...this.#options(sanitizers), ...first, "-c", path], target);
  }

  async #run(args: readonly string[], target: string): Promise<void> {
    const staged = `${target}.${process.pid}`;
    const { env } = this.#context;
    const ended = await run(this.#compiler, [...args, "-o", staged], { env });
    if (ended.code === 0) return await rename(staged, target);
    await rm(staged, { force: true });
    throw new SetupError(`The native tests did not compile:\n${tail(ended.stderr, 40)}`);
  }
}

/** From this many sources on, the prelude takes less time than it saves. */
const PRELUDE_PAYS = 4;

async function parallel(work: readonly (() => Promise<void>)[], width: number): Promise<void> {
  const rest = [...work];
  await Promise.all(Array.from({ length: width }, async () => {
    for (let next = rest.shift(); next; next = rest.shift()) await next();
  }));
}

// Last: classes are not there before their place.
if (import.meta.main) {
  await runTool(async () => {
    const context = thisMachine();
    const { libtorch } = await setUp(context);
    const { passed, failed } = await runNativeTests(context, libtorch);
    process.stdout.write(`${passed} passed, ${failed} failed\n`);
    return failed === 0 ? 0 : 1;
  });
}
