import { readFileSync, writeFileSync } from "node:fs";
import { after, before, describe, test } from "node:test";
import { assert, assertEquals, assertInstanceOf, assertThrows } from "@std/assert";
import * as torch from "../mod.ts";
import { type Folder, folder } from "./support/program.ts";
import { python } from "./support/python.ts";
import { assertSame, decode, encode, type Json } from "./support/values.ts";

const { jit, nn } = torch;
type T = torch.Tensor;

// Python takes seconds to load PyTorch, and more on a machine that is busy.
const PATIENT = { timeout: 300_000 };

// ---- Files that this library saves, run by PyTorch ----------------------------------------------------------

/** One call of a file, and what came out of it here. */
interface Call {
  method?: string;
  training?: boolean;
  seed?: number;
  inputs: unknown[];
}

interface Saved {
  name: string;
  script: torch.jit.ScriptFunction | torch.jit.LoadedModule;
  calls: Call[];
  extraFiles?: Record<string, string>;
}

class Coder extends nn.Module<[T], T> {
  conv = new nn.Conv2d(1, 3, 3, { padding: "same", paddingMode: "reflect" });
  norm = new nn.BatchNorm2d(3);
  drop = new nn.Dropout(0.4);
  head = new nn.Sequential(new nn.Flatten(), new nn.Linear(48, 2));
  twin = this.head;
  temperature = this.registerBuffer(torch.tensor([2], { dtype: "float32" }));
  override forward(x: T): T {
    return this.twin(this.features(x)).div(this.temperature);
  }
  features(x: T): T {
    return this.drop(nn.functional.relu(this.norm(this.conv(x))));
  }
}

function tensors(...shapes: number[][]): T[] {
  return shapes.map((shape) => torch.randn(shape));
}

/** A tuple for Python, an array here. */
function tuple(...values: unknown[]): unknown {
  return { $tuple: values };
}

function untupled(value: unknown): unknown {
  return typeof value === "object" && value !== null && "$tuple" in value ? value.$tuple : value;
}

function saved(): Saved[] {
  torch.manualSeed(1);
  const [x, y, image] = tensors([2, 3], [3, 2], [2, 1, 4, 4]) as [T, T, T];
  const weight = torch.randn([2, 2]);
  const coder = jit.traceModule(new Coder(), { forward: [image], features: [image] });
  const unit = jit.compile(`
def grow(x: Tensor, times: int = 2) -> Tensor:
    for i in range(times):
        if bool(x.sum() > 10):
            raise ValueError("too much")
        x = x + i
    return x
`);
  const other = jit.trace((z: T) => z.mul(3), [x]);
  const linear = jit.trace(new nn.Linear(3, 1), [x]);
  linear.define(
    "def doubled(self, x: Tensor, by: int = 2) -> Tensor:\n    return self.forward(x) * by\n",
  );
  linear.registerAttribute("labels", { a: 1 }, "Dict[str, int]");
  return [
    {
      name: "function",
      script: jit.trace((a: T, b: T) => a.matmul(b).add(weight).relu(), [x, y]),
      calls: [{ inputs: [x, y] }, { inputs: tensors([2, 3], [3, 2]) }],
      extraFiles: { "notes.txt": "Grüße\nzweite Zeile", "empty.txt": "" },
    },
    {
      name: "several outputs",
      script: jit.trace(
        (a: T) => jit.tuple([a.neg(), jit.tuple({ sum: a.sum(), twice: a.mul(2) })]),
        [x],
      ),
      calls: [{ inputs: [y] }],
    },
    {
      name: "containers",
      script: jit.trace(
        (o: { a: T; b: T }, list: T[], pair: [T, T[]]) => ({
          total: o.a.add(o.b).add(list[0]!),
          last: pair[1][0]!,
        }),
        [{ a: x, b: x }, [x, x], [x, [y]]],
        { strict: false },
      ),
      calls: [{ inputs: [{ a: x, b: x.neg() }, [x, x], tuple(x, [y])] }],
    },
    {
      name: "both modes",
      script: coder,
      calls: [
        { inputs: [image], training: false },
        { inputs: [image], training: true, seed: 4 },
        { inputs: [image], training: false },
        { inputs: tensors([3, 1, 4, 4]), training: false },
      ],
    },
    {
      name: "several methods",
      script: jit.deserialize(jit.serialize(coder)),
      // Traced in the mode that the module was in: training.
      calls: [{ method: "features", inputs: [image], seed: 6 }],
    },
    {
      name: "one mode",
      script: jit.trace(new nn.Dropout(0.5).eval(), [x], { respectMode: false }),
      calls: [{ inputs: [x], training: true }],
    },
    {
      name: "dropout",
      script: jit.trace(new nn.Dropout(0.5), [x]),
      calls: [{ inputs: [x], training: true, seed: 3 }, { inputs: [x], training: false }],
    },
    { name: "control flow", script: unit.grow!, calls: [{ inputs: [x] }, { inputs: [x, 3] }] },
    {
      name: "calls of scripts",
      script: jit.trace((a: T) => unit.grow!(other(a)).sub(other(a)), [x]),
      calls: [{ inputs: [x] }],
    },
    {
      name: "defined methods",
      script: linear,
      calls: [{ inputs: [x] }, { method: "doubled", inputs: [x, 5] }, {
        method: "doubled",
        inputs: [x],
      }],
    },
    {
      name: "dtypes",
      script: jit.trace(
        (a: T, b: T) =>
          jit.tuple([a.double().mul(0.1), b.add(2 ** 40), b.eq(3), a.bfloat16().float()]),
        [x, torch.tensor([3, 4])],
      ),
      calls: [{ inputs: [x, torch.tensor([3, 5])] }],
    },
  ];
}

