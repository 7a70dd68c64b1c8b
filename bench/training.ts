/**
 * What a step of training costs (forward, backward, optimizer, the loss as a number), against the same program in PyTorch's
 * Python eager mode, in one run: rounds of both take turns, and the medians are compared.
 *
 *     deno run -A bench/training.ts [part of a case's name]        or        bun bench/training.ts
 *
 * Two threads each. PyTorch is that of FLAMBEAU_TEST_PYTHON; its program is bench/training.py.
 *
 * @module
 */

import { spawn } from "node:child_process";
import { once } from "node:events";
import process from "node:process";
import { createInterface } from "node:readline";
import { setTimeout } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { GPT } from "../examples/gpt_model.ts";
import * as torch from "../mod.ts";

const { nn, optim } = torch;
const F = nn.functional;
type T = torch.Tensor;
type Net = torch.nn.Module<[T], T>;

const ROUNDS = 15;
const WARM_UP = 3;

function mlp(inputs: number, hidden: number, outputs: number): Net {
  return new nn.Sequential(
    new nn.Linear(inputs, hidden),
    new nn.ReLU(),
    new nn.Linear(hidden, hidden),
    new nn.ReLU(),
    new nn.Linear(hidden, outputs),
  ) as unknown as Net;
}

function images(size: number, inputs: number): [T, T] {
  return [torch.rand([size, inputs]), torch.randint(10, [size])];
}

function texts(size: number, length: number): [T, T] {
  const tokens = torch.randint(56, [size, length + 1]);
  return [tokens.narrow(1, 0, length).contiguous(), tokens.narrow(1, 1, length).contiguous()];
}

function gpt(length: number, width: number, heads: number, layers: number): Net {
  return new GPT({ vocabulary: 56, length, width, heads, layers });
}

interface Case {
  name: string;
  steps: number;
  make: () => [Net, [T, T]];
}

const cases: Case[] = [
  { name: "MLP, small", steps: 400, make: () => [mlp(64, 64, 10), images(32, 64)] },
  { name: "MLP, large", steps: 4, make: () => [mlp(1024, 2048, 10), images(512, 1024)] },
  { name: "GPT, small", steps: 60, make: () => [gpt(32, 32, 4, 2), texts(4, 32)] },
  { name: "GPT, large", steps: 1, make: () => [gpt(256, 256, 8, 4), texts(8, 256)] },
];

const optimizers = { SGD: optim.SGD, Adam: optim.Adam, AdamW: optim.AdamW };

interface Trained {
  seconds: number;
  loss: number;
}

function training({ make }: Case, optimizer: keyof typeof optimizers): (steps: number) => Trained {
  torch.manualSeed(0);
  const [model, [x, y]] = make();
  const step = new optimizers[optimizer](model.parameters(), { lr: 1e-3 });
  return (steps) => {
    let total = 0;
    const start = performance.now();
    for (let i = 0; i < steps; i++) {
      step.zeroGrad();
      const output = model(x);
      const loss = F.crossEntropy(output.view(-1, output.size(-1)), y.view(-1));
      loss.backward();
      step.step();
      total += Number(loss.item());
    }
    return { seconds: (performance.now() - start) / 1000, loss: total / steps };
  };
}

/** PyTorch's side: a process that makes rounds when it is told to. */
function pythonSide(exe: string): {
  run: (name: string, optimizer: string, steps: number) => Promise<Trained>;
  end: () => void;
} {
  const script = fileURLToPath(new URL("training.py", import.meta.url));
  const child = spawn(exe, ["-W", "ignore", script], { stdio: ["pipe", "pipe", "inherit"] });
  const lines = createInterface({ input: child.stdout });
  return {
    async run(name, optimizer, steps) {
      const answer = once(lines, "line");
      child.stdin.write(`${name}|${optimizer}|${steps}\n`);
      const [seconds, loss] = String((await answer)[0]).split(" ").map(Number);
      return { seconds: seconds!, loss: loss! };
    },
    end: () => child.stdin.end(),
  };
}

function median(values: number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1]!;
}

async function compare(
  one: Case,
  optimizer: keyof typeof optimizers,
  python: ReturnType<typeof pythonSide>,
): Promise<void> {
  const run = training(one, optimizer);
  const here: number[] = [];
  const there: number[] = [];
  let losses: [number, number] = [0, 0];
  for (let round = 0; round < ROUNDS + WARM_UP; round++) {
    const ours = run(one.steps);
    await setTimeout(0);
    const theirs = await python.run(one.name, optimizer, one.steps);
    losses = [ours.loss, theirs.loss];
    if (round < WARM_UP) continue;
    here.push(ours.seconds / one.steps * 1e6);
    there.push(theirs.seconds / one.steps * 1e6);
  }
  const [a, b] = [median(here), median(there)];
  // Pairs were measured side by side: what disturbs one disturbs the other.
  const ratio = median(here.map((mine, i) => there[i]! / mine));
  console.log(
    `${one.name}, ${optimizer}`.padEnd(20),
    a.toFixed(0).padStart(10),
    b.toFixed(0).padStart(10),
    ratio.toFixed(2).padStart(8),
    `${losses[0].toFixed(4)} ${losses[1].toFixed(4)}`.padStart(18),
  );
}

const exe = process.env.FLAMBEAU_TEST_PYTHON;
if (!exe) throw new Error("Set FLAMBEAU_TEST_PYTHON to a Python that has torch 2.13");
torch.setNumThreads(2);
const python = pythonSide(exe);
const wanted = process.argv.slice(2).join(" ");
console.log("us a step                  here     Python  speed-up   last losses");
for (const one of cases) {
  for (const optimizer of ["SGD", "Adam", "AdamW"] as const) {
    if (!`${one.name}, ${optimizer}`.includes(wanted)) continue;
    await compare(one, optimizer, python);
  }
}
python.end();
