import { readFileSync } from "node:fs";
import { describe, test } from "node:test";
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import * as torch from "../mod.ts";
import { collapse } from "../src/jit/graph_collapse.ts";
import type { Drawing, Vertex } from "../src/jit/graph_drawing.ts";
import { rowsOf } from "../src/jit/graph_rows.ts";

const { jit, nn } = torch;
type T = torch.Tensor;

class Block extends nn.Module<[T], T> {
  inner = new nn.Linear(4, 4);
  override forward(x: T): T {
    return this.inner(x).relu();
  }
}

function blocks(count: number): torch.jit.LoadedModule {
  torch.manualSeed(0);
  const net = new nn.Sequential(...Array.from({ length: count }, () => new Block()));
  return jit.trace(net, [torch.ones([1, 4])], { respectMode: false, checkTrace: false });
}

function branching(): torch.jit.ScriptFunction {
  return jit.compile(`
def f(x: Tensor, n: int):
    for i in range(n):
        if bool(x.sum() > 0):
            x = x * 2
        else:
            x = x - 1
    return x
`).f!;
}

/** The ids that edges name, and those that are declared. */
function idsOf(dot: string): { used: Set<string>; declared: Set<string> } {
  const declared = new Set([...dot.matchAll(/^\s*(\w+) \[label=/gm)].map((match) => match[1]!));
  const edges = [...dot.matchAll(/^\s*(\w+) -> (\w+)/gm)];
  return { declared, used: new Set(edges.flatMap((match) => [match[1]!, match[2]!])) };
}

/** Throws unless a text is well-formed XML, as far as the pictures use it; gives its elements' names. */
function elementsOf(xml: string): string[] {
  const open: string[] = [];
  const names: string[] = [];
  const token =
    /<!--[^]*?-->|<(\/?)([\w:]+)((?:\s+[\w:-]+="[^"<&]*(?:&[\w#]+;[^"<&]*)*")*)\s*(\/?)>|([^<]+)/gy;
  let at = 0;
  for (let match = token.exec(xml); match !== null; match = token.exec(xml)) {
    at = token.lastIndex;
    const [, closing, name, , empty, text] = match;
    if (text !== undefined) assert(!/&(?!\w+;|#\d+;|#x[\da-f]+;)/i.test(text), text);
    if (name === undefined) continue;
    names.push(name);
    if (closing === "/") assertEquals(open.pop(), name);
    else if (empty !== "/") open.push(name);
  }
  assertEquals(xml.slice(at, at + 80), "", "This is no XML");
  assertEquals(open, []);
  return names;
}

function textsOf(svg: string): string[] {
  return [...svg.matchAll(/<text[^>]*>([^<]*)<\/text>/g)].map((match) => match[1]!);
}

describe("Graph.toDot()", () => {
  test("draws what flows, with constants and attributes inside the nodes that use them", () => {
    const traced = jit.trace((x: T) => x.relu().add(2.5), [torch.ones([3])]);
    const dot = traced.graph.toDot();
    assertStringIncludes(dot, 'label="aten::relu"');
    assertStringIncludes(dot, "aten::add\\n2.5");
    assert(!dot.includes("prim::Constant"), dot);
    assertStringIncludes(dot, 'label="x\\nFloat(3)"');
  });

  test("has every vertex that an edge names, blocks included", () => {
    const { used, declared } = idsOf(branching().graph.toDot());
    assert(used.size > 5);
    assertEquals([...used].filter((id) => !declared.has(id)), []);
  });

  test("flows downward through loops and branches: no edge goes back", () => {
    const dot = branching().graph.toDot();
    const next = new Map<string, string[]>();
    for (const [, from, to] of dot.matchAll(/^\s*(\w+) -> (\w+)/gm)) {
      next.set(from!, [...next.get(from!) ?? [], to!]);
    }
    const reaches = (id: string, seen: string[]): void => {
      assert(!seen.includes(id), `${[...seen, id].join(" -> ")} is a circle`);
      for (const to of next.get(id) ?? []) reaches(to, [...seen, id]);
    };
    for (const id of next.keys()) reaches(id, []);
    for (const label of ["each time", "if so", "if not", "end of if", "end of loop"]) {
      assertStringIncludes(dot, `"${label}"`);
    }
  });

  test("draws a submodule that is called by its name and class", () => {
    assertStringIncludes(blocks(2).graph.toDot(), 'label="0\\nBlock.forward()"');
  });

  test("boxes submodules where they are inlined", () => {
    const dot = blocks(2).inlinedGraph.toDot();
    assertStringIncludes(dot, 'subgraph "cluster_1.inner"');
    assertMatch(dot, /label="1\.inner"[^]*label="aten::linear\\nweight, bias"/);
  });
});

describe("Graph.toMermaid()", () => {
  test("has an arrow for each use, and escapes what Mermaid would read", () => {
    const text = jit.trace((x: T, y: T) => x.matmul(y), [
      torch.ones([2, 3]),
      torch.ones([3, 2]),
    ]).graph.toMermaid();
    assertStringIncludes(text, "flowchart TB");
    assertEquals(text.match(/-->/g)?.length, 3);
    assertStringIncludes(text, 'n0["aten::matmul"]');
  });

  test("has a subgraph for each submodule", () => {
    const text = blocks(2).inlinedGraph.toMermaid();
    assertStringIncludes(text, 'subgraph s_1_inner["1.inner"]');
    assertEquals(text.match(/subgraph/g)?.length, text.match(/^\s*end$/gm)?.length);
  });
});

describe("Graph.toSVG()", () => {
  test("is a laid-out picture with the nodes and the submodules by their names", () => {
    const svg = blocks(2).inlinedGraph.toSVG();
    assertMatch(svg, /^<svg /);
    const names = elementsOf(svg);
    assert(names.includes("path") && names.includes("ellipse"), "It has no laid-out shapes");
    const texts = textsOf(svg);
    for (const text of ["0", "0.inner", "1.inner", "aten::linear", "aten::relu", "output"]) {
      assert(texts.includes(text), `${text} is not in ${texts.join(", ")}`);
    }
    assertEquals(texts.filter((text) => text === "aten::linear").length, 2);
  });

  test("escapes what XML would read", () => {
    const f = jit.compile('def f(x: str) -> str:\n    return x + "<a & \\"b\\"> é"\n').f!;
    const svg = f.graph.toSVG();
    elementsOf(svg);
    assertStringIncludes(svg, "&lt;a &amp;");
    assertStringIncludes(svg, "é");
  });

  test("draws loops and branches", () => {
    const texts = textsOf(branching().graph.toSVG());
    for (const text of ["prim::Loop", "each time", "if so", "if not", "end of loop"]) {
      assert(texts.includes(text), text);
    }
  });

  test("draws a large model with its submodules as one each", () => {
    const svg = blocks(300).inlinedGraph.toSVG();
    elementsOf(svg);
    const texts = textsOf(svg);
    assert(texts.includes("299") && texts.includes("2 operations"), texts.slice(0, 20).join());
  });

  test("is what Jupyter shows", () => {
    const { graph } = jit.trace((x: T) => x.relu(), [torch.ones([3])]);
    const show = (graph as unknown as Record<symbol, () => Record<string, string>>)[
      Symbol.for("Jupyter.display")
    ]!;
    const shown = show.call(graph);
    assertEquals(shown["text/plain"], String(graph));
    assertEquals(shown["image/svg+xml"], graph.toSVG());
  });

  test("asks for the Graphviz that the project names", () => {
    const read = (path: string) => readFileSync(new URL(path, import.meta.url), "utf8");
    const version = JSON.parse(read("../package.json")).dependencies["@viz-js/viz"];
    assertStringIncludes(read("../src/jit/layout_worker.ts"), `"npm:@viz-js/viz@${version}"`);
    assertStringIncludes(read("../deno.json"), `"npm:@viz-js/viz@${version}"`);
  });
});

function chain(count: number, boxed = false): Drawing {
  const vertices = Array.from({ length: count }, (_, i): Vertex => ({
    id: `n${i}`,
    label: i % 3 === 0 ? "aten::relu" : "aten::add\n1",
    kind: "op",
    boxes: boxed ? [{ key: `${i % 5}`, label: `layer.${i % 5}` }] : [],
  }));
  const edges = vertices.slice(1).map(({ id }, i) => ({ from: `n${i}`, to: id, label: "" }));
  return { vertices, edges };
}

describe("A drawing that is too large", () => {
  test("has one vertex for a submodule", () => {
    const small = collapse(chain(100, true), 10);
    assertEquals(
      small.vertices.map(({ label }) => label),
      [0, 1, 2, 3, 4].map((i) => `layer.${i}\n20 operations`),
    );
    assertEquals(small.edges.length, 5);
  });

  test("has one vertex for a run of ops where there are no submodules", () => {
    const small = collapse(chain(100), 10);
    assertEquals(small.vertices.length, 10);
    assertEquals(small.vertices[0]!.label, "aten::add × 6\naten::relu × 4\n10 operations");
    assertEquals(small.edges.length, 9);
  });

  test("is left alone when it is not", () => {
    const drawing = chain(10);
    assert(collapse(drawing, 10) === drawing);
  });

  test("can be shown as rows, without a layout", () => {
    const svg = rowsOf({
      vertices: [...chain(2).vertices, { id: "x", label: "<&\u0001>", kind: "op", boxes: [] }],
      edges: chain(2).edges,
    });
    elementsOf(svg);
    assertEquals(textsOf(svg), [
      "1  aten::relu",
      "2  aten::add 1  ← 1",
      "3  &lt;&amp;&gt;",
    ]);
  });
});
