/**
 * 20,000 changed files: `deno task fuzz:files`. Arguments: how many, and a seed.
 *
 * @module
 */

import process from "node:process";
import { report, runBatches } from "./batches.ts";

const total = Number(process.argv[2] ?? 20_000);
const seed = Number(process.argv[3] ?? 1);
const module = new URL("files_child.ts", import.meta.url);

const accidents = await runBatches({ module, total, batch: 1000, seed, parallel: 2 });
const mended = await runBatches({
  module,
  total: Math.ceil(total / 4),
  batch: 250,
  seed,
  parallel: 2,
  args: ["resealed"],
});
const well = [
  report("Files changed by accident", accidents),
  report("Files changed on purpose, with checksums that fit", mended),
];
process.exitCode = well.every(Boolean) ? 0 : 1;
