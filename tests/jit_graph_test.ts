import { describe, test } from "node:test";
import { inspect } from "node:util";
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import * as torch from "../mod.ts";

const { jit, nn } = torch;
type T = torch.Tensor;
type Graph = torch.jit.Graph;
type Node = torch.jit.Node;

function nodesOf(graph: Graph, kind: string): Node[] {
  const found: Node[] = [];
  const visit = (nodes: Iterable<Node>) => {
    for (const node of nodes) {
      if (node.kind === kind) found.push(node);
      for (const block of node.blocks) visit(block.nodes());
    }
  };
  visit(graph.nodes());
  return found;
}

const traced = jit.trace((x: T, y: T) => x.matmul(y).relu(), [
  torch.ones([2, 3]),
  torch.ones([3, 4]),
]);

const looping = jit.compile(`
def power(x: Tensor, n: int) -> Tensor:
    y = torch.ones_like(x)
    for i in range(n):
        if i < 100:
            y = y * x
        else:
            y = y * 1.5
    return y
`).power!;

describe("A graph", () => {
  test("lists its nodes in order, with their values", () => {
    const { graph } = traced;
    const nodes = [...graph.nodes()];
    assertEquals(nodes.map(({ kind }) => kind), ["aten::matmul", "aten::relu"]);
    assertEquals(graph.inputs.map(({ name }) => name), ["x", "y"]);
    assertEquals(nodes[0]!.inputs, graph.inputs);
    assertEquals(nodes[1]!.inputs, nodes[0]!.outputs);
    assertEquals(graph.outputs, nodes[1]!.outputs);
    assertMatch(graph.inputs[0]!.type, /^Float\(2, 3, strides=\[3, 1\]/);
  });

  test("can be walked more than once", () => {
    const { graph } = traced;
    assertEquals([...graph.nodes()], [...graph.nodes()]);
  });

  test("shares no value with another walk by mistake: ids are its own", () => {
    const ids = new Set<number>();
    const { graph } = looping;
    const visit = (node: Node) => {
      for (const output of node.outputs) {
        assert(!ids.has(output.id), `value ${output.name} is made twice`);
        ids.add(output.id);
      }
      node.blocks.forEach((block) => [...block.nodes()].forEach(visit));
    };
    for (const node of graph.nodes()) visit(node);
    assert(ids.size > 5);
  });

  test("prints as PyTorch prints it", () => {
    const text = String(traced.graph);
    assertMatch(text, /^graph\(%x : Float\(2, 3, /);
    assertStringIncludes(text, "= aten::matmul(%x, %y)");
    assertMatch(text, /return \(%\d+\)\n$/);
    assertEquals(inspect(traced.graph), text.trimEnd());
  });

  test("has the schema of an op, and none for what is no op", () => {
    const [matmul] = nodesOf(traced.graph, "aten::matmul");
    assertEquals(matmul!.schema, "aten::matmul(Tensor self, Tensor other) -> Tensor");
    assertEquals(nodesOf(looping.graph, "prim::If")[0]!.schema, "");
  });

  test("has constants as attributes", () => {
    const constants = nodesOf(looping.graph, "prim::Constant").map(({ attributes }) =>
      attributes.value
    );
    assert(constants.includes(100), String(constants));
    assert(constants.includes(1.5), String(constants));
    const text = jit.compile('def f() -> str:\n    return "text"\n').f!;
    assertEquals(nodesOf(text.graph, "prim::Constant")[0]!.attributes, { value: "text" });
    const captured = torch.tensor([1, 2]);
    const capturing = jit.trace((x: T) => x.add(captured), [torch.ones([2])]);
    const [constant] = nodesOf(capturing.graph, "prim::Constant");
    assertEquals((constant!.attributes.value as T).toArray(), [1, 2]);
  });

  test("has the blocks of loops and branches", () => {
    const [loop] = nodesOf(looping.graph, "prim::Loop");
    const [branch] = nodesOf(looping.graph, "prim::If");
    assertEquals([loop!.blocks.length, branch!.blocks.length], [1, 2]);
    const [body] = loop!.blocks;
    assertEquals(body!.inputs.map(({ type }) => type), ["int", "Tensor"]);
    assertEquals(body!.outputs.map(({ type }) => type), ["bool", "Tensor"]);
    for (const block of branch!.blocks) {
      assertEquals([...block.nodes()].at(-1)!.kind, "aten::mul");
      assertEquals(block.outputs[0], [...block.nodes()].at(-1)!.outputs[0]);
    }
  });

  test("says where the source has a node", () => {
    const [branch] = nodesOf(looping.graph, "prim::If");
    assertStringIncludes(branch!.sourceRange, "line 5");
  });

  test("of a method begins with self, and says the scope of a node", () => {
    const net = new nn.Sequential(new nn.Linear(2, 3), new nn.ReLU());
    const module = jit.trace(net, [torch.ones([1, 2])]);
    const { graph } = module;
    assertEquals(graph.inputs[0]!.name.startsWith("self"), true);
    const calls = nodesOf(graph, "prim::CallMethod");
    assertEquals(calls.map(({ attributes }) => attributes), [{ name: "forward" }, {
      name: "forward",
    }]);
    assertEquals(nodesOf(module.method("forward").graph, "aten::linear"), []);
  });

  test("of a large function is whole", () => {
    const lines = Array.from({ length: 2000 }, (_, i) => `    x = x + ${i}`);
    const long = jit.compile(`def f(x: int) -> int:\n${lines.join("\n")}\n    return x\n`).f!;
    assertEquals(nodesOf(long.graph, "aten::add").length, 2000);
    assertEquals(long(0), 2000 * 1999 / 2);
  });

  test("outlives its function", () => {
    const unit = jit.compile("def f(x: int) -> int:\n    return x + 1\n");
    const { graph } = unit.f!;
    unit.dispose();
    assertEquals(nodesOf(graph, "aten::add").length, 1);
    assertStringIncludes(String(graph), "aten::add");
  });
});
