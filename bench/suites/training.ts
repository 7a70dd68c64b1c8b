/**
 * A step of training: forward, backward, optimizer, the loss as a number. Rounds here and in PyTorch's eager mode take turns,
 * so that what disturbs the machine disturbs both.
 *
 *     FLAMBEAU_TEST_PYTHON=python3 deno run -A bench/suites/training.ts [part of a case's name]
 *
 * @module
 */

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import process from "node:process";
import { createInterface } from "node:readline";
import { setTimeout } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import * as torch from "../../mod.ts";
import { emit, here } from "../harness.ts";
import { type Case, cases, optimizers, type Trained, training } from "../training_cases.ts";

// Rounds are long enough for the collector to come by in each.
const SECONDS = Number(process.env.FLAMBEAU_BENCH_SECONDS ?? 0.4);
const ROUND_SECONDS = SECONDS / 2;
const ROUNDS = 11;
// Where rounds take long (large models, a busy machine) there are fewer.
const LEAST_ROUNDS = 5;
const MOST_SECONDS = SECONDS * 40;
const THREADS = Number(process.env.FLAMBEAU_BENCH_THREADS ?? torch.getNumThreads());

type Optimizer = keyof typeof optimizers;

/** PyTorch's side: a process that makes rounds when it is told to. */
class Peer {
  readonly #child: ChildProcess;
  readonly #lines: AsyncIterator<string>;

  constructor(python: string) {
    const script = fileURLToPath(new URL("../peers/training.py", import.meta.url));
    const env = { ...process.env, FLAMBEAU_BENCH_THREADS: String(THREADS) };
    const stdio = ["pipe", "pipe", "inherit"] as const;
    this.#child = spawn(python, ["-W", "ignore", script], { stdio: [...stdio], env });
    this.#lines = createInterface({ input: this.#child.stdout! })[Symbol.asyncIterator]();
  }

  async run(name: string, optimizer: Optimizer, steps: number): Promise<Trained> {
    this.#child.stdin!.write(`${name}|${optimizer}|${steps}\n`);
    const { value, done } = await this.#lines.next();
    if (done) throw new Error("PyTorch's side of the training suite has ended");
    const [seconds, loss] = String(value).split(" ").map(Number);
    return { seconds: seconds!, loss: loss! };
  }

  async end(): Promise<void> {
    this.#child.stdin!.end();
    if (this.#child.exitCode === null) await once(this.#child, "exit");
  }
}

async function compare(one: Case, optimizer: Optimizer, peer: Peer): Promise<void> {
  const train = training(one, optimizer);
  let steps = 1;
  let [ours, theirs] = [train(steps), await peer.run(one.name, optimizer, steps)];
  for (const warm = performance.now() + SECONDS * 2000; performance.now() < warm;) {
    ours = train(steps);
    theirs = await peer.run(one.name, optimizer, steps);
    steps = Math.max(1, Math.min(2 * steps, Math.round(steps * ROUND_SECONDS / ours.seconds)));
  }
  const samples: [number[], number[]] = [[], []];
  const end = performance.now() + MOST_SECONDS * 1000;
  for (
    let round = 0;
    round < LEAST_ROUNDS || (round < ROUNDS && performance.now() < end);
    round++
  ) {
    // As a program's loop does now and then: the runtime frees what was forgotten.
    await setTimeout(0);
    ours = train(steps);
    theirs = await peer.run(one.name, optimizer, steps);
    samples[0].push(ours.seconds / steps * 1e9);
    samples[1].push(theirs.seconds / steps * 1e9);
  }
  const name = `${one.name}, ${optimizer}`;
  // The same seed, the same steps: the same program.
  if (Math.abs(ours.loss - theirs.loss) > 1e-3 * Math.abs(theirs.loss)) {
    throw new Error(`${name}: the losses differ, ${ours.loss} here and ${theirs.loss} there`);
  }
  emit("training", name, here, samples[0]);
  emit("training", name, "PyTorch", samples[1]);
  const ratios = samples[0].map((mine, i) => samples[1][i]! / mine).sort((a, b) => a - b);
  console.error(`${name}: ${ratios[ratios.length >> 1]!.toFixed(2)} times PyTorch's speed`);
}

const python = process.env.FLAMBEAU_BENCH_PYTHON ?? process.env.FLAMBEAU_TEST_PYTHON;
if (!python) throw new Error("Set FLAMBEAU_TEST_PYTHON to a Python that has torch 2.13");
torch.setNumThreads(THREADS);
const peer = new Peer(python);
const wanted = process.argv.slice(2).join(" ");
for (const one of cases) {
  for (const optimizer of Object.keys(optimizers) as Optimizer[]) {
    if (`${one.name}, ${optimizer}`.includes(wanted)) await compare(one, optimizer, peer);
  }
}
await peer.end();
