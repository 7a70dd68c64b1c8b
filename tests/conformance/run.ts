/**
 * Holds the library against PyTorch's own sample inputs: every entry of its OpInfo database, called by our names.
 *
 *     deno run -A tests/conformance/run.ts [--data DIRECTORY] [--only PART] [--summary FILE] [--docs FILE] [--golden]
 *     bun tests/conformance/run.ts ...
 *
 * Exports the samples to DIRECTORY first, unless they are there (default: `conformance` in the cache), with the Python
 * that `deno task setup --tests` set up. `--summary` writes every figure and failure as JSON, `--docs` the tables for
 * docs/conformance.md, `--golden` the sample for CI in tests/golden. `--only` takes a part of the entries' names.
 *
 * @module
 */

import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { flambeauHome } from "../../ffi/home.ts";
import { pythonForTests } from "../../tools/setup/python.ts";
import { pathsIn, refusedIn, runAll } from "./batches.ts";
import { writeGolden } from "./golden.ts";
import { documentation, summaryLine, summaryOf } from "./report.ts";

/** Kernels of other processors: the sample of CI is to pass on them too. */
const OTHER_PROCESSORS = ["default", "avx2"].map((capability) => ({
  ATEN_CPU_CAPABILITY: capability,
  MKL_ENABLE_INSTRUCTIONS: "SSE4_2",
  ONEDNN_MAX_CPU_ISA: "SSE41",
}));

const EXPORTER = ["export.py", "record.py", "encode.py"].map((name) =>
  fileURLToPath(new URL(name, import.meta.url))
);

/** Exports the samples, unless this version of the exporter did. */
function exportSamples(directory: string): void {
  const hash = createHash("sha256");
  for (const file of EXPORTER) hash.update(readFileSync(file));
  const version = hash.digest("hex");
  const mark = join(directory, "whole");
  if (existsSync(mark) && readFileSync(mark, "utf8") === version) return;
  const { exe, env } = pythonForTests();
  const { status } = spawnSync(exe, [EXPORTER[0]!, directory], {
    env: { ...process.env, ...env },
    stdio: "inherit",
  });
  if (status !== 0) throw new Error("The export of PyTorch's samples failed.");
  writeFileSync(mark, version);
}

function write(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
}

function main(): number {
  const { values } = parseArgs({
    options: {
      data: { type: "string", default: join(flambeauHome(), "conformance") },
      only: { type: "string", default: "" },
      summary: { type: "string" },
      docs: { type: "string" },
      golden: { type: "boolean", default: false },
    },
  });
  exportSamples(values.data);
  const paths = pathsIn(values.data, values.only);
  const results = runAll(paths);
  const summary = summaryOf(results, refusedIn(paths));
  if (values.summary) write(values.summary, JSON.stringify(summary, null, 1) + "\n");
  if (values.docs) write(values.docs, documentation(summary));
  if (values.golden) writeGolden(results, OTHER_PROCESSORS.map((env) => runAll(paths, env)));
  process.stdout.write(summaryLine(summary) + "\n");
  return summary.crashed === 0 ? 0 : 1;
}

process.exitCode = main();
