import { describe, test } from "node:test";
import { inspect } from "node:util";
import { assert, assertEquals, assertInstanceOf, assertMatch, assertThrows } from "@std/assert";
import * as torch from "../mod.ts";
import { balanced } from "./support/balance.ts";

const { jit, nn, TorchError } = torch;
type T = torch.Tensor;

class Inner extends nn.Module<[T], T> {
  scale = new nn.Parameter(torch.tensor([2, 3], { dtype: "float32" }));
  offset = this.registerBuffer(torch.tensor([10, 20], { dtype: "float32" }));
  override forward(x: T): T {
    return x.mul(this.scale).add(this.offset);
  }
}

class Net extends nn.Module<[T], T> {
  first = new nn.Linear(2, 2);
  inner = new Inner();
  last = new nn.Parameter(torch.ones([2]));
  override forward(x: T): T {
    return this.inner(this.first(x)).mul(this.last);
  }
  twice(x: T): T {
    return x.mul(2);
  }
}

/** A traced module, and the module that it comes from. */
function traced(): { net: Net; script: torch.jit.LoadedModule; x: T } {
  torch.manualSeed(0);
  const net = new Net();
  const x = torch.ones([1, 2]);
  return { net, x, script: jit.traceModule(net, { forward: [x], twice: [x] }) };
}

/** A copy that shares nothing with what it was made from. */
function loaded(): { net: Net; script: torch.jit.LoadedModule; x: T } {
  const { net, script, x } = traced();
  return { net, x, script: jit.deserialize(jit.serialize(script)) };
}

function values(tensor: T): unknown {
  return tensor.toArray();
}

