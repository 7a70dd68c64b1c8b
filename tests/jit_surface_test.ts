import { readFileSync } from "node:fs";
import { describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import {
  assert,
  assertEquals,
  assertInstanceOf,
  assertMatch,
  assertStringIncludes,
  assertThrows,
} from "@std/assert";
import * as torch from "../mod.ts";
import { balanced } from "./support/balance.ts";
import { folder } from "./support/program.ts";

const { jit, nn, TorchError } = torch;
type T = torch.Tensor;

class Net extends nn.Module<[T], T> {
  first = new nn.Linear(4, 3);
  second = new nn.Sequential(new nn.Linear(3, 2), new nn.ReLU());
  offset = this.registerBuffer(torch.ones([2]));
  override forward(x: T): T {
    const y = this.second(this.first(x));
    return y.add(this.offset);
  }
  encode(x: T): T {
    const y = this.first(x);
    return y;
  }
}

function make(): torch.jit.LoadedModule {
  torch.manualSeed(0);
  const x = torch.ones([1, 4]);
  return jit.traceModule(new Net(), { forward: [x], encode: [x] });
}

const unit = jit.compile(`
def scale(x: Tensor, by: float = 2.0) -> Tensor:
    return x * by
`);
const scale = unit.scale!;

/** The line of this file that holds a text, counted from 1. */
function lineOf(text: string): number {
  const lines = readFileSync(new URL(import.meta.url), "utf8").split("\n");
  return 1 + lines.findIndex((line) => line.includes(text));
}

describe("The public members of", () => {
  const x = torch.ones([3]);

  test("jit", () => {
    const names = [
      "trace traceModule compile save load serialize deserialize saveForMobile tuple scalar int float str bool complex",
      "list dict kwargs freeze optimizeForInference loadLibrary typesOf profilingMode optimizedExecution setFusionStrategy enableOnednnFusion onednnFusionEnabled",
    ].join(" ").split(" ");
    for (const name of names) assertEquals(typeof jit[name as keyof typeof jit], "function", name);
    assertEquals(typeof jit.ops.aten!.matmul, "function");
  });

  test("a ScriptFunction", () => {
    assertEquals(scale(x, 3).toArray(), [3, 3, 3]);
    assertEquals(scale.name, "scale");
    assertInstanceOf(scale.graph, jit.Graph);
    assertInstanceOf(scale.inlinedGraph, jit.Graph);
    assertInstanceOf(scale.graphFor(x), jit.Graph);
    assertInstanceOf(scale.schema, jit.Schema);
    assertStringIncludes(scale.code, "def scale");
    for (const member of ["save", "serialize", "dispose", "warmUp"] as const) {
      assertEquals(typeof scale[member], "function", member);
    }
  });

  test("a ScriptModule", () => {
    const module = make();
    assertInstanceOf(module, nn.Module);
    assertInstanceOf(module.graph, jit.Graph);
    assertStringIncludes(module.code, "def forward");
    assertEquals(module.methods.toSorted(), ["encode", "forward"]);
    assertInstanceOf(module.method("encode"), jit.ScriptFunction);
    assertInstanceOf(module.encode, jit.ScriptFunction);
    assertEquals([...module.parameters()].length, 4);
    assertEquals([...module.namedParameters()].map(([name]) => name), [
      "first.weight",
      "first.bias",
      "second.0.weight",
      "second.0.bias",
    ]);
    assertEquals([...module.buffers()].length, 1);
    assertEquals([...module.namedBuffers()].map(([name]) => name), ["offset"]);
    const children = [...module.children()];
    assertEquals(children.map((child) => child instanceof jit.ScriptModule), [true, true]);
    assertEquals([...module.namedModules()].map(([name]) => name), [
      "",
      "first",
      "second",
      "second.0",
      "second.1",
    ]);
    assertEquals([...module.modules()].length, 5);
    assertEquals(module.attributes(), { training: true });
    assertEquals(module.train(false).training, false);
    assertEquals(module.train().training, true);
    assertEquals(module.eval().training, false);
    assertEquals(Object.keys(module.stateDict()).length, 5);
    assertEquals(module.loadStateDict(module.stateDict()), {
      missingKeys: [],
      unexpectedKeys: [],
    });
    assertInstanceOf(module.clone(), jit.ScriptModule);
    assert(module.to({ device: "cpu", dtype: "float32" }) === module);
    assertEquals(module.zeroGrad(), undefined);
    assertEquals(module.requiresGrad_(false)(torch.ones([1, 4])).requiresGrad, false);
  });

  test("a Graph, its nodes and values", () => {
    const { graph } = scale;
    assertMatch(graph.toString(), /^graph\(%x/);
    assertEquals(graph.inputs.map(({ name }) => name.split(".")[0]), ["x", "by"]);
    assertEquals(graph.outputs.length, 1);
    const node = [...graph.nodes()].find(({ kind }) => kind === "aten::mul")!;
    assertEquals(Object.keys(node).toSorted(), [
      "attributes",
      "blocks",
      "inputs",
      "kind",
      "outputs",
      "schema",
      "scope",
      "sourceRange",
    ]);
    assertEquals(node.schema, "aten::mul.Scalar(Tensor self, Scalar other) -> Tensor");
    assertStringIncludes(graph.toDot(), "digraph");
    assertStringIncludes(graph.toMermaid(), "flowchart");
  });

  test("a CompilationUnit", () => {
    assertEquals(unit.names, ["scale"]);
    assert(unit.function("scale") === unit.scale);
    assertEquals(typeof unit.dispose, "function");
  });

  test("a ScriptFunction hold nothing that only benchmarks need", () => {
    assertEquals("nativeNanoseconds" in scale, false);
  });
});

describe("The place in the source", () => {
  test("of a traced node is the call in the user's file", () => {
    const { inlinedGraph } = make();
    const here = fileURLToPath(import.meta.url);
    const places = [...inlinedGraph.nodes()].map((node) => [node.kind, node.sourceRange] as const);
    const [kind, place] = places.find(([kind]) => kind === "aten::linear")!;
    const line = lineOf("const y = this.second(this.first(x))");
    assert(place.startsWith(`${here}:${line}:`), `${kind} is at ${place}`);
    for (const [kind, place] of places) {
      if (kind.startsWith("aten::")) assertMatch(place, /jit_surface_test\.ts:\d+:\d+$/);
    }
  });

  test("is kept in a file, and in the text of the graph", () => {
    const loaded = jit.deserialize(jit.serialize(make()));
    const line = lineOf("const y = this.second(this.first(x))");
    assertStringIncludes(String(loaded.inlinedGraph), `jit_surface_test.ts:${line}`);
    const node = [...loaded.inlinedGraph.nodes()].find(({ kind }) => kind === "aten::linear")!;
    assertMatch(node.sourceRange, new RegExp(`jit_surface_test\\.ts:${line}:\\d+$`));
  });

  test("stands in the error of a node that fails", () => {
    const traced = jit.trace((x: T, y: T) => {
      const product = x.matmul(y);
      return product.relu();
    }, [torch.ones([2, 3]), torch.ones([3, 2])]);
    const error = assertThrows(() => traced(torch.ones([2, 3]), torch.ones([2, 3])), TorchError);
    const line = lineOf("const product = x.matmul(y)");
    assertStringIncludes(error.torchscriptTrace ?? "", `jit_surface_test.ts:${line}`);
  });

  test("of a compiled node is quoted with its line", () => {
    const node = [...scale.graph.nodes()].find(({ kind }) => kind === "aten::mul")!;
    assertMatch(node.sourceRange, /line 3[\s\S]*return x \* by\n\s+~+ <--- HERE/);
  });

  test("is not looked for outside of a trace, and the limit of stacks is left alone", () => {
    const before = Error.stackTraceLimit;
    make();
    assertEquals(Error.stackTraceLimit, before);
  });
});

describe("The inlined graph", () => {
  test("says the submodule of each node, of a trace and of a loaded file", () => {
    for (const module of [make(), jit.deserialize(jit.serialize(make()))]) {
      const scopes = [...module.inlinedGraph.nodes()]
        .filter(({ kind }) => kind.startsWith("aten::"))
        .map(({ kind, scope }) => `${kind} ${scope}`);
      assertEquals(scopes, [
        "aten::linear first",
        "aten::linear second.0",
        "aten::relu second.1",
        "aten::add ",
      ]);
    }
  });
});

describe("graphFor() and warmUp()", () => {
  test("watch first, and then give the optimized graph", () => {
    const relu = jit.trace((x: T) => x.relu().add(1), [torch.ones([3])], { checkTrace: false });
    const kinds = (graph: torch.jit.Graph) => [...graph.nodes()].map(({ kind }) => kind);
    assert(kinds(relu.graphFor(torch.ones([3]))).includes("prim::profile"));
    assert(relu.warmUp(torch.ones([3])) >= 1);
    assert(!kinds(relu.graphFor(torch.ones([3]))).includes("prim::profile"));
  });

  test("optimize for the grad mode that is on, whatever was before", () => {
    const module = make();
    const x = torch.ones([1, 4]);
    const differentiable = (graph: torch.jit.Graph) => String(graph).includes("Differentiable");
    module.warmUp(x);
    assert(differentiable(module.graphFor(x)));
    torch.noGrad(() => {
      module.warmUp(x);
      assert(!differentiable(module.graphFor(x)));
    });
    assertEquals(module(x).requiresGrad, true);
  });

  test("find nothing optimized by the check of the trace itself", () => {
    const kinds = [...make().graphFor(torch.ones([1, 4])).nodes()].map(({ kind }) => kind);
    assert(kinds.includes("prim::profile"), String(kinds));
  });

  test("leave no native object", () => {
    const module = make();
    const x = torch.ones([1, 4]);
    module.warmUp(x);
    balanced(() => {
      module.warmUp(x);
      module.graphFor(x);
    });
  });

  test("refuse wrong arguments as a call does", () => {
    assertThrows(() => scale.warmUp(), TorchError, "x");
    assertThrows(() => scale.graphFor("a"), torch.JitTypeError, "x");
  });
});

describe("A constant of a script module", () => {
  test("is read from source, below too, and cannot be set", () => {
    const module = make();
    module.registerConstant("factor", 3);
    module.registerConstant("names", ["a", "b"]);
    module.first.registerConstant("deep", 2.5);
    module.define(`
def total(self, x: float) -> float:
    return x * self.factor + len(self.names) + self.first.deep
`);
    assertEquals(module.factor, 3);
    assertEquals(module.total(2), 3 * 2 + 2 + 2.5);
    assertThrows(() => (module.factor = 4), TorchError, "constant");
    const loaded = jit.deserialize(jit.serialize(module));
    assertEquals([loaded.total(2), loaded.factor, loaded.names], [10.5, 3, ["a", "b"]]);
  });

  test("is in the file what it was, and refused where LibTorch would write something else", () => {
    const module = make();
    module.registerConstant("phase", jit.complex(-1.5, 2));
    // 1e9 has its point in a file, and 1e17 its exponent; what lies between has neither.
    const kept = [1e9, 9999999999, 1e17, -2.5e11 - 0.5, 5e-324, Infinity, -Infinity];
    kept.forEach((value, i) => module.registerConstant(`kept${i}`, jit.float(value)));
    const lost = [1e10, -1e10, 2 ** 53, 99999999999999984];
    for (const value of lost) {
      for (const held of [jit.float(value), jit.list("float", [1.5, value])]) {
        assertThrows(
          () => module.registerConstant("lost", held),
          TorchError,
          "register an attribute instead",
        );
      }
    }
    const loaded = jit.deserialize(jit.serialize(module));
    assertEquals(loaded.phase, { re: -1.5, im: 2 });
    assertEquals(kept.map((_, i) => loaded[`kept${i}`]), kept);
  });

  test("needs a name that is free", () => {
    const module = make();
    module.registerConstant("factor", 3);
    for (const name of ["factor", "training", "forward", "first"]) {
      assertThrows(() => module.registerConstant(name, 1), TorchError, "already");
    }
    assertThrows(() => module.registerConstant("a.b", 1), TypeError, "a name without dots");
    assertThrows(() => module.registerConstant(1 as never, 1), TypeError, "a name without dots");
  });
});

describe("A script module in JavaScript's hands", () => {
  test("applies a function to itself and all below, children first", () => {
    const names: string[] = [];
    make().apply((module) => names.push(module.typeName()));
    assertEquals(names, ["Linear", "Linear", "ReLU", "Sequential", "Net"]);
  });

  test("runs hooks around forward", () => {
    const module = make();
    const x = torch.ones([1, 4]);
    const plain = module(x).toArray();
    const seen: unknown[] = [];
    const remove = [
      module.registerForwardPreHook((_, args: unknown[]) => void seen.push(args.length)),
      module.registerForwardHook((_, __, output: T) => output.mul(2)),
    ];
    assertEquals(module(x).toArray(), [(plain[0] as number[]).map((one) => one * 2)]);
    assertEquals(seen, [1]);
    remove.forEach((one) => one());
    assertEquals(module(x).toArray(), plain);
  });

  test("is trained by gradients, and the file that it came from is left alone", () => {
    using here = folder();
    const path = here.file("net.pt");
    jit.save(make(), path);
    const module = jit.load(path);
    const x = torch.ones([8, 4]);
    const target = torch.zeros([8, 2]);
    const losses: number[] = [];
    for (let step = 0; step < 20; step++) {
      module.zeroGrad();
      const loss: T = module(x).sub(target).pow(2).mean();
      loss.backward();
      losses.push(loss.item() as number);
      torch.noGrad(() => {
        for (const parameter of module.parameters()) parameter.sub_(parameter.grad!.mul(0.05));
      });
    }
    assert(losses.at(-1)! < losses[0]! * 0.9, String(losses));
    assertEquals(jit.load(path)(x).sub(target).pow(2).mean().item(), losses[0]);
  });
});
