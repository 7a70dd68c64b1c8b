import { describe, test } from "node:test";
import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import * as torch from "../mod.ts";
import { folder } from "./support/program.ts";

const { nn } = torch;
type Tensor = torch.Tensor;

/** Counts its calls, which it keeps in its state dict. */
class Counter extends nn.Module<[Tensor], Tensor> {
  calls = 0;
  weight = new nn.Parameter(torch.ones([1]));
  override forward(x: Tensor): Tensor {
    this.calls++;
    return x.mul(this.weight);
  }
  override getExtraState(): unknown {
    return { calls: this.calls };
  }
  override setExtraState(state: unknown): void {
    this.calls = (state as { calls: number }).calls;
  }
}

describe("getExtraState() and setExtraState()", () => {
  test("carry what is no tensor through a state dict and a file", () => {
    using here = folder();
    const net = new nn.Sequential(new Counter(), new nn.Linear(1, 1));
    net(torch.ones([1]));
    const dict = net.stateDict();
    assertEquals(Object.keys(dict), ["0.weight", "0._extra_state", "1.weight", "1.bias"]);
    torch.io.save(dict, here.file("net.pt"));
    const other = new nn.Sequential(new Counter(), new nn.Linear(1, 1));
    const found = other.loadStateDict(torch.io.load(here.file("net.pt")) as typeof dict);
    assertEquals(found, { missingKeys: [], unexpectedKeys: [] });
    assertEquals((other.at(0) as Counter).calls, 1);
  });

  test("are missed and refused as tensors are", () => {
    const net = new Counter();
    const { weight } = net.stateDict();
    const missing = assertThrows(() => net.loadStateDict({ weight: weight! }), TypeError);
    assertStringIncludes(missing.message, "missing: '_extra_state'");
    assertEquals(net.loadStateDict({ weight: weight! }, { strict: false }).missingKeys, [
      "_extra_state",
    ]);
    const plain = new nn.Linear(1, 1);
    const dict = { ...plain.stateDict(), _extra_state: 3 as never };
    assertThrows(() => plain.loadStateDict(dict), TypeError, "unexpected: '_extra_state'");
    class Half extends nn.Module {
      override getExtraState(): unknown {
        return 1;
      }
    }
    const half = new Half();
    assertThrows(() => half.loadStateDict(half.stateDict()), TypeError, "setExtraState()");
  });
});

describe("Hooks on all modules", () => {
  test("come before a module's own, see and change arguments and outputs, and go", () => {
    const log: string[] = [];
    const net = new nn.Sequential(new nn.ReLU(), new nn.Tanh());
    net.at(0).registerForwardPreHook(() => void log.push("own pre"));
    net.at(0).registerForwardHook(() => void log.push("own post"));
    const removals = [
      nn.registerModuleForwardPreHook((module) => void log.push(`pre ${module.typeName()}`)),
      nn.registerModuleForwardHook((module) => void log.push(`post ${module.typeName()}`)),
    ];
    net(torch.ones([1]));
    assertEquals(log, [
      ...["pre Sequential", "pre ReLU", "own pre", "post ReLU", "own post"],
      ...["pre Tanh", "post Tanh", "post Sequential"],
    ]);
    for (const remove of removals) remove();
    for (const remove of removals) remove();
    log.length = 0;
    net(torch.ones([1]));
    assertEquals(log, ["own pre", "own post"]);
    const double = nn.registerModuleForwardPreHook((_module, [x]) => [(x as Tensor).mul(2)]);
    const negate = nn.registerModuleForwardHook((_module, _args, output) =>
      (output as Tensor).neg()
    );
    try {
      assertEquals(new nn.ReLU()(torch.tensor([3, 1])).toArray(), [-6, -2]);
    } finally {
      double();
      negate();
    }
    assertEquals(new nn.ReLU()(torch.tensor([3, -1])).toArray(), [3, 0]);
    assertThrows(() => nn.registerModuleForwardHook(1 as never), TypeError, "must be a function");
  });

  test("see gradients, and are called where forward throws if they ask for it", () => {
    const log: unknown[] = [];
    const removals = [
      nn.registerModuleFullBackwardPreHook((module, [out]) =>
        void log.push(["pre", module.typeName(), out!.toArray()])
      ),
      nn.registerModuleFullBackwardHook((module, [input]) => {
        log.push(["post", module.typeName(), input!.toArray()]);
        return [input!.mul(10)];
      }),
      nn.registerModuleForwardHook((_m, _a, output) => void log.push(output === null), {
        alwaysCall: true,
      }),
    ];
    try {
      const x = torch.tensor([2, -1], { dtype: "float32", requiresGrad: true });
      new nn.ReLU()(x).sum().backward();
      assertEquals(log, [false, ["pre", "ReLU", [1, 1]], ["post", "ReLU", [1, 0]]]);
      assertEquals(x.grad!.toArray(), [10, 0]);
      log.length = 0;
      assertThrows(() => new nn.Linear(2, 2)(torch.ones([3])));
      assertEquals(log, [true]);
    } finally {
      for (const remove of removals) remove();
    }
  });
});

