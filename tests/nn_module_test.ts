import { describe, test } from "node:test";
import { assert, assertEquals, assertStrictEquals, assertThrows } from "@std/assert";
import * as torch from "../mod.ts";
import { balanced } from "./support/balance.ts";

const { nn } = torch;
type T = torch.Tensor;

function filled(): torch.nn.Linear {
  const layer = new nn.Linear(2, 2);
  layer.loadStateDict({
    weight: torch.tensor([[1, 2], [3, 4]]),
    bias: torch.zeros([2]),
  });
  return layer;
}

describe("Forward hooks", () => {
  test("run in order, those that are prepended first, and stop when they are removed", () => {
    const net = new nn.Identity();
    const seen: string[] = [];
    const note = (what: string) => () => void seen.push(what);
    net.registerForwardHook(note("after 1"));
    const remove = net.registerForwardHook(note("after 0"), { prepend: true });
    net.registerForwardPreHook(note("before 1"));
    net.registerForwardPreHook(note("before 0"), { prepend: true });
    using x = torch.zeros([1]);
    net(x);
    assertEquals(seen, ["before 0", "before 1", "after 0", "after 1"]);
    remove();
    seen.length = 0;
    net(x);
    assertEquals(seen, ["before 0", "before 1", "after 1"]);
  });

  test("may remove themselves and add others while they run", () => {
    const net = new nn.Identity();
    let count = 0;
    const remove = net.registerForwardHook(() => {
      remove();
      net.registerForwardHook(() => void count++);
    });
    using x = torch.zeros([1]);
    net(x);
    assertEquals(count, 0);
    net(x);
    assertEquals(count, 1);
  });

  test("that are to be called always are called when forward throws, once", () => {
    class Broken extends nn.Module<[T], T> {
      override forward(): T {
        throw new Error("mine");
      }
    }
    const net = new Broken();
    const seen: unknown[] = [];
    net.registerForwardHook((_, __, output) => void seen.push(output), { alwaysCall: true });
    net.registerForwardHook(() => void seen.push("never"));
    using x = torch.zeros([1]);
    assertThrows(() => net(x), Error, "mine");
    assertEquals(seen, [null]);
  });
});

describe("Backward hooks", () => {
  test("see the gradients of inputs and outputs, and replace them", () => {
    const net = filled();
    const seen: unknown[] = [];
    net.registerFullBackwardPreHook((module, [gradient]) => {
      assertStrictEquals(module, net);
      seen.push(gradient!.toArray());
      return [gradient!.mul(3)];
    });
    const remove = net.registerFullBackwardHook((_, [input], [output]) => {
      seen.push(input!.toArray(), output!.toArray());
      return [input!.add(100)];
    });
    using x = torch.ones([1, 2], { requiresGrad: true });
    net(x).sum().backward();
    // d/dx of the sum is the sum of the weight's rows; three times that, and 100 more.
    assertEquals(seen, [[[1, 1]], [[12, 18]], [[3, 3]]]);
    assertEquals(x.grad!.toArray(), [[112, 118]]);
    assertEquals(net.weight.grad!.toArray(), [[3, 3], [3, 3]]);
    remove();
    x.grad = null;
    net(x).sum().backward();
    assertEquals(x.grad!.toArray(), [[12, 18]]);
  });

  test("get null for what is no tensor, and for inputs without gradients", () => {
    class Scaled extends nn.Module<[T, number], T> {
      override forward(x: T, factor: number): T {
        return x.mul(factor);
      }
    }
    const net = new Scaled();
    const seen: unknown[] = [];
    net.registerFullBackwardHook((_, inputs) =>
      void seen.push(inputs.map((one) => one?.toArray() ?? null))
    );
    net(torch.ones([1], { requiresGrad: true }), 4).backward();
    assertEquals(seen, [[[4], null]]);
    const layer = filled();
    layer.registerFullBackwardHook((_, inputs, [output]) =>
      void seen.push([inputs, output!.toArray()])
    );
    layer(torch.ones([1, 2])).sum().backward();
    assertEquals(seen.at(-1), [[null], [[1, 1]]]);
  });

  test("must return as many gradients as they got", () => {
    const net = filled();
    net.registerFullBackwardHook(() => []);
    using x = torch.ones([1, 2], { requiresGrad: true });
    const error = assertThrows(() => net(x).sum().backward());
    assert(error.message.includes("nothing or 1 gradients, but it returned 0"), error.message);
  });

  test("do nothing without gradients", () => {
    const net = filled();
    net.registerFullBackwardHook(() => {
      throw new Error("never");
    });
    using x = torch.ones([1, 2], { requiresGrad: true });
    assertEquals(torch.noGrad(() => net(x)).toArray(), [[3, 7]]);
  });
});

