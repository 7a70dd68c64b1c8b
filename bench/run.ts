/**
 * The benchmarks: every suite on Deno, on Bun, and on what it is compared with, one process after the other.
 *
 *     deno task bench [suite ...] [runner ...] [--missing] [--report]
 *
 * The runners are deno, bun, python and node. What is measured takes the place of that suite's and runner's earlier rows in
 * bench/results.json, which is written after each run; so one suite, or one runner of it, can be measured again, and
 * `--missing` goes on with what has no rows yet. `--report` measures nothing. In the end docs/benchmarks.md and its charts
 * are written anew. FLAMBEAU_BENCH_SECONDS (default 0.4) says how long each case is measured, FLAMBEAU_BENCH_THREADS how
 * many threads take part where it is not one (default: one a core).
 *
 * @module
 */

import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { availableParallelism, cpus, loadavg, release, totalmem } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { run, tail } from "../tools/setup/process.ts";
import { SetupError } from "../tools/setup/errors.ts";
import { report } from "../tools/setup/progress.ts";
import { runTool } from "../tools/setup.ts";
import type { Row } from "./harness.ts";
import { concurrency, networks } from "./networks.ts";
import { writeReport } from "./report.ts";
import { setUpBenchmarks, type Tools } from "./set_up.ts";

type Runner = "deno" | "bun" | "python" | "node";

/** The suites, and who takes part beside Deno and Bun. */
const suites: Record<string, Runner[]> = {
  // These four start PyTorch's side themselves, to take turns with it, and the last onnxruntime-node's.
  dispatch: [],
  shumai: ["node"],
  training: [],
  torchscript: [],
  concurrency: ["python", "node"],
  transfer: [],
  memory: ["python"],
  load: [],
  start: ["python"],
};

const RUNNERS: readonly Runner[] = ["deno", "bun", "python", "node"];
// Far more than any takes; one that hangs must not hold up the rest.
const MOST_MS = 20 * 60_000;

/** When a suite was measured by a runner, and how busy the machine was. */
export interface Measured {
  /** When, as ISO text. */
  date: string;
  /** The machine's load, over a minute, before it began. */
  load: number;
}

/** A row, and what measured it. */
export type Found = Row & { runner: Runner };

/** What was found. */
export interface Results {
  /** What it ran on. */
  machine: Record<string, string>;
  /** By suite and runner: `"dispatch deno"`. */
  runs: Record<string, Measured>;
  /** All that was measured. */
  rows: Found[];
}

const root = fileURLToPath(new URL("..", import.meta.url));
const resultsFile = join(root, "bench", "results.json");

interface Options {
  suites: string[];
  runners: Runner[];
  missing: boolean;
  report: boolean;
}

function optionsOf(words: readonly string[]): Options {
  const isRunner = (word: string): word is Runner => (RUNNERS as readonly string[]).includes(word);
  const names = words.filter((word) => word in suites);
  const runners = words.filter(isRunner);
  const [missing, report] = [words.includes("--missing"), words.includes("--report")];
  const known = new Set<string>([...names, ...runners, "--missing", "--report"]);
  const unknown = words.find((word) => !known.has(word));
  if (unknown) {
    throw new SetupError(
      `There is no suite ${unknown}: there are ${Object.keys(suites).join(", ")}; ` +
        `runners are ${RUNNERS.join(", ")}, options --missing and --report.`,
    );
  }
  return {
    suites: names.length > 0 ? names : Object.keys(suites),
    runners: runners.length > 0 ? runners : [...RUNNERS],
    missing,
    report,
  };
}

async function main(): Promise<number> {
  const options = optionsOf(process.argv.slice(2));
  let failed = 0;
  const results = earlier();
  if (!options.report) {
    const tools = await setUpBenchmarks();
    results.machine = await machine(tools);
    failed = await measureAll(options, tools, results);
  }
  writeReport(results, root);
  report.line("Wrote docs/benchmarks.md.");
  if (failed > 0) {
    report.line(`${failed} of the runs failed: what the page has of them is not whole.`);
  }
  return failed > 0 ? 1 : 0;
}

/** How many runs failed. */
async function measureAll(options: Options, tools: Tools, results: Results): Promise<number> {
  const env = environment(tools);
  const needed = ["torchscript", "concurrency"].some((name) => options.suites.includes(name));
  if (needed) await writeNetworks(tools, env);
  const jobs = options.suites
    .flatMap((name) => commands(name, tools))
    .filter(({ runner }) => options.runners.includes(runner))
    .filter(({ suite, runner }) => !options.missing || !(`${suite} ${runner}` in results.runs));
  const bar = report.bar("Measuring", jobs.length, "runs");
  let done = 0;
  let failed = 0;
  for (const { suite, runner, command, args } of jobs) {
    const measured = { date: new Date().toISOString().slice(0, 16), load: loadavg()[0]! };
    const ended = await run(command, args, { env, cwd: root, timeout: MOST_MS });
    const rows = rowsOf(ended.stdout, runner);
    if (ended.code !== 0) {
      failed++;
      // So that `--missing` measures it again.
      delete results.runs[`${suite} ${runner}`];
      report.line(
        `${suite}: ${runner} failed after ${rows.length} rows:\n${tail(ended.stderr)}`,
      );
    }
    if (rows.length > 0) merge(results, suite, runner, rows);
    if (ended.code === 0) results.runs[`${suite} ${runner}`] = measured;
    writeFileSync(resultsFile, JSON.stringify(results, null, 2) + "\n");
    bar.update(++done);
  }
  bar.stop(true);
  return failed;
}

