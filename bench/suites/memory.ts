/**
 * What lifetimes cost: time and memory of a handle, and the peak of a loop that disposes or forgets.
 *
 * @module
 */

import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import process from "node:process";
import { setImmediate as turn } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { collectGarbage, native } from "../../ffi/mod.ts";
import * as torch from "../../mod.ts";
import { emit, here } from "../harness.ts";

const SECONDS = Number(process.env.FLAMBEAU_BENCH_SECONDS ?? 0.4);
const FEW = 2000;
const MANY = 100_000;
const STEPS = 40;

const tell = (name: string, samples: number[], unit?: "bytes") =>
  emit("memory", name, here, samples, {}, unit);

/** Nanoseconds each that `run` takes for `count`. */
function time(count: number, run: () => void): number {
  const start = performance.now();
  run();
  return (performance.now() - start) * 1e6 / count;
}

/** Making and disposing alone, and whole lives of tensors that are disposed and that are forgotten, in turns. */
async function handles(): Promise<void> {
  const all: torch.Tensor[] = Array.from({ length: FEW });
  const made: number[] = [];
  const disposed: number[] = [];
  const atOnce: number[] = [];
  const forgotten: number[] = [];
  const end = performance.now() + SECONDS * 8000;
  for (let round = 0; performance.now() < end || round < 8; round++) {
    made.push(time(FEW, () => {
      for (let i = 0; i < FEW; i++) all[i] = torch.zeros([1]);
    }));
    disposed.push(time(FEW, () => {
      for (let i = 0; i < FEW; i++) all[i]!.dispose();
    }));
    atOnce.push(await lives((x) => x.dispose()));
    forgotten.push(await lives(() => {}));
  }
  const warm = disposed.length >> 2;
  tell("to dispose a tensor", disposed.slice(warm));
  tell("to make it and dispose it at once", atOnce.slice(warm));
  tell("to make and forget it, collections and freeing included", forgotten.slice(warm));
  const finalized = forgotten.map((life, i) => Math.max(0, life - made[i]!));
  tell("to free what was forgotten: that, less the making", finalized.slice(warm));
}

/** Nanoseconds a tensor, in a program that lets the event loop run now and then. */
async function lives(use: (x: torch.Tensor) => void): Promise<number> {
  const start = performance.now();
  for (let i = 0; i < MANY; i += FEW) {
    for (let j = 0; j < FEW; j++) use(torch.zeros([1]));
    await turn();
  }
  native.fb_pages_free();
  return (performance.now() - start) * 1e6 / MANY;
}

/** Resident bytes each of `count` things that stay, after as many: the first bring the code that makes them. */
function weight(count: number, make: () => unknown): number {
  const all = Array.from({ length: count }, make);
  collectGarbage();
  const before = process.memoryUsage.rss();
  while (all.length < 2 * count) all.push(make());
  collectGarbage();
  return (process.memoryUsage.rss() - before) / (all.length - count);
}

const weights: Record<string, () => number> = {
  "a tensor of one element": () => weight(200_000, () => torch.zeros([1])),
  "an nn.Linear(1, 1)": () => weight(20_000, () => new torch.nn.Linear(1, 1)),
  "a traced nn.Linear(1, 1)": () => {
    const module = new torch.nn.Linear(1, 1);
    const x = torch.zeros([1, 1]);
    return weight(500, () => torch.jit.trace(module, [x], { checkTrace: false }));
  },
};

const peaks: Record<string, () => Promise<void>> = {
  "disposed": () => training(true, true),
  "forgotten, in a loop that awaits": () => training(false, true),
  "forgotten, in a synchronous loop": () => training(false, false),
};

/** Steps of a network whose every activation has 4 MB. */
async function training(dispose: boolean, awaits: boolean): Promise<void> {
  const weight = torch.randn([1024, 1024], { requiresGrad: true });
  const x = torch.randn([1024, 1024]);
  const step = () => {
    let y = x;
    for (let i = 0; i < 5; i++) y = y.mul(weight).relu();
    y.mean().backward();
    weight.grad!.zero_();
  };
  for (let i = 0; i < STEPS; i++) {
    if (dispose) torch.scope(step);
    else step();
    if (awaits) await turn();
  }
}

const most = () =>
  Number(/VmHWM:\s+(\d+)/.exec(readFileSync("/proc/self/status", "utf8"))![1]) * 1024;

/** Runs one of the above in a process of its own; the bytes that it tells. */
function apart(what: string): number {
  const file = fileURLToPath(import.meta.url);
  const args = "Deno" in globalThis ? ["run", "-A", "--no-check", file] : [file];
  const { status, stdout, stderr } = spawnSync(process.execPath, [...args, what], {
    encoding: "utf8",
  });
  if (status !== 0) throw new Error(stderr);
  return Number(/^bytes (.*)$/m.exec(stdout)![1]);
}

const times = <T>(count: number, run: () => T): T[] => Array.from({ length: count }, run);

const what = process.argv[2];
if (what === undefined) {
  await handles();
  for (const name of Object.keys(weights)) {
    tell(`memory of ${name}`, times(3, () => apart(name)), "bytes");
  }
  for (const name of Object.keys(peaks)) {
    tell(`peak of a training loop, ${name}`, times(3, () => apart(name)), "bytes");
  }
} else if (what in weights) {
  console.log(`bytes ${weights[what]!()}`);
} else {
  await peaks[what]!();
  console.log(`bytes ${most()}`);
}
