/**
 * Runs batches of samples in a process of its own, which native code may end: `run.ts` starts it.
 *
 *     worker.ts RESULTS PATH:FIRST ...
 *
 * Appends to RESULTS a line for each sample that begins, and one for each that ended.
 *
 * @module
 */

import process from "node:process";
import { check, textOf } from "./check.ts";
import type { Sample } from "./sample.ts";
import { work } from "./work.ts";

work<Sample>(process.argv.slice(2), {
  check: (_, sample, blob) => check(sample, blob),
  textOf: (_, sample) => textOf(sample),
  dtypeOf: ({ dtype }) => dtype,
});
