import { readFileSync } from "node:fs";
import { describe, test } from "node:test";
import { inspect } from "node:util";
import {
  assert,
  assertAlmostEquals,
  assertEquals,
  assertStrictEquals,
  assertThrows,
} from "@std/assert";
import * as torch from "../mod.ts";
import { balanced } from "./support/balance.ts";

const { nn, TorchError } = torch;
type T = torch.Tensor;

/** A tensor as tests/python/make_nn_golden.py writes it. */
interface GoldenTensor {
  shape: number[];
  dtype: torch.DType;
  values: (number | string)[];
}

type GoldenState = Record<string, GoldenTensor>;

interface GoldenCase {
  layer: string;
  args: unknown[];
  options: Record<string, unknown>;
  shape: number[];
  training: boolean;
  text: string;
  state: GoldenState;
  output: GoldenTensor;
  after?: GoldenState;
}

interface Golden {
  seed: number;
  cases: GoldenCase[];
  network: { text: string; state: GoldenState; parameters: string[] };
}

const golden: Golden = JSON.parse(
  readFileSync(new URL("./golden/nn.json", import.meta.url), "utf8"),
);

function assertTensor(actual: T, expected: GoldenTensor, tolerance: number): void {
  assertEquals([actual.shape, actual.dtype], [expected.shape, expected.dtype]);
  const values = Array.from(actual.toTypedArray() as Float32Array, Number);
  assertEquals(values.length, expected.values.length);
  values.forEach((value, i) => assertAlmostEquals(value, Number(expected.values[i]), tolerance));
}

function assertState(module: torch.nn.AnyModule, expected: GoldenState, tolerance: number): void {
  const state = module.stateDict();
  assertEquals(Object.keys(state), Object.keys(expected));
  for (const [name, tensor] of Object.entries(state)) {
    assertTensor(tensor, expected[name]!, tolerance);
    tensor.dispose();
  }
}

type AnyLayer = new (...args: unknown[]) => torch.nn.Module<[T], T>;

function makeLayer({ layer, args, options, training }: GoldenCase): torch.nn.Module<[T], T> {
  torch.manualSeed(golden.seed);
  const type = (nn as unknown as Record<string, AnyLayer>)[layer]!;
  const given = Object.keys(options).length > 0 ? [...args, options] : args;
  return new type(...given).train(training);
}

describe("A layer is PyTorch's, with the same seed", () => {
  for (const sample of golden.cases) {
    const { layer, args, options, shape, training } = sample;
    const mode = training ? "training" : "evaluating";
    const name = [...args, options].map((one) => JSON.stringify(one)).join(", ");
    test(`${layer}(${name}) of [${shape}], ${mode}`, () => {
      balanced(() => {
        using module = makeLayer(sample);
        assertEquals(String(module), sample.text);
        assertState(module, sample.state, 0);
        torch.manualSeed(golden.seed + 1);
        using x = torch.randn(shape);
        for (const last of [false, true]) {
          using input = x.clone();
          const output = module(input);
          if (last) assertTensor(output, sample.output, 2e-5);
          output.dispose();
        }
        assertState(module, sample.after ?? sample.state, sample.after ? 1e-5 : 0);
      });
    });
  }
});

