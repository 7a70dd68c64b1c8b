/**
 * Networks that `bench/peers/networks.py` wrote, as TorchScript: as scripted, frozen, optimized for inference, and fused by
 * oneDNN's graph compiler, in float32 and in bfloat16; from JavaScript, in a loop in C++ in the same process, and in turns with
 * PyTorch and onnxruntime-node in theirs.
 *
 * @module
 */

import { existsSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import * as torch from "../../mod.ts";
import { type Ask, here, measureWith } from "../harness.ts";
import { nativeCall } from "../native.ts";
import { networks } from "../networks.ts";
import { node, Peer } from "../peer.ts";

const { jit } = torch;
const folder = process.env.FLAMBEAU_BENCH_NETWORKS!;

const THREADS = Number(process.env.FLAMBEAU_BENCH_THREADS ?? torch.getNumThreads());
torch.setNumThreads(THREADS);

const pytorch = new Peer("pytorch.py", ["torchscript"], THREADS);
const onnxruntime = node() === null ? null : new Peer("node.cjs", ["torchscript"], THREADS);

const asked = (peer: Peer, what: string): Ask => async (calls) =>
  (await peer.ask(`${what}|${calls}`))[0]!;

type Variant = [
  name: string,
  file: string,
  make: (module: torch.jit.ScriptModule) => torch.jit.ScriptModule,
  networks?: readonly string[],
];

const variants: readonly Variant[] = [
  ["scripted", ".pt", (module) => module],
  ["frozen", ".pt", (module) => jit.freeze(module)],
  ["optimized", ".pt", (module) => jit.optimizeForInference(module)],
  ["fused", ".plain.pt", (module) => jit.freeze(module)],
  ["fused, bfloat16", ".bf16.pt", (module) => jit.freeze(module)],
  // Of the passes for inference, only the one for LSTMs is for bfloat16 too.
  ["optimized, bfloat16", ".bf16.pt", (module) => jit.optimizeForInference(module), ["lstm"]],
];

// Named on the command line, or all.
const wanted = process.argv.slice(2);

function othersFor(network: string, batch: number, variant: string): Record<string, Ask> {
  const others: Record<string, Ask> = {
    PyTorch: asked(pytorch, `${network}, batch ${batch}, ${variant}`),
  };
  if (variant === "scripted") {
    others["PyTorch, eager"] = asked(pytorch, `${network}, batch ${batch}, eager`);
  }
  const path = join(folder, `${network}.onnx`);
  // onnxruntime optimizes always.
  if (onnxruntime && existsSync(path) && !["scripted", "frozen"].includes(variant)) {
    others["onnxruntime-node"] = asked(onnxruntime, `${network}, batch ${batch}`);
  }
  return others;
}

async function measureVariant(
  network: string,
  batch: number,
  shape: number[],
  variant: Variant,
): Promise<void> {
  const [name, file, make] = variant;
  const path = join(folder, network + file);
  if (!existsSync(path)) return;
  const module = make(jit.load(path).eval());
  const x = torch.randn([batch, ...shape]);
  jit.enableOnednnFusion(name.startsWith("fused"));
  torch.noGrad(() => module.warmUp(x));
  const forward = module.method("forward");
  const contenders = {
    [here]: (calls: number) =>
      torch.noGrad(() => {
        for (let i = 0; i < calls; i++) module(x).dispose();
      }),
    "C++": (calls: number) => torch.noGrad(() => nativeCall(forward, calls, x)),
  };
  const title = `${network}, batch ${batch}, ${name}`;
  await measureWith("torchscript", title, contenders, othersFor(network, batch, name), 1);
  jit.enableOnednnFusion(false);
}

for (const { name, shape, batches } of networks) {
  if (wanted.length > 0 && !wanted.includes(name)) continue;
  for (const batch of batches) {
    for (const variant of variants) {
      const applies = variant[3]?.includes(name) ?? true;
      if (applies) await measureVariant(name, batch, shape, variant);
    }
  }
}
await pytorch.end();
await onnxruntime?.end();