function runHere(
  { script }: Saved,
  { method = "forward", training, seed = 0, inputs }: Call,
): unknown {
  const module = jit.ScriptModule as unknown as new () => torch.jit.LoadedModule;
  const given = inputs.map(untupled);
  torch.manualSeed(seed);
  if (!(script instanceof module)) return script(...given);
  if (training !== undefined) script.train(training);
  return method === "forward" ? script(...given) : script.method(method)(...given);
}

interface Result {
  outputs: Json[];
  extra: Record<string, string>;
  state: string[];
  parameters: string[];
}

describe("PyTorch loads a file of this library", () => {
  const scripts = saved();
  let here: Folder;
  let results: Result[];

  before(async () => {
    here = folder();
    const entries = scripts.map(({ script, calls, extraFiles = {} }, i) => {
      script.save(here.file(`${i}.pt`), { extraFiles });
      const encoded = calls.map((call) => ({ ...call, inputs: call.inputs.map(encode) }));
      return { file: `${i}.pt`, calls: encoded, extra: Object.keys(extraFiles) };
    });
    writeFileSync(here.file("calls.json"), JSON.stringify(entries));
    await python("interop_run.py", here.path);
    results = JSON.parse(readFileSync(here.file("results.json"), "utf8"));
  }, PATIENT);

  after(() => here[Symbol.dispose]());

  scripts.forEach((entry, i) => {
    test(`and runs it with equal outputs: ${entry.name}`, () => {
      entry.calls.forEach((call, n) => {
        assertSame(runHere(entry, call), results[i]!.outputs[n]!, `call ${n}`);
      });
      assertEquals(results[i]!.outputs.length, entry.calls.length);
    });
  });

  test("and finds the extra files", () => {
    assertEquals(results[0]!.extra, scripts[0]!.extraFiles);
  });

  test("and lists parameters and state in the same order", () => {
    for (const [i, { script }] of scripts.entries()) {
      if (!(script instanceof nn.Module)) continue;
      assertEquals(results[i]!.state, Object.keys(script.stateDict()));
      assertEquals(results[i]!.parameters, [...script.namedParameters()].map(([name]) => name));
    }
  });
});

// ---- Files that PyTorch saves, run here ---------------------------------------------------------------------

interface Model {
  name: string;
  file: string;
  state: string[];
  parameters: string[];
  extra: Record<string, string>;
  calls: {
    method: string;
    training?: boolean | null;
    seed?: number;
    inputs: Json[];
    keywords: Record<string, Json>;
    output: Json;
  }[];
}

