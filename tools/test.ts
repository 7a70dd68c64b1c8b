/**
 * The whole suite: sets up what is missing, then runs `tests/` on Deno and on Bun, and the examples of
 * the documentation on Deno, and the shim's native tests under sanitizers.
 *
 *     deno task test [--deno] [--bun] [--doc] [--native] [part of a file's name ...]
 *
 * Ends with one plain line, `N passed, N failed`.
 *
 * @module
 */

import { existsSync } from "node:fs";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { type Count, countBun, countDeno, failuresOf } from "./count.ts";
import { runNativeTests } from "./sanitize.ts";
import { runTool, setUp } from "./setup.ts";
import { type Context, thisMachine } from "./setup/context.ts";
import { SetupError } from "./setup/errors.ts";
import { type Ended, type Env, run } from "./setup/process.ts";
import { setUpTests, type TestTools } from "./setup/tests.ts";

/** One run of one runtime's tests. */
type Suite = (work: Work) => Promise<Count & { readonly failures?: readonly string[] }>;

interface Work extends TestTools {
  readonly context: Context;
  readonly libtorch: string;
  readonly root: string;
  readonly env: Env;
  readonly files: readonly string[];
  readonly scratch: string;
}

const SUITES: Readonly<Record<string, Suite>> = {
  deno: testDeno,
  doc: testDoc,
  bun: testBun,
  native: (work) => runNativeTests(work.context, work.libtorch),
};

/** What has no files to choose from. */
const UNFILTERED: readonly string[] = ["doc", "native"];

/** What the examples of the documentation are taken from. */
const DOCUMENTED = ["mod.ts", "ffi", "src"];

if (import.meta.main) await runTool(main);

async function main(): Promise<number> {
  const context = thisMachine();
  const flags = process.argv.slice(2).filter((arg) => arg.startsWith("--"));
  const filters = process.argv.slice(2).filter((arg) => !arg.startsWith("--"));
  const unknown = flags.find((flag) => !(flag.slice(2) in SUITES));
  if (unknown) {
    throw new SetupError(`There is no option ${unknown}: use --deno, --bun, --doc or --native.`);
  }
  const chosen = Object.keys(SUITES).filter((name) =>
    flags.length > 0
      ? flags.includes(`--${name}`)
      : !UNFILTERED.includes(name) || filters.length === 0
  );

  const { libtorch } = await setUp(context);
  const tools = await setUpTests(context);
  const scratch = await mkdtemp(join(tmpdir(), "flambeau-test-"));
  try {
    const files = await testFiles(context, filters);
    return await runSuites(chosen, {
      ...tools,
      context,
      libtorch,
      root: context.root,
      env: testEnvironment(context, tools),
      files,
      scratch,
    });
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

async function testFiles({ root }: Context, filters: readonly string[]): Promise<string[]> {
  const names = (await readdir(join(root, "tests"))).filter((name) => name.endsWith("_test.ts"));
  const chosen = names.filter((name) =>
    filters.length === 0 || filters.some((part) => `tests/${name}`.includes(part))
  );
  if (chosen.length > 0) return chosen.sort().map((name) => `./tests/${name}`);
  throw new SetupError(`No file of tests/ has a name with ${filters.join(" or ")} in it.`);
}

function testEnvironment({ env }: Context, { python, deno, bun }: TestTools): Env {
  return {
    ...env,
    ...python.env,
    FLAMBEAU_TEST_PYTHON: python.exe,
    FLAMBEAU_TEST_DENO: deno.exe,
    FLAMBEAU_TEST_BUN: bun.exe,
  };
}

async function runSuites(names: readonly string[], work: Work): Promise<number> {
  const total = { passed: 0, failed: 0 };
  const lines: string[] = [];
  const told: string[] = [];
  for (const name of names) {
    const start = performance.now();
    const { passed, failed, failures = [] } = await SUITES[name]!(work);
    const seconds = ((performance.now() - start) / 1000).toFixed(1);
    // Worded unlike the last line, which alone is to be read as the sum.
    lines.push(`${name.padEnd(6)} ok ${passed}  not ok ${failed}  (${seconds} s)`);
    if (failed > 0) told.push(...failures.map((text) => `${name}: ${text}\n`));
    total.passed += passed;
    total.failed += failed;
  }
  const versions = `Deno ${work.deno.version}, Bun ${work.bun.version}`;
  if (told.length > 0) process.stdout.write(`\nWhat failed, once more\n\n${told.join("\n")}`);
  process.stdout.write(`\n${versions}, ${work.files.length} files\n${lines.join("\n")}\n`);
  process.stdout.write(`${total.passed} passed, ${total.failed} failed\n`);
  return total.failed === 0 && total.passed > 0 ? 0 : 1;
}

function testDeno(work: Work): ReturnType<Suite> {
  return denoTest(work, "Tests on Deno", work.files);
}

async function testDoc(work: Work): ReturnType<Suite> {
  const paths = DOCUMENTED.filter((path) => existsSync(join(work.root, path)));
  return await denoTest(work, "Examples of the documentation on Deno", ["--doc", ...paths]);
}

async function denoTest(work: Work, title: string, args: readonly string[]): ReturnType<Suite> {
  const report = join(work.scratch, `${args.length}.xml`);
  // Types are `deno task check`'s work.
  const options = ["test", "-A", "--no-check", `--junit-path=${report}`];
  const ended = await shown(work, title, work.deno.exe, [...options, ...args]);
  const count = countDeno(await readFile(report, "utf8").catch(() => ""), ended);
  return { ...count, failures: failuresOf(ended) };
}

async function testBun(work: Work): ReturnType<Suite> {
  // Bun's own limit of 5 s a test is no limit of ours.
  const args = ["test", "--timeout", "300000", ...work.files];
  const ended = await shown(work, "Tests on Bun", work.bun.exe, args);
  return { ...countBun(ended), failures: failuresOf(ended) };
}

async function shown(work: Work, title: string, exe: string, args: string[]): Promise<Ended> {
  process.stdout.write(`\n${title}\n`);
  return await run(exe, args, { cwd: work.root, env: work.env, show: true });
}