function rowsOf(stdout: string, runner: Runner): Found[] {
  return stdout.split("\n")
    .filter((line) => line.startsWith("@row "))
    .map((line) => ({ ...JSON.parse(line.slice(5)) as Row, runner }));
}

// In the order of suites and runners, so that a file says the same whatever was measured last.
function merge(results: Results, suite: string, runner: Runner, rows: readonly Found[]): void {
  const others = results.rows.filter((row) => row.suite !== suite || row.runner !== runner);
  const rank = (row: Found) =>
    Object.keys(suites).indexOf(row.suite) * RUNNERS.length + RUNNERS.indexOf(row.runner);
  results.rows = [...others, ...rows].sort((a, b) => rank(a) - rank(b));
}

function earlier(): Results {
  const found = existsSync(resultsFile)
    ? JSON.parse(readFileSync(resultsFile, "utf8")) as Results
    : null;
  if (!found?.runs) return { machine: {}, runs: {}, rows: [] };
  // A suite may since have taken a runner's part itself.
  const takesPart = (suite: string, runner: Runner) =>
    runner === "deno" || runner === "bun" || suites[suite]?.includes(runner) === true;
  found.rows = found.rows.filter(({ suite, runner }) => takesPart(suite, runner));
  for (const key of Object.keys(found.runs)) {
    const [suite, runner] = key.split(" ") as [string, Runner];
    if (!takesPart(suite, runner)) delete found.runs[key];
  }
  return found;
}

// The same for all who work on several threads.
const threads = (): string => process.env.FLAMBEAU_BENCH_THREADS ?? String(availableParallelism());

function environment(tools: Tools): Tools["env"] {
  return {
    ...tools.env,
    NODE_PATH: join(tools.packages.node, "node_modules"),
    FLAMBEAU_BENCH_NETWORKS: networksFolder(tools),
    FLAMBEAU_BENCH_PYTHON: tools.python,
    FLAMBEAU_BENCH_NODE: tools.node ?? "",
    FLAMBEAU_BENCH_SHAPES: JSON.stringify(networks),
    FLAMBEAU_BENCH_CONCURRENCY: JSON.stringify(concurrency),
    FLAMBEAU_BENCH_THREADS: threads(),
  };
}

const networksScript = join(root, "bench", "peers", "networks.py");

// Written once for what the script says now.
function networksFolder(tools: Tools): string {
  const key = createHash("sha256").update(readFileSync(networksScript)).digest("hex").slice(0, 12);
  return join(tools.packages.networks, key);
}

async function writeNetworks(tools: Tools, env: Tools["env"]): Promise<void> {
  const folder = networksFolder(tools);
  const complete = join(folder, "complete");
  if (existsSync(complete)) return;
  mkdirSync(folder, { recursive: true });
  report.line("Writing the networks as TorchScript and ONNX …");
  const args = [networksScript, folder, tools.packages.python];
  const { code, stderr } = await run(tools.python, args, { env });
  if (code !== 0) throw new SetupError(`The networks could not be made:\n${tail(stderr)}`);
  if (stderr.trim() !== "") report.line(stderr.trim());
  else writeFileSync(complete, "");
}

interface Job {
  suite: string;
  runner: Runner;
  command: string;
  args: string[];
}

function commands(suite: string, tools: Tools): Job[] {
  const file = join(root, "bench", "suites", `${suite}.ts`);
  const jobs: Job[] = [
    { suite, runner: "deno", command: tools.deno, args: ["run", "-A", "--no-check", file] },
    { suite, runner: "bun", command: tools.bun, args: [file] },
  ];
  const peers = join(root, "bench", "peers");
  if (suites[suite]!.includes("python")) {
    const args = [join(peers, "pytorch.py"), suite];
    jobs.push({ suite, runner: "python", command: tools.python, args });
  }
  if (suites[suite]!.includes("node") && tools.node !== null) {
    const args = [join(peers, "node.cjs"), suite];
    jobs.push({ suite, runner: "node", command: tools.node, args });
  }
  return jobs;
}

async function machine(tools: Tools): Promise<Record<string, string>> {
  const version = async (command: string | null, ...args: string[]) => {
    if (command === null) return "absent";
    const { stdout } = await run(command, args, { env: tools.env });
    return stdout.trim().split("\n")[0]!;
  };
  const packages = (name: string) => {
    try {
      const file = join(tools.packages.node, "node_modules", name, "package.json");
      return JSON.parse(readFileSync(file, "utf8")).version as string;
    } catch {
      return "absent";
    }
  };
  const memory = `${Math.round(totalmem() / 2 ** 30)} GB`;
  return {
    Processor: `${cpus()[0]?.model.trim()}, ${availableParallelism()} threads, ${memory}`,
    System: `${process.platform} ${release()}, ${process.arch}`,
    Deno: (await version(tools.deno, "--version")).replace(/^deno /, "").replace(/ .*/, ""),
    Bun: await version(tools.bun, "--version"),
    PyTorch: await version(tools.python, "-c", "import torch; print(torch.__version__)"),
    "Node.js": await version(tools.node, "--version"),
    "onnxruntime-node": packages("onnxruntime-node"),
    tfjs: packages("@tensorflow/tfjs"),
  };
}

if (import.meta.main) await runTool(main);