for (const [kind, make] of Object.entries({ traced, loaded })) {
  describe(`A ${kind} module`, () => {
    test("has parameters, buffers, submodules and methods as properties", () => {
      const { script, net, x } = make();
      assertEquals(values(script.last), [1, 1]);
      assertEquals(values(script.inner.scale), [2, 3]);
      assertEquals(values(script.inner.offset), [10, 20]);
      assertEquals(values(script.first.weight), values(net.first.weight));
      assertEquals(values(script.twice(x)), [[2, 2]]);
      assertEquals(values(script.inner(x)), [[12, 23]]);
      assertInstanceOf(script.inner, jit.ScriptModule);
      assert(script.inner === script.inner);
      assertInstanceOf(script, nn.Module);
      assertEquals(script.absent, undefined);
    });

    test("is called like a function, and by forward()", () => {
      const { script, net, x } = make();
      assertEquals(values(script(x)), values(net(x)));
      assertEquals(values(script.forward(x) as T), values(net(x)));
      assertEquals(values(script.method("forward")(x)), values(net(x)));
    });

    test("lists what it has as PyTorch does", () => {
      const { script, net } = make();
      assertEquals(script.methods.toSorted(), ["forward", "twice"]);
      assertEquals([...script.namedParameters()].map(([name]) => name), [
        "last",
        "first.weight",
        "first.bias",
        "inner.scale",
      ]);
      assertEquals([...script.namedBuffers()].map(([name]) => name), ["inner.offset"]);
      assertEquals([...script.namedChildren()].map(([name]) => name), ["first", "inner"]);
      assertEquals([...script.namedModules()].map(([name, one]) => [name, one.typeName()]), [
        ["", "Net"],
        ["first", "Linear"],
        ["inner", "Inner"],
      ]);
      assertEquals([...script.parameters()].length, [...net.parameters()].length);
      assertEquals(script.attributes(), { training: true });
      const keys = ["last", "first.weight", "first.bias", "inner.scale", "inner.offset"];
      assertEquals(Object.keys(script.stateDict()), keys);
      assertEquals([...script.parameters()].map((one) => one.requiresGrad), [
        true,
        true,
        true,
        true,
      ]);
    });

    test("has live parameters: a change of one is a change of the module", () => {
      const { script, x } = make();
      torch.noGrad(() => {
        script.last.fill_(0);
        script.inner.offset.add_(1);
      });
      assertEquals(values(script(x)), [[0, 0]]);
      script.last = torch.tensor([1, 2], { dtype: "float32" });
      assertEquals(values(script.last), [1, 2]);
      assertEquals(values(script.inner(x)), [[13, 24]]);
    });

    test("takes gradients, and clears them", () => {
      const { script, x } = make();
      script(x).sum().backward();
      assert([...script.parameters()].every((parameter) => parameter.grad !== null));
      script.zeroGrad();
      assert([...script.parameters()].every((parameter) => parameter.grad === null));
      script.requiresGrad_(false);
      assertEquals(script(x).requiresGrad, false);
    });

    test("changes its mode with all below", () => {
      const { script } = make();
      const modes = () => [...script.modules()].map((one) => one.training);
      assertEquals(modes(), [true, true, true]);
      assert(script.eval() === script);
      assertEquals(modes(), [false, false, false]);
      script.training = true;
      assertEquals(modes(), [true, true, true]);
      assertThrows(() => script.train(1 as never), TypeError, "must be a boolean");
    });

    test("gives its state, and takes that of another", () => {
      const { script, x } = make();
      torch.manualSeed(9);
      const other = new Net();
      assertEquals(script.loadStateDict(other.stateDict()), {
        missingKeys: [],
        unexpectedKeys: [],
      });
      assertEquals(values(script(x)), values(other(x)));
      const state = script.stateDict();
      torch.noGrad(() => state.last!.zero_());
      assertEquals(values(script.last), [0, 0]);
    });

    test("refuses a state that does not fit, and changes nothing then", () => {
      const { script } = make();
      const { last: _, ...missing } = script.stateDict();
      assertThrows(() => script.loadStateDict(missing), TypeError, "missing: 'last'");
      const wrong = { ...script.stateDict(), last: torch.zeros([3]), more: torch.zeros([1]) };
      const error = assertThrows(() => script.loadStateDict(wrong), TypeError);
      assertMatch(
        error.message,
        /unexpected: 'more'\n.*'last' has shape \[2\] here but \[3\] in the dict/,
      );
      assertEquals(values(script.last), [1, 1]);
      const partial = { last: torch.tensor([5, 5], { dtype: "float32" }), more: torch.zeros([1]) };
      assertEquals(script.loadStateDict(partial, { strict: false }), {
        missingKeys: ["first.weight", "first.bias", "inner.scale", "inner.offset"],
        unexpectedKeys: ["more"],
      });
      assertEquals(values(script.last), [5, 5]);
    });

    test("moves its floating-point tensors to another dtype, in place", () => {
      const { script } = make();
      const { last } = script;
      assert(script.double() === script);
      assertEquals(
        Object.values(script.stateDict()).map(({ dtype }) => dtype),
        Array(5).fill("float64"),
      );
      assertEquals(last.dtype, "float64");
      assertEquals(script(torch.ones([1, 2], { dtype: "float64" })).dtype, "float64");
      script.to({ dtype: "float32" });
      assertEquals(script.last.dtype, "float32");
      assertThrows(
        () => script.to({ dtype: "no" as never }),
        TypeError,
        'must be a dtype such as "float32"',
      );
    });

    test("clones into one that shares nothing", () => {
      const { script, x } = make();
      const before = values(script(x));
      using copy = script.clone();
      torch.noGrad(() => copy.last.zero_());
      copy.eval();
      assertEquals([values(script(x)), script.training], [before, true]);
      assertEquals(values(copy(x)), [[0, 0]]);
    });

    test("is told from other members by method()", () => {
      const { script } = make();
      assertThrows(() => script.method("absent"), TorchError, "Net has no method 'absent'");
      assertThrows(() => script.method(1 as never), TypeError, "must be a string");
    });

    test("prints as PyTorch does", () => {
      const { script } = make();
      assertMatch(
        inspect(script),
        /^Net\(\n {2}\(first\): Linear\(\)\n {2}\(inner\): Inner\(\)\n\)$/,
      );
    });

    test("is refused once it was disposed", () => {
      const { script, x } = make();
      const { twice } = script;
      script.dispose();
      script.dispose();
      for (
        const use of [
          () => script(x),
          () => script.code,
          () => script.methods,
          () => script.last,
          () => script.train(),
        ]
      ) {
        assertThrows(use, torch.DisposedError, "script module that was disposed");
      }
      assertEquals(`${script}`, "ScriptModule(disposed)");
      // A method that was taken out holds the module's native object.
      assertEquals(values(twice(x)), [[2, 2]]);
    });
  });
}

