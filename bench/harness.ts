/**
 * How everything in JavaScript is timed, and how a suite tells `run.ts` what it found.
 *
 * @module
 */

import process from "node:process";

/** What one system took for one case: nanoseconds a call. */
export interface Row {
  /** The suite. */
  suite: string;
  /** What was done. */
  case: string;
  /** What did it: `"Flambeau, Deno"`, `"C++"`, `"PyTorch"`. */
  system: string;
  /** The median over rounds. */
  median: number;
  /** The 10th percentile. */
  low: number;
  /** The 90th percentile. */
  high: number;
  /** How many rounds there were. */
  rounds: number;
}

/** The name of this library on the runtime that runs this. */
export const here: string = "Deno" in globalThis ? "Flambeau, Deno" : "Flambeau, Bun";

/** Seconds that a case is measured, of each system; half as many before that are not counted. */
const SECONDS = Number(process.env.FLAMBEAU_BENCH_SECONDS ?? 0.4);
const ROUND_SECONDS = SECONDS / 20;
const LEAST_ROUNDS = 5;

function clock(run: (calls: number) => void, calls: number): number {
  const start = performance.now();
  run(calls);
  return (performance.now() - start) / 1e3;
}

/** One way to do what a case does: does it `calls` times, or says itself how many nanoseconds a call took. */
export type Contender = (calls: number) => void | number;

/**
 * Times contenders of one case in turn, round by round, so that what disturbs the machine disturbs all. Warms up first.
 */
export function measure(suite: string, name: string, contenders: Record<string, Contender>): void {
  const entries = Object.entries(contenders);
  const first = entries[0]![1];
  let calls = 1;
  let taken = clock(first, calls);
  for (const end = performance.now() + SECONDS * 500; performance.now() < end;) {
    if (taken < ROUND_SECONDS / 2) calls *= 2;
    taken = clock(first, calls);
    for (const [, run] of entries.slice(1)) run(Math.max(1, calls >> 3));
  }
  calls = Math.max(1, Math.round(calls * ROUND_SECONDS / Math.max(taken, 1e-9)));
  const samples = entries.map((): number[] => []);
  const end = performance.now() + SECONDS * 1e3 * entries.length;
  while (performance.now() < end || samples[0]!.length < LEAST_ROUNDS) {
    entries.forEach(([, run], i) => {
      let own: number | void = undefined;
      const seconds = clock((calls) => own = run(calls), calls);
      samples[i]!.push(own ?? seconds / calls * 1e9);
    });
  }
  entries.forEach(([system], i) => emit(suite, name, system, samples[i]!));
}

/** Tells `run.ts` of samples, in nanoseconds. */
export function emit(suite: string, name: string, system: string, samples: number[]): void {
  const sorted = samples.toSorted((a, b) => a - b);
  const at = (part: number) =>
    sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))]!;
  const row: Row = {
    suite,
    case: name,
    system,
    median: at(0.5),
    low: at(0.1),
    high: at(0.9),
    rounds: sorted.length,
  };
  console.log(`@row ${JSON.stringify(row)}`);
}