describe("State dicts", () => {
  test("run hooks when they are saved and loaded", () => {
    const net = new nn.Sequential(new nn.Linear(1, 1), new nn.Linear(1, 1));
    const second = net.at(1);
    second.registerStateDictPostHook((_, dict, prefix) => {
      dict[`${prefix}extra`] = torch.tensor([5]);
    });
    const keys = Object.keys(net.stateDict());
    assertEquals(keys, ["0.weight", "0.bias", "1.weight", "1.bias", "1.extra"]);
    second.registerLoadStateDictPreHook((_, dict, prefix) => {
      assertEquals(prefix, "1.");
      delete dict[`${prefix}extra`];
    });
    const dict = net.stateDict();
    assertEquals(net.loadStateDict(dict), { missingKeys: [], unexpectedKeys: [] });
    assert("1.extra" in dict, "the user's own dict stays");
  });

  test("may be judged by a hook, which takes keys out of the lists", () => {
    const net = new nn.Linear(1, 1);
    const { weight } = net.stateDict();
    assertThrows(() => net.loadStateDict({ weight: weight! }), TypeError, "missing: 'bias'");
    net.registerLoadStateDictPostHook((_, keys) => void keys.missingKeys.splice(0));
    assertEquals(net.loadStateDict({ weight: weight! }).missingKeys, []);
  });

  test("list prefixes and the parameters themselves when asked", () => {
    const net = new nn.Linear(1, 1);
    const dict = net.stateDict({ prefix: "net.", keepVars: true });
    assertEquals(Object.keys(dict), ["net.weight", "net.bias"]);
    assertStrictEquals(dict["net.weight"], net.weight);
  });

  test("can be taken over with dtype and memory", () => {
    const net = new nn.Linear(2, 1, { bias: false }).requiresGrad_(false);
    const weight = torch.tensor([[1, 2]], { dtype: "float64" });
    net.loadStateDict({ weight }, { assign: true });
    weight.mul_(2);
    assertEquals([net.weight.dtype, net.weight.toArray(), net.weight.requiresGrad], [
      "float64",
      [[2, 4]],
      false,
    ]);
    assertThrows(
      () => new nn.ParameterList(3 as unknown as torch.Tensor[]),
      TypeError,
      "nn.ParameterList(): argument 'values' must be iterable, but got 3",
    );
    const list = new nn.ParameterList([torch.zeros([1])]);
    list.loadStateDict({ 0: torch.tensor([3], { dtype: "float64" }) }, { assign: true });
    assertEquals([list.at(0).dtype, list.at(0).requiresGrad], ["float64", true]);
    const norm = new nn.BatchNorm1d(1);
    norm.loadStateDict(norm.double().stateDict(), { assign: true });
    assertEquals(Object.keys(norm.stateDict()), [
      "weight",
      "bias",
      "running_mean",
      "running_var",
      "num_batches_tracked",
    ]);
  });

  test("of old batch normalizations lack the number of batches", () => {
    const norm = new nn.Sequential(new nn.BatchNorm1d(1));
    const { "0.num_batches_tracked": _, ...old } = norm.stateDict();
    assertEquals(norm.loadStateDict(old), { missingKeys: [], unexpectedKeys: [] });
  });

  test("report every name and shape that does not fit, a line each", () => {
    const net = new nn.Sequential({ first: new nn.Linear(2, 3), last: new nn.Linear(3, 1) });
    const dict = { "first.weight": torch.zeros([2, 3]), other: torch.zeros([1]) };
    const error = assertThrows(() => net.loadStateDict(dict), TypeError);
    assertEquals(
      error.message,
      [
        "loadStateDict(): Sequential cannot take this dict:",
        "  missing: 'first.bias', 'last.weight', 'last.bias'",
        "  unexpected: 'other'",
        "  'first.weight' has shape [3, 2] here but [2, 3] in the dict",
      ].join("\n"),
    );
  });
});

