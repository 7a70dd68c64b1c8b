import { afterEach, describe, test } from "node:test";
import {
  assert,
  assertEquals,
  assertInstanceOf,
  assertMatch,
  assertStrictEquals,
  assertStringIncludes,
  assertThrows,
} from "@std/assert";
import * as torch from "../mod.ts";
import { balanced } from "./support/balance.ts";
import { warningsOf } from "./support/console.ts";

const { jit, nn, TorchError, TraceCheckError } = torch;
type T = torch.Tensor;

// Whatever a test does, no trace may be under way after it, and no mode may have changed.
afterEach(() => {
  using x = torch.ones([1]);
  using traced = jit.trace((y: T) => y.add(1), [x]);
  using y: T = traced(x);
  assertEquals(y.toArray(), [2]);
  assertEquals([torch.isGradEnabled(), torch.isInferenceModeEnabled()], [true, false]);
});

function vector(...values: number[]): T {
  return torch.tensor(values, { dtype: "float32" });
}

/** A value with its tensors read. */
function plain(value: unknown): unknown {
  if (value instanceof torch.Tensor) return value.toArray();
  if (Array.isArray(value)) return value.map(plain);
  if (value instanceof Map) return new Map([...value].map(([key, one]) => [key, plain(one)]));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, plain(one)]));
}

function kinds(graph: torch.jit.Graph): string[] {
  return [...graph.nodes()].map((node) => node.kind);
}

/** The same script after it went through a file. */
function reloaded(script: Parameters<typeof jit.serialize>[0]): torch.jit.LoadedModule {
  return jit.deserialize(jit.serialize(script));
}

