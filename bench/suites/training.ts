/**
 * A step of training: forward, backward, optimizer, the loss as a number. Rounds here and in PyTorch's eager mode take turns,
 * so that what disturbs the machine disturbs both.
 *
 *     FLAMBEAU_TEST_PYTHON=python3 deno run -A bench/suites/training.ts [part of a case's name]
 *
 * @module
 */

import process from "node:process";
import * as torch from "../../mod.ts";
import { emit, here, rest } from "../harness.ts";
import { Peer } from "../peer.ts";
import { type Case, cases, optimizers, type Trained, training } from "../training_cases.ts";

// Rounds are long enough for the collector to come by in each.
const SECONDS = Number(process.env.FLAMBEAU_BENCH_SECONDS ?? 0.4);
const ROUND_SECONDS = SECONDS / 2;
const ROUNDS = 11;
// Where rounds take long (large models, a busy machine) there are fewer.
const LEAST_ROUNDS = 5;
const MOST_SECONDS = SECONDS * 40;
// A collection that comes by every other step is in each round then, or in none.
const LEAST_STEPS = 3;
// A loop that trains goes on for longer. By then the runtime's compilers are done, whose threads take a core from the kernels for
// the first second or two of their work, and code that is run often has been moved (csrc/hot_code.cpp).
const WARM_UP_MS = 3000;
const WARM_UP_STEPS = 2000;
const MOST_WARM_UP_MS = 12_000;
// Later a model knows its few inputs by heart, and what is left of the loss is rounding.
const COMPARED_STEPS = 200;
const THREADS = Number(process.env.FLAMBEAU_BENCH_THREADS ?? torch.getNumThreads());

type Optimizer = keyof typeof optimizers;

async function there(
  peer: Peer,
  name: string,
  optimizer: Optimizer,
  steps: number,
): Promise<Trained> {
  const [seconds, loss] = await peer.ask(`${name}|${optimizer}|${steps}`);
  return { seconds: seconds!, loss: loss! };
}

function isCold(ms: number, steps: number): boolean {
  return ms < WARM_UP_MS || (ms < MOST_WARM_UP_MS && steps < WARM_UP_STEPS);
}

// The same seed, the same steps: the same program.
function refuseOther(name: string, here: number, there: number): void {
  if (Math.abs(here - there) <= 1e-3 * Math.abs(there)) return;
  throw new Error(`${name}: the losses differ, ${here} here and ${there} there`);
}

async function compare(one: Case, optimizer: Optimizer, peer: Peer): Promise<void> {
  const name = `${one.name}, ${optimizer}`;
  const train = training(one, optimizer);
  let steps = 1;
  let [ours, theirs] = [train(steps), await there(peer, one.name, optimizer, steps)];
  const start = performance.now();
  for (let done = 0; isCold(performance.now() - start, done); done += steps) {
    ours = train(steps);
    theirs = await there(peer, one.name, optimizer, steps);
    if (done < COMPARED_STEPS) refuseOther(name, ours.loss, theirs.loss);
    steps = Math.max(1, Math.min(2 * steps, Math.round(steps * ROUND_SECONDS / ours.seconds)));
  }
  steps = Math.max(steps, LEAST_STEPS);
  const samples: [number[], number[]] = [[], []];
  const end = performance.now() + MOST_SECONDS * 1000;
  for (
    let round = 0;
    round < LEAST_ROUNDS || (round < ROUNDS && performance.now() < end);
    round++
  ) {
    // Whoever waited for the other begins with cold caches: the first steps are not counted.
    const first = Math.ceil(steps / 4);
    // As a program's loop does now and then, so that the runtime frees what was forgotten; and the other's threads come to rest.
    await rest();
    train(first);
    ours = train(steps);
    await rest();
    await there(peer, one.name, optimizer, first);
    theirs = await there(peer, one.name, optimizer, steps);
    samples[0].push(ours.seconds / steps * 1e9);
    samples[1].push(theirs.seconds / steps * 1e9);
  }
  emit("training", name, here, samples[0]);
  emit("training", name, "PyTorch", samples[1]);
  const ratios = samples[0].map((mine, i) => samples[1][i]! / mine).sort((a, b) => a - b);
  console.error(`${name}: ${ratios[ratios.length >> 1]!.toFixed(2)} times PyTorch's speed`);
}

torch.setNumThreads(THREADS);
const peer = new Peer("training.py", [], THREADS);
const wanted = process.argv.slice(2).join(" ");
for (const one of cases) {
  for (const optimizer of Object.keys(optimizers) as Optimizer[]) {
    if (`${one.name}, ${optimizer}`.includes(wanted)) await compare(one, optimizer, peer);
  }
}
await peer.end();
