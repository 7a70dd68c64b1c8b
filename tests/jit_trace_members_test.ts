// What a traced module and its parts are, beside what they compute: methods of submodules, constants, nested results, names.
import { readFileSync, writeFileSync } from "node:fs";
import { describe, test } from "node:test";
import { assert, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import * as torch from "../mod.ts";
import { warningsOf } from "./support/console.ts";
import { python } from "./support/python.ts";
import { folder } from "./support/program.ts";

const { jit, nn, TorchError } = torch;
type T = torch.Tensor;

class Inner extends nn.Module<[T], T> {
  linear = new nn.Linear(3, 3);
  norm = new nn.BatchNorm1d(3);
  drop = new nn.Dropout(0.5);
  scale = 2.5;
  override forward(x: T): T {
    return this.drop(this.norm(this.linear(x))).mul(this.scale);
  }
}

class Outer extends nn.Module<[T], T> {
  inner = new Inner();
  head = new nn.Linear(3, 2);
  offset = this.registerBuffer(torch.ones([2]));
  gain = new nn.Parameter(torch.ones([2]));
  classes = ["cat", "dog"];
  count = 2;
  ratio = 0.5;
  flag = true;
  sizes = [1, 2, 3];
  other = { not: "plain" };
  _hidden = 1;
  override forward(x: T): T {
    return this.head(this.inner(x)).mul(this.gain).add(this.offset).div(this.count);
  }
  encode(x: T): T {
    return this.inner(x).neg();
  }
}

function made(): { net: Outer; x: T; traced: torch.jit.LoadedModule } {
  torch.manualSeed(3);
  const net = new Outer();
  const x = torch.randn([4, 3]);
  return { net, x, traced: jit.traceModule(net, { encode: [x], forward: [x] }) };
}

describe("submodules of a module that was traced in both modes", () => {
  test("do what their own mode says when they are called alone", () => {
    for (const reload of [false, true]) {
      const { net, x, traced } = made();
      const script = reload ? jit.deserialize(jit.serialize(traced)) : traced;
      net.eval();
      script.eval();
      assertEquals(script.inner(x).toArray(), net.inner(x).toArray());
      assertEquals(script.inner.norm(x).toArray(), net.inner.norm(x).toArray());
      assertEquals(script.inner.drop(x).toArray(), x.toArray());
      assertEquals(script(x).toArray(), net(x).toArray());
      net.train();
      script.train();
      torch.manualSeed(7);
      const expected = net.inner.drop(x).toArray();
      torch.manualSeed(7);
      assertEquals(script.inner.drop(x).toArray(), expected);
      const before = script.inner.norm.running_mean.toArray();
      script.inner.norm(x).dispose();
      assert(JSON.stringify(script.inner.norm.running_mean.toArray()) !== JSON.stringify(before));
      // Only one part of it is in evaluation mode.
      script.inner.drop.eval();
      assertEquals(script.inner.drop(x).toArray(), x.toArray());
    }
  });

  test("have one method where both modes do the same", () => {
    const { traced } = made();
    assert(!traced.inner.linear.methods.includes("trainforward"));
    assertEquals(
      traced.inner.methods.filter((name: string) => !/^forward\d*$/.test(name)),
      ["trainforward", "evalforward"],
    );
  });

  test("run in Python in both modes", async () => {
    const { net, x, traced } = made();
    using place = folder();
    const path = place.file("modes.pt");
    traced.save(path);
    writeFileSync(place.file("in.json"), JSON.stringify(x));
    await python("read_traced.py", "modes", path, place.file("in.json"), place.file("out.json"));
    const given = JSON.parse(readFileSync(place.file("out.json"), "utf8"));
    net.eval();
    assertEquals(given, {
      whole: net(x).toArray(),
      inner: net.inner(x).toArray(),
      drop: x.toArray(),
      moved: true,
      dropped: true,
    });
  });
});

describe("a traced module", () => {
  test("has the plain fields of the module as constants", () => {
    const { traced } = made();
    for (const script of [traced, jit.deserialize(jit.serialize(traced))]) {
      assertEquals(
        [script.classes, script.count, script.ratio, script.flag, script.sizes],
        [["cat", "dog"], 2, 0.5, true, [1, 2, 3]],
      );
      assertEquals(script.inner.scale, 2.5);
      assertEquals("other" in script || "_hidden" in script, false);
      assertThrows(
        () => {
          script.count = 3;
        },
        TorchError,
        "constant",
      );
    }
    traced.define("def named(self) -> str:\n    return self.classes[self.count - 1]\n");
    assertEquals(traced.named(), "dog");
  });

  test("has such constants in its file, whatever they hold", () => {
    const fields = {
      infinite: [Infinity, -Infinity, NaN],
      huge: 2n ** 60n,
      text: 'a\n"b\\c\u0000é🎉',
      small: 1e-320,
      words: ["", '"'],
      large: 2 ** 53,
    };
    const net = Object.assign(new nn.Linear(1, 1), fields);
    const loaded = jit.deserialize(jit.serialize(jit.trace(net, [torch.ones([1, 1])])));
    const { large: _, ...kept } = fields;
    for (const [name, value] of Object.entries(kept)) assertEquals(loaded[name], value);
    assertEquals("large" in loaded, false);
  });

  test("has forward as a function, as every other method", async () => {
    const { x, traced } = made();
    traced.eval();
    const expected = traced(x).toArray();
    assertEquals((await traced.forward.runAsync(x)).toArray(), expected);
    assertEquals(traced.forward(x).toArray(), expected);
    assertEquals(traced.forward.call(traced, x).toArray(), expected);
    assertEquals(traced.forward.apply(traced, [x]).toArray(), expected);
    assertEquals(traced.forward.bind(traced, x)().toArray(), expected);
    assertStringIncludes(traced.forward.code, "def forward");
    assertEquals(traced.forward.schema.arguments.map((one) => one.name), ["x"]);
    assertStringIncludes(String(traced.forward.graph), "prim::If");
    const encoder = jit.traceModule(new Outer(), { encode: [x] });
    assertThrows(() => encoder(x), TorchError, "no method 'forward'");
  });

  test("has no members any more when it is disposed", () => {
    const { x, traced } = made();
    const { encode } = traced;
    assertEquals(traced.encode(x).shape, [4, 3]);
    traced.dispose();
    assertThrows(() => traced.encode(x), torch.DisposedError);
    assertThrows(() => traced.forward(x), torch.DisposedError);
    assertThrows(() => traced(x), torch.DisposedError);
    assertEquals(encode(x).shape, [4, 3]);
  });

  test("has state in PyTorch's order: parameters, buffers, then submodules", () => {
    const { net, traced } = made();
    const expected = ["gain", "offset", "inner.linear.weight"];
    assertEquals(Object.keys(net.stateDict()).slice(0, 3), expected);
    assertEquals(Object.keys(traced.stateDict()), Object.keys(net.stateDict()));
  });

  test("cannot have names that its file could not spell", () => {
    const lambda = new nn.Sequential({ lambda: new nn.ReLU() });
    assertThrows(() => jit.trace(lambda, [torch.ones([1])]), TypeError, '"lambda"');
    const { traced } = made();
    assertThrows(() => traced.registerAttribute("class", 1), TypeError, "keeps the word");
    assertThrows(() => traced.registerAttribute('a"b', 1), TypeError, "cannot spell");
    traced.registerAttribute("not an identifier", 1);
    assertEquals(jit.deserialize(jit.serialize(traced))["not an identifier"], 1);
    assertThrows(
      () => traced.registerBuffer("b", torch.ones([1]), { persistent: false }),
      TypeError,
      "not persistent",
    );
  });

  test("is as it was when source given to define does not compile", () => {
    const { traced } = made();
    const methods = traced.methods;
    assertThrows(
      () => traced.define("def a(self):\n    return 1\ndef b(self):\n    return self.nope()\n"),
      TorchError,
      "(line 4, column 12)",
    );
    assertEquals(traced.methods, methods);
    assertEquals(jit.deserialize(jit.serialize(traced)).methods.length, methods.length);
    traced.define("def b(self) -> int:\n    return 1\n");
    assertEquals(traced.b(), 1);
  });
});

describe("what a trace returns", () => {
  const one = torch.tensor([1, 2.5]);

  test("may be nested arrays, objects, Maps and tuples, at will", () => {
    const fn = (x: T) => ({
      lists: [[x, x.add(1)], [x.mul(2)]],
      deep: { a: [x], b: [x, x] },
      map: new Map([["k", { z: x }]]),
      pair: jit.tuple([x, [x]]),
      named: jit.tuple({ u: x, v: { w: x.neg() } }),
      objects: [{ p: x, q: [x] }, { p: x, q: [x] }],
    });
    const traced = jit.trace(fn, [one], { strict: false });
    for (const script of [traced, jit.deserialize(jit.serialize(traced))]) {
      const got = script(one);
      assertEquals(JSON.parse(JSON.stringify(got.lists)), [[[1, 2.5], [2, 3.5]], [[2, 5]]]);
      assertEquals(JSON.parse(JSON.stringify(got.deep)), {
        a: [[1, 2.5]],
        b: [[1, 2.5], [1, 2.5]],
      });
      assertEquals(got.map.k.z.toArray(), [1, 2.5]);
      assertEquals(got.pair[1][0].toArray(), [1, 2.5]);
      assertEquals(got.named.v.w.toArray(), [-1, -2.5]);
      assertEquals(got.objects[1].q[0].toArray(), [1, 2.5]);
    }
  });

  test("is refused by its path where it is no tensor", () => {
    const bad = (value: unknown) => () =>
      jit.trace((x: T) => ({ a: [x, value] }), [one], { strict: false });
    assertThrows(bad(3), TorchError, "output");
    assertThrows(() => jit.trace(() => 3, []), TorchError, "output");
  });

  test("warns of lists, and refuses dicts, where strict", () => {
    const lines = warningsOf(() => {
      jit.trace((x: T) => [[x], [x]], [one]).dispose();
    });
    assertEquals(lines.length, 1);
    assertStringIncludes(lines[0]!, "strict: false");
    assertThrows(() => jit.trace((x: T) => ({ a: [x] }), [one]), TorchError, "strict");
  });

  test("warns of numel(), and of a size in arithmetic of an op", () => {
    const numel = warningsOf(() => {
      jit.trace((x: T) => x.div(x.numel()), [one]).dispose();
    });
    assertEquals([numel.length, numel[0]!.includes("numel()")], [1, true]);
    const size = warningsOf(() => {
      const traced = jit.trace((x: T) => x.div(jit.sizeOf(x, 0)), [one]);
      assertEquals(traced(one).toArray(), [0.5, 1.25]);
    });
    assertEquals([size.length, size[0]!.includes("arithmetic")], [1, true]);
  });
});

describe("A transform of torch.func", () => {
  const { func } = torch;

  test("is refused around a trace, and may be a part of one, or call what was traced", () => {
    const x = torch.ones([2, 2]);
    const double = (y: T) => y.mul(2);
    for (const transform of [func.vmap, func.grad] as ((fn: (y: T) => T) => (y: T) => T)[]) {
      const inside = transform((y) => jit.trace(double, [y])(y));
      assertThrows(() => inside(x), TorchError, "outside of it");
    }
    const rows = jit.trace((y: T) => func.vmap((row: T) => row.sum())(y), [x]);
    assertEquals(rows(torch.tensor([[1, 2.5], [3, 4]])).toArray(), [3.5, 7]);
    const traced = jit.trace((y: T) => y.mul(y).sum(), [torch.ones([2])]);
    assertEquals(func.grad((y: T): T => traced(y))(torch.tensor([1, 2.5])).toArray(), [2, 5]);
  });
});

describe("source that does not compile", () => {
  test("is told by line and column", () => {
    const message = (source: string) => {
      try {
        jit.compile(source);
      } catch (error) {
        return (error as Error).message.split("\n")[0]!;
      }
      return "compiled";
    };
    assertStringIncludes(message("def f(x):\n  return x +\n"), "(line 2, column 13)");
    assertStringIncludes(message("def f(x: Tensor:\n  return x\n"), "(line 1, column 16)");
    assertStringIncludes(
      message("def f(x):\n  y = x\n  return torch.nope(y)\n"),
      "(line 3, column 10)",
    );
  });
});

describe("extra files of an archive", () => {
  test("may be bytes, and are read back as bytes or text", async () => {
    const bytes = new Uint8Array([0, 255, 128, 10]);
    const traced = jit.trace((x: T) => x.neg(), [torch.ones([1])]);
    using place = folder();
    const path = place.file("extra.pt");
    jit.save(traced, path, { extraFiles: { "a.txt": "grüße", "b.bin": bytes } });
    for (const load of [jit.load, jit.loadAsync]) {
      const files = { "a.txt": "", "b.bin": new Uint8Array(0), "none": "" };
      await load(path, { extraFiles: files });
      assertEquals(files, { "a.txt": "grüße", "b.bin": bytes, "none": "" });
    }
    await python("read_traced.py", "extra", path, "b.bin", place.file("out.json"));
    assertEquals(JSON.parse(readFileSync(place.file("out.json"), "utf8")), [...bytes]);
    assertThrows(
      () => jit.save(traced, path, { extra: {} } as object),
      TypeError,
      "unknown option 'extra'",
    );
    assertThrows(
      () => jit.load(path, { devic: "cpu" } as object),
      TypeError,
      "unknown option 'devic'",
    );
  });
});
