/**
 * Many callers of one TorchScript module: what a call takes of the whole, how long a caller waits, and how late the event
 * loop is meanwhile.
 *
 * @module
 */

import { join } from "node:path";
import process from "node:process";
import { setImmediate as turn, setTimeout as sleep } from "node:timers/promises";
import * as torch from "../../mod.ts";
import { emit, here } from "../harness.ts";
import { concurrency } from "../networks.ts";

const { network, shape, callers } = concurrency;
const SECONDS = Number(process.env.FLAMBEAU_BENCH_SECONDS ?? 0.4);
const ROUNDS = 5;
const MILLISECOND = 1e6;

interface Samples {
  /** Nanoseconds of the wall's clock, divided by the calls. */
  each: number[];
  /** From a call to its result. */
  waits: number[];
  /** The 99th percentile of those, by round. */
  longest: number[];
}

const percentile99 = (samples: number[]) =>
  samples.sort((a, b) => a - b)[Math.floor(samples.length * 0.99)]!;

/** Callers that each await a result before they ask for the next. */
async function round(width: number, call: () => Promise<unknown>, into: Samples): Promise<void> {
  const start = performance.now();
  const end = start + SECONDS * 1000;
  const waits: number[] = [];
  await Promise.all(Array.from({ length: width }, async () => {
    do {
      const asked = performance.now();
      await call();
      waits.push((performance.now() - asked) * MILLISECOND);
    } while (performance.now() < end);
  }));
  into.each.push((performance.now() - start) * MILLISECOND / waits.length);
  into.longest.push(percentile99(waits));
  into.waits.push(...waits);
}

/** How late a timer of 1 ms comes, while `busy`. */
async function lag(busy: Promise<unknown>): Promise<number[]> {
  const late: number[] = [];
  let done = false;
  const ended = busy.then(() => done = true);
  while (!done) {
    const asked = performance.now();
    await sleep(1);
    late.push(Math.max(0, performance.now() - asked - 1) * MILLISECOND);
  }
  await ended;
  return late;
}

async function throughput(call: () => Promise<unknown>, alone: () => void): Promise<void> {
  const samples = new Map(
    callers.map((width): [number, Samples] => [width, { each: [], waits: [], longest: [] }]),
  );
  const single: number[] = [];
  const late: number[] = [];
  const latest: number[] = [];
  for (let i = 0; i < ROUNDS; i++) {
    single.push(oneThread(alone));
    for (const [width, into] of samples) {
      await turn();
      await round(width, call, into);
    }
    const width = Math.max(...callers);
    const own = await lag(round(width, call, { each: [], waits: [], longest: [] }));
    latest.push(percentile99(own));
    late.push(...own);
  }
  emit("concurrency", "one thread, in a loop: a call", here, single);
  for (const [width, { each, waits, longest }] of samples) {
    const who = width === 1 ? "1 caller" : `${width} callers`;
    emit("concurrency", `${who}: a call's share of the time`, here, each);
    emit("concurrency", `${who}: from call to result`, here, waits);
    emit("concurrency", `${who}: from call to result, 99th percentile`, here, longest);
  }
  emit("concurrency", "a timer of 1 ms, late by, while 64 call", here, late);
  emit("concurrency", "a timer of 1 ms, late by, while 64 call, 99th percentile", here, latest);
}

function oneThread(call: () => void): number {
  torch.setNumThreads(1);
  const start = performance.now();
  let calls = 0;
  for (; performance.now() < start + SECONDS * 1000; calls++) call();
  return (performance.now() - start) * MILLISECOND / calls;
}

async function roundTrip(): Promise<void> {
  using unit = torch.jit.compile("def nothing():\n    return None\n");
  const call = unit.nothing!;
  const times: number[] = [];
  for (const end = performance.now() + SECONDS * 4000; performance.now() < end;) {
    const start = performance.now();
    for (let i = 0; i < 20; i++) await call.runAsync();
    times.push((performance.now() - start) * MILLISECOND / 20);
  }
  emit("concurrency", "an empty function, to and fro", here, times.slice(times.length >> 2));
}

const path = join(process.env.FLAMBEAU_BENCH_NETWORKS!, `${network}.plain.pt`);
torch.jit.enableOnednnFusion(true);
const model = torch.jit.freeze(torch.jit.load(path).eval());
const x = torch.randn([1, ...shape]);
await torch.noGrad(async () => {
  model.warmUp(x);
  const call = async () => (await model.runAsync(x) as torch.Tensor).dispose();
  // Each thread of the queue watches its first calls.
  for (let i = 0; i < 8; i++) await Promise.all([call(), call(), call(), call()]);
  await throughput(call, () => (model(x) as torch.Tensor).dispose());
  await roundTrip();
});
