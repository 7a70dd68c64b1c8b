/**
 * The benchmarks: every suite on Deno, on Bun, and on what it is compared with, one process after the other.
 *
 *     deno task bench [suite ...]        the suites are dispatch, shumai, torchscript, training, transfer, start
 *
 * Writes bench/results.json, docs/benchmarks.md and its charts. FLAMBEAU_BENCH_SECONDS (default 0.4) says how long each
 * case is measured. All of it takes about ten minutes on a machine that does nothing else.
 *
 * @module
 */

import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { availableParallelism, cpus, release, tmpdir, totalmem } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { run, tail } from "../tools/setup/process.ts";
import { SetupError } from "../tools/setup/errors.ts";
import { report } from "../tools/setup/progress.ts";
import { runTool } from "../tools/setup.ts";
import type { Row } from "./harness.ts";
import { networks } from "./networks.ts";
import { writeReport } from "./report.ts";
import { setUpBenchmarks, type Tools } from "./set_up.ts";

/** The suites, and who takes part beside Deno and Bun. */
const suites: Record<string, ("python" | "node")[]> = {
  dispatch: ["python"],
  shumai: ["python", "node"],
  torchscript: ["python", "node"],
  // It starts PyTorch's side itself, to take turns with it.
  training: [],
  transfer: [],
  start: ["python"],
};

/** What one run found. */
export interface Results {
  /** When, as ISO text. */
  date: string;
  /** What it ran on. */
  machine: Record<string, string>;
  /** All that was measured. */
  rows: Row[];
}

const root = fileURLToPath(new URL("..", import.meta.url));
const resultsFile = join(root, "bench", "results.json");

if (import.meta.main) await runTool(main);

async function main(): Promise<number> {
  const chosen = process.argv.slice(2);
  const unknown = chosen.find((name) => !(name in suites));
  if (unknown) {
    throw new SetupError(
      `There is no suite ${unknown}: there are ${Object.keys(suites).join(", ")}.`,
    );
  }
  const names = chosen.length > 0 ? chosen : Object.keys(suites);
  const tools = await setUpBenchmarks();
  const folder = mkdtempSync(join(tmpdir(), "flambeau-bench-"));
  try {
    const results = { ...await measureAll(names, tools, folder), machine: await machine(tools) };
    writeFileSync(resultsFile, JSON.stringify(results, null, 2) + "\n");
    writeReport(results, root);
    report.line("Wrote bench/results.json and docs/benchmarks.md.");
    return 0;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

async function measureAll(
  names: readonly string[],
  tools: Tools,
  folder: string,
): Promise<{ date: string; rows: Row[] }> {
  // Suites that are not measured this time stay as they were.
  const rows = earlier().filter(({ suite }) => !names.includes(suite));
  const env = environment(tools, folder);
  if (names.includes("torchscript")) await writeNetworks(tools, folder, env);
  const jobs = names.flatMap((name) => commands(name, tools));
  const bar = report.bar("Measuring", jobs.length, "runs");
  let done = 0;
  for (const { suite, command, args } of jobs) {
    const ended = await run(command, args, { env, cwd: root });
    if (ended.code !== 0) {
      report.line(`${suite}: ${command} failed, and is missing:\n${tail(ended.stderr)}`);
    }
    for (const line of ended.stdout.split("\n")) {
      if (line.startsWith("@row ")) rows.push(JSON.parse(line.slice(5)));
    }
    bar.update(++done);
  }
  bar.stop(true);
  return { date: new Date().toISOString().slice(0, 10), rows };
}

function earlier(): Row[] {
  return existsSync(resultsFile) ? JSON.parse(readFileSync(resultsFile, "utf8")).rows : [];
}

function environment(tools: Tools, folder: string): Tools["env"] {
  return {
    ...tools.env,
    NODE_PATH: join(tools.packages.node, "node_modules"),
    FLAMBEAU_BENCH_NETWORKS: folder,
    FLAMBEAU_BENCH_PYTHON: tools.python,
    FLAMBEAU_BENCH_SHAPES: JSON.stringify(networks),
    // As many as LibTorch takes: one a core.
    FLAMBEAU_BENCH_THREADS: String(threads()),
  };
}

function threads(): number {
  return availableParallelism();
}

async function writeNetworks(tools: Tools, folder: string, env: Tools["env"]): Promise<void> {
  const script = join(root, "bench", "peers", "networks.py");
  const { code, stderr } = await run(tools.python, [script, folder, tools.packages.python], {
    env,
  });
  if (code !== 0) throw new SetupError(`The networks could not be made:\n${tail(stderr)}`);
  if (stderr.trim() !== "") report.line(stderr.trim());
}

interface Job {
  suite: string;
  command: string;
  args: string[];
}

function commands(suite: string, tools: Tools): Job[] {
  const file = join(root, "bench", "suites", `${suite}.ts`);
  const jobs: Job[] = [
    { suite, command: tools.deno, args: ["run", "-A", "--no-check", file] },
    { suite, command: tools.bun, args: [file] },
  ];
  const peers = join(root, "bench", "peers");
  if (suites[suite]!.includes("python")) {
    jobs.push({ suite, command: tools.python, args: [join(peers, "pytorch.py"), suite] });
  }
  if (suites[suite]!.includes("node") && tools.node !== null) {
    jobs.push({ suite, command: tools.node, args: [join(peers, "node.cjs"), suite] });
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
