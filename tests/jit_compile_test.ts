import { describe, test } from "node:test";
import { inspect } from "node:util";
import { assert, assertEquals, assertMatch, assertStringIncludes, assertThrows } from "@std/assert";
import * as torch from "../mod.ts";
import { balanced } from "./support/balance.ts";

const { jit, TorchError, JitTypeError } = torch;

const SOURCE = `
def double(x: Tensor) -> Tensor:
    return x * 2

def quadruple(x: Tensor) -> Tensor:
    return double(double(x))

def scale(x: Tensor, by: float = 2.0, times: int = 1, *, negate: bool = False) -> Tensor:
    for i in range(times):
        x = x * by
    if negate:
        return -x
    return x

def names() -> str:
    return "not the member of that name"
`;

function values(x: torch.Tensor): unknown {
  using y = x;
  return y.toArray();
}

describe("compile()", () => {
  test("makes a property of each function, which call each other", () => {
    using unit = jit.compile(SOURCE);
    using x = torch.tensor([1, 2]);
    assertEquals(unit.names, ["double", "quadruple", "scale", "names"]);
    assertEquals([values(unit.double!(x)), values(unit.quadruple!(x))], [[2, 4], [4, 8]]);
    assertEquals(unit.function("names")(), "not the member of that name");
    assertEquals(Object.keys(unit), ["double", "quadruple", "scale"]);
  });

  test("fills in defaults, and takes keywords", () => {
    using unit = jit.compile(SOURCE);
    using x = torch.tensor([1.5]);
    const { scale } = unit;
    assertEquals(values(scale!(x)), [3]);
    assertEquals(values(scale!(x, 4)), [6]);
    assertEquals(values(scale!(x, jit.kwargs({ times: 3 }))), [12]);
    assertEquals(values(scale!(x, 4, jit.kwargs({ negate: true, times: 2 }))), [-24]);
    assertEquals(values(scale!(jit.kwargs({ x, by: 1 }))), [1.5]);
  });

  test("refuses arguments that do not fit, with the declaration", () => {
    using unit = jit.compile(SOURCE);
    using x = torch.tensor([1.5]);
    const { scale } = unit;
    const cases: [() => unknown, string][] = [
      [() => scale!(), "missing argument 'x'"],
      [() => scale!(x, 1, 2, true, 5), "expected at most 3 arguments, got 5"],
      [() => scale!(x, jit.kwargs({ wrong: 1 })), "unknown keyword argument 'wrong'"],
      [() => scale!(x, jit.kwargs({ x })), "argument 'x' is given twice"],
      [() => scale!(1), "argument 'x': expected Tensor, got number"],
      [() => scale!(x, "2"), "argument 'by': expected float, got string"],
      [() => scale!(x, 2, 1.5), "argument 'times': expected int, got the number 1.5"],
    ];
    for (const [run, part] of cases) {
      balanced(() => assertThrows(run, JitTypeError, part));
    }
    assertStringIncludes(
      assertThrows(() => scale!(), JitTypeError).message,
      "Declaration: scale(Tensor x, float by=2., int times=1, *, bool negate=False) -> Tensor",
    );
  });

  test("refuses source that does not compile, and marks the place", () => {
    const cases: [string, RegExp][] = [
      ["def f(x:\n    return x", /line 2[\s\S]*<--- HERE/],
      [
        "def f(x):\n    return missing(x)",
        /undefined value missing[\s\S]*line 2[\s\S]*~+ <--- HERE/,
      ],
      ["def f(x: Wrong) -> int:\n    return 1", /Unknown type name 'Wrong'/],
      ["def f(x: int) -> str:\n    return x", /Return value[\s\S]*str/],
      ["def f(x)\n    return x", /expected : but found/],
      ["1 + 1", /./],
    ];
    for (const [source, message] of cases) {
      balanced(() => {
        const error = assertThrows(() => jit.compile(source), TorchError);
        assertEquals([error.op, error.kind], ["jit.compile", "torchscript"]);
        assertMatch(error.message, message);
      });
    }
    assertThrows(() => jit.compile(1 as never), TypeError, "'source' must be a string, but got 1");
  });

  test("takes no function, a last line without an end, and text beyond ASCII", () => {
    using none = jit.compile("");
    assertEquals(none.names, []);
    using one = jit.compile('def greet(who: str) -> str:\n    return "Grüße, " + who + " 🔥"');
    assertEquals(one.greet!("Zoë"), "Grüße, Zoë 🔥");
  });

  test("raises what Python's built-in exceptions are", () => {
    using unit = jit.compile(`
def check(n: int) -> int:
    if n == 0:
        raise KeyError("zero")
    if n == 1:
        raise RuntimeError
    return n
`);
    const error = assertThrows(() => unit.check!(0), TorchError, "check(): zero");
    assertEquals(error.pythonClass, "builtins.KeyError");
    assertThrows(() => unit.check!(1), TorchError);
    assertEquals(unit.check!(2), 2);
  });

  test("does not mix up units that have a function of the same name", () => {
    using one = jit.compile("def f(x: int) -> int:\n    return x + 1\n");
    using ten = jit.compile("def f(x: int) -> int:\n    return x + 10\n");
    assertEquals([one.f!(0), ten.f!(0), one.f!(0)], [1, 10, 1]);
  });
});

