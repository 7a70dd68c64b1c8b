/**
 * What a small op costs: against C++ in the same process, and against PyTorch's Python in a process beside it.
 *
 *     deno run -A bench/dispatch.ts        or        bun bench/dispatch.ts
 *
 * Medians of interleaved rounds; results are disposed in the loop. PyTorch is that of FLAMBEAU_TEST_PYTHON, if it is set.
 *
 * @module
 */

import { spawnSync } from "node:child_process";
import process from "node:process";
import * as torch from "../mod.ts";
import { nativeOp } from "./native.ts";

const ROUNDS = 15;
const CALLS = 20_000;

interface Case {
  name: string;
  number: number;
  python: string;
  shape: number[];
  run(x: torch.Tensor): void;
}

const cases: Case[] = [
  {
    name: "add, 1 element",
    number: 0,
    python: "torch.add(x, x)",
    shape: [1],
    run: (x) => x.add(x).dispose(),
  },
  {
    name: "matmul, 32 x 32",
    number: 1,
    python: "torch.matmul(x, x)",
    shape: [32, 32],
    run: (x) => x.matmul(x).dispose(),
  },
  {
    name: "relu, 1 element",
    number: 2,
    python: "torch.relu(x)",
    shape: [1],
    run: (x) => x.relu().dispose(),
  },
  {
    name: "view, 1 element",
    number: 3,
    python: "x.view(-1)",
    shape: [1],
    run: (x) => x.view([-1]).dispose(),
  },
  { name: "item()", number: 4, python: "x.item()", shape: [1], run: (x) => void x.item() },
];

function median(values: number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1]!;
}

function timeHere(one: Case, x: torch.Tensor): number {
  const start = performance.now();
  for (let i = 0; i < CALLS; i++) one.run(x);
  return (performance.now() - start) / CALLS * 1e6;
}

const script = `
import time, json, torch
torch.set_num_threads(1)
out = []
for code, shape in ${JSON.stringify(cases.map((one) => [one.python, one.shape]))}:
    x = torch.ones(shape)
    run = eval("lambda n: [" + code + " for _ in range(n)] and None", {"torch": torch, "x": x})
    times = []
    for _ in range(${ROUNDS}):
        start = time.perf_counter()
        for _ in range(${CALLS / 100}):
            run(100)
        times.append((time.perf_counter() - start) / ${CALLS} * 1e9)
    out.append(sorted(times)[len(times) // 2])
print(json.dumps(out))
`;

function timePython(): number[] | null {
  const python = process.env.FLAMBEAU_TEST_PYTHON;
  if (!python) return null;
  const { stdout, status } = spawnSync(python, ["-W", "ignore", "-c", script], {
    encoding: "utf8",
  });
  return status === 0 ? JSON.parse(stdout) : null;
}

torch.setNumThreads(1);
const python = timePython();
console.log(
  "op                    here      C++  here/C++   Python  here/Python   (ns a call, medians)",
);
cases.forEach((one, i) => {
  const x = torch.ones(one.shape);
  const here: number[] = [];
  const cpp: number[] = [];
  for (let round = 0; round < ROUNDS + 5; round++) {
    here.push(timeHere(one, x));
    cpp.push(nativeOp(one.number, CALLS, x));
  }
  const [a, b] = [median(here.slice(5)), median(cpp.slice(5))];
  const p = python?.[i];
  console.log(
    one.name.padEnd(18),
    a.toFixed(0).padStart(7),
    b.toFixed(0).padStart(8),
    (a / b).toFixed(2).padStart(9),
    (p?.toFixed(0) ?? "-").padStart(8),
    (p ? (a / p).toFixed(2) : "-").padStart(12),
  );
});
