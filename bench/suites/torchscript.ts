/**
 * Networks that `bench/peers/networks.py` wrote, as TorchScript: as scripted, frozen, and optimized for inference; from
 * JavaScript, and in a loop in C++ in the same process.
 *
 * @module
 */

import { existsSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import * as torch from "../../mod.ts";
import { here, measure } from "../harness.ts";
import { nativeCall } from "../native.ts";
import { networks } from "../networks.ts";

const { jit } = torch;
const folder = process.env.FLAMBEAU_BENCH_NETWORKS!;

torch.setNumThreads(Number(process.env.FLAMBEAU_BENCH_THREADS ?? torch.getNumThreads()));
torch.noGrad(() => {
  for (const { name, shape, batches } of networks) {
    const path = join(folder, `${name}.pt`);
    if (!existsSync(path)) continue;
    for (const batch of batches) {
      const scripted = jit.load(path).eval();
      const variants: Record<string, torch.jit.ScriptModule> = {
        scripted,
        frozen: jit.freeze(scripted),
        optimized: jit.optimizeForInference(scripted),
      };
      const x = torch.randn([batch, ...shape]);
      for (const [variant, module] of Object.entries(variants)) {
        module.warmUp(x);
        const forward = module.method("forward");
        measure("torchscript", `${name}, batch ${batch}, ${variant}`, {
          [here]: (calls) => {
            for (let i = 0; i < calls; i++) module(x).dispose();
          },
          "C++": (calls) => nativeCall(forward, calls, x),
        });
      }
    }
  }
});