describe("A network of layers", () => {
  function network(): torch.nn.Sequential {
    torch.manualSeed(golden.seed);
    return new nn.Sequential(
      new nn.Sequential(new nn.Conv2d(1, 2, 3), new nn.BatchNorm2d(2), new nn.ReLU()),
      new nn.Flatten(),
      new nn.Dropout(0.25),
      new nn.Linear(8, 3, { bias: false }),
    );
  }

  test("has PyTorch's names, values and text", () => {
    const net = network();
    assertEquals(String(net), golden.network.text);
    assertEquals(inspect(net), golden.network.text);
    assertState(net, golden.network.state, 0);
    assertEquals([...net.namedParameters()].map(([name]) => name), golden.network.parameters);
  });

  test("takes the names that it is given", () => {
    const net = new nn.Sequential({ scale: new nn.Linear(1, 1), act: new nn.ReLU() });
    assertEquals(Object.keys(net.stateDict()), ["scale.weight", "scale.bias"]);
    assertEquals(
      String(net),
      "Sequential(\n  (scale): Linear(in_features=1, out_features=1, bias=True)\n  (act): ReLU()\n)",
    );
    assertThrows(() => new nn.Sequential(3 as never), TypeError);
    assertThrows(
      () => new nn.Sequential(new nn.ReLU(), 3 as never),
      TypeError,
      "'1' must be a Module, but is 3",
    );
    assertEquals(String(new nn.Sequential()), "Sequential()");
  });

  test("learns: gradients reach every parameter", () => {
    const net = network();
    using x = torch.randn([2, 1, 4, 4]);
    net(x).sum().backward();
    for (const [name, parameter] of net.namedParameters()) {
      assert(parameter.grad !== null, name);
    }
    net.zeroGrad();
    assert([...net.parameters()].every((parameter) => parameter.grad === null));
  });

  test("gives back all that it holds", () => {
    balanced(() => {
      const net = network();
      net.dispose();
      assert([...net.parameters()].every((parameter) => parameter.isDisposed));
      using x = torch.zeros([1, 1, 4, 4]);
      assertThrows(() => net(x), torch.DisposedError);
    });
  });
});