describe("trace() of a function", () => {
  test("computes the same on other inputs, without the function", () => {
    let calls = 0;
    const traced = jit.trace(
      (x: T, y: T) => {
        calls++;
        return x.mul(y).relu();
      },
      [vector(1, 2), vector(3, 4)],
      { checkTrace: false },
    );
    assertEquals(calls, 1);
    assertEquals(plain(traced(vector(-1, 5), vector(2, 3))), [0, 15]);
    assertEquals(plain(traced(vector(2), vector(3))), [6]);
    assertEquals(calls, 1);
  });

  test("has the function's name, its arguments' names, and its ops", () => {
    function scaleBy(input: T, factor: T): T {
      return input.mul(factor);
    }
    const traced = jit.trace(scaleBy, [vector(1), vector(2)]);
    assertEquals(traced.name, "scaleBy");
    assertEquals(traced.schema.arguments.map(({ name, type }) => [name, type]), [
      ["input", "Tensor"],
      ["factor", "Tensor"],
    ]);
    assertEquals(kinds(traced.graph), ["aten::mul"]);
    assertEquals(plain(traced(jit.kwargs({ factor: vector(3), input: vector(2) }))), [6]);
  });

  test("survives names that Python or TorchScript keep for themselves", () => {
    const functions = [
      (torch: T, int: T, inf: T) => torch.add(int).add(inf),
      (None: T, lambda: T, $x: T) => None.add(lambda).add($x),
      function def(annotate: T, ops: T, self: T) {
        return annotate.add(ops).add(self);
      },
    ];
    for (const fn of functions) {
      using loaded = reloaded(jit.trace(fn, [vector(1), vector(1), vector(1)]));
      assertEquals(plain(loaded(vector(1), vector(10), vector(100))), [111]);
    }
  });

  test("takes no inputs, a lone tensor, and a method with a default or a rest argument", () => {
    assertEquals(plain(jit.trace(() => torch.ones([2]), [])()), [1, 1]);
    const lone = jit.trace((x: T) => x.neg(), vector(1) as unknown as T[]);
    assertEquals(plain(lone(vector(2))), [-2]);
    const rest = jit.trace((...all: T[]) => all[0]!.sub(all[1]!), [vector(1), vector(2)]);
    assertEquals(plain(rest(vector(5), vector(3))), [2]);
    const fallback = jit.trace((x: T, by = 3) => x.mul(by), [vector(1)]);
    assertEquals(plain(fallback(vector(2))), [6]);
  });

  test("tells the same tensor given twice apart", () => {
    const x = vector(1, 2);
    const traced = jit.trace((a: T, b: T) => a.sub(b), [x, x]);
    assertEquals(plain(traced(vector(5), vector(3))), [2]);
  });

  test("returns an input as it is", () => {
    const traced = jit.trace((x: T) => x, [vector(1)]);
    assertEquals(plain(traced(vector(7))), [7]);
  });

  test("copies what it captures", () => {
    const captured = vector(10);
    const traced = jit.trace((x: T) => x.add(captured), [vector(1)]);
    captured.add_(100);
    assertEquals(plain(traced(vector(1))), [11]);
    captured.dispose();
    assertEquals(plain(reloaded(traced)(vector(1))), [11]);
  });

  test("refuses to capture a tensor that takes gradients", () => {
    const weight = torch.ones([1], { requiresGrad: true });
    assertThrows(
      () => jit.trace((x: T) => x.mul(weight), [vector(1)]),
      TorchError,
      "Consider making it a parameter or input, or detaching the gradient",
    );
  });

  test("lets gradients through", () => {
    const traced = jit.trace((x: T) => x.mul(x).sum(), [vector(1, 2)]);
    const x = torch.tensor([3, 4], { dtype: "float32", requiresGrad: true });
    traced(x).backward();
    assertEquals(plain(x.grad), [6, 8]);
  });

  test("keeps a change in place, and leaves the example as the function once left it", () => {
    const example = vector(1);
    const traced = jit.trace((x: T) => x.add_(1).mul(2), [example]);
    assertEquals(plain(example), [2]);
    const x = vector(5);
    assertEquals([plain(traced(x)), plain(x)], [[12], [6]]);
  });

  test("calls scripts as calls, so that their control flow stays", () => {
    const unit = jit.compile(`
def pick(x: Tensor) -> Tensor:
    if bool(x.sum() > 0):
        return x
    return -x
`);
    const traced = jit.trace((x: T) => unit.pick!(x).add(1), [vector(1)]);
    assertEquals(kinds(traced.graph).includes("prim::CallFunction"), true);
    assertEquals([plain(traced(vector(3))), plain(traced(vector(-3)))], [[4], [4]]);
    assertEquals(plain(reloaded(traced)(vector(-3))), [4]);
  });

  test("keeps scripts of one name apart, in a file too", () => {
    const [double, negate] = [
      jit.trace((x: T) => x.mul(2), [vector(1)]),
      jit.trace((x: T) => x.neg(), [vector(1)]),
    ];
    assertEquals([double.name, negate.name], ["fn", "fn"]);
    const traced = jit.trace((x: T) => double(x).add(negate(x).mul(10)), [vector(1)]);
    for (const script of [traced, reloaded(traced)]) assertEquals(plain(script(vector(3))), [-24]);
  });
});

