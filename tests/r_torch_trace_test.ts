// The tests of R's torch (mlverse/torch, tests/testthat/test-trace.R), by their numbers in the order of that file.
import { describe, test } from "node:test";
import {
  assert,
  assertEquals,
  assertInstanceOf,
  assertMatch,
  assertStringIncludes,
  assertThrows,
} from "@std/assert";
import * as torch from "../mod.ts";
import { collectUntil } from "./support/collect.ts";
import { folder } from "./support/program.ts";

const { jit, nn } = torch;
type T = torch.Tensor;

function same(actual: unknown, expected: T, tolerance = 1e-5): void {
  assertInstanceOf(actual, torch.Tensor);
  assertEquals(actual.shape, expected.shape);
  assert(torch.allclose(actual, expected, { rtol: tolerance, atol: tolerance }));
}

/** A convolutional net for images of 28 by 28. */
class Net extends nn.Module<[T], T> {
  conv1 = new nn.Conv2d(1, 4, 3);
  conv2 = new nn.Conv2d(4, 8, 3);
  dropout1 = new nn.Dropout(0.25);
  dropout2 = new nn.Dropout(0.5);
  fc1 = new nn.Linear(1152, 16);
  fc2 = new nn.Linear(16, 10);
  override forward(x: T): T {
    const { relu, logSoftmax, maxPool2d } = nn.functional;
    const convolved = relu(this.conv2(relu(this.conv1(x))));
    const flat = this.dropout1(maxPool2d(convolved, [2, 2])).flatten(1);
    return logSoftmax(this.fc2(this.dropout2(relu(this.fc1(flat)))), 1);
  }
}

/** Parameters, buffers, submodules, a second method, and a constant. */
class Several extends nn.Module<[T], T> {
  linear = new nn.Linear(10, 10);
  norm = new nn.BatchNorm1d(10);
  par = new nn.Parameter(torch.ones([10]));
  buf = this.registerBuffer(torch.ones([10]));
  constant = 3;
  override forward(x: T): T {
    return this.norm(this.linear(x)).mul(this.par).add(this.buf);
  }
  testing(x: T): T {
    return this.linear(x);
  }
  testConstant(x: T): T {
    return x.add(this.constant);
  }
}

function several(): [Several, torch.jit.LoadedModule] {
  const module = new Several().eval();
  const t = torch.randn([2, 10]);
  const traced = jit.traceModule(module, { forward: [t], testing: [t], testConstant: [t] });
  return [module, traced];
}

function holdsSeveral(traced: torch.jit.LoadedModule, module: Several): void {
  assertEquals([...traced.parameters()].length, 5);
  assertEquals([...traced.buffers()].length, 4);
  assertEquals([...traced.modules()].length, 3);
  const x = torch.randn([4, 10]);
  same(traced(x), module(x));
  same(traced.testing(x), module.testing(x));
  assertEquals(traced.testConstant(torch.tensor([2])).toArray(), [5]);
}

const options = { strict: false };

