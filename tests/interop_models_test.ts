import { describe, test } from "node:test";
import { assert, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import * as torch from "../mod.ts";
import {
  assertRecorded,
  call,
  classOf,
  fileOf,
  messageOf,
  models,
} from "./support/interop_models.ts";

const { jit } = torch;

/** Asserts that a call fails as it does in Python. */
function fails(run: () => unknown, recorded: { class: string; message: string }): void {
  const error = assertThrows(run, torch.TorchError);
  const message = messageOf(recorded);
  // A wrong call is refused by this library, in its own words.
  if (message.includes("is missing value for argument")) {
    return assertStringIncludes(error.message, `missing argument '`);
  }
  assertStringIncludes(error.message, message);
  assertEquals(error.kind, "torchscript");
  const asserted = message.startsWith("AssertionError");
  assertEquals(error.pythonClass, asserted ? "builtins.AssertionError" : classOf(recorded));
  assertStringIncludes(error.torchscriptTrace ?? "", "Traceback of TorchScript");
}

describe("A model that PyTorch made", () => {
  for (const model of models) {
    if (model.missing !== undefined) continue;
    test(`computes here what it computes there: ${model.name}`, async () => {
      const module = jit.load(fileOf(model));
      const results: unknown[] = [];
      for (const step of model.steps!) {
        if (step.error !== undefined) {
          fails(() => call(module, step, results), step.error);
          results.push(null);
          continue;
        }
        const result = call(module, step, results);
        results.push(result);
        await assertRecorded(result, step.result!);
      }
      if (model.parameters !== undefined) {
        assertEquals([...module.namedParameters()].map(([name]) => name), [...model.parameters]);
        assertEquals([...module.namedBuffers()].map(([name]) => name), [...model.buffers!]);
      }
    });
  }

  test("is one of at least sixty, traced and scripted", () => {
    assert(models.length >= 60);
    assert(models.some((model) => model.kind === "trace"));
  });
});

function load(name: string): torch.jit.LoadedModule {
  return jit.load(fileOf(models.find((model) => model.name === name)!));
}

describe("A file of PyTorch", () => {
  test("with an op of a library that is not loaded is refused with the op's name and what to do", () => {
    const error = assertThrows(() => load("custom_op"), torch.TorchError);
    assertStringIncludes(error.message, "the op flambeau_missing::blur, which no library");
    assertStringIncludes(error.message, "jit.loadLibrary()");
    assertEquals(error.kind, "torchscript");
  });

  test("gives its extra files", () => {
    const model = models.find((one) => one.extraFiles !== undefined)!;
    const extraFiles = { "notes.txt": "", "config.json": "", "none.txt": "" };
    jit.load(fileOf(model), { extraFiles });
    assertEquals(extraFiles, { ...model.extraFiles, "none.txt": "" } as typeof extraFiles);
  });

  test("has its constants and attributes as properties", () => {
    const module = load("constants_and_attributes");
    const { depth, names, ratio, flag, pair } = module;
    assertEquals({ depth, names, ratio, flag, pair }, {
      depth: 3,
      names: ["a", "b"],
      ratio: 0.25,
      flag: true,
      pair: [1, "x"],
    });
    module.registerAttribute("more", [1], "List[int]");
    assertEquals(Object.keys(module.attributes()).includes("more"), true);
    const setDepth = () => void ((module as unknown as { depth: number }).depth = 4);
    assertThrows(setDepth, torch.TorchError, "'depth' is a constant");
  });

  test("gives instances of its classes, which share what they hold", () => {
    const module = load("script_class_instances");
    const counter = module(3);
    assertEquals(String(counter), "ScriptObject(Counter)");
    assertEquals([counter.increase(), counter.increase(4), counter.count], [4, 8, 8]);
    assertEquals([counter.describe(), counter.history], ["made:8", [3, 4, 8]]);
    counter.count = 50;
    counter.name = "set";
    assertEquals(module.bump(counter), [55, "set:55", [3, 4, 8, 55]]);
    assertEquals(counter.count, 55);
    assertEquals(module.kept.name, "kept");
    assertThrows(() => counter.count = "x", torch.JitTypeError, "expected int, got string");
  });

  test("takes enum values as they came back, by their members' names, and by name alone", () => {
    const module = load("enum_arguments");
    const [, , color, levels] = module({ name: "GREEN" });
    assertEquals(module(color, levels[1])[1], 1);
    assertEquals(module("RED", { name: "HIGH" }).slice(0, 2), ["red", 2]);
  });

  test("takes a named tuple as an array, too", () => {
    const corner = [torch.ones([2]), 3];
    const [box, total] = load("named_tuples")(["a", 0.5, corner], []);
    assertEquals([box.label, box.corner.y, total], ["a'", 4, 0.5]);
  });
});

describe("A wrong call", () => {
  const point = { x: torch.ones([2]), y: 3 };
  const box = { label: "a", score: 1, corner: point };
  const cases: Record<string, [model: string, args: unknown[], message: string]> = {
    "a field of a named tuple": [
      "named_tuples",
      [{ ...box, score: "x" }, []],
      "forward(): argument 'box.score': expected float, got string",
    ],
    "a field of a named tuple in a named tuple in a list": [
      "named_tuples",
      [box, [box, { ...box, corner: { x: 1, y: 2 } }]],
      "argument 'boxes[1].corner.x': expected Tensor, got number",
    ],
    "a named tuple without a field": [
      "named_tuples",
      [{ ...box, corner: { x: point.x } }, []],
      "argument 'box.corner': expected Point, got an object without the key 'y'",
    ],
    "a value deep in containers": [
      "dict_of_nested_containers",
      [{ a: [new Map([[1, [2, "no"]]])] }],
      "argument 'xs.a[0][1][1]': expected Tensor, got string",
    ],
    "an element that is a fraction": [
      "list_of_lists",
      [[[1, 2], [3, 4.5]]],
      "argument 'rows[1][1]': expected int, got the number 4.5",
    ],
    "an element that is no list": [
      "list_of_lists",
      [[[1, 2], 3]],
      "argument 'rows[1]': expected List[int], got number",
    ],
    "an enum": [
      "enum_arguments",
      [{ name: "BLUE" }],
      "argument 'color': expected Color, got 'BLUE', which is not a member",
    ],
    "a union": [
      "union_values",
      [1.5],
      "argument 'x': expected Union[List[int], int, str], got number",
    ],
    "a complex number": [
      "complex_scalars",
      [{ re: 1, im: "x" }, 1],
      "argument 'a': expected complex, got object",
    ],
    "a device": [
      "devices",
      [point.x, "nonsense"],
      "argument 'device': expected Device, got the string 'nonsense'",
    ],
    "a dtype": ["dtypes", [point.x, "float33"], "argument 'dtype': expected int, got string"],
    "an optional": [
      "optional_nested",
      [[1, null, "x"], null, {}],
      "argument 'xs[2]': expected int, got string",
    ],
    "a key": [
      "dict_with_tensor_keys_given",
      [new Map([[1, "a"]])],
      "argument 'table, key 0': expected Tensor, got number",
    ],
    "too few": ["integers", [1], "missing argument 'b'. Declaration: forward("],
    "too many": ["integers", [1, 2, 3], "expected at most 2 arguments, got 3"],
    "an unknown keyword": ["integers", [1, jit.kwargs({ c: 3 })], "unknown keyword argument 'c'"],
    "an argument given twice": ["integers", [1, jit.kwargs({ a: 3 })], "'a' is given twice"],
  };
  for (const [name, [model, args, message]] of Object.entries(cases)) {
    test(`names the path to what does not fit: ${name}`, () => {
      assertThrows(() => load(model)(...args), torch.JitTypeError, message);
    });
  }

  test("names the method that a module does not have", () => {
    const module = load("trace_mlp");
    assertThrows(() => module.method("nope"), torch.TorchError, "Sequential has no method 'nope'");
    assertEquals(module.nope, undefined);
  });

  test("names the class of the instance that is asked for", () => {
    const module = load("script_class_instances");
    for (const [value, got] of [[point.x, "Tensor"], [module, "MakesInstances"], [{}, "object"]]) {
      const message = `argument 'counter': expected Counter, got ${got}`;
      assertThrows(() => module.bump(value), torch.JitTypeError, message);
    }
  });
});

describe("A script that raises", () => {
  test("reports the exception's class, message, and the lines that it went through", () => {
    const error = assertThrows(
      () => load("raises_in_submodule")(torch.ones([0])),
      torch.TorchError,
    );
    assertEquals(error.message, "forward(): empty input");
    assertEquals([error.kind, error.pythonClass], ["torchscript", "builtins.ValueError"]);
    const trace = error.torchscriptTrace!;
    assertStringIncludes(trace, "Traceback of TorchScript, original code");
    assertStringIncludes(trace, 'File "make_interop_models.py"');
    assertStringIncludes(trace, 'raise ValueError("empty input")');
  });

  test("of a failed assert has the class of that", () => {
    const error = assertThrows(() => load("asserts")(torch.ones([1])), torch.TorchError);
    assertEquals(error.pythonClass, "builtins.AssertionError");
    assertStringIncludes(error.message, "Expected two dimensions, got 1");
  });
});
