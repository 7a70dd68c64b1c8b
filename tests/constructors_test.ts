import { describe, test } from "node:test";
import { assertThrows } from "@std/assert";
import { assertBack, liveCounts } from "./support/balance.ts";
import * as torch from "../mod.ts";

// deno-lint-ignore no-explicit-any -- what the types refuse is what is tried
type Anything = any;

const nonsense: Anything[][] = [
  [],
  [2, 3],
  [5],
  [5, 0, Symbol("x")],
  ["x"],
  [{ get: () => 5 }, "T"],
  [null],
  [7n],
];

describe("new, on a class whose objects come from functions, is refused and never reaches native code", () => {
  const classes: [string, Anything, string][] = [
    ["Tensor", torch.Tensor, "use torch.tensor(data)"],
    ["ScriptFunction", torch.jit.ScriptFunction, "use jit.trace"],
    ["ScriptModule", torch.jit.ScriptModule, "use jit.trace"],
    ["ScriptObject", torch.jit.ScriptObject, "use jit.trace"],
    ["CompilationUnit", torch.jit.CompilationUnit, "jit.compile"],
  ];
  for (const [name, Class, advice] of classes) {
    test(name, () => {
      const before = liveCounts();
      for (const args of nonsense) assertThrows(() => new Class(...args), TypeError, advice);
      assertBack(before);
    });
  }

  test("Generator, which takes no arguments", () => {
    const before = liveCounts();
    const Class = torch.Generator as Anything;
    for (const args of nonsense.slice(1)) {
      assertThrows(() => new Class(...args), TypeError, "takes no arguments");
    }
    assertBack(before);
  });
});