describe("trace() of containers", () => {
  const two = () => [vector(1), vector(2)] as [T, T];

  test("takes arrays, objects and Maps, and gives them to the function as they were given", () => {
    const [a, b] = two();
    const ofArray = jit.trace((pair: T[]) => {
      assert(Array.isArray(pair));
      return pair[0]!.sub(pair[1]!);
    }, [[a, b]]);
    assertEquals(plain(ofArray([vector(5), vector(3)])), [2]);
    const ofObject = jit.trace((o: { a: T; b: T }) => o.a.sub(o.b), [{ a, b }]);
    assertEquals(ofObject.schema.arguments[0]!.type, "Dict[str, Tensor]");
    assertEquals(plain(ofObject({ b: vector(3), a: vector(5) })), [2]);
    const ofMap = jit.trace((map: Map<string, T>) => map.get("a")!.sub(map.get("b")!), [
      new Map([["a", a], ["b", b]]),
    ]);
    assertEquals(plain(ofMap(new Map([["a", vector(5)], ["b", vector(3)]]))), [2]);
    assertEquals(plain(ofMap({ a: vector(5), b: vector(3) })), [2]);
  });

  test("takes nested ones", () => {
    const [a, b] = two();
    const traced = jit.trace((o: [T, { deep: T[] }]) => o[0].sub(o[1].deep[0]!), [
      [a, { deep: [b] }],
    ]);
    assertEquals(plain(traced([vector(5), { deep: [vector(3)] }])), [2]);
    assertEquals(plain(reloaded(traced)([vector(5), { deep: [vector(3)] }])), [2]);
  });

  test("takes named tuples, several, nested, and with other fields than those that it returns", () => {
    const [a, b] = two();
    interface Pair {
      a: T;
      b: T;
    }
    const traced = jit.trace(
      (pair: Pair, other: { c: T }, nested: { inner: Pair }) =>
        jit.tuple({ z: pair.a.sub(pair.b).add(other.c).add(nested.inner.b) }),
      [jit.tuple({ a, b }), jit.tuple({ c: a }), jit.tuple({ inner: jit.tuple({ a, b }) })],
    );
    const given = () => [
      { b: vector(3), a: vector(5) },
      { c: vector(10) },
      { inner: { a: vector(0), b: vector(100) } },
    ];
    assertEquals(plain(traced(...given())), { z: [112] });
    assertEquals(plain(reloaded(traced)(...given())), { z: [112] });
  });

  test("returns tuples, named tuples and nested ones, strict as it is", () => {
    const traced = jit.trace(
      (x: T) => jit.tuple([x.add(1), jit.tuple({ sum: x.sum(), parts: jit.tuple([x, x.neg()]) })]),
      [vector(1, 2)],
    );
    const expected = [[2, 4], { sum: 4, parts: [[1, 3], [-1, -3]] }];
    for (const script of [traced, reloaded(traced)]) {
      assertEquals(plain(script(vector(1, 3))), expected);
    }
    const { sum: _, ...rest } = traced(vector(1))[1];
    assertEquals(Object.keys(rest), ["parts"]);
    const [first] = traced(vector(1))[1];
    assertEquals(plain(first), 1);
  });

  test("returns an object or a Map when it is not strict", () => {
    const options = { strict: false };
    const object = jit.trace((x: T) => ({ a: x.add(1), b: x }), [vector(1)], options);
    assertEquals(plain(object(vector(5))), { a: [6], b: [5] });
    const map = jit.trace((x: T) => new Map([["k", x.add(1)]]), [vector(1)], options);
    assertEquals(plain(map(vector(5))), { k: [6] });
    const list = jit.trace((x: T) => [x, x.neg()], [vector(1)], options);
    assertEquals([list.schema.returns[0]!.type, plain(list(vector(5)))], ["List[Tensor]", [[5], [
      -5,
    ]]]);
  });

  test("refuses an object when it is strict, and says what to do", () => {
    assertThrows(
      () => jit.trace((x: T) => ({ a: x }), [vector(1)]),
      TorchError,
      "give { strict: false }",
    );
  });

  test("refuses outputs that are no tensors", () => {
    const outputs = [1, "text", true, null, undefined, { a: 1 }, [[1]]];
    for (const output of outputs) {
      assertThrows(() => jit.trace(() => output, [vector(1)], { strict: false }), Error);
    }
    assertThrows(
      () => jit.trace(() => Symbol("s"), [vector(1)]),
      TypeError,
      "the output is Symbol(s)",
    );
    const cyclic: unknown[] = [];
    cyclic.push(cyclic);
    assertThrows(() => jit.trace(() => cyclic, [vector(1)]), TypeError, "contains itself");
  });

  test("refuses inputs that are no tensors, and says which", () => {
    const bad = (...inputs: unknown[]) => () => jit.trace((x: T) => x, inputs);
    assertThrows(bad(vector(1), 3), torch.JitTypeError, "exampleInputs[1]");
    assertThrows(bad({ a: vector(1), b: "x" }), Error);
    assertThrows(bad(() => 1), TypeError, "example input 0 is a function");
    assertThrows(
      () => jit.trace((x: T) => x, "x" as never),
      TypeError,
      "must be an array with one entry an argument",
    );
  });
});