describe("A module", () => {
  class Net extends nn.Module<[T], T> {
    scale = new nn.Parameter(torch.tensor([2], { dtype: "float32" }));
    mean = this.registerBuffer(torch.zeros([1]));
    temporary = this.registerBuffer(torch.zeros([1]), { persistent: false });
    layer = new nn.Linear(1, 1);
    shared = this.layer;
    notes = "no part of the module";
    constant = torch.ones([1]);
    override forward(x: T): T {
      return this.layer(x).mul(this.scale);
    }
  }

  test("is called like the function that it is, with fields, and methods", () => {
    const net = new Net();
    using x = torch.ones([1, 1]);
    assertEquals(net(x).toArray(), net.forward(x).toArray());
    assertEquals(typeof net, "function");
    assert(net instanceof Net && net instanceof nn.Module);
    assertEquals(net.notes, "no part of the module");
  });

  test("finds parameters, buffers and submodules in its fields, each once", () => {
    const net = new Net();
    const names = (entries: Iterable<[string, unknown]>) => [...entries].map(([name]) => name);
    assertEquals(names(net.namedParameters()), ["scale", "layer.weight", "layer.bias"]);
    assertEquals(names(net.namedBuffers()), ["mean", "temporary"]);
    assertEquals(names(net.namedModules()), ["", "layer"]);
    assertEquals(names(net.namedChildren()), ["layer", "shared"]);
    assertStrictEquals([...net.parameters()][0], net.scale);
  });

  test("has a shared module under each of its names, and no temporary buffer, in its state", () => {
    const names = Object.keys(new Net().stateDict());
    assertEquals(names, [
      "scale",
      "mean",
      "layer.weight",
      "layer.bias",
      "shared.weight",
      "shared.bias",
    ]);
  });

  test("has a state that shares its memory", () => {
    const net = new Net();
    const state = net.stateDict();
    assertEquals(state.scale!.requiresGrad, false);
    state.scale!.fill_(7);
    assertEquals(net.scale.toArray(), [7]);
  });

  test("takes a state, strict or not", () => {
    torch.manualSeed(0);
    const [one, two] = [new nn.Linear(2, 1), new nn.Linear(2, 1)];
    assertEquals(two.loadStateDict(one.stateDict()), { missingKeys: [], unexpectedKeys: [] });
    assertEquals(two.weight.toArray(), one.weight.toArray());
    assert(two.weight.requiresGrad && two.weight.isLeaf);
    const { weight } = one.stateDict();
    const other = { weight: weight!, more: torch.zeros([1]) };
    assertThrows(
      () => two.loadStateDict(other),
      TypeError,
      "Linear cannot take this dict:\n  missing: 'bias'\n  unexpected: 'more'",
    );
    assertEquals(two.loadStateDict(other, { strict: false }), {
      missingKeys: ["bias"],
      unexpectedKeys: ["more"],
    });
    const wrong = { weight: torch.zeros([3, 2]), bias: 1 as unknown as T };
    assertThrows(
      () => two.loadStateDict(wrong),
      TypeError,
      "'weight' has shape [1, 2] here but [3, 2] in the dict\n  'bias' must be a Tensor, but is 1",
    );
    assertEquals(two.weight.toArray(), one.weight.toArray());
  });

  test("converts the dtype of a state that it takes", () => {
    const net = new nn.Linear(1, 1);
    net.loadStateDict({
      weight: torch.tensor([[1.5]], { dtype: "float64" }),
      bias: torch.tensor([2]),
    });
    assertEquals([net.weight.dtype, net.weight.toArray(), net.bias!.toArray()], [
      "float32",
      [[1.5]],
      [2],
    ]);
  });

  test("changes mode, dtype and requiresGrad with all below", () => {
    const net = new nn.Sequential(new nn.BatchNorm1d(2), new nn.Dropout());
    assert(net.eval() === net);
    assertEquals([...net.modules()].map((one) => one.training), [false, false, false]);
    net.train();
    assertEquals([...net.modules()].map((one) => one.training), [true, true, true]);
    const { weight } = [...net.children()][0] as torch.nn.BatchNorm1d;
    net.double();
    assertEquals(Object.values(net.stateDict()).map(({ dtype }) => dtype), [
      "float64",
      "float64",
      "float64",
      "float64",
      "int64",
    ]);
    assertEquals(weight!.dtype, "float64");
    net.float().requiresGrad_(false);
    assertEquals([...net.parameters()].map((one) => one.requiresGrad), [false, false]);
    assertThrows(() => net.train(1 as never), TypeError, "must be a boolean");
    assertThrows(() => net.to({ dtype: "x" as never }), TypeError);
  });

  test("keeps gradients when it changes dtype", () => {
    const net = new nn.Linear(1, 1);
    net(torch.ones([1, 1])).sum().backward();
    net.double();
    assertEquals([net.weight.grad!.dtype, net.weight.grad!.toArray()], ["float64", [[1]]]);
  });

  test("applies a function to all below and then itself", () => {
    const seen: string[] = [];
    new nn.Sequential(new nn.ReLU(), new nn.Sequential(new nn.Flatten())).apply((one) =>
      void seen.push(one.typeName())
    );
    assertEquals(seen, ["ReLU", "Flatten", "Sequential", "Sequential"]);
  });

  test("runs hooks around forward, which may change what goes in and comes out", () => {
    const net = new nn.ReLU();
    const seen: string[] = [];
    const removePre = net.registerForwardPreHook((_, [x]) => {
      seen.push("pre");
      return [x.neg()];
    });
    const remove = net.registerForwardHook((module, [x], output) => {
      seen.push(`post ${module === net} ${x.item()}`);
      return output.add(1);
    });
    using x = torch.tensor([-2], { dtype: "float32" });
    assertEquals(net(x).toArray(), [3]);
    removePre();
    assertEquals(net(x).toArray(), [1]);
    remove();
    remove();
    assertEquals(net(x).toArray(), [0]);
    assertEquals(seen, ["pre", "post true 2", "post true -2"]);
    assertThrows(
      () => net.registerForwardHook(1 as never),
      TypeError,
      "must be a function, but got 1",
    );
  });

  test("says what is wrong with names, parameters and a missing forward", () => {
    class Empty extends nn.Module {}
    const net = new Empty();
    assertThrows(() => net(), TypeError, "Empty has no forward()");
    assertThrows(() => net.registerParameter("a.b", null), TypeError, "without dots");
    assertThrows(() => net.registerParameter("", null), TypeError, "without dots");
    assertThrows(
      () => net.registerParameter("forward", null),
      TypeError,
      "has a member 'forward' already",
    );
    assertThrows(
      () => net.registerParameter("w", torch.ones([1]) as never),
      TypeError,
      "must be a Parameter or null",
    );
    assertThrows(() => net.registerModule("m", 1 as never), TypeError, "must be a Module");
    assertThrows(() => net.registerBuffer("b", 1 as never), TypeError);
    net.registerParameter("none", null);
    assertEquals([Object.keys(net.stateDict()), (net as unknown as { none: null }).none], [
      [],
      null,
    ]);
    assertEquals(String(net), "Empty()");
  });

  test("passes on what forward throws", () => {
    const thrown = new Error("mine");
    class Throws extends nn.Module {
      override forward(): never {
        throw thrown;
      }
    }
    let caught: unknown;
    try {
      new Throws()();
    } catch (error) {
      caught = error;
    }
    assertStrictEquals(caught, thrown);
  });
});