describe("R's test-trace.R", () => {
  test("T1 simple tracing works", () => {
    const x = torch.tensor([-1, 0, 1]);
    const traced = jit.trace((x: T) => torch.relu(x), [x]);
    assertEquals(traced(x).toArray(), torch.relu(x).toArray());
  });

  test("T2 print the graph works", () => {
    const traced = jit.trace((x: T) => torch.relu(x), [torch.tensor([-1, 0, 1])]);
    assertMatch(String(traced.graph), /^graph\(/);
  });

  test("T3 modules are equivalent", () => {
    const net = new Net().eval().requiresGrad_(false);
    const traced = jit.trace((x: T) => net(x), [torch.randn([2, 1, 28, 28])]);
    const x = torch.randn([10, 1, 28, 28]);
    same(traced(x), net(x));
  });

  test("T4 can save and reload", () => {
    using here = folder();
    const traced = jit.trace((x: T) => torch.relu(x), [torch.tensor([-1, 0, 1])]);
    jit.save(traced, here.file("fn.pt"));
    const x = torch.randn([5]);
    same(jit.load(here.file("fn.pt"))(x), torch.relu(x));
  });

  test("T5 errors gracefully when passing unsupported inputs", () => {
    const fn = (x: T) => torch.relu(x);
    assertThrows(
      () => jit.trace(fn, ["a"]),
      torch.JitTypeError,
      "argument 'exampleInputs[0]': expected a Tensor, or a (possibly nested) array, tuple, object or Map of " +
        "tensors, got str",
    );
    same(jit.trace(fn, [torch.ones([2])])(torch.ones([2])), torch.ones([2]));
  });

  test("T6 can take lists of tensors as input", () => {
    const x = [torch.tensor([1, 2]), torch.tensor([3, 4])];
    const traced = jit.trace((list: T[]) => torch.stack(list), [x]);
    assertEquals(traced.schema.arguments[0]!.type, "List[Tensor]");
    assertEquals(traced(x).toArray(), [[1, 2], [3, 4]]);
  });

  test("T7 can output a list of tensors", () => {
    const x = torch.tensor([1, 2]);
    const traced = jit.trace((x: T) => [x, x.add(1)], [x], options);
    const output = traced(x) as T[];
    assertEquals(output.map((one) => one.toArray()), [[1, 2], [2, 3]]);
  });

  test("T8 fn can take more than 1 argument, and here keywords by their names, too", () => {
    const [x, y] = [torch.tensor([1]), torch.tensor([2])];
    const traced = jit.trace((x: T, y: T) => [x.add(y), x.sub(y)], [x, y], options);
    assertEquals((traced(x, y) as T[]).map((one) => one.item()), [3, -1]);
    const named = traced(jit.kwargs({ y, x })) as T[];
    assertEquals(named.map((one) => one.item()), [3, -1]);
    assertThrows(
      () => traced(x, jit.kwargs({ z: y })),
      torch.JitTypeError,
      "unknown keyword argument 'z'",
    );
  });

  test("T9 can have named inputs and outputs", () => {
    const input = { x: torch.tensor([1]), y: torch.tensor([2]) };
    const traced = jit.trace(
      ({ x, y }: { x: T; y: T }) => ({ sum: x.add(y), difference: x.sub(y) }),
      [input],
      options,
    );
    const output = traced(input) as Record<string, T>;
    assertEquals(Object.keys(output), ["sum", "difference"]);
    assertEquals(Object.values(output).map((one) => one.item()), [3, -1]);
  });

  test("T10 tuple inputs are correctly handled, and here keep the names of their fields", () => {
    const input = { x: torch.tensor([1]), y: torch.tensor([2]) };
    const traced = jit.trace(
      ({ x, y }: { x: T; y: T }) => jit.tuple({ sum: x.add(y), difference: x.sub(y) }),
      [jit.tuple(input)],
    );
    const output = traced(jit.tuple(input)) as Record<string, T>;
    assertEquals(Object.keys(output), ["sum", "difference"]);
    assertEquals(Object.values(output).map((one) => one.item()), [3, -1]);
    assertEquals((traced(input) as Record<string, T>).sum!.item(), 3);
    assertThrows(() => traced(new Map(Object.entries(input))), torch.JitTypeError, "got Map");
    assertThrows(() => traced({ x: input.x }), torch.JitTypeError, "without the key 'y'");
  });

  test("T11 tuple casting", () => {
    const pair = [torch.tensor([1]), torch.tensor([2])];
    const traced = jit.trace(([x, y]: T[]) => jit.tuple([y!, x!]), [jit.tuple(pair)]);
    assertEquals(traced.schema.arguments[0]!.type, "Tuple[Tensor, Tensor]");
    assertEquals((traced(jit.tuple(pair)) as T[]).map((one) => one.item()), [2, 1]);
    // The schema tells the two apart, so an array serves; a list that is said to be one does not.
    assertEquals((traced(pair) as T[]).map((one) => one.item()), [2, 1]);
    assertThrows(() => traced(jit.list("Tensor", pair)), torch.JitTypeError, "got list");
    assertThrows(() => traced([pair[0]]), torch.JitTypeError, "got 1 element");
  });

  test("T12 trace a nn module", () => {
    const [module, traced] = several();
    holdsSeveral(traced, module);
    const x = torch.randn([2, 10]);
    const before = traced(x) as T;
    torch.noGrad(() => void traced.par.zero_());
    assert(!torch.allclose(traced(x), before));
    torch.noGrad(() => {
      traced.linear.weight.zero_();
      module.linear.weight.zero_();
    });
    same(traced.testing(x), module.testing(x));
  });

  test("T13 dont crash when gcing a method", async () => {
    let [, traced]: [unknown, torch.jit.LoadedModule | null] = several();
    let forward: unknown = traced.method("forward");
    forward = null;
    let rounds = 0;
    await collectUntil(() => forward === null && ++rounds === 2);
    const again = traced.method("forward");
    traced = null;
    rounds = 0;
    await collectUntil(() => ++rounds === 2);
    assertEquals((again(torch.randn([2, 10])) as T).shape, [2, 10]);
  });

  test("T14 we can save traced modules", async () => {
    using here = folder();
    const module = new Several().eval();
    const save = () => {
      const t = torch.randn([2, 10]);
      const traced = jit.traceModule(module, { forward: [t], testing: [t], testConstant: [t] });
      traced.save(here.file("module.pt"));
    };
    save();
    let rounds = 0;
    await collectUntil(() => ++rounds === 2);
    holdsSeveral(jit.load(here.file("module.pt")), module);
  });

  test("T15 trace a module", () => {
    const net = new Net().eval();
    const traced = jit.trace(net, [torch.randn([2, 1, 28, 28])]);
    const x = torch.randn([3, 1, 28, 28]);
    same(traced(x), net(x), 1e-6);
  });

  test("T16 Can recover from errors in the traced method", () => {
    class Fails extends nn.Module<[T], T> {
      override forward(_: T): T {
        throw new Error("The error abcde");
      }
    }
    const t = torch.ones([1]);
    assertThrows(() => jit.trace(new Fails(), [t]), Error, "abcde");
    assertThrows(
      () => jit.trace(Fails as unknown as () => T, [t]),
      TypeError,
      "make an instance of it before tracing",
    );
    assertThrows(
      () => jit.trace(1 as unknown as () => T, [t]),
      TypeError,
      "must be a function or a module",
    );
    assertEquals(jit.trace((x: T) => x.add(1), [t])(t).toArray(), [2]);
  });

  test("T17 a method of a submodule can be called where R has an error; one that was not traced says so", () => {
    class Net extends nn.Module<[T], T> {
      linear = new nn.Linear(10, 10);
      unused = new nn.Linear(10, 10);
      override forward(x: T): T {
        return this.linear(x);
      }
    }
    const net = new Net();
    const x = torch.randn([2, 10]);
    const traced = jit.trace(net, [x]);
    same(traced.linear(x), net.linear(x));
    const error = assertThrows(() => traced.unused(x), torch.TorchError);
    assertStringIncludes(error.message, "Linear has no method 'forward'");
  });

  test("T18 errors in the tracer are correctly captured", () => {
    const error = assertThrows(
      () => jit.trace((_: T) => 1, [torch.ones([1])]),
      torch.TorchError,
    );
    assertStringIncludes(error.message, "Only tensors, lists, tuples of tensors");
  });

  test("T19 we can include traced module as a submodule and trace", () => {
    class Outer extends nn.Module<[T], T> {
      linear: torch.jit.LoadedModule;
      constructor(linear: torch.jit.LoadedModule) {
        super();
        this.linear = linear;
      }
      override forward(x: T): T {
        return this.linear(x);
      }
    }
    const x = torch.randn([2, 10]);
    const inner = jit.trace(new nn.Linear(10, 10), [x]);
    const traced = jit.trace(new Outer(inner), [x]);
    same(traced(x), inner(x));
    same(traced.linear(x), inner(x));
  });

  test("T20 can save module for mobile", () => {
    using here = folder();
    const net = new Net().eval();
    const x = torch.randn([2, 1, 28, 28]);
    jit.saveForMobile(jit.trace(net, [x]), here.file("net.ptl"));
    same(jit.load(here.file("net.ptl"))(x), net(x), 1e-6);
  });

  test("T21 can save function for mobile", () => {
    using here = folder();
    const x = torch.randn([3]);
    jit.saveForMobile(jit.trace((x: T) => x.relu().add(1), [x]), here.file("fn.ptl"));
    same(jit.load(here.file("fn.ptl"))(x), x.relu().add(1), 1e-6);
  });

  test("T22 can trace only one mode", () => {
    class Modal extends nn.Module<[T], T> {
      override forward(x: T): T {
        return this.training ? x.abs() : x.abs().neg();
      }
    }
    const x = torch.tensor([-1, 2]);
    for (const [mode, expected] of [[true, [1, 2]], [false, [-1, -2]]] as const) {
      const traced = jit.trace(new Modal().train(mode), [x], { respectMode: false });
      assertEquals(traced.train()(x).toArray(), [...expected]);
      assertEquals(traced.eval()(x).toArray(), [...expected]);
    }
    const both = jit.trace(new Modal(), [x]);
    assertEquals(both.train()(x).toArray(), [1, 2]);
    assertEquals(both.eval()(x).toArray(), [-1, -2]);
  });

  test("T23 can serialize to raw vector and deserialize again", () => {
    const linear = new nn.Linear(10, 10);
    linear.bias!.requiresGrad = false;
    const x = torch.randn([2, 10]);
    const bytes = jit.serialize(jit.trace(linear, [x]));
    assertInstanceOf(bytes, Uint8Array);
    const back = jit.deserialize(bytes);
    same(back(x), linear(x));
    assertEquals([back.weight.requiresGrad, back.bias.requiresGrad], [true, false]);
  });

  test("T24 can define the same method during difference trace-jitting passes (#1246)", () => {
    const x = torch.randn([2, 10]);
    const linear = new nn.Linear(10, 10);
    torch.manualSeed(1);
    const first = jit.trace(linear, [x]);
    torch.manualSeed(1);
    const second = jit.trace(linear, [x]);
    same(first(x), second(x) as T, 0);
  });
});
