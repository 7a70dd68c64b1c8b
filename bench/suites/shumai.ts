/**
 * The workloads of shumai's benchmarks (github.com/shumai-org/benchmarks): sums, products of matrices, a hidden layer
 * with five additions.
 *
 * @module
 */

import process from "node:process";
import * as torch from "../../mod.ts";
import { here, measure } from "../harness.ts";

/** Products with it keep their length: of others they soon end among subnormal numbers, which take many times as long. */
function reflection(n: number): torch.Tensor {
  const v = torch.randn([n, 1]);
  return torch.eye(n).sub(v.matmul(v.t()).mul(2).div(v.square().sum()));
}

torch.setNumThreads(Number(process.env.FLAMBEAU_BENCH_THREADS ?? torch.getNumThreads()));
torch.manualSeed(0);
torch.noGrad(() => {
  for (const n of [32, 1024, 32768]) {
    const a = torch.randn([n]);
    measure("shumai", `add, ${n} wide`, {
      [here]: (calls) => {
        let b = torch.randn([n]);
        for (let i = 0; i < calls; i++) {
          const next = b.add(a);
          b.dispose();
          b = next;
        }
        b.sum().item();
      },
    });
  }
  for (const n of [64, 128, 1024]) {
    const b = reflection(n);
    measure("shumai", `matmul, ${n} × ${n}`, {
      [here]: (calls) => {
        let c = torch.randn([n, n]);
        for (let i = 0; i < calls; i++) {
          const next = c.matmul(b);
          c.dispose();
          c = next;
        }
        c.sum().item();
      },
    });
  }
  for (const n of [64, 128, 1024]) {
    const w = torch.randn([n, n]).div(n);
    const bias = torch.randn([1, n]);
    measure("shumai", `hidden layer, 64 × ${n}`, {
      [here]: (calls) => {
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
      },
    });
  }
});
