import { describe, test } from "node:test";
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import * as torch from "../mod.ts";

const { jit, nn } = torch;

class Block extends nn.Module<[torch.Tensor], torch.Tensor> {
  inner = new nn.Linear(4, 4);
  override forward(x: torch.Tensor): torch.Tensor {
    return this.inner(x).relu();
  }
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
  const used = new Set(
    [...dot.matchAll(/^\s*(\w+) -> (\w+) /gm)].flatMap((match) => [match[1]!, match[2]!]),
  );
  return { used, declared };
}

describe("Graph.toDot()", () => {
  test("draws what flows, with constants and attributes inside the nodes that use them", () => {
    const traced = jit.trace((x: torch.Tensor) => x.relu().add(2.5), [torch.ones([3])]);
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

  test("boxes submodules by their names", () => {
    torch.manualSeed(0);
    const net = new nn.Sequential(new Block(), new Block());
    const traced = jit.trace(net, [torch.ones([1, 4])]);
    assertStringIncludes(traced.graph.toDot(), "prim::CallMethod.forward()\\n0");
  });
});

describe("Graph.toMermaid()", () => {
  test("has an arrow for each use, and escapes what Mermaid would read", () => {
    const text = jit.trace((x: torch.Tensor, y: torch.Tensor) => x.matmul(y), [
      torch.ones([2, 3]),
      torch.ones([3, 2]),
    ]).graph.toMermaid();
    assertStringIncludes(text, "flowchart TB");
    assertEquals(text.match(/-->/g)?.length, 3);
    assertStringIncludes(text, 'n0["aten::matmul"]');
  });
});
