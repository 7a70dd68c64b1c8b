/**
 * What the training suite trains: `bench/peers/training.py` has the same, line by line.
 *
 * @module
 */

import { GPT } from "../examples/gpt_model.ts";
import * as torch from "../mod.ts";

const nn = torch.nn;
const F = nn.functional;
type T = torch.Tensor;
type Net = torch.nn.Module<[T], T>;

/** A model and what it learns. */
export interface Case {
  /** Its name. */
  name: string;
  /** Makes the model, then the inputs and the labels. */
  make: () => [Net, [T, T]];
}

class ConvNet extends nn.Module<[T], T> {
  conv1: torch.nn.Conv2d;
  conv2: torch.nn.Conv2d;
  out: torch.nn.Linear;

  constructor(channels: number, size: number, width: number) {
    super();
    this.conv1 = new nn.Conv2d(channels, width, 3, { padding: 1 });
    this.conv2 = new nn.Conv2d(width, 2 * width, 3, { padding: 1 });
    this.out = new nn.Linear(2 * width * (size >> 2) ** 2, 10);
  }

  override forward(x: T): T {
    const y = F.maxPool2d(F.relu(this.conv1(x)), 2);
    return this.out(F.maxPool2d(F.relu(this.conv2(y)), 2).flatten(1));
  }
}

function mlp(inputs: number, hidden: number): Net {
  return new nn.Sequential(
    new nn.Linear(inputs, hidden),
    new nn.ReLU(),
    new nn.Linear(hidden, hidden),
    new nn.ReLU(),
    new nn.Linear(hidden, 10),
  ) as unknown as Net;
}

function gpt(length: number, width: number, heads: number, layers: number): Net {
  return new GPT({ vocabulary: 56, length, width, heads, layers });
}

function images(...shape: number[]): [T, T] {
  return [torch.rand(shape), torch.randint(10, [shape[0]!])];
}

function texts(size: number, length: number): [T, T] {
  const tokens = torch.randint(56, [size, length + 1]);
  return [tokens.narrow(1, 0, length).contiguous(), tokens.narrow(1, 1, length).contiguous()];
}

/** The models, small and large. */
export const cases: readonly Case[] = [
  { name: "MLP, small", make: () => [mlp(64, 64), images(32, 64)] },
  { name: "conv net, small", make: () => [new ConvNet(1, 8, 16), images(32, 1, 8, 8)] },
  { name: "GPT, small", make: () => [gpt(32, 32, 4, 2), texts(4, 32)] },
  { name: "GPT, small, one text", make: () => [gpt(32, 32, 4, 2), texts(1, 32)] },
  { name: "MLP, large", make: () => [mlp(1024, 2048), images(512, 1024)] },
  { name: "conv net, large", make: () => [new ConvNet(3, 32, 64), images(64, 3, 32, 32)] },
  { name: "GPT, large", make: () => [gpt(256, 256, 8, 4), texts(8, 256)] },
];

/** The optimizers, with PyTorch's defaults but for the learning rate. */
export const optimizers: { SGD: typeof torch.optim.SGD; AdamW: typeof torch.optim.AdamW } = {
  SGD: torch.optim.SGD,
  AdamW: torch.optim.AdamW,
};

/** What a round of steps took, and the mean loss. */
export interface Trained {
  /** Seconds. */
  seconds: number;
  /** The mean over the steps. */
  loss: number;
}

/** A program that trains: each call makes some more steps. Nothing in its loop frees memory. */
export function training(
  { make }: Case,
  optimizer: keyof typeof optimizers,
): (steps: number) => Trained {
  torch.manualSeed(0);
  const [model, [x, y]] = make();
  const step = new optimizers[optimizer](model.parameters(), { lr: 1e-3 });
  return (steps) => {
    let total = 0;
    const start = performance.now();
    for (let i = 0; i < steps; i++) {
      step.zeroGrad();
      const output = model(x);
      const loss = F.crossEntropy(output.view(-1, output.size(-1)), y.view(-1));
      loss.backward();
      step.step();
      total += Number(loss.item());
    }
    return { seconds: (performance.now() - start) / 1000, loss: total / steps };
  };
}
