/**
 * What a call of a traced 3-layer MLP costs (batch 1, 64 wide), against the same method called from C++ in the same
 * process, and from Python's ScriptModule in a process beside it.
 *
 *     deno run -A bench/torchscript.ts        or        bun bench/torchscript.ts
 *
 * Medians of interleaved rounds, without gradients, one thread. PyTorch is that of FLAMBEAU_TEST_PYTHON, if it is set.
 *
 * @module
 */

import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import * as torch from "../mod.ts";
import { nativeCall } from "./native.ts";

const { jit, nn } = torch;
const ROUNDS = 25;
const CALLS = 2000;

const script = `
import sys, time, torch
torch.set_num_threads(1)
m = torch.jit.load(sys.argv[1])
x = torch.ones(1, 64)
times = []
with torch.no_grad():
    for _ in range(${ROUNDS + 5}):
        start = time.perf_counter()
        for _ in range(${CALLS}): m(x)
        times.append((time.perf_counter() - start) / ${CALLS} * 1e9)
print(sorted(times[5:])[${ROUNDS >> 1}])
`;

function median(values: number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1]!;
}

function timePython(path: string): number | null {
  const python = process.env.FLAMBEAU_TEST_PYTHON;
  if (!python) return null;
  const { stdout, status } = spawnSync(python, ["-W", "ignore", "-c", script, path], {
    encoding: "utf8",
  });
  return status === 0 ? Number(stdout) : null;
}

torch.setNumThreads(1);
torch.manualSeed(0);
const net = new nn.Sequential(
  new nn.Linear(64, 64),
  new nn.ReLU(),
  new nn.Linear(64, 64),
  new nn.ReLU(),
  new nn.Linear(64, 10),
).eval();
const x = torch.ones([1, 64]);
const traced = jit.trace(net, [x]).eval();
const folder = mkdtempSync(join(tmpdir(), "flambeau-bench-"));
traced.save(join(folder, "mlp.pt"));
const python = timePython(join(folder, "mlp.pt"));
rmSync(folder, { recursive: true });

console.log(
  "call                   here       C++  here/C++    Python  here/Python   (ns a call, medians)",
);
for (const [name, module] of [["traced", traced], ["frozen", jit.freeze(traced)]] as const) {
  const method = module.method("forward");
  const here: number[] = [];
  const cpp: number[] = [];
  torch.noGrad(() => {
    for (let round = 0; round < ROUNDS + 5; round++) {
      const start = performance.now();
      for (let i = 0; i < CALLS; i++) module(x).dispose();
      here.push((performance.now() - start) / CALLS * 1e6);
      cpp.push(nativeCall(method, CALLS, x));
    }
  });
  const [a, b] = [median(here.slice(5)), median(cpp.slice(5))];
  const p = name === "traced" ? python : null;
  console.log(
    name.padEnd(16),
    a.toFixed(0).padStart(10),
    b.toFixed(0).padStart(9),
    (a / b).toFixed(2).padStart(9),
    (p?.toFixed(0) ?? "-").padStart(9),
    (p ? (a / p).toFixed(2) : "-").padStart(12),
  );
}
