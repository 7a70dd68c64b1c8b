/**
 * A million hostile calls: `deno task fuzz`. Arguments: how many, a seed, "api" or "ops" for one kind alone, and then a regular
 * expression for the names of what is called.
 *
 * @module
 */

import process from "node:process";
import { type Outcome, report, runBatches } from "./batches.ts";

const total = Number(process.argv[2] ?? 1_000_000);
const seed = Number(process.argv[3] ?? 1);
const kinds = process.argv[4] === undefined ? ["api", "ops"] : [process.argv[4]];
const module = new URL("calls_child.ts", import.meta.url);

/** Says how many of the targets were called, and which never got past the checks of their arguments. */
function coverage({ tally }: Outcome): void {
  const names = Object.keys(tally).filter((key) => key.startsWith("called "))
    .map((key) => key.slice(7));
  const sum = (what: string) =>
    names.reduce((total, name) => total + (tally[`${what} ${name}`] ?? 0), 0);
  // A class that is called without "new" is refused, and nothing else.
  const never = names.filter((name) => !tally[`reached ${name}`] && !tally[`called new ${name}`]);
  console.log(
    `${names.length} targets; ${sum("reached")} of ${
      sum("called")
    } calls returned or got as far as LibTorch`,
  );
  console.log(`  never past the checks of arguments (${never.length}): ${never.join(", ")}`);
}

for (const kind of kinds) {
  const outcome = await runBatches({
    module,
    total: Math.ceil(total / kinds.length),
    // Half of the time of a batch of 2000 is that of making what is called.
    batch: 8000,
    seed,
    parallel: Number(process.env.FLAMBEAU_FUZZ_PARALLEL ?? 2),
    args: [kind, process.argv[5] ?? ""],
    memory: 4_000_000,
    patience: 20,
    tell: (text) => console.error(text),
  });
  coverage(outcome);
  if (
    !report(kind === "api" ? "Calls of the public functions" : "Calls of registered ops", outcome)
  ) process.exitCode = 1;
}