describe("A compilation unit", () => {
  test("names the function that it does not have", () => {
    using unit = jit.compile(SOURCE);
    assertThrows(() => unit.function("absent"), TorchError, "has no function 'absent'");
    assertEquals(unit.absent, undefined);
  });

  test("gives the same function each time, and shows its names", () => {
    using unit = jit.compile(SOURCE);
    assert(unit.double === unit.double);
    assertEquals(inspect(unit), "CompilationUnit(double, quadruple, scale, names)");
  });

  test("is disposed with the functions that were taken from it", () => {
    balanced(() => {
      const unit = jit.compile(SOURCE);
      const { double } = unit;
      unit.dispose();
      unit.dispose();
      using x = torch.tensor([1]);
      assertThrows(
        () => double!(x),
        torch.DisposedError,
        "double(): argument 'self' is a script function",
      );
      assertThrows(() => unit.names, torch.DisposedError, "compilation unit that was disposed");
      assertEquals(String(unit), "CompilationUnit(disposed)");
    });
  });
});

describe("A script function", () => {
  test("says its name, schema and source, and shows its signature", () => {
    using unit = jit.compile(SOURCE);
    const scale = unit.scale!;
    assertEquals(scale.name, "scale");
    const { schema } = scale;
    assertEquals(
      schema.arguments.map((
        { name, type, kwargOnly, default: fallback },
      ) => [name, type, kwargOnly, fallback]),
      [
        ["x", "Tensor", false, null],
        ["by", "float", false, "2."],
        ["times", "int", false, "1"],
        ["negate", "bool", true, "False"],
      ],
    );
    assertEquals(schema.returns.map(({ type }) => type), ["Tensor"]);
    assertEquals(inspect(scale), `ScriptFunction(${schema})`);
    assertMatch(scale.code, /^def scale\(x: Tensor,/);
    assertStringIncludes(unit.quadruple!.code, "double(");
  });

  test("calls functions in its graph, which the inlined graph resolves", () => {
    using unit = jit.compile(SOURCE);
    const kinds = [...unit.quadruple!.graph.nodes()].map(({ kind }) => kind);
    assertEquals(kinds.filter((kind) => kind === "prim::CallFunction").length, 2);
    assertStringIncludes(String(unit.quadruple!.inlinedGraph), "aten::mul");
    assert(!String(unit.quadruple!.inlinedGraph).includes("CallFunction"));
  });

  test("shows the graph as it was optimized", () => {
    using unit = jit.compile(SOURCE);
    using x = torch.tensor([1.5]);
    assertMatch(String(unit.quadruple!.graphFor(x)), /^graph\(/);
  });

  test("is refused once it was disposed", () => {
    using unit = jit.compile(SOURCE);
    const { double } = unit;
    double!.dispose();
    for (
      const use of [() => double!.code, () => double!.graph, () => double!.schema, () => double!(1)]
    ) {
      assertThrows(use, torch.DisposedError, "script function that was disposed");
    }
    assertEquals(String(double), "ScriptFunction(double, disposed)");
    assertEquals(double!.name, "double");
  });

  test("works on after it failed", () => {
    using unit = jit.compile(SOURCE);
    using x = torch.tensor([1]);
    assertThrows(() => unit.double!("x"));
    assertEquals(values(unit.double!(x)), [2]);
  });
});