describe("A model of PyTorch's", () => {
  let here: Folder;
  let models: Map<string, Model>;

  before(async () => {
    here = folder();
    await python("interop_make.py", here.path);
    const list: Model[] = JSON.parse(readFileSync(here.file("models.json"), "utf8"));
    models = new Map(list.map((model) => [model.name, model]));
  }, PATIENT);

  after(() => here[Symbol.dispose]());

  function load(name: string): torch.jit.LoadedModule {
    return jit.load(here.file(models.get(name)!.file));
  }

  for (
    const name of [
      "traced_conv_net",
      "scripted_conv_net",
      "traced_function",
      "everything",
      "branching",
    ]
  ) {
    test(`runs here with equal outputs: ${name}`, () => {
      const model = models.get(name)!;
      const script = load(name);
      assert(model.calls.length > 0);
      model.calls.forEach(({ method, training, seed = 0, inputs, keywords, output }, i) => {
        if (typeof training === "boolean") script.train(training);
        torch.manualSeed(seed);
        const named = Object.entries(keywords).map(([key, value]) => [key, decode(value)]);
        const args = [
          ...inputs.map(decode),
          ...(named.length > 0 ? [jit.kwargs(Object.fromEntries(named))] : []),
        ];
        const run = method === "forward" || method === "__call__" ? script : script.method(method);
        assertSame(run(...args), output, `${method}, call ${i}`);
      });
    });
  }

  test("has its parameters and its state in PyTorch's order", () => {
    for (const { name, state, parameters } of models.values()) {
      const script = load(name);
      if (name === "traced_function") continue; // A function has neither.
      assertEquals(Object.keys(script.stateDict()), state, name);
      assertEquals([...script.namedParameters()].map(([key]) => key), parameters, name);
    }
  });

  test("has its extra files", () => {
    const { file, extra } = models.get("scripted_conv_net")!;
    const extraFiles = { "labels.txt": "" };
    jit.load(here.file(file), { extraFiles });
    assertEquals(extraFiles, extra as typeof extraFiles);
  });

  test("has attributes that can be read and set by their types", () => {
    const script = load("everything");
    assertEquals(script.limits, { low: -1, high: 2n ** 60n });
    assertEquals([script.maybe, script.names, script.rate, script.flag], [
      null,
      ["a", "b"],
      0.25,
      true,
    ]);
    assertEquals(script.offset.toArray(), [0, 1, 2]);
    script.limits = { low: 5 };
    script.maybe = torch.ones([1]);
    assertEquals([script.limits, script.maybe.toArray()], [{ low: 5 }, [1]]);
    assertThrows(() => (script.rate = "fast"), torch.JitTypeError, "expected float, got string");
    assertThrows(() => (script.limits = { low: 0.5 }), torch.JitTypeError, "'limits.low'");
  });

  test("takes enums that came back, by name, or as they look", () => {
    const script = load("everything");
    const red = script.a_color();
    assertEquals(red, { type: "Color", name: "RED", value: 1 });
    for (const given of [red, { name: "RED" }, "RED"]) {
      assertEquals(script.color(given), { type: "Color", name: "GREEN", value: 2 });
    }
    assertThrows(
      () => script.color({ name: "BLUE" }),
      torch.JitTypeError,
      "'BLUE', which is not a member",
    );
    assertThrows(() => script.color(1), torch.JitTypeError, "expected Color, got number");
  });

  test("gives instances of its classes, with methods and attributes, and takes them back", () => {
    const script = load("everything");
    const counter = script.counter(5);
    assertInstanceOf(counter, jit.ScriptObject);
    assertEquals([counter.typeName, String(counter)], ["Counter", "ScriptObject(Counter)"]);
    const { add } = counter as unknown as { add: torch.jit.ScriptFunction };
    assertEquals(add(2), 7);
    assertEquals(add(1, jit.kwargs({ name: "one" })), 8);
    assertEquals(script.count(counter, 10), 18);
    const fields = counter as unknown as { value: number; names: string[] };
    assertEquals([fields.value, fields.names], [18, ["more", "one", "more"]]);
    fields.value = 0;
    assertEquals(script.count(counter, 1), 1);
    assert(counter.methods.includes("add"));
    assertThrows(
      () => script.count(script, 1),
      torch.JitTypeError,
      "expected Counter, got Everything",
    );
    counter.dispose();
    assertThrows(
      () => script.count(counter, 1),
      torch.DisposedError,
      "script object that was disposed",
    );
  });

  test("raises what it raised in Python", () => {
    const error = assertThrows(
      () => load("everything").fails(4),
      torch.TorchError,
      "4 is more than three",
    );
    assertEquals([error.pythonClass, error.kind], ["builtins.ValueError", "torchscript"]);
    assert(error.torchscriptTrace?.includes("interop_make.py"), String(error.torchscriptTrace));
  });

  test("keeps its graph, its source and its schema", () => {
    const script = load("everything");
    const schema = script.method("forward").schema;
    assertEquals(
      schema.arguments.map(({ name, type, default: fallback }) => [name, type, fallback]),
      [
        ["x", "Tensor", null],
        ["times", "int", "2"],
        ["by", "float", "1.5"],
      ],
    );
    const kinds = [...script.graph.nodes()].map(({ kind }) => kind);
    assert(kinds.includes("prim::Loop") && kinds.includes("prim::If"), String(kinds));
    assert(script.code.startsWith("def forward(self,"));
  });

  test("learns on here, and is saved again for PyTorch", PATIENT, async () => {
    const script = load("scripted_conv_net").train();
    torch.manualSeed(0);
    const x = torch.randn([2, 1, 8, 8]);
    script(x).sum().backward();
    torch.noGrad(() => {
      for (const parameter of script.parameters()) parameter.sub_(parameter.grad!.mul(0.01));
    });
    using next = folder();
    script.eval();
    script.save(next.file("0.pt"), { extraFiles: { "step.txt": "1" } });
    const calls = [{ inputs: [encode(x)], training: false }];
    writeFileSync(
      next.file("calls.json"),
      JSON.stringify([{ file: "0.pt", calls, extra: ["step.txt"] }]),
    );
    await python("interop_run.py", next.path);
    const [result]: Result[] = JSON.parse(readFileSync(next.file("results.json"), "utf8"));
    assertSame(script(x), result!.outputs[0]!);
    assertEquals(result!.extra, { "step.txt": "1" });
  });
});
