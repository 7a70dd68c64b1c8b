import { readFileSync, writeFileSync } from "node:fs";
import { after, before, describe, test } from "node:test";
import { assertEquals, assertStringIncludes } from "@std/assert";
import * as torch from "../mod.ts";
import {
  fileOf,
  type Model,
  models,
  type Recorded,
  recordTensor,
  type Step,
} from "./support/interop_models.ts";
import { collectUntil } from "./support/collect.ts";
import { type Folder, folder } from "./support/program.ts";
import { python } from "./support/python.ts";

const { jit, nn } = torch;
type T = torch.Tensor;

// ---- Scripts of this library ----------------------------------------------------------------------------------

class Block extends nn.Module<[T], T> {
  conv = new nn.Conv2d(2, 2, 3, { padding: 1 });
  norm = new nn.BatchNorm2d(2);
  drop = new nn.Dropout(0.5);
  override forward(x: T): T {
    return this.drop(nn.functional.relu(this.norm(this.conv(x)))).add(x);
  }
}

class Nested extends nn.Module<[T], T> {
  shared = new nn.Linear(4, 4);
  body = new nn.Sequential({ first: new Block(), second: new Block(), flat: new nn.Flatten() });
  heads = new nn.Sequential(new nn.Linear(32, 4), this.shared, new nn.ReLU(), this.shared);
  scale = new nn.Parameter(torch.tensor([0.5]));
  offset = this.registerBuffer(torch.tensor([1, 2, 3, 4], { dtype: "float32" }));
  override forward(x: T): T {
    return this.encode(x).mul(this.scale).add(this.offset);
  }
  encode(x: T): T {
    return this.heads(this.body(x));
  }
}

/** Holds modules of TorchScript whose forward branches on values. */
class AroundScripts extends nn.Module<[T], T> {
  gate: torch.jit.LoadedModule;
  linear = new nn.Linear(2, 2);
  clip: torch.jit.ScriptFunction;
  constructor(gate: torch.jit.LoadedModule, clip: torch.jit.ScriptFunction) {
    super();
    this.gate = gate;
    this.clip = clip;
  }
  override forward(x: T): T {
    return this.clip(this.gate(this.linear(this.gate(x))));
  }
}

const clip = `
def clip(x: Tensor, limit: float = 1.0) -> Tensor:
    steps = 0
    while bool(x.abs().max() > limit):
        x = x / 2
        steps += 1
    return x + steps
`;

type Made = { script: torch.jit.ScriptFunction | torch.jit.LoadedModule; steps: () => Step[] };

const tensors = (values: readonly T[]) => values.map(recordTensor);

/** What Python is to compute: what this library computes. */
function step(args: Recorded[], result: Recorded, more: Partial<Step> = {}): Step {
  return { method: "forward", args, result, ...more };
}

