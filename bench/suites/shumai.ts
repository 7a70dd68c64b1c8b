/**
 * The workloads of shumai's benchmarks (github.com/shumai-org/benchmarks): sums, products of matrices, a hidden layer
 * with five additions. Rounds here and in PyTorch take turns.
 *
 * @module
 */

import process from "node:process";
import * as torch from "../../mod.ts";
import { type Contender, here, measureWith } from "../harness.ts";
import { Peer } from "../peer.ts";

/** Products with it keep their length: of others they soon end among subnormal numbers, which take many times as long. */
function reflection(n: number): torch.Tensor {
  const v = torch.randn([n, 1]);
  return torch.eye(n).sub(v.matmul(v.t()).mul(2).div(v.square().sum()));
}

/** Each is the last result and another: what a workload repeats. */
function workloads(): [name: string, run: Contender][] {
  const all: [string, Contender][] = [];
  for (const n of [32, 1024, 32768]) {
    const a = torch.randn([n]);
    all.push([`add, ${n} wide`, (calls) => {
      let b = torch.randn([n]);
      for (let i = 0; i < calls; i++) {
        const next = b.add(a);
        b.dispose();
        b = next;
      }
      b.sum().item();
    }]);
  }
  for (const n of [64, 128, 1024]) {
    const b = reflection(n);
    all.push([`matmul, ${n} × ${n}`, (calls) => {
      let c = torch.randn([n, n]);
      for (let i = 0; i < calls; i++) {
        const next = c.matmul(b);
        c.dispose();
        c = next;
      }
      c.sum().item();
    }]);
  }
  for (const n of [64, 128, 1024]) {
    const w = torch.randn([n, n]).div(n);
    const bias = torch.randn([1, n]);
    all.push([`hidden layer, 64 × ${n}`, (calls) => {
      let x = torch.randn([64, n]);
      for (let i = 0; i < calls; i++) {
        let y = x.matmul(w);
        for (let j = 0; j < 5; j++) {
          const next = y.add(bias);
          y.dispose();
          y = next;
        }
        x.dispose();
        x = y;
      }
      x.sum().item();
    }]);
  }
  return all;
}

const THREADS = Number(process.env.FLAMBEAU_BENCH_THREADS ?? torch.getNumThreads());
torch.setNumThreads(THREADS);
torch.manualSeed(0);
const peer = new Peer("pytorch.py", ["shumai"], THREADS);
for (const [name, run] of workloads()) {
  await measureWith(
    "shumai",
    name,
    { [here]: (calls) => torch.noGrad(() => run(calls)) },
    { PyTorch: async (calls) => (await peer.ask(`${name}|${calls}`))[0]! },
  );
}
await peer.end();
