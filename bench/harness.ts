/**
 * How everything in JavaScript is timed, and how a suite tells `run.ts` what it found.
 *
 * @module
 */

import process from "node:process";
import { setTimeout } from "node:timers/promises";

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
  /** The median of its time divided by another's, of rounds that took turns in one process: by the other's name. */
  ratios?: Record<string, number>;
  /** What the numbers are; default nanoseconds. */
  unit?: "bytes";
}

/** The name of this library on the runtime that runs this. */
export const here: string = "Deno" in globalThis ? "Flambeau, Deno" : "Flambeau, Bun";

/** Seconds that a case is measured, of each system; half as many before that are not counted. */
const SECONDS = Number(process.env.FLAMBEAU_BENCH_SECONDS ?? 0.4);
// Short enough that most rounds are done before another process gets its turn; long enough for the clock.
const ROUND_SECONDS = Math.min(0.004, SECONDS / 20);
const LEAST_ROUNDS = 5;
// What a round begins and ends with (random numbers, a sum) is as nothing to so many calls.
const LEAST_CALLS = 8;
// Most of the time in which processes take turns they rest.
const TURNS_TAKE = 4;
// Whoever waited for another begins with cold caches, and on a busy host on a core that others had: what it does for so long is not counted.
const SECONDS_TO_WAKE = 0.02;
// What a process does first it does while its compiler is still at it.
const FIRST_WARM_UP_MS = 2000;
let isFirst = true;

/** One way to do what a case does: does it `calls` times, or says itself how many nanoseconds a call took. */
export type Contender = (calls: number) => void | number;

function nanoseconds(run: Contender, calls: number): number {
  const start = performance.now();
  const own = run(calls);
  return own ?? (performance.now() - start) * 1e6 / calls;
}

// How many calls of each fill a round, found while all warm up in turn.
function warmUp(contenders: readonly Contender[]): number[] {
  const calls = contenders.map(() => 1);
  const each = contenders.map((run) => nanoseconds(run, 1));
  const ms = SECONDS * 500 * contenders.length;
  const end = performance.now() + (isFirst ? Math.max(ms, FIRST_WARM_UP_MS) : ms);
  isFirst = false;
  do {
    contenders.forEach((run, i) => {
      if (each[i]! * calls[i]! < ROUND_SECONDS * 5e8) calls[i]! *= 2;
      each[i] = nanoseconds(run, calls[i]!);
    });
  } while (performance.now() < end);
  return each.map((time) => Math.max(1, Math.round(ROUND_SECONDS * 1e9 / time)));
}

/**
 * Times contenders of one case in turn, round by round, so that what disturbs the machine disturbs all. Warms up first.
 * The first one's row tells what part of each other's time it took, by the rounds that were measured side by side.
 */
export function measure(suite: string, name: string, contenders: Record<string, Contender>): void {
  const runs = Object.values(contenders);
  const calls = warmUp(runs);
  const samples = runs.map((): number[] => []);
  const end = performance.now() + SECONDS * 1e3 * runs.length;
  while (performance.now() < end || samples[0]!.length < LEAST_ROUNDS) {
    runs.forEach((run, i) => samples[i]!.push(nanoseconds(run, calls[i]!)));
  }
  emitAll(suite, Object.keys(contenders), name, samples);
}

// A thread of OpenMP's looks for more work for some 16 ms (300,000 turns of `pause`), on the core that the other process wants.
const REST_MS = 25;

/** Waits until the threads of a process that has done its part have come to rest. */
export function rest(): Promise<void> {
  return setTimeout(REST_MS);
}

/** Another process, asked for so many calls, says what one of them took. */
export type Ask = (calls: number) => Promise<number>;

/** A contender, wherever it runs. */
interface Side {
  /** Makes a round that counts, after others that do not. */
  round(): Promise<number>;
}

// Of so many calls, each of so many nanoseconds.
function roundsToWake(calls: number, each: number): number {
  return Math.max(1, Math.ceil(SECONDS_TO_WAKE * 1e9 / (calls * each)));
}

async function sideOf(ask: Ask, leastCalls: number): Promise<Side> {
  let calls = 1;
  let taken = await ask(calls);
  for (const end = performance.now() + SECONDS * 500; performance.now() < end;) {
    if (taken * calls < ROUND_SECONDS * 5e8) calls *= 2;
    taken = await ask(calls);
  }
  calls = Math.max(leastCalls, Math.round(ROUND_SECONDS * 1e9 / taken));
  const toWake = roundsToWake(calls, taken);
  return {
    round: async () => {
      for (let i = 0; i < toWake; i++) await ask(calls);
      return await ask(calls);
    },
  };
}

/**
 * {@linkcode measure} with more contenders, each in a process of its own, by name. `leastCalls` is how many calls a round has at
 * least: more than one (the default) where a round has a beginning and an end that are not to count.
 */
export async function measureWith(
  suite: string,
  name: string,
  contenders: Record<string, Contender>,
  others: Record<string, Ask>,
  leastCalls: number = LEAST_CALLS,
): Promise<void> {
  const runs = Object.values(contenders);
  const calls = warmUp(runs).map((count) => Math.max(leastCalls, count));
  const toWake = roundsToWake(calls[0]!, nanoseconds(runs[0]!, calls[0]!));
  const sides: Side[] = [];
  for (const ask of Object.values(others)) {
    await rest();
    sides.push(await sideOf(ask, leastCalls));
  }
  const samples = [...runs, ...sides].map((): number[] => []);
  const end = performance.now() + SECONDS * 1e3 * samples.length * TURNS_TAKE;
  while (performance.now() < end || samples[0]!.length < LEAST_ROUNDS) {
    await rest();
    for (let i = 1; i < toWake; i++) nanoseconds(runs[0]!, calls[0]!);
    runs.forEach((run, i) => {
      nanoseconds(run, calls[i]!);
      samples[i]!.push(nanoseconds(run, calls[i]!));
    });
    for (const [i, side] of sides.entries()) {
      await rest();
      samples[runs.length + i]!.push(await side.round());
    }
  }
  emitAll(suite, [...Object.keys(contenders), ...Object.keys(others)], name, samples);
}

// The first one's row tells what part of each other's time it took.
function emitAll(
  suite: string,
  systems: readonly string[],
  name: string,
  samples: readonly (readonly number[])[],
): void {
  const ratios = Object.fromEntries(
    systems.slice(1).map((system, i) => [system, medianRatio(samples[0]!, samples[i + 1]!)]),
  );
  systems.forEach((system, i) => emit(suite, name, system, samples[i]!, i === 0 ? ratios : {}));
}

function medianRatio(own: readonly number[], others: readonly number[]): number {
  const ratios = own.map((time, i) => time / others[i]!).sort((a, b) => a - b);
  return ratios[ratios.length >> 1]!;
}

/** Tells `run.ts` of samples, in nanoseconds. */
export function emit(
  suite: string,
  name: string,
  system: string,
  samples: readonly number[],
  ratios: Record<string, number> = {},
  unit?: "bytes",
): void {
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
    ...(Object.keys(ratios).length > 0 ? { ratios } : {}),
    ...(unit ? { unit } : {}),
  };
  console.log(`@row ${JSON.stringify(row)}`);
}
