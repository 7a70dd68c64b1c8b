/**
 * Runs batches of samples of modules in a process of its own, which native code may end: see `../worker.ts`.
 *
 *     worker.ts RESULTS PATH:FIRST ...
 *
 * @module
 */

import process from "node:process";
import { work } from "../work.ts";
import { check } from "./check.ts";
import { type ModuleSample, textOf } from "./sample.ts";

work<ModuleSample>(process.argv.slice(2), {
  check,
  textOf,
  dtypeOf: ({ dtype, training }) => `${dtype}, ${training ? "training" : "evaluating"}`,
});