describe("Members", () => {
  const net = new nn.Sequential({
    body: new nn.Sequential(new nn.Linear(1, 1), new nn.BatchNorm1d(1)),
    head: new nn.Linear(1, 1, { bias: false }),
  });

  test("are found by dotted names", () => {
    assertStrictEquals(net.getSubmodule(""), net);
    assertEquals(net.getSubmodule("body.1").typeName(), "BatchNorm1d");
    assertEquals(net.getParameter("body.0.weight").shape, [1, 1]);
    assertEquals(net.getBuffer("body.1.running_mean").shape, [1]);
    assertThrows(() => net.getSubmodule("body.7"), TypeError, "Sequential has no '7'");
    assertThrows(() => net.getParameter("head.bias"), TypeError, "Linear has no 'bias'");
    assertThrows(() => net.getBuffer("head.weight"), TypeError, "is a parameter");
    assertThrows(() => net.getParameter("body.1.running_var"), TypeError, "is a buffer");
    assertThrows(() => net.getSubmodule(3 as never), TypeError, "must be a string");
  });

  test("are replaced by dotted names", () => {
    const own = new nn.Sequential(new nn.Sequential(new nn.ReLU()));
    own.setSubmodule("0.0", new nn.Tanh());
    own.addModule("more", new nn.ReLU());
    assertEquals(
      String(own),
      "Sequential(\n  (0): Sequential(\n    (0): Tanh()\n  )\n  (more): ReLU()\n)",
    );
  });

  test("cannot have the name of another member", () => {
    class Net extends nn.Module {}
    assertThrows(
      () => new Net().registerModule("forward", new nn.ReLU()),
      TypeError,
      "has a member 'forward' already",
    );
    const one = new Net();
    one.registerModule("layer", new nn.ReLU());
    one.registerModule("layer", new nn.Tanh());
    assertEquals([...one.children()].map(String), ["Tanh()"]);
  });

  test("are listed of one module only, or under all their names, when asked", () => {
    const shared = new nn.Linear(1, 1);
    const twice = new nn.Sequential(shared, shared);
    const names = (entries: Iterable<[string, unknown]>) => [...entries].map(([name]) => name);
    assertEquals(names(twice.namedParameters({ recurse: false })), []);
    assertEquals(names(twice.namedParameters({ removeDuplicate: false, prefix: "net" })), [
      "net.0.weight",
      "net.0.bias",
      "net.1.weight",
      "net.1.bias",
    ]);
    assertEquals(names(twice.namedModules({ removeDuplicate: false })), ["", "0", "1"]);
    assertEquals([...shared.parameters({ recurse: false })].length, 2);
  });

  test("change dtype by every form of to()", () => {
    const layer = new nn.Linear(1, 1);
    assertEquals(layer.to("float64").weight.dtype, "float64");
    assertEquals(layer.to(torch.zeros([1])).weight.dtype, "float32");
    assertEquals(layer.to("cpu", "bfloat16").weight.dtype, "bfloat16");
    assertEquals(layer.half().weight.dtype, "float16");
    assertEquals(layer.float().bfloat16().cpu().weight.dtype, "bfloat16");
    assertThrows(() => layer.to("int64"), TypeError, "floating-point or complex");
    assertThrows(() => layer.to(3 as never), TypeError, "but got 3");
  });

  test("have their gradients cleared, or set to zeros", () => {
    const layer = new nn.Linear(1, 1);
    layer(torch.ones([1, 1])).backward();
    layer.zeroGrad({ setToNone: false });
    assertEquals(layer.weight.grad!.toArray(), [[0]]);
    layer.zeroGrad();
    assertEquals(layer.weight.grad, null);
  });
});

