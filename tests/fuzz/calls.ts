/**
 * A million hostile calls: `deno task fuzz`. Arguments: how many, a seed, and "api" or "ops" for one kind alone.
 *
 * @module
 */

import process from "node:process";
import { report, runBatches } from "./batches.ts";

const total = Number(process.argv[2] ?? 1_000_000);
const seed = Number(process.argv[3] ?? 1);
const kinds = process.argv[4] === undefined ? ["api", "ops"] : [process.argv[4]];
const module = new URL("calls_child.ts", import.meta.url);

for (const kind of kinds) {
  const outcome = await runBatches({
    module,
    total: Math.ceil(total / kinds.length),
    batch: 2000,
    seed,
    parallel: 2,
    args: [kind],
    memory: 4_000_000,
    patience: 20,
  });
  if (
    !report(kind === "api" ? "Calls of the public functions" : "Calls of registered ops", outcome)
  ) process.exitCode = 1;
}