class Net extends nn.Module<[T], T> {
  linear1 = new nn.Linear(3, 4);
  linear2 = new nn.Linear(4, 2);
  override forward(x: T): T {
    return this.linear2(nn.functional.relu(this.linear1(x)));
  }
  encode(x: T): T {
    return this.linear1(x);
  }
}

class Noisy extends nn.Module<[T], T> {
  linear = new nn.Linear(3, 3);
  norm = new nn.BatchNorm1d(3);
  drop = new nn.Dropout(0.5);
  override forward(x: T): T {
    return this.drop(this.norm(this.linear(x)));
  }
}

describe("trace() of a module", () => {
  test("keeps parameters, buffers and submodules under their names", () => {
    torch.manualSeed(0);
    const net = new Noisy();
    using x = torch.randn([4, 3]);
    const traced = jit.trace(net, [x]);
    assertEquals(Object.keys(traced.stateDict()), Object.keys(net.stateDict()));
    assertEquals([...traced.namedParameters()].map(([name]) => name), [
      "linear.weight",
      "linear.bias",
      "norm.weight",
      "norm.bias",
    ]);
    assertEquals([...traced.namedChildren()].map(([name, child]) => [name, child.typeName()]), [
      ["linear", "Linear"],
      ["norm", "BatchNorm1d"],
      ["drop", "Dropout"],
    ]);
    assertEquals(traced.typeName(), "Noisy");
  });

  test("shares its parameters with the module", () => {
    const net = new Net();
    using x = torch.ones([1, 3]);
    const traced = jit.trace(net, [x]);
    torch.noGrad(() => net.linear2.weight.zero_());
    assertEquals(plain(traced(x)), plain(net(x)));
    assertEquals(plain(traced(x)), plain(net.linear2.bias!.unsqueeze(0)));
  });

  test("keeps calls of submodules as calls", () => {
    const traced = jit.trace(new Net(), [torch.ones([1, 3])]);
    const { graph } = traced;
    assertEquals(kinds(graph).filter((kind) => kind === "prim::CallMethod").length, 2);
    assert(!kinds(graph).includes("aten::linear"), String(graph));
    assertStringIncludes(traced.linear1.code, "torch.linear");
    assertStringIncludes(traced.method("forward").inlinedGraph.toString(), "aten::linear");
  });

  test("lets a shared submodule be one", () => {
    class Twice extends nn.Module<[T], T> {
      first = new nn.Linear(2, 2);
      second = this.first;
      override forward(x: T): T {
        return this.second(this.first(x));
      }
    }
    torch.manualSeed(1);
    const net = new Twice();
    using x = torch.ones([1, 2]);
    const traced = jit.trace(net, [x]);
    assertEquals(plain(traced(x)), plain(net(x)));
    assertEquals([...traced.namedParameters()].map(([name]) => name), [
      "first.weight",
      "first.bias",
    ]);
    using loaded = reloaded(traced);
    assertEquals(plain(loaded(x)), plain(net(x)));
  });

  test("traces several methods, of which each is called by its name", () => {
    torch.manualSeed(0);
    const net = new Net();
    using x = torch.randn([2, 3]);
    const traced = jit.traceModule(net, { forward: [x], encode: [x] });
    assertEquals(plain(traced(x)), plain(net(x)));
    assertEquals(plain(traced.encode(x)), plain(net.encode(x)));
    assert(traced.methods.includes("encode") && traced.methods.includes("forward"));
    using loaded = reloaded(traced);
    assertEquals(plain(loaded.encode(x)), plain(net.encode(x)));
  });

  test("traces a module without a forward", () => {
    const net = new Net();
    using x = torch.ones([1, 3]);
    const traced = jit.traceModule(net, { encode: [x] });
    assertEquals(plain(traced.encode(x)), plain(net.encode(x)));
    assertThrows(() => traced(x), TorchError, "no method 'forward'");
  });

  test("runs the hooks as part of it", () => {
    const net = new nn.Linear(2, 2);
    net.registerForwardHook((_module, _args, output) => output.mul(0).add(5));
    const traced = jit.trace(net, [torch.ones([1, 2])]);
    assertEquals(plain(traced(torch.ones([1, 2]))), [[5, 5]]);
  });

  test("keeps a script module within it as it is", () => {
    using inner = reloaded(jit.trace(new nn.Linear(2, 2), [torch.ones([1, 2])]));
    class Outer extends nn.Module<[T], T> {
      inner = inner;
      override forward(x: T): T {
        return this.inner(x).relu();
      }
    }
    using x = torch.ones([1, 2]);
    const net = new Outer();
    assertEquals(Object.keys(net.stateDict()), ["inner.weight", "inner.bias"]);
    assertEquals([...net.namedParameters()].map(([name]) => name), ["inner.weight", "inner.bias"]);
    const traced = jit.trace(net, [x]);
    assertEquals(Object.keys(traced.stateDict()), ["inner.weight", "inner.bias"]);
    assertEquals(plain(reloaded(traced)(x)), plain(net(x)));
  });

  test("refuses what cannot be traced", () => {
    const x = [torch.ones([1, 3])];
    assertThrows(() => jit.trace(Net as never, x), TypeError, "is a class: make an instance");
    assertThrows(
      () => jit.trace(3 as never, x),
      TypeError,
      "must be a function or a module, but got 3",
    );
    assertThrows(
      () => jit.traceModule((() => 1) as never, { forward: x }),
      TypeError,
      "must be a Module",
    );
    assertThrows(
      () => jit.traceModule(new Net(), { absent: x }),
      TypeError,
      "has no method 'absent'",
    );
    assertThrows(
      () => jit.traceModule(new Net(), { linear1: x }),
      TypeError,
      "has no method 'linear1'",
    );
    const traced = jit.trace(new Net(), x);
    assertThrows(() => jit.trace(traced, x), TypeError, "in TorchScript already");
    assertThrows(
      () => jit.trace(jit.trace((y: T) => y, x), x),
      TypeError,
      "in TorchScript already",
    );
    assertThrows(
      () => jit.trace(new Net(), x, { check: true } as never),
      TypeError,
      "unknown option 'check'",
    );
    assertThrows(
      () => jit.trace(new Net(), x, { strict: 1 } as never),
      TypeError,
      "must be a boolean",
    );
  });
});

