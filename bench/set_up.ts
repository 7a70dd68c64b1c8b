/**
 * What the benchmarks compare with: brought to the cache, and no part of the library.
 *
 * @module
 */

import { existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { flambeauHome } from "../ffi/home.ts";
import { setUp } from "../tools/setup.ts";
import { thisMachine } from "../tools/setup/context.ts";
import { report } from "../tools/setup/progress.ts";
import { run, tail, which } from "../tools/setup/process.ts";
import { setUpTests } from "../tools/setup/tests.ts";

/** The programs of other makers, pinned. */
const NODE_PACKAGES = [
  "onnxruntime-node@1.30.0",
  "@tensorflow/tfjs@4.22.0",
  "@tensorflow/tfjs-backend-wasm@4.22.0",
];
const PYTHON_PACKAGES = ["onnx==1.23.2", "onnxscript==0.7.2", "onnx-ir==1.1.0"];

/** Programs to run, and the environment to run them in. */
export interface Tools {
  /** Deno. */
  deno: string;
  /** Bun. */
  bun: string;
  /** A Python with PyTorch. */
  python: string;
  /** Node.js, where there is one. */
  node: string | null;
  /** Where packages for Node.js and Python are, and networks that were written. */
  packages: { node: string; python: string; networks: string };
  /** The environment. */
  env: Record<string, string | undefined>;
}

/** Finds or fetches all that the suites need. */
export async function setUpBenchmarks(): Promise<Tools> {
  const { env } = process;
  const { FLAMBEAU_TEST_DENO, FLAMBEAU_TEST_BUN, FLAMBEAU_TEST_PYTHON } = env;
  const found = FLAMBEAU_TEST_DENO && FLAMBEAU_TEST_BUN && FLAMBEAU_TEST_PYTHON
    ? {
      deno: FLAMBEAU_TEST_DENO,
      bun: FLAMBEAU_TEST_BUN,
      python: FLAMBEAU_TEST_PYTHON,
      more: {} as Record<string, string>,
    }
    : await fetched();
  const home = join(flambeauHome(), "bench");
  const packages = {
    node: join(home, "node"),
    python: join(home, "python"),
    networks: join(home, "networks"),
  };
  const node = await which("node", env);
  await packagesForNode(packages.node);
  await packagesForPython(found.python, packages.python);
  return {
    deno: found.deno,
    bun: found.bun,
    python: found.python,
    node,
    packages,
    env: { ...env, ...found.more, NO_COLOR: "1" },
  };
}

async function fetched() {
  const context = thisMachine();
  await setUp(context);
  const { python, deno, bun } = await setUpTests(context);
  return { deno: deno.exe, bun: bun.exe, python: python.exe, more: { ...python.env } };
}

// What cannot be had is missing from the tables, which say so; it is no reason to measure nothing.
async function packagesForNode(folder: string): Promise<void> {
  if (existsSync(join(folder, "node_modules", "onnxruntime-node"))) return;
  mkdirSync(folder, { recursive: true });
  report.line("Fetching tfjs and onnxruntime-node …");
  // Its install script fetches libraries for GPUs.
  const args = ["i", "--prefix", folder, "--ignore-scripts", "--no-audit", "--no-fund"];
  const { code, stderr } = await run("npm", [...args, ...NODE_PACKAGES]);
  if (code !== 0) report.line(`They could not be fetched:\n${tail(stderr)}`);
}

async function packagesForPython(python: string, folder: string): Promise<void> {
  if (existsSync(join(folder, "onnx"))) return;
  report.line("Fetching onnx …");
  const args = ["-m", "pip", "install", "-q", "--target", folder, "--no-deps"];
  const more = ["ml_dtypes", "protobuf"];
  const { code, stderr } = await run(python, [...args, ...PYTHON_PACKAGES, ...more]);
  if (code !== 0) report.line(`It could not be fetched:\n${tail(stderr)}`);
}
