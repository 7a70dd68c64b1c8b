import { writeFileSync } from "node:fs";
import { after, before, describe, test } from "node:test";
import { assert } from "@std/assert";
import * as torch from "../mod.ts";
import { type Folder, folder } from "./support/program.ts";
import { python } from "./support/python.ts";

const { io, nn, optim } = torch;
type T = torch.Tensor;
type Net = torch.nn.Module<[T], T>;
type State = Record<string, T>;

const names = [
  "SGD",
  "Adam",
  "AdamW",
  "RMSprop",
  "Adagrad",
  "Adadelta",
  "Adamax",
  "NAdam",
  "RAdam",
  "Rprop",
  "ASGD",
  "LBFGS",
  "Adafactor",
] as const;

function net(start: State): Net {
  const made = new nn.Sequential(new nn.Linear(3, 4), new nn.Tanh(), new nn.Linear(4, 1));
  made.loadStateDict(start);
  return made as unknown as Net;
}

function make(name: typeof names[number], model: Net): torch.optim.AnyOptimizer {
  const options = { lr: 0.05, ...(name === "SGD" || name === "RMSprop" ? { momentum: 0.9 } : {}) };
  return new optim[name](model.parameters(), options);
}

// The steps of tests/python/optim_resume.py.
function steps(model: Net, optimizer: torch.optim.AnyOptimizer, from: number, to: number): void {
  const y = torch.tensor([[0.5], [-1]]);
  for (let i = from; i < to; i++) {
    const x = torch.tensor([[0.1 * i, -0.2, 0.3], [1, 0.05 * i, -0.5]]);
    optimizer.step(() => {
      optimizer.zeroGrad();
      const loss = model(x).sub(y).pow(2).mean();
      loss.backward();
      return loss;
    });
  }
}

function assertSame(actual: State, expected: State): void {
  for (const [name, tensor] of Object.entries(expected)) {
    assert(torch.allclose(actual[name]!, tensor, { rtol: 1e-4, atol: 1e-5 }), name);
  }
}

describe("A training goes on in the other language", { timeout: 120_000 }, () => {
  let here: Folder;
  before(async () => {
    here = folder();
    torch.manualSeed(5);
    const start = new nn.Sequential(new nn.Linear(3, 4), new nn.Tanh(), new nn.Linear(4, 1))
      .stateDict();
    await io.save(start, here.file("start.pt"));
    writeFileSync(here.file("names.txt"), names.join(" "));
    for (const name of names) {
      const model = net(start);
      const optimizer = make(name, model);
      steps(model, optimizer, 0, 10);
      const both = { model: model.stateDict(), optimizer: optimizer.stateDict() };
      await io.save(both, here.file(`here_${name}.pt`));
    }
    await python("optim_resume.py", here.path);
  }, { timeout: 120_000 });

  after(() => here[Symbol.dispose]());

  for (const name of names) {
    test(`with ${name}`, async () => {
      const done = await io.load(here.file(`done_${name}.pt`)) as State;
      assertSame(await io.load(here.file(`there_${name}.pt`)) as State, done);
      const begun = await io.load(here.file(`begun_${name}.pt`)) as {
        model: State;
        optimizer: object;
      };
      const model = net(begun.model);
      const optimizer = make(name, model);
      optimizer.loadStateDict(begun.optimizer);
      steps(model, optimizer, 10, 20);
      assertSame(model.stateDict(), done);
    });
  }
});
