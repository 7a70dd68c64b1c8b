/**
 * A Worker that uses the library, for `tests/worker_test.ts`.
 *
 * @module
 */

import * as torch from "../../mod.ts";

const commands: Record<string, (value: never) => unknown> = {
  compute,
  train,
  echo,
  hold,
  holdAll,
  queue,
  lend,
  lendAll,
  lendGraph,
  load,
  close,
  write,
};
const held: unknown[] = [];

async function compute(seed: number): Promise<number[]> {
  const unit = torch.jit.compile("def twice(x):\n    return x + x\n");
  const inputs = Array.from({ length: 20 }, (_, i) => torch.full([3], seed + i));
  const outputs = await Promise.all(inputs.map((x) => unit.twice!.runAsync(x)));
  const sums = outputs.map((x: torch.Tensor) => {
    using sum = x.sum();
    return sum.item() as number;
  });
  for (const x of [...inputs, ...outputs]) x.dispose();
  unit[Symbol.dispose]();
  return sums;
}

// Least squares of a line: PyTorch's gradient descent has a closed form here.
function train(): number[] {
  const weight = torch.zeros([1], { requiresGrad: true });
  const x = torch.tensor([1, 2, 3]);
  const optimizer = new torch.optim.SGD([weight], { lr: 0.1 });
  return [1, 2].map(() => {
    optimizer.zeroGrad();
    weight.mul(x).sub(x).pow(2).mean().backward();
    optimizer.step();
    return weight.item() as number;
  });
}

function echo(message: unknown): unknown {
  return torch.transfer(torch.receive(message));
}

function hold(message: unknown): number {
  held.push(torch.receive(message));
  return held.length;
}

/** Keeps native handles of each kind: six script objects and more, and a node. */
function holdAll(): void {
  const unit = torch.jit.compile("def twice(x):\n    return x + x\n");
  const model = torch.jit.trace(new torch.nn.Linear(3, 2), [torch.ones([1, 3])]);
  const weight = torch.ones([2], { requiresGrad: true });
  const loss = weight.exp().sum();
  held.push(unit, unit.twice, model, model.method("forward"), new torch.Generator(), weight, loss);
  // The same object twice, under two handles.
  held.push(torch.receive(torch.transfer(model, { share: true })), loss.gradFn);
}

/** More calls than are done soon, on a tensor that would be missed. */
function queue(): void {
  const unit = torch.jit.compile("def twice(x):\n    return x + x\n");
  const x = torch.ones([1 << 18]);
  for (let i = 0; i < 500; i++) unit.twice!.runAsync(x);
}

/** Calls that are at work for a while, on memory that this Worker lends them. */
async function lend(): Promise<void> {
  const unit = torch.jit.compile(`
def sums(x, xs: List[Tensor], deep: Dict[str, List[Tuple[int, Tensor]]], n: int):
    y = x.sum()
    for i in range(n):
        y = y + x.sum() + xs[0].sum() + deep["a"][0][1].sum()
    return y

def bump(x):
    x.add_(1)
`);
  const array = new Float32Array(3);
  await unit.bump!.runAsync(torch.fromTypedArray(array));
  if (array[2] !== 1) throw new Error(`A call wrote to a copy: ${array}`);
  const lent = () => torch.fromTypedArray(new Float32Array(4 << 20).fill(1));
  const [x, others, deep] = [lent(), [lent()], { a: [torch.jit.tuple([2, lent()])] }];
  const expected = x.numel() * 4;
  const sum = await unit.sums!.runAsync(x, others, deep, 1) as torch.Tensor;
  if (sum.item() !== expected) throw new Error(`${sum.item()} is not ${expected}`);
  for (let i = 0; i < 3; i++) unit.sums!.runAsync(x, others, deep, 50);
  await new Promise((resolve) => setTimeout(resolve, 20));
}

class Lending extends torch.nn.Module<[torch.Tensor], torch.Tensor> {
  weight = new torch.nn.Parameter(torch.fromTypedArray(new Float32Array(4 << 20).fill(1)));
  override forward(x: torch.Tensor): torch.Tensor {
    return Array.from({ length: 50 }).reduce<torch.Tensor>((y) => y.add(this.weight.sum()), x);
  }
}

/** Calls, and a file that is written, over memory that this Worker lent to a module and to a sparse tensor. */
function lendAll(path: never): void {
  const x = torch.ones([1]);
  const model = torch.noGrad(() => torch.jit.trace(new Lending(), [x], { checkTrace: false }));
  const size = 1 << 20;
  const places = torch.fromTypedArray(new BigInt64Array(size).map((_, i) => BigInt(i)), [1, size]);
  const values = torch.fromTypedArray(new Float32Array(size).fill(1));
  const sparse = torch.sparseCooTensor(places, values, [size]);
  const unit = torch.jit.compile(`
def total(x):
    y = torch._values(x).sum()
    for i in range(200):
        y = y + torch._values(x).sum()
    return y
`);
  for (let i = 0; i < 3; i++) {
    torch.noGrad(() => model.runAsync(x));
    unit.total!.runAsync(sparse);
    torch.jit.saveAsync(model, `${path}-${i}`);
  }
}

/** What is left of this Worker has memory behind it that was lent. */
function lendGraph(): unknown {
  const lent = torch.fromTypedArray(new Float32Array(4 << 20).fill(3));
  const weight = torch.ones([4 << 20], { requiresGrad: true });
  return torch.transfer([weight.mul(lent).sum(), weight]);
}

/** Files that are being opened and read when this Worker ends. */
function load(): void {
  const model = torch.jit.trace(new torch.nn.Linear(2048, 2048), [torch.ones([1, 2048])]);
  const bytes = torch.jit.serialize(model);
  model[Symbol.dispose]();
  for (let i = 0; i < 10; i++) torch.jit.loadAsync(bytes);
}

function close(): void {
  setTimeout(() => self.close(), 20);
}

function write(message: unknown): string {
  torch.receive<torch.Tensor>(message).fill_(7);
  return "written";
}

const scope = globalThis as unknown as {
  onmessage: (event: MessageEvent) => void;
  postMessage: (message: unknown) => void;
};

scope.onmessage = async ({ data: { command, value } }) => {
  try {
    scope.postMessage({ result: await commands[command]!(value as never) });
  } catch (error) {
    scope.postMessage({ error: String(error) });
  }
};

// Bun 1.4 lost some of the messages that were posted to a Worker which was still importing.
scope.postMessage("ready");