describe("respectMode", () => {
  const rows = () => torch.tensor([[1, 2, 3], [4, 5, 7], [9, 8, 1]], { dtype: "float32" });

  function net(): Noisy {
    torch.manualSeed(3);
    return new Noisy();
  }

  for (const training of [true, false]) {
    test(`keeps both modes of a module that is ${training ? "training" : "evaluating"}`, () => {
      using x = rows();
      const traced = jit.trace(net().train(training), [x]);
      assertEquals(traced.training, training);
      for (const script of [reloaded(traced), traced]) {
        const module = net();
        for (const mode of [false, true, false]) {
          script.train(mode);
          module.train(mode);
          torch.manualSeed(5);
          const expected = plain(module(x));
          torch.manualSeed(5);
          assertEquals(plain(script(x)), expected);
        }
      }
    });
  }

  test("updates the running statistics while training only", () => {
    const module = new nn.BatchNorm1d(3);
    using x = rows();
    const traced = jit.trace(module, [x]);
    traced.eval();
    traced(x);
    assertEquals(plain(traced.running_mean), [0, 0, 0]);
    traced.train();
    traced(x);
    assertEquals(traced.num_batches_tracked.item(), 1);
    assertEquals((plain(traced.running_mean) as number[]).map((v) => v.toFixed(4)), [
      "0.4667",
      "0.5000",
      "0.3667",
    ]);
  });

  test("writes a plain forward for a module that has one mode", () => {
    const traced = jit.trace(new Net(), [torch.ones([1, 3])]);
    assertEquals(traced.methods, ["forward"]);
  });

  test("writes a forward that branches on training", () => {
    const traced = jit.trace(net(), [rows()]);
    assertMatch(traced.code, /if self\.training|_0 = training|training = self\.training/);
    assertEquals(traced.methods.toSorted(), ["evalforward", "forward", "trainforward"]);
  });

  test("false fixes the mode that the module is in", () => {
    using x = rows();
    const module = net().eval();
    const expected = plain(module(x));
    const traced = jit.trace(module, [x], { respectMode: false });
    assertEquals(traced.methods, ["forward"]);
    traced.train();
    assertEquals(plain(traced(x)), expected);
  });

  test("takes containers and named tuples through both modes", () => {
    class Pairs extends nn.Module<[{ a: T; b: T }, T[]], unknown> {
      drop = new nn.Dropout(0.5);
      override forward(o: { a: T; b: T }, list: T[]): unknown {
        return jit.tuple({ sum: this.drop(o.a.add(o.b).add(list[0]!)) });
      }
    }
    const example = [jit.tuple({ a: vector(1), b: vector(2) }), [vector(0)]];
    const traced = jit.trace(new Pairs(), example);
    for (const script of [traced, reloaded(traced)]) {
      script.eval();
      assertEquals(plain(script({ a: vector(1), b: vector(2) }, [vector(10)])), { sum: [13] });
    }
  });
});

