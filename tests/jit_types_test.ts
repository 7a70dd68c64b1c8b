import { describe, test } from "node:test";
import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import * as torch from "../mod.ts";

const { jit, nn } = torch;

function moduleWith(source: string): torch.jit.LoadedModule {
  torch.manualSeed(0);
  const traced = jit.trace(new nn.Linear(2, 2), [torch.ones([1, 2])]);
  traced.define(source);
  return traced;
}

describe("jit.typesOf()", () => {
  test("declares a module and its methods from their schemas", () => {
    const text = jit.typesOf(
      moduleWith(`
def encode(self, xs: List[Tensor], scale: float, names: Optional[List[str]] = None) -> Dict[int, Tensor]:
    return {0: xs[0] * scale}
`),
      { name: "Head", from: "../mod.ts" },
    );
    assertStringIncludes(text, 'import type { Tensor } from "../mod.ts";');
    assertStringIncludes(text, "export interface Head extends Untyped {");
    assertStringIncludes(text, "  (input: Tensor): Tensor;");
    assertStringIncludes(
      text,
      "readonly encode: ((xs: readonly Tensor[], scale: number, names?: readonly string[] | null | undefined) => " +
        "Map<number | bigint, Tensor>) & Method;",
    );
  });

  const types: [torchscript: string, value: string, argument: string, result: string][] = [
    ["int", "x", "number | bigint", "number | bigint"],
    ["List[float]", "x", "readonly number[] | TypedArray", "number[]"],
    [
      "List[List[int]]",
      "x",
      "readonly (readonly (number | bigint)[] | TypedArray)[]",
      "(number | bigint)[][]",
    ],
    ["Tuple[Tensor, str]", "x", "readonly [Tensor, string]", "[Tensor, string]"],
    [
      "Dict[str, bool]",
      "x",
      "Record<string, boolean> | Map<string, boolean>",
      "Record<string, boolean>",
    ],
    ["complex", "x", "Complex", "Complex"],
    ["Optional[Tensor]", "x", "Tensor | null | undefined", "Tensor | null"],
  ];
  for (const [torchscript, value, argument, result] of types) {
    test(`writes ${torchscript} as what is taken, and as what comes back`, () => {
      const text = jit.typesOf(moduleWith(`
def same(self, x: ${torchscript}) -> ${torchscript}:
    return ${value}
`));
      assertStringIncludes(text, `readonly same: ((x: ${argument}) => ${result}) & Method;`);
    });
  }

  test("declares named tuples and enums that PyTorch's programs speak of", () => {
    torch.manualSeed(0);
    class Split extends nn.Module<[torch.Tensor], unknown> {
      override forward(x: torch.Tensor): unknown {
        return jit.tuple({ low: x.sub(1), high: x.add(1) });
      }
    }
    const text = jit.typesOf(jit.trace(new Split(), [torch.ones([2])]));
    assertStringIncludes(text, "{\n  low: Tensor;\n  high: Tensor;\n}");
  });

  test("refuses what is no script module", () => {
    assertThrows(
      () => jit.typesOf({} as torch.jit.ScriptModule),
      TypeError,
      "must be a ScriptModule",
    );
    assertEquals(typeof jit.typesOf, "function");
  });
});