function made(): Record<string, Made> {
  torch.manualSeed(5);
  const [x, y] = [torch.randn([2, 3]), torch.randn([3])];
  const image = torch.randn([3, 2, 4, 4]);
  const nested = jit.traceModule(new Nested(), { forward: [image], encode: [image] });
  const fixed = jit.trace(new Nested().eval(), [image], { respectMode: false });
  const gate = jit.load(fileOf(models.find(({ name }) => name === "branch_on_value")!));
  const around = jit.trace(new AroundScripts(gate, jit.compile(clip).clip!), [torch.ones([1, 2])]);
  const pairs = [torch.tensor([[0.5, -1]]), torch.tensor([[-90, 7.5]]), torch.tensor([[3, 2.5]])];
  const each = jit.trace((list: T[]) => list.map((one) => one.mul(2)), [[x, y]], {
    strict: false,
  });
  const map = jit.trace(
    (o: { a: T; list: T[] }, m: Map<string, T>) => ({ a: o.a.add(m.get("k")!), b: o.list[1]! }),
    [{ a: x, list: [x, y] }, new Map([["k", y]])],
    { strict: false },
  );
  const tuples = jit.trace(
    (p: [T, [T, T[]]]) => jit.tuple([p[1][0], jit.tuple([p[0].add(p[1][1][0]!)])]),
    [jit.tuple([x, jit.tuple([y, [x, x]])])],
  );
  const named = jit.trace(
    ({ left, right }: { left: T; right: T }) => jit.tuple({ sum: left.add(right), left }),
    [jit.tuple({ left: x, right: x })],
  );
  const call = (
    module: torch.jit.LoadedModule,
    training: boolean,
    seed: number,
    method: string,
  ) => {
    module.train(training);
    torch.manualSeed(seed);
    const result = recordTensor(module.method(method)(image) as T);
    return step([recordTensor(image)], result, { method, train: training, seed });
  };
  return {
    "nested modules, a shared one, both modes, two methods": {
      script: nested,
      // A file of before the calls, which change running statistics, is what Python gets.
      steps: () => [
        call(nested, false, 1, "forward"),
        call(nested, true, 2, "forward"),
        call(nested, false, 3, "forward"),
        call(nested, false, 4, "encode"),
      ],
    },
    "one mode": {
      script: fixed,
      steps: () => [call(fixed, true, 1, "forward"), call(fixed, false, 1, "forward")],
    },
    "scripts within a module": {
      script: around,
      steps: () => pairs.map((one) => step(tensors([one]), recordTensor(around(one)))),
    },
    "a list": {
      script: each,
      steps: () => [step([{ list: tensors([y, x]) }], { list: tensors([y.mul(2), x.mul(2)]) })],
    },
    "a named tuple of an object and a list, and a Map": {
      script: map,
      steps: () => [
        step(
          [
            { tuple: [recordTensor(x), { list: tensors([x, y]) }] },
            { dict: [["k", recordTensor(y)]] },
          ],
          { dict: [["a", recordTensor(x.add(y))], ["b", recordTensor(y)]] },
        ),
      ],
    },
    "tuples in tuples": {
      script: tuples,
      steps: () => [
        step(
          [{
            tuple: [recordTensor(x), { tuple: [recordTensor(y), { list: tensors([y, y]) }] }],
          }],
          { tuple: [recordTensor(y), { tuple: tensors([x.add(y)]) }] },
        ),
      ],
    },
    "named tuples": {
      script: named,
      steps: () => [
        step([{ tuple: tensors([x, x]) }], {
          named: [["sum", recordTensor(x.mul(2))], ["left", recordTensor(x)]],
        }),
      ],
    },
  };
}

// ---- All of it, in one Python: most of its time is its start ----------------------------------------------------

const runnable = models.filter((model) => model.missing === undefined);
let here: Folder;
let report: Record<string, string | null>;

const scripts = made();

before(async () => {
  here = folder();
  for (const model of runnable) {
    using module = jit.load(fileOf(model));
    jit.save(module, here.file(`${model.name}.pt`));
  }
  const cases: Pick<Model, "name" | "steps">[] = [...runnable];
  for (const [name, { script, steps }] of Object.entries(scripts)) {
    jit.save(script, here.file(`${name}.pt`));
    cases.push({ name, steps: steps() });
  }
  writeFileSync(here.file("cases.json"), JSON.stringify(cases));
  await python("compare_interop_models.py", here.path);
  report = JSON.parse(readFileSync(here.file("report.json"), "utf8"));
}, { timeout: 300_000 });

after(() => here?.[Symbol.dispose]());

describe("A model of PyTorch that is loaded and saved here", () => {
  for (const { name } of runnable) {
    test(`computes the same in PyTorch: ${name}`, () => assertEquals(report[name], null));
  }
});

describe("A script made and saved here", () => {
  for (const name of Object.keys(scripts)) {
    test(`computes the same in PyTorch: ${name}`, () => assertEquals(report[name], null));
  }

  test("keeps the control flow of the scripts in it", () => {
    const { script } = scripts["scripts within a module"]!;
    const { inlinedGraph } = (script as torch.jit.LoadedModule).method("forward");
    for (const kind of ["prim::If", "prim::Loop"]) assertStringIncludes(String(inlinedGraph), kind);
    assertEquals((script as torch.jit.LoadedModule).gate(torch.tensor([-2])).toArray(), [-3]);
  });

  test("keeps the functions that it calls, when nothing else does", async () => {
    const wrap = (inner: torch.jit.ScriptFunction) =>
      jit.trace((x: T) => inner(x).neg(), [torch.ones([1])]);
    const traced = wrap(wrap(jit.compile(clip).clip!));
    let rounds = 0;
    await collectUntil(() => ++rounds === 2);
    assertStringIncludes(String(traced.inlinedGraph), "prim::Loop");
    assertEquals(traced(torch.tensor([3.5])).toArray(), [2.875]);
  });
});
