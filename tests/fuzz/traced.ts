/**
 * 5,000 random programs, each called 24 times: `deno task fuzz:traced`. Arguments: how many, and a seed.
 *
 * @module
 */

import process from "node:process";
import { report, runBatches } from "./batches.ts";

const total = Number(process.argv[2] ?? 5000);
const outcome = await runBatches({
  module: new URL("traced_child.ts", import.meta.url),
  total,
  batch: 100,
  seed: Number(process.argv[3] ?? 1),
  parallel: 2,
  tell: (text) => console.error(text),
});
for (const [what, count] of Object.entries(outcome.tally)) {
  console.log(`${String(count).padStart(8)} calls ${what}`);
}
if (!report("Random programs", outcome)) process.exitCode = 1;