describe("Sequential", () => {
  test("is a list of modules too", () => {
    const net = new nn.Sequential(new nn.Linear(1, 2), new nn.ReLU());
    net.append(new nn.Linear(2, 3)).extend([new nn.Tanh()]).insert(1, new nn.Dropout());
    assertEquals([...net].map((one) => one.typeName()), [
      "Linear",
      "Dropout",
      "ReLU",
      "Linear",
      "Tanh",
    ]);
    assertEquals(net.pop().typeName(), "Tanh");
    assertEquals(net.pop(1).typeName(), "Dropout");
    assertEquals([net.length, net.at(-1).typeName()], [3, "Linear"]);
    net.set(1, new nn.Sigmoid());
    assertEquals(Object.keys(net.stateDict()), ["0.weight", "0.bias", "2.weight", "2.bias"]);
    assertEquals(net.slice(1).length, 2);
    assertEquals(net.concat(net.slice(0, 1)).length, 4);
    assertEquals(net.repeat(2).length, 6);
    assertThrows(() => net.at(3), RangeError, "from -3 to 2, but got 3");
    assertThrows(() => net.at(0.5), RangeError, "but got 0.5");
    assertThrows(() => net.append(1 as never), TypeError, "must be a Module");
    assertThrows(() => net.repeat(0), RangeError, "at least 1");
  });

  test("keeps names in their order, even such as look like numbers", () => {
    const net = new nn.Sequential(new nn.ReLU());
    net.registerModule("b", new nn.ReLU());
    net.registerModule("7", new nn.ReLU());
    assertEquals([...net.namedChildren()].map(([name]) => name), ["0", "b", "7"]);
  });
});

describe("Containers", () => {
  test("of modules print as PyTorch prints them", () => {
    const list = new nn.ModuleList([
      new nn.Linear(2, 3),
      new nn.ReLU(),
      new nn.ReLU(),
      new nn.Sequential(new nn.ReLU()),
      new nn.Sequential(new nn.ReLU()),
    ]);
    assertEquals(
      String(list),
      `ModuleList(
  (0): Linear(in_features=2, out_features=3, bias=True)
  (1-2): 2 x ReLU()
  (3-4): 2 x Sequential(
    (0): ReLU()
  )
)`,
    );
    assertEquals(String(new nn.ModuleList()), "ModuleList()");
    assertEquals(
      String(new nn.ModuleDict({ b: new nn.ReLU(), a: new nn.Tanh() })),
      "ModuleDict(\n  (b): ReLU()\n  (a): Tanh()\n)",
    );
  });

  test("of parameters print as PyTorch prints them", () => {
    assertEquals(
      String(new nn.ParameterList([torch.zeros([2, 3]), torch.zeros([])])),
      `ParameterList(
    (0): Parameter containing: [torch.float32 of size 2x3]
    (1): Parameter containing: [torch.float32 of size ]
)`,
    );
    assertEquals(
      String(new nn.ParameterDict({ b: torch.zeros([2]), a: torch.ones([3]).double() })),
      `ParameterDict(
    (a): Parameter containing: [torch.DoubleTensor of size 3]
    (b): Parameter containing: [torch.FloatTensor of size 2]
)`,
    );
    class Net extends nn.Module {
      l = new nn.ModuleList([new nn.ReLU()]);
      p = new nn.ParameterList([torch.zeros([2])]);
    }
    assertEquals(
      String(new Net()),
      `Net(
  (l): ModuleList(
    (0): ReLU()
  )
  (p): ParameterList(  (0): Parameter containing: [torch.float32 of size 2])
)`,
    );
  });

  test("of modules are lists and maps", () => {
    const list = new nn.ModuleList([new nn.Linear(1, 2)]);
    list.append(new nn.Linear(2, 3)).insert(0, new nn.Linear(3, 1));
    assertEquals([...list].map((one) => one.outFeatures), [1, 2, 3]);
    assertEquals(list.slice(1).concat([list.at(0)]).at(2).outFeatures, 1);
    assertThrows(() => (list as unknown as () => void)(), TypeError, "no forward()");
    assertThrows(() => new nn.ModuleList(3 as never), TypeError, "must be a list of modules");
    const dict = new nn.ModuleDict(new Map([["z", new nn.ReLU()]]));
    dict.set("1", new nn.ReLU()).update([["y", new nn.ReLU()]]);
    assertEquals([...dict.keys()], ["z", "1", "y"]);
    assertEquals([dict.size, dict.has("z"), dict.delete("z"), dict.has("z")], [
      3,
      true,
      true,
      false,
    ]);
    assertEquals([...dict].map(([name, one]) => `${name}: ${one}`), ["1: ReLU()", "y: ReLU()"]);
    assertThrows(() => dict.get("z"), RangeError, 'no module "z"');
    assertThrows(() => dict.set("a.b", new nn.ReLU()), TypeError, "without dots");
    dict.clear();
    assertEquals([...dict.values()], []);
  });

  test("of parameters are lists and maps of what a module learns", () => {
    balanced(() => {
      using zeros = torch.zeros([2]);
      using list = new nn.ParameterList([zeros]);
      list.append(zeros).extend([]);
      assert([...list].every((one) => one instanceof nn.Parameter && one.requiresGrad));
      assertEquals([...list.namedParameters()].map(([name]) => name), ["0", "1"]);
      assertThrows(() => list.at(2), RangeError, "from -2 to 1, but got 2");
      assertThrows(() => list.append(1 as never), TypeError, "must be a Parameter or a Tensor");
      using dict = new nn.ParameterDict([["b", zeros], ["a", zeros]]);
      assertEquals([...dict.keys()], ["b", "a"]);
      dict.pop("b").dispose();
      assertEquals([dict.size, dict.has("b"), [...dict.values()].length], [1, false, 1]);
    });
  });

  test("are saved and traced under their names", () => {
    class Net extends nn.Module<[T], T> {
      layers = new nn.ModuleList([new nn.Linear(2, 2), new nn.Linear(2, 2)]);
      heads = new nn.ModuleDict({ one: new nn.Linear(2, 1) });
      scales = new nn.ParameterList([torch.ones([1]), torch.full([1], 2.5)]);
      override forward(x: T): T {
        for (const layer of this.layers) x = layer(x);
        return this.heads.get("one")(x).mul(this.scales.at(0)).add(this.scales.at(1));
      }
    }
    const net = new Net();
    using x = torch.rand([3, 2]);
    using traced = torch.jit.trace(net, [x]);
    assertEquals(traced(x).toArray(), net(x).toArray());
    assertEquals(Object.keys(traced.stateDict()), Object.keys(net.stateDict()));
    assertEquals(Object.keys(net.stateDict()).slice(-2), ["scales.0", "scales.1"]);
  });
});

