/**
 * LibTorch's code on large pages (`csrc/hot_code.cpp`): a process that trains goes on as before while it is moved.
 */

import { describe, test } from "node:test";
import { assert, assertEquals } from "@std/assert";
import { lacksLargePages } from "./support/large_pages.ts";
import { program } from "./support/program.ts";

// \`moved()\` counts the mappings of no file between those of LibTorch's code.
const START = `
import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import * as torch from MOD;
const { nn } = torch;
const F = nn.functional;
torch.setNumThreads(1);
function moved() {
  const code = readFileSync("/proc/self/maps", "utf8").split("\\n").filter((line) => line.includes(" r-xp "));
  const isLibrary = (line) => line.includes("libtorch_cpu.so");
  const inside = code.slice(code.findIndex(isLibrary), code.findLastIndex(isLibrary));
  return inside.filter((line) => line.split(/ +/)[4] === "0").length;
}
function trainer() {
  // Not random: threads share the generator.
  const numbers = (...shape) => torch.linspace(-1, 1, shape.reduce((a, b) => a * b)).view(shape).sin();
  const model = new nn.Sequential(new nn.Linear(8, 16), new nn.GELU(), new nn.LayerNorm([16]), new nn.Linear(16, 3));
  const step = new torch.optim.AdamW(model.parameters(), { lr: 1e-3 });
  torch.noGrad(() => model.parameters().forEach((p) => p.copy_(numbers(...p.shape))));
  const x = numbers(4, 8);
  const y = torch.tensor([0, 1, 2, 0]);
  return () => {
    step.zeroGrad();
    const loss = F.crossEntropy(model(x), y);
    loss.backward();
    step.step();
    return loss.item();
  };
}
`;

const TRAIN = `${START}
const step = trainer();
const losses = [];
for (let i = 0; i < 500; i++) losses.push(step());
const before = moved();
// The code that is looked for is what runs meanwhile, on a clone so that the steps stay the same.
const other = trainer();
for (const end = Date.now() + LIMIT; Date.now() < end && moved() < 4;) {
  for (let i = 0; i < 50; i++) other();
  await sleep(1);
}
for (let i = 0; i < 100; i++) losses.push(step());
console.log(JSON.stringify({ losses, before, after: moved() }));
`;

interface Trained {
  losses: number[];
  before: number;
  after: number;
}

async function train(limitMs: number, setting?: string): Promise<Trained> {
  const ended = await program(TRAIN.replace("LIMIT", String(limitMs)), {
    env: { FLAMBEAU_HOT_CODE: setting },
  });
  assertEquals(ended.code, 0, ended.stderr);
  return JSON.parse(ended.stdout);
}

// The main thread and two Workers train at once, and each posts its losses.
const WORKERS = `${START}
async function run() {
  const step = trainer();
  const losses = [];
  for (const end = Date.now() + 60_000; Date.now() < end && (moved() < 4 || losses.length < 600);) {
    for (let i = 0; i < 50; i++) losses.push(step());
    await sleep(1);
  }
  return losses.slice(0, 600);
}
// Bun gives a Worker's name to nobody.
const isMain = globalThis.Bun?.isMainThread ?? globalThis.name !== "trains";
if (isMain) {
  const others = [0, 1].map(() => {
    const worker = new Worker(import.meta.url, { type: "module", name: "trains" });
    return new Promise((resolve) => worker.onmessage = ({ data }) => { resolve(data); worker.terminate(); });
  });
  const runs = await Promise.all([run(), ...others]);
  console.log(JSON.stringify({ runs, after: moved() }));
} else {
  postMessage(await run());
}
`;

describe("code that a training loop runs", () => {
  test("is moved to large pages, and computes the same", { skip: lacksLargePages() }, async () => {
    const moved = await train(60_000);
    assertEquals(moved.before, 0);
    assert(moved.after >= 4, `${moved.after} pages were moved.`);
    const stayed = await train(1500, "0");
    assertEquals([stayed.before, stayed.after], [0, 0]);
    assertEquals(moved.losses, stayed.losses);
    assert(moved.losses.every(Number.isFinite));
  });

  test("is moved while other threads run it", { skip: lacksLargePages() }, async () => {
    const ended = await program(WORKERS);
    assertEquals(ended.code, 0, ended.stderr);
    const { runs, after }: { runs: number[][]; after: number } = JSON.parse(ended.stdout);
    assert(after >= 4, `${after} pages were moved.`);
    assertEquals(runs.length, 3);
    assertEquals(runs[0]!.length, 600);
    assertEquals(runs[1], runs[0]);
    assertEquals(runs[2], runs[0]);
  });
});
