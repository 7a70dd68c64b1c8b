/**
 * The models and the data of tests/python/make_training_golden.py, line by line.
 *
 * @module
 */

import { readFileSync } from "node:fs";
import { GPT } from "../../examples/gpt_model.ts";
import * as torch from "../../mod.ts";

const { nn, optim } = torch;
const F = nn.functional;
type T = torch.Tensor;

class MLP extends nn.Module<[T], T> {
  hidden = new nn.Linear(64, 64);
  drop = new nn.Dropout(0.2);
  out = new nn.Linear(64, 10);
  override forward(x: T): T {
    return this.out(this.drop(F.relu(this.hidden(x))));
  }
}

class ConvNet extends nn.Module<[T], T> {
  conv1 = new nn.Conv2d(1, 8, 3, { padding: 1 });
  conv2 = new nn.Conv2d(8, 16, 3, { padding: 1 });
  norm = new nn.BatchNorm2d(16);
  out = new nn.Linear(64, 10);
  override forward(x: T): T {
    const y = F.maxPool2d(F.relu(this.conv1(x.view(-1, 1, 8, 8))), 2);
    return this.out(F.maxPool2d(F.relu(this.norm(this.conv2(y))), 2).flatten(1));
  }
}

class Recurrent extends nn.Module<[T], T> {
  lstm = new nn.LSTM(8, 32, { batchFirst: true });
  out = new nn.Linear(32, 10);
  override forward(x: T): T {
    const [y] = this.lstm(x.view(-1, 8, 8));
    return this.out(y.index(":", -1));
  }
}

type Batches = Generator<[x: T, y: T]>;

function* digitBatches(): Batches {
  const bytes = readFileSync(new URL("../../examples/data/digits.bin", import.meta.url));
  const rows = torch.tensor(new Uint8Array(bytes)).view(-1, 65);
  const pixels = rows.index(":", ":64").float().div(16);
  const labels = rows.index(":", 64).long();
  for (;;) {
    const order = torch.randperm(1500);
    for (let start = 0; start < 1472; start += 64) {
      const picked = order.narrow(0, start, 64);
      yield [pixels.index(picked), labels.index(picked)];
    }
  }
}

function sonnets(): string {
  return readFileSync(new URL("../../examples/data/sonnets.txt", import.meta.url), "utf8");
}

function* textBatches(length = 32, size = 8): Batches {
  const text = sonnets();
  const letters = [...new Set(text)].sort();
  const tokens = torch.tensor([...text].map((letter) => letters.indexOf(letter)));
  for (;;) {
    const starts = torch.randint(tokens.numel() - length, [size]).toArray() as number[];
    const cut = (shift: number) =>
      torch.stack(starts.map((start) => tokens.narrow(0, start + shift, length)));
    yield [cut(0), cut(1)];
  }
}

const models: Record<string, () => [torch.nn.Module<[T], T>, Batches]> = {
  MLP: () => [new MLP(), digitBatches()],
  ConvNet: () => [new ConvNet(), digitBatches()],
  LSTM: () => [new Recurrent(), digitBatches()],
  GPT: () => {
    const vocabulary = new Set(sonnets()).size;
    return [new GPT({ vocabulary, length: 32, width: 32, heads: 4, layers: 2 }), textBatches()];
  },
};

const optimizers: Record<string, (params: Iterable<T>) => torch.optim.AnyOptimizer> = {
  SGD: (params) => new optim.SGD(params, { lr: 0.02, momentum: 0.9 }),
  Adam: (params) => new optim.Adam(params, { lr: 2e-3 }),
  AdamW: (params) => new optim.AdamW(params, { lr: 2e-3, weightDecay: 0.1 }),
};

/** The first `steps` losses of a model under an optimizer. */
export function losses(model: string, optimizer: string, steps: number): number[] {
  torch.manualSeed(42);
  const [net, batches] = models[model]!();
  const step = optimizers[optimizer]!(net.parameters());
  const result: number[] = [];
  for (const [x, y] of batches) {
    step.zeroGrad();
    const output = net(x);
    const loss = F.crossEntropy(output.view(-1, output.size(-1)), y.reshape([-1]));
    loss.backward();
    step.step();
    result.push(Number(loss.item()));
    if (result.length === steps) break;
  }
  return result;
}