describe("Layers trace, with their parameters as attributes", () => {
  const image = () => torch.rand([1, 2, 5, 5]);
  const cases: [torch.nn.AnyModule, () => T[]][] = [
    [new nn.ConvTranspose2d(2, 3, 3, { stride: 2 }), () => [image()]],
    [new nn.Conv2d(2, 3, 3, { padding: 1, paddingMode: "circular" }), () => [image()]],
    [new nn.LayerNorm([5, 5]), () => [image()]],
    [new nn.GroupNorm(2, 2), () => [image()]],
    [new nn.RMSNorm(5), () => [image()]],
    [new nn.InstanceNorm2d(2, { affine: true }), () => [image()]],
    [new nn.BatchNorm2d(2), () => [image()]],
    [new nn.LocalResponseNorm(2), () => [image()]],
    [new nn.AdaptiveAvgPool2d([2, null]), () => [image()]],
    [new nn.MaxPool2d(2), () => [image()]],
    [new nn.LPPool2d(2, 2), () => [image()]],
    [new nn.Upsample({ scaleFactor: 2, mode: "bilinear" }), () => [image()]],
    [new nn.ReflectionPad2d(1), () => [image()]],
    [new nn.PixelShuffle(1), () => [image()]],
    [new nn.Softmax2d(), () => [image()]],
    [new nn.PReLU(2), () => [image()]],
    [new nn.Bilinear(5, 5, 2), () => [image(), image()]],
    [new nn.CosineSimilarity(), () => [image(), image()]],
    [new nn.MSELoss(), () => [image(), image()]],
    [new nn.CrossEntropyLoss({ weight: torch.ones([2]) }), () => [image(), image()]],
    [new nn.TripletMarginLoss(), () => [image(), image(), image()]],
    [new nn.HuberLoss({ delta: 0.5 }), () => [image(), image()]],
  ];
  for (const [module, make] of cases) {
    test(String(module), () => {
      torch.manualSeed(0);
      using traced = torch.jit.trace(module, make());
      const inputs = make();
      assertEquals(Object.keys(traced.stateDict()), Object.keys(module.stateDict()));
      assertEquals(traced(...inputs).toArray(), (module(...inputs) as T).toArray());
    });
  }
});