describe("Tracing leaves behind", () => {
  /** All that tracing may not change. */
  function state(module: Noisy): unknown {
    using rng = torch.getRngState();
    const modes = [...module.namedModules()].map(([name, one]) => [name, one.training]);
    return [plain(module.stateDict()), modes, plain(rng), torch.isGradEnabled()];
  }

  function mixed(): Noisy {
    torch.manualSeed(11);
    const module = new Noisy();
    module.norm.eval();
    return module;
  }

  test("no change of a module: statistics, modes, random state", () => {
    const module = mixed();
    const before = state(module);
    jit.trace(module, [torch.randn([4, 3])].map((x) => (torch.manualSeed(12), x)), {
      checkTrace: false,
    });
    torch.manualSeed(11);
    new Noisy();
    assertEquals((state(module) as unknown[]).slice(0, 2), (before as unknown[]).slice(0, 2));
  });

  test("no change of the random state, with and without the check", () => {
    using x = vector(1, 2);
    for (const checkTrace of [true, false]) {
      torch.manualSeed(3);
      using before = torch.getRngState();
      jit.trace((y: T) => y.add(torch.rand([2])), [x], { checkTrace });
      jit.trace(new nn.Dropout(), [x], { checkTrace });
      using after = torch.getRngState();
      assertEquals(plain(after), plain(before));
    }
  });

  test("no change of a module whose forward throws", () => {
    const module = mixed();
    using x = torch.ones([4, 3]);
    torch.manualSeed(4);
    const before = state(module);
    const thrown = new Error("mine");
    module.drop.registerForwardHook(() => {
      module.train();
      torch.rand([1]);
      throw thrown;
    });
    assertThrows(() => jit.trace(module, [x]), Error, "mine");
    assertEquals(state(module), before);
  });

  test("grad mode as it was", () => {
    torch.noGrad(() => {
      jit.trace(new nn.Linear(1, 1), [torch.ones([1, 1])]);
      assertEquals(torch.isGradEnabled(), false);
    });
    assertThrows(() =>
      jit.trace((x: T) => {
        torch.noGrad();
        return x.select(9, 9);
      }, [vector(1)])
    );
    // A guard that nobody ended is the caller's own to end.
    torch.enableGrad();
    assertEquals(torch.isGradEnabled(), true);
  });

  test("nothing alive but the result", () => {
    balanced(() => {
      using x = vector(1, 2);
      using traced = jit.trace((y: T) => y, [x], { checkTrace: false });
      using y: T = traced(x);
      assertEquals(y.toArray(), [1, 2]);
    });
    balanced(() => {
      using x = vector(1, 2);
      assertThrows(() => jit.trace(() => 1, [x]), TorchError);
      assertThrows(() => {
        jit.trace(() => {
          throw new Error("mine");
        }, [x]);
      });
    });
  });
});

