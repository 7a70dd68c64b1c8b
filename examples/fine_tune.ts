/**
 * Fine-tunes a TorchScript model that came from elsewhere: its parameters are tensors as any, which an optimizer takes.
 *
 *     deno run -A examples/fine_tune.ts [model.pt]        or        bun examples/fine_tune.ts
 *
 * Without a file, a model is made first that knows the digits 0 to 4 only. Then the file alone is used: its first layers are frozen,
 * the last one learns all ten digits, and the result is saved as TorchScript again.
 *
 * @module
 */

import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import * as torch from "../mod.ts";

const F = torch.nn.functional;
type T = torch.Tensor;
type Model = (images: T) => T;

const bytes = readFileSync(new URL("data/digits.bin", import.meta.url));
const rows = torch.tensor(new Uint8Array(bytes)).view(-1, 65);
const images = rows.index(":", ":64").float().div(16);
const digits = rows.index(":", 64).long();

/** Steps of an optimizer over random batches of the first 1,500 examples that `wanted` takes. */
async function learn(
  title: string,
  model: Model,
  optimizer: torch.optim.AnyOptimizer,
  steps: number,
  wanted: T,
): Promise<void> {
  const places = wanted.narrow(0, 0, 1500).nonzero().view(-1);
  const loop = torch.progress(Array(steps).keys(), { title, total: steps });
  for (const i of loop) {
    const picked = places.index(torch.randint(places.numel(), [64]));
    optimizer.zeroGrad();
    const loss = F.crossEntropy(model(images.index(picked)), digits.index(picked));
    loss.backward();
    optimizer.step();
    loop.set({ loss: Number(loss.item()) });
    if (i % 50 === 0) await new Promise((resume) => setTimeout(resume));
  }
}

/** The share of the last examples that a model names rightly. */
function accuracy(model: Model): string {
  const rest = images.size(0) - 1500;
  return torch.noGrad(() => {
    const right = model(images.narrow(0, 1500, rest)).argmax(1).eq(digits.narrow(0, 1500, rest));
    return `${(100 * Number(right.float().mean().item())).toFixed(1)} %`;
  });
}

/** Makes a model of TorchScript that knows five digits. */
async function makeModel(path: string): Promise<void> {
  const net = new torch.nn.Sequential({
    hidden: new torch.nn.Linear(64, 48),
    relu: new torch.nn.ReLU(),
    out: new torch.nn.Linear(48, 10),
  });
  const optimizer = new torch.optim.Adam(net.parameters(), { lr: 0.01 });
  await learn("five digits", (x) => net(x) as T, optimizer, 150, digits.lt(5));
  torch.jit.trace(net, [images.narrow(0, 0, 2)]).save(path);
}

torch.manualSeed(0);
const folder = mkdtempSync(join(tmpdir(), "flambeau-fine-tune-"));
const path = process.argv[2] ?? join(folder, "five_digits.pt");
if (process.argv[2] === undefined) await makeModel(path);

const loaded = torch.jit.load(path).train();
const model: Model = (x) => loaded(x) as T;
console.log(`as it was loaded: ${accuracy(model)} of ten digits are right`);

const frozen: string[] = [];
for (const [name, parameter] of loaded.namedParameters()) {
  parameter.requiresGrad = name.startsWith("out.");
  if (!parameter.requiresGrad) frozen.push(name);
}
console.log(`frozen: ${frozen.join(", ")}`);
const learning = [...loaded.parameters()].filter((one) => one.requiresGrad);
const before = loaded.stateDict()["hidden.weight"]!.clone();
await learn("ten digits", model, new torch.optim.AdamW(learning, { lr: 0.02 }), 300, digits.ge(0));
console.log(`fine-tuned: ${accuracy(model)} of ten digits are right`);
console.log(
  `frozen layers changed: ${!torch.equal(before, loaded.stateDict()["hidden.weight"]!)}`,
);

const tuned = join(folder, "ten_digits.pt");
loaded.eval();
torch.jit.save(loaded, tuned);
const again = torch.jit.load(tuned).eval();
console.log(`saved and loaded: ${accuracy((x) => again(x) as T)} of ten digits are right`);
rmSync(folder, { recursive: true });
