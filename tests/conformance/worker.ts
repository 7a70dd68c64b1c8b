/**
 * Runs batches of samples in a process of its own, which native code may end: `run.ts` starts it.
 *
 *     worker.ts RESULTS PATH:FIRST ...
 *
 * Appends to RESULTS a line for each sample that begins, and one for each that ended.
 *
 * @module
 */

import { openSync, writeSync } from "node:fs";
import process from "node:process";
import * as torch from "../../mod.ts";
import { check, textOf } from "./check.ts";
import { readEntry } from "./sample.ts";

function runEntry(results: number, path: string, first: number): void {
  const { samples, blob, header } = readEntry(path);
  for (let index = first; index < samples.length; index++) {
    const sample = samples[index]!;
    const call = textOf(sample);
    const note = { path, index, dtype: sample.dtype, entry: header.entry, call };
    writeSync(results, `${JSON.stringify(note)}\n`);
    writeSync(results, `${JSON.stringify(check(sample, blob))}\n`);
  }
}

function main([results, ...batch]: string[]): void {
  const file = openSync(results!, "a");
  // As PyTorch did it: sums of several threads round otherwise.
  torch.setNumThreads(1);
  for (const part of batch) {
    const [, path, first] = /^(.*):(\d+)$/.exec(part)!;
    runEntry(file, path!, Number(first));
  }
}

main(process.argv.slice(2));