describe("An error within tracing", () => {
  test("of the function comes out as the very same object", () => {
    const thrown = { not: "even an Error" };
    let caught: unknown;
    try {
      jit.trace(() => {
        throw thrown;
      }, [vector(1)]);
    } catch (error) {
      caught = error;
    }
    assertStrictEquals(caught, thrown);
  });

  test("of LibTorch is an ordinary TorchError", () => {
    const error = assertThrows(() => jit.trace((x: T) => x.select(5, 0), [vector(1)]), TorchError);
    assertEquals([error.op, error.kind], ["select", "index"]);
  });

  test("that the function catches does not end the trace", () => {
    const traced = jit.trace((x: T) => {
      assertThrows(() => x.select(5, 0), TorchError);
      return x.neg();
    }, [vector(1)]);
    assertEquals(plain(traced(vector(2))), [-2]);
  });

  test("is thrown for tracing within tracing, which leaves the outer one unharmed", () => {
    using x = torch.ones([1, 3]);
    const traced = jit.trace(
      (y: T) => {
        assertThrows(() => jit.trace((z: T) => z, [y]), TorchError, "tracing can't be nested");
        assertThrows(() => jit.trace(new Noisy(), [y]), TorchError, "tracing can't be nested");
        return y.neg();
      },
      [x],
      { checkTrace: false },
    );
    assertEquals(kinds(traced.graph), ["aten::neg"]);
    assertThrows(
      () => jit.trace((y: T) => jit.trace((z: T) => z, [y])(y), [x]),
      TorchError,
      "nested",
    );
  });

  test("is thrown for an async function, whose own error is not lost unhandled", async () => {
    assertThrows(
      () => jit.trace(async (x: T) => await x, [vector(1)]),
      TypeError,
      "the function is async",
    );
    const rejecting = async (x: T) => {
      await Promise.reject(new Error("lost"));
      return x;
    };
    assertThrows(() => jit.trace(rejecting, [vector(1)]), TypeError, "the function is async");
    await new Promise((resolve) => setTimeout(resolve, 0));
  });

  test("is thrown for disposed tensors: an input, a captured one, the output", () => {
    const gone = vector(1);
    gone.dispose();
    const { DisposedError } = torch;
    assertThrows(() => jit.trace((x: T) => x, [gone]), DisposedError, "exampleInputs[0]");
    assertThrows(() => jit.trace((x: T) => x.add(gone), [vector(1)]), DisposedError, "other");
    assertThrows(() => jit.trace(() => gone, [vector(1)]), DisposedError, "output");
    const module = new nn.Linear(1, 1);
    module.weight.dispose();
    assertThrows(() => jit.trace(module, [torch.ones([1, 1])]), DisposedError, "weight");
  });

  test("is not the function's disposing of its own input", () => {
    const example = vector(3);
    const traced = jit.trace((x: T) => {
      const y = x.add(1);
      x.dispose();
      return y;
    }, [example]);
    assertEquals([plain(traced(vector(1))), plain(example)], [[2], [3]]);
  });
});