describe("A parameter", () => {
  test("shares memory with its data, and takes gradients unless it is told not to", () => {
    const data = torch.tensor([1, 2], { dtype: "float32" });
    const parameter = new nn.Parameter(data);
    data.add_(1);
    assertEquals([parameter.toArray(), parameter.requiresGrad, parameter.isLeaf], [
      [2, 3],
      true,
      true,
    ]);
    assertEquals(new nn.Parameter(data, false).requiresGrad, false);
    assertEquals(String(new nn.Parameter(data, false)), "Parameter containing:\ntensor([2., 3.])");
    assert(parameter instanceof torch.Tensor);
    assertThrows(() => new nn.Parameter([1] as never), TypeError, "'data' must be a Tensor");
    assertThrows(() => new nn.Parameter(torch.tensor([1])), TorchError, "floating point");
  });
});

describe("Layers refuse", () => {
  const cases: [() => unknown, string][] = [
    [
      () => new nn.Linear(-1, 2),
      "nn.Linear: argument 'inFeatures' must be an integer of at least 0, but got -1",
    ],
    [() => new nn.Linear(1.5, 2), "but got 1.5"],
    [
      () => new nn.Linear(1, "2" as never),
      "'outFeatures' must be an integer of at least 0, but got \"2\"",
    ],
    [
      () => new nn.Conv2d(4, 6, 3, { groups: 3 }),
      "argument 'groups' must be a divisor of inChannels (4) and outChannels (6), but got 3",
    ],
    [() => new nn.Conv2d(4, 6, [1, 2, 3] as never), "'kernelSize' must have 2 elements"],
    [
      () => new nn.Conv2d(4, 6, 3, { padding: "same", stride: 2 }),
      "argument 'stride' must be made of ones where padding is \"same\"",
    ],
    [() => new nn.Dropout(1.5), "'p' must be a probability from 0 to 1, but got 1.5"],
    [() => new nn.Dropout(NaN), "but got NaN"],
    [
      () => new nn.BatchNorm1d(2)(torch.zeros([2])),
      "must have 2 or 3 dimensions, but its shape is [2]",
    ],
    [() => new nn.BatchNorm2d(2)(torch.zeros([2, 2])), "must have 4 dimensions"],
    [
      () => new nn.BatchNorm1d(2)(torch.zeros([1, 2])),
      "more than one value a channel when training",
    ],
  ];
  for (const [run, message] of cases) {
    test(message, () => void assertThrows(run, RangeError, message));
  }

  test("a padding mode that there is not", () => {
    assertThrows(
      () => new nn.Conv2d(1, 1, 1, { paddingMode: "mirror" as never }),
      TypeError,
      'but got "mirror"',
    );
  });

  test("an input of the wrong shape, by LibTorch's words", () => {
    assertThrows(() => new nn.Linear(3, 1)(torch.zeros([2, 4])), TorchError, "2x4 and 3x1");
    assertThrows(() => new nn.Conv2d(3, 1, 1)(torch.zeros([1, 2, 4, 4])), TorchError, "channels");
  });

  test("what is no tensor", () => {
    assertThrows(() => new nn.ReLU()(1 as never), TypeError, "must be a Tensor");
    assertThrows(() => new nn.Linear(1, 1)(undefined as never), TypeError);
  });
});

describe("Dropout", () => {
  test("zeroes about p of the elements and scales the others while training", () => {
    torch.manualSeed(0);
    const layer = new nn.Dropout(0.25);
    using x = torch.ones([10_000]);
    const values = layer(x).toArray() as number[];
    const zeros = values.filter((value) => value === 0).length;
    assert(zeros > 2300 && zeros < 2700, `${zeros} zeros`);
    assert(values.every((value) => value === 0 || Math.abs(value - 4 / 3) < 1e-6));
    assertEquals(layer.eval()(x).toArray(), x.toArray());
  });
});