describe("A script module that is changed", () => {
  function make(): torch.jit.LoadedModule {
    return loaded().script;
  }

  test("gets methods from source, whose last line may have no end", () => {
    const script = make();
    const x = torch.ones([1, 2]);
    script.define("def one(self) -> int:\n    return 1");
    assertEquals(script.one(), 1);
    script.define(`
def scaled(self, x: Tensor, by: float = 3.0) -> Tensor:
    return self.forward(x) * by

def check(self, n: int) -> int:
    if n < 0:
        raise ValueError("negative")
    return n
`);
    assertEquals(values(script.scaled(x, 1)), values(script(x)));
    assertThrows(() => script.check(-1), TorchError, "negative");
    const again = jit.deserialize(jit.serialize(script));
    assertEquals(values(again.scaled(x, 1)), values(script(x)));
    assertThrows(() => again.check(-1), TorchError, "negative");
    assertThrows(
      () => script.define("def bad(self):\n    return self.absent\n"),
      TorchError,
      "absent",
    );
    assertThrows(() => script.define(1 as never), TypeError, "must be a string");
  });

  test("gets parameters, buffers, submodules and attributes", () => {
    const script = make();
    script.registerParameter("extra", new nn.Parameter(torch.ones([2])));
    script.registerBuffer("count", torch.tensor(5));
    script.registerModule("more", jit.trace(new nn.Linear(2, 2), [torch.ones([1, 2])]));
    script.registerAttribute("names", ["a", "b"]);
    script.registerAttribute("sizes", [], "List[int]");
    assertEquals(values(script.extra), [1, 1]);
    assertEquals(script.count.item(), 5);
    assertEquals([script.names, script.sizes], [["a", "b"], []]);
    script.sizes = [1, 2];
    assertEquals(script.sizes, [1, 2]);
    script.define(
      "def total(self) -> int:\n    return len(self.names) + len(self.sizes) + int(self.count)\n",
    );
    assertEquals(script.total(), 9);
    assertEquals(Object.keys(script.stateDict()).filter((key) => /extra|count|more/.test(key)), [
      "extra",
      "count",
      "more.weight",
      "more.bias",
    ]);
    assertThrows(() => (script.sizes = ["a"]), torch.JitTypeError, "expected int, got string");
    assertThrows(() => script.registerParameter("a.b", null), TypeError, "a name without dots");
    assertThrows(() => script.registerBuffer("last", torch.zeros([1])), Error);
    assertThrows(
      () => script.registerModule("x", new nn.ReLU()),
      TypeError,
      "script modules as submodules only",
    );
  });
});

describe("An instance of a script class", () => {
  test("is not made by this library's own means, so a module stands in", () => {
    const { script } = loaded();
    using unit = jit.compile("def f(x: Any) -> Any:\n    return x\n");
    const back = unit.f!(script.inner);
    assertInstanceOf(back, jit.ScriptModule);
    assertEquals(values(back(torch.ones([1, 2]))), [[12, 23]]);
  });
});

describe("Native objects", () => {
  test("are given back by everything that looks at a module", () => {
    const { script, x } = loaded();
    script.twice(x).dispose();
    balanced(() => {
      script.methods;
      script.code;
      String(script.graph);
      for (const [, tensor] of script.namedParameters()) tensor.dispose();
      for (const tensor of Object.values(script.stateDict())) tensor.dispose();
      script.attributes();
      script.train().eval();
      using y: T = script.twice(x);
      using copy = script.clone();
      assertEquals(copy.training, y.requiresGrad);
    });
  });
});
