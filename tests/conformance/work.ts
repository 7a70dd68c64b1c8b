/**
 * What the workers share: a note when a sample begins, and one when it ended.
 *
 * @module
 */

import { openSync, writeSync } from "node:fs";
import * as torch from "../../mod.ts";
import type { Outcome } from "./check.ts";
import { readEntry } from "./sample.ts";

/** What to do with the samples of an entry. */
export interface Work<S> {
  /** Runs one. */
  check(entry: string, sample: S, blob: Uint8Array): Outcome;
  /** The sample as text. */
  textOf(entry: string, sample: S): string;
  /** The column of the table that it counts in. */
  dtypeOf(sample: S): string;
}

/** Runs the samples of `PATH:FIRST ...`, and appends to the file of notes. */
export function work<S>([results, ...batch]: string[], how: Work<S>): void {
  const file = openSync(results!, "a");
  // As PyTorch did it: sums of several threads round otherwise.
  torch.setNumThreads(1);
  for (const part of batch) {
    const [, path, first] = /^(.*):(\d+)$/.exec(part)!;
    runEntry(file, path!, Number(first), how);
  }
}

function runEntry<S>(file: number, path: string, first: number, how: Work<S>): void {
  const { samples, blob, header } = readEntry<S>(path);
  const { entry } = header;
  for (let index = first; index < samples.length; index++) {
    const sample = samples[index]!;
    const note = {
      path,
      index,
      dtype: how.dtypeOf(sample),
      entry,
      call: how.textOf(entry, sample),
    };
    writeSync(file, `${JSON.stringify(note)}\n`);
    writeSync(file, `${JSON.stringify(how.check(entry, sample, blob))}\n`);
  }
}