describe("skipInit() and toEmpty()", () => {
  test("make a module without drawing numbers, of the given dtype", () => {
    torch.manualSeed(0);
    const expected = torch.rand([1]).item();
    torch.manualSeed(0);
    const layer = nn.utils.skipInit(nn.Linear, 3, 2, { dtype: "float64" });
    const lstm = nn.utils.skipInit(nn.LSTM, 3, 2);
    assertEquals(torch.rand([1]).item(), expected);
    assertEquals([layer.weight.shape, layer.weight.dtype, layer.weight.device], [
      [2, 3],
      "float64",
      "cpu",
    ]);
    assertEquals(layer.weight.requiresGrad && layer.weight.isLeaf, true);
    assertEquals(lstm(torch.ones([1, 3]))[0].shape, [1, 2]);
    layer.loadStateDict(new nn.Linear(3, 2).stateDict());
    assertEquals(layer(torch.ones([1, 3], { dtype: "float64" })).shape, [1, 2]);
    const norm = nn.utils.skipInit(nn.BatchNorm1d, 3);
    assertEquals([norm.runningMean!.device, Object.keys(norm.stateDict()).length], ["cpu", 5]);
  });

  test("keep a parameter shared that was shared", () => {
    const net = new nn.Sequential(
      new nn.Linear(2, 2, { device: "meta" }),
      new nn.Linear(2, 2, { device: "meta" }),
    );
    (net.at(1) as torch.nn.Linear).weight = (net.at(0) as torch.nn.Linear).weight;
    net.toEmpty();
    assertEquals(
      (net.at(1) as torch.nn.Linear).weight === (net.at(0) as torch.nn.Linear).weight,
      true,
    );
    assertEquals([...net.parameters()].length, 3);
  });

  test("refuse what is not made on the device that it is told", () => {
    class Own extends nn.Module {
      weight = new nn.Parameter(torch.ones([1]));
    }
    assertThrows(() => nn.utils.skipInit(Own), TypeError, "must take 'device'");
    assertThrows(() => nn.utils.skipInit(Map as never), TypeError, "extends nn.Module");
  });
});

describe("State dicts", () => {
  test("may be a Map, for script modules too", () => {
    const net = new nn.Linear(2, 1);
    const values = new Map([["weight", torch.full([1, 2], 3)], ["bias", torch.full([1], 4)]]);
    assertEquals(net.loadStateDict(values), { missingKeys: [], unexpectedKeys: [] });
    assertEquals([net.weight.toArray(), net.bias!.toArray()], [[[3, 3]], [4]]);
    const script = torch.jit.trace(new nn.Linear(2, 1), [torch.ones([1, 2])]);
    script.loadStateDict(values);
    assertEquals(script.stateDict().weight!.toArray(), [[3, 3]]);
    assertThrows(
      () => net.loadStateDict(new Map([["weight", torch.ones([1, 2])]])),
      TypeError,
      "missing: 'bias'",
    );
  });

  test("have one element for a tensor without dimensions where PyTorch wrote them before 0.4", () => {
    class Scaled extends nn.Module {
      scale = new nn.Parameter(torch.tensor(1.5));
    }
    const net = new Scaled();
    const { scale } = net;
    net.loadStateDict({ scale: torch.tensor([2.5]) });
    assertEquals([scale.item(), scale.shape], [2.5, []]);
    net.loadStateDict({ scale: torch.tensor([3.5]) }, { assign: true });
    assertEquals([net.scale.item(), net.scale.shape], [3.5, []]);
    assertThrows(
      () => net.loadStateDict({ scale: torch.tensor([2.5, 1.5]) }),
      TypeError,
      "'scale' has shape [] here but [2] in the dict",
    );
    const norm = new nn.BatchNorm1d(1);
    norm.loadStateDict({ ...norm.stateDict(), num_batches_tracked: torch.tensor([5]) });
    assertEquals(norm.num_batches_tracked!.item(), 5);
  });
});
