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

import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { parseArgs } from "node:util";
import { flambeauHome } from "../../ffi/home.ts";
import { pathsIn, refusedIn, runAll } from "./batches.ts";
import { exportSamples, OTHER_PROCESSORS, write } from "./exported.ts";
import { GOLDEN, writeGolden } from "./golden.ts";
import { documentation, replacePart, summaryLine, summaryOf } from "./report.ts";

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
  exportSamples(values.data, ["export.py", "record.py", "encode.py"]);
  const paths = pathsIn(values.data, values.only);
  const results = runAll(paths);
  const summary = summaryOf(results, refusedIn(paths));
  if (values.summary) write(values.summary, JSON.stringify(summary, null, 1) + "\n");
  if (values.docs) {
    const page = existsSync(values.docs) ? readFileSync(values.docs, "utf8") : "";
    write(values.docs, replacePart(page, "ops", documentation(summary)));
  }
  if (values.golden) {
    writeGolden(GOLDEN.ops, results, OTHER_PROCESSORS.map((env) => runAll(paths, env)));
  }
  process.stdout.write(summaryLine(summary) + "\n");
  return summary.crashed === 0 ? 0 : 1;
}

process.exitCode = main();
