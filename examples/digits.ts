/**
 * Handwritten digits, from end to end: train a small convolutional network, evaluate it, trace it, save it, load it again.
 *
 *     deno run -A examples/digits.ts digits.pt           trains, and writes digits.pt
 *     bun examples/digits.ts --load digits.pt            evaluates what was written, in the other runtime
 *     python examples/digits_load.py digits.pt           and in PyTorch
 *
 * @module
 */

import { readFileSync } from "node:fs";
import process from "node:process";
import * as torch from "../mod.ts";

const F = torch.nn.functional;
const TRAINING = 1500;
const EPOCHS = 5;

/** Two convolutions and a linear layer, for images `[batch, 1, 8, 8]`. */
class Net extends torch.nn.Module<[images: torch.Tensor], torch.Tensor> {
  conv1 = new torch.nn.Conv2d(1, 16, 3, { padding: 1 });
  conv2 = new torch.nn.Conv2d(16, 32, 3, { padding: 1 });
  drop = new torch.nn.Dropout(0.25);
  out = new torch.nn.Linear(32 * 2 * 2, 10);

  override forward(images: torch.Tensor): torch.Tensor {
    const x = F.maxPool2d(F.relu(this.conv1(images)), 2);
    const y = F.maxPool2d(F.relu(this.conv2(x)), 2);
    return this.out(this.drop(y.flatten(1)));
  }
}

/** Images and digits: the first 1,500 to learn from, the others to be asked about. */
function readDigits(): { images: torch.Tensor; digits: torch.Tensor } {
  const bytes = readFileSync(new URL("data/digits.bin", import.meta.url));
  const rows = torch.tensor(new Uint8Array(bytes)).view(-1, 65);
  return {
    images: rows.index(":", ":64").float().div(16).view(-1, 1, 8, 8),
    digits: rows.index(":", 64).long(),
  };
}

async function train(net: Net): Promise<void> {
  const { images, digits } = readDigits();
  const examples = new torch.data.TensorDataset(
    images.narrow(0, 0, TRAINING),
    digits.narrow(0, 0, TRAINING),
  );
  const loader = new torch.data.DataLoader(examples, { batchSize: 50, shuffle: true });
  const optimizer = new torch.optim.AdamW(net.parameters(), { lr: 0.01 });
  const schedule = new torch.optim.lrScheduler.CosineAnnealingLR(
    optimizer,
    EPOCHS * loader.length!,
  );
  for (let epoch = 1; epoch <= EPOCHS; epoch++) {
    const batches = torch.progress(loader, { title: `epoch ${epoch}` });
    for await (const [x, y] of batches) {
      optimizer.zeroGrad();
      const loss = F.crossEntropy(net(x!), y!);
      loss.backward();
      optimizer.step();
      schedule.step();
      batches.set({ loss: Number(loss.item()) });
    }
  }
}

/** The share of digits that a model names rightly, of those that it has not learnt from. */
function accuracy(model: (images: torch.Tensor) => torch.Tensor): number {
  const { images, digits } = readDigits();
  const rest = images.size(0) - TRAINING;
  return torch.noGrad(() => {
    const found = model(images.narrow(0, TRAINING, rest)).argmax(1);
    return Number(found.eq(digits.narrow(0, TRAINING, rest)).float().mean().item());
  });
}

function percent(share: number): string {
  return `${(100 * share).toFixed(2)} %`;
}

const args = process.argv.slice(2);
if (args[0] === "--load") {
  const loaded = torch.jit.load(args[1] ?? "digits.pt").eval();
  console.log(`${percent(accuracy((x) => loaded(x) as torch.Tensor))} of new digits are right`);
} else {
  const path = args[0] ?? "digits.pt";
  torch.manualSeed(0);
  const net = new Net();
  console.log(String(net));
  await train(net);
  net.eval();
  console.log(`${percent(accuracy(net))} of new digits are right`);
  const traced = torch.jit.trace(net, [torch.zeros([1, 1, 8, 8])]);
  torch.jit.save(traced, path);
  const loaded = torch.jit.load(path).eval();
  console.log(`${percent(accuracy((x) => loaded(x) as torch.Tensor))} after loading ${path}`);
}