describe("Layers with options of their kind", () => {
  test("pooling gives indices when asked, and unpooling takes them", () => {
    const pool = new nn.MaxPool2d<torch.nn.functional.Pooled>(2, { returnIndices: true });
    using x = torch.tensor([[[[1.5, 2], [3, 4]]]]);
    const [values, indices] = pool(x);
    assertEquals([values.toArray(), indices.toArray()], [[[[[4]]]], [[[[3]]]]]);
    assertEquals(new nn.MaxUnpool2d(2)(values, indices).toArray(), [[[[0, 0], [0, 4]]]]);
  });

  test("a transposed convolution refuses a size that its stride does not reach", () => {
    const layer = new nn.ConvTranspose1d(1, 1, 3, { stride: 2 });
    using x = torch.zeros([1, 1, 4]);
    assertEquals(layer(x, [1, 1, 10]).shape, [1, 1, 10]);
    assertThrows(() => layer(x, [11]), RangeError, "must be from 9 to 10, but got 11");
    assertThrows(() => layer(x, [1, 10]), RangeError, "must have 1 or 3 elements, but has 2");
  });

  test("arguments are checked by name", () => {
    const cases: [() => unknown, string][] = [
      [() => new nn.ELU("1" as never), "nn.ELU(): argument 'alpha' must be"],
      [() => new nn.Softmax({ dims: 1 } as never), "nn.Softmax(): unknown option 'dims'"],
      [() => new nn.MaxPool2d([1, 2, 3]), "'kernelSize' must have 2 elements, but got 3"],
      [() => new nn.Hardtanh(2, 1), "'maxVal' must be above minVal (2), but got 1"],
      [() => new nn.GroupNorm(3, 4), "'numGroups' must be a divisor of numChannels (4)"],
      [() => new nn.MSELoss({ reduction: "max" as never }), "'reduction' must be one of"],
      [() => new nn.MultiMarginLoss({ p: 3 }), "'p' must be 1 or 2, but got 3"],
      [() => new nn.FractionalMaxPool2d(2, {}), "needs option 'outputSize' or 'outputRatio'"],
      [() => new nn.Conv1d(2, 2, 3, { stride: -1 }), "'stride' must be not negative"],
      [() => new nn.ConvTranspose2d(2, 2, 3, { paddingMode: "reflect" as never }), "zeros"],
      [() => new nn.CrossEntropyLoss({ weight: [1] as never }), "'weight' must be a Tensor"],
      [() => new nn.Unflatten(0, "2" as never), "'unflattenedSize'"],
      [() => new nn.AdaptiveLogSoftmaxWithLoss(4, 8, [4, 2]), "'cutoffs' must be integers"],
      [() => new nn.InstanceNorm1d(2)(torch.zeros([2])), "must have 2 or 3 dimensions"],
      [() => new nn.TripletMarginLoss({ margin: 0 }), "'margin' must be above 0"],
    ];
    for (const [run, message] of cases) {
      const error = assertThrows(run);
      assert(error instanceof TypeError || error instanceof RangeError, error.name);
      assert(error.message.includes(message), error.message);
    }
  });

  test("activations change their input itself when told to", () => {
    balanced(() => {
      using x = torch.tensor([-1, 2], { dtype: "float32" });
      const layer = new nn.LeakyReLU(0.5, { inplace: true });
      assertStrictEquals(layer(x), x);
      assertEquals(x.toArray(), [-0.5, 2]);
      assertThrows(
        () => nn.functional.relu(x, 1 as never),
        TypeError,
        "'inplace' must be a boolean",
      );
      assertThrows(() => nn.functional.silu(x, { inPlace: true } as never), TypeError);
    });
  });

  test("an adaptive softmax gives the log probabilities of all classes", () => {
    torch.manualSeed(0);
    const layer = new nn.AdaptiveLogSoftmaxWithLoss(4, 10, [3, 6]);
    using x = torch.randn([5, 4]);
    const target = torch.tensor([0, 4, 9, 2, 7]);
    const all = layer.logProb(x);
    const { output, loss } = layer(x, target);
    // Probabilities add up to 1, and each output is that of its class.
    assert(torch.allclose(all.exp().sum(1), torch.ones([5])));
    assert(torch.allclose(all.gather(1, target.unsqueeze(1)).squeeze(1), output));
    assert(torch.allclose(output.mean().neg(), loss));
    assertEquals(layer.predict(x).toArray(), all.argmax(1).toArray());
    assertThrows(() => layer(x, torch.tensor([0, 4, 10, 2, 7])), RangeError, "from 0 to 9");
    assertThrows(() => layer(x, torch.zeros([5, 1])), RangeError, "have the shapes");
  });
});
