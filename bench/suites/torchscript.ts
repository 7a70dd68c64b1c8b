/**
 * Networks that `bench/peers/networks.py` wrote, as TorchScript: as scripted, frozen, optimized for inference, and fused by
 * oneDNN's graph compiler, in float32 and in bfloat16; from JavaScript, and in a loop in C++ in the same process.
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

type Variant = [
  name: string,
  file: string,
  make: (module: torch.jit.ScriptModule) => torch.jit.ScriptModule,
];

const variants: readonly Variant[] = [
  ["scripted", ".pt", (module) => module],
  ["frozen", ".pt", (module) => jit.freeze(module)],
  ["optimized", ".pt", (module) => jit.optimizeForInference(module)],
  ["fused", ".plain.pt", (module) => jit.freeze(module)],
  ["fused, bfloat16", ".bf16.pt", (module) => jit.freeze(module)],
];

function measureVariant(network: string, batch: number, shape: number[], variant: Variant): void {
  const [name, file, make] = variant;
  const path = join(folder, network + file);
  if (!existsSync(path)) return;
  const module = make(jit.load(path).eval());
  const x = torch.randn([batch, ...shape]);
  jit.enableOnednnFusion(name.startsWith("fused"));
  module.warmUp(x);
  const forward = module.method("forward");
  measure("torchscript", `${network}, batch ${batch}, ${name}`, {
    [here]: (calls) => {
      for (let i = 0; i < calls; i++) module(x).dispose();
    },
    "C++": (calls) => nativeCall(forward, calls, x),
  });
  jit.enableOnednnFusion(false);
}

torch.noGrad(() => {
  for (const { name, shape, batches } of networks) {
    for (const batch of batches) {
      for (const variant of variants) measureVariant(name, batch, shape, variant);
    }
  }
});