describe("Looking at a tensor while tracing", () => {
  test("warns once for each way that freezes something", () => {
    const looks: [string, (x: T) => unknown][] = [
      ["shape", (x) => x.shape],
      ["size()", (x) => x.size(0)],
      ["item()", (x) => x.item()],
      ["itemBigInt()", (x) => x.long().itemBigInt()],
      ["toArray()", (x) => x.toArray()],
      ["toTypedArray()", (x) => x.toTypedArray()],
      ["numel()", (x) => x.numel()],
      ["iteration", (x) => [...x]],
    ];
    for (const [name, look] of looks) {
      const lines = warningsOf(() =>
        jit.trace((x: T) => {
          look(x);
          look(x);
          return x.neg();
        }, [vector(1)])
      );
      assertEquals(lines.length, 1, `${name}: ${lines}`);
      assertStringIncludes(lines[0]!, `TracerWarning: ${name} was read while tracing`);
    }
  });

  test("does not warn otherwise, nor outside of a trace, nor for the layers' own looks", () => {
    const lines = warningsOf(() => {
      using x = torch.ones([2, 3]);
      x.shape;
      x.toArray();
      jit.trace((y: T) => (y.dtype, y.ndim, y.neg()), [x]);
      jit.trace(new Noisy(), [x]);
      x.item === x.item && x.size();
    });
    assertEquals(lines, []);
  });

  test("and printing it leaves nothing in the graph", () => {
    const printed: string[] = [];
    const traced = jit.trace(
      (x: T) => {
        printed.push(String(x), String(x.detach().dtype));
        const y = x.add(1);
        printed.push(String(y));
        return y.neg();
      },
      [torch.ones([2000])],
      { checkTrace: false },
    );
    assertStringIncludes(printed[0]!, "tensor([1., 1., 1.,  ..., 1., 1., 1.])");
    assertStringIncludes(printed[2]!, "tensor([2., 2., 2.,  ..., 2., 2., 2.])");
    assertEquals(
      kinds(traced.graph).filter((kind) => kind.startsWith("aten::") && kind !== "aten::detach"),
      ["aten::add", "aten::neg"],
    );
  });
});

describe("checkTrace", () => {
  test("tells where a trace differs from its function", () => {
    let calls = 0;
    const fn = (x: T) => x.add(calls++);
    const error = assertThrows(() => jit.trace(fn, [vector(1, 2)]), TraceCheckError);
    assertInstanceOf(error, TorchError);
    assertStringIncludes(
      error.message,
      "the trace of 'fn' does not compute what the function computes, on the same inputs: the output " +
        "differs in 2 of 2 elements, most at element 0: 2 of the function, 1 of the trace",
    );
    assertStringIncludes(error.message, "{ checkTrace: false } turns this check off");
  });

  test("tells a difference of shape, of dtype, and of structure, with the path to it", () => {
    const changing = (...outputs: ((x: T) => unknown)[]) => {
      let calls = 0;
      return (x: T) => outputs[Math.min(calls++, outputs.length - 1)]!(x);
    };
    const cases: [(x: T) => unknown, string][] = [
      [
        changing((x) => x.neg(), (x) => x.unsqueeze(0)),
        "has shape [1, 2] of the function, but [2] of the trace",
      ],
      [
        changing((x) => x.neg(), (x) => x.double()),
        "is float64 of the function, but float32 of the trace",
      ],
      [
        changing((x) => jit.tuple([x, x]), (x) => jit.tuple([x, x, x])),
        "has 3 entries of the function, but 2 of the trace",
      ],
      [
        changing(
          (x) => jit.tuple([x, jit.tuple({ a: x })]),
          (x) => jit.tuple([x, jit.tuple({ a: x.add(1) })]),
        ),
        'the output[1]["a"] differs',
      ],
    ];
    for (const [fn, part] of cases) {
      assertThrows(() => jit.trace(fn, [vector(1, 2)]), TraceCheckError, part);
    }
  });

  test("lets randomness of LibTorch pass, NaN too, and can be turned off", () => {
    jit.trace((x: T) => x.add(torch.rand([2])), [vector(1, 2)]);
    jit.trace((x: T) => x.div(0), [vector(0, 1)]);
    let calls = 0;
    jit.trace((x: T) => x.add(calls++), [vector(1)], { checkTrace: false });
  });

  test("has a tolerance", () => {
    const drifting = () => {
      let calls = 0;
      return (x: T) => x.add(1e-3 * calls++);
    };
    assertThrows(() => jit.trace(drifting(), [vector(1)]), TraceCheckError);
    jit.trace(drifting(), [vector(1)], { checkTolerance: 0.1 });
  });
});
