import { describe, test } from "node:test";
import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
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

describe("new, on a class that is but the base of others, is refused with their names", () => {
  const { nn, optim } = torch as Anything;
  const bases: [string, Anything, string][] = [
    ["nn.AvgPool", nn.AvgPool, "nn.AvgPool2d"],
    ["nn.MaxPool", nn.MaxPool, "nn.MaxPool2d"],
    ["nn.LPPool", nn.LPPool, "nn.LPPool2d"],
    ["nn.FractionalMaxPool", nn.FractionalMaxPool, "nn.FractionalMaxPool2d"],
    ["nn.MaxUnpool", nn.MaxUnpool, "nn.MaxUnpool2d"],
    ["nn.AdaptivePool", nn.AdaptivePool, "nn.AdaptiveAvgPool2d"],
    ["nn.BatchNorm", nn.BatchNorm, "nn.BatchNorm2d"],
    ["nn.InstanceNorm", nn.InstanceNorm, "nn.InstanceNorm2d"],
    ["nn.RunningNorm", nn.RunningNorm, "nn.BatchNorm2d"],
    ["nn.Convolution", nn.Convolution, "nn.Conv2d"],
    ["nn.Dropping", nn.Dropping, "nn.Dropout"],
    ["nn.Padding", nn.Padding, "nn.ZeroPad2d"],
    ["nn.ConstantPadding", nn.ConstantPadding, "nn.ConstantPad2d"],
    ["nn.RNNBase", nn.RNNBase, "nn.LSTM"],
    ["nn.RNNCellBase", nn.RNNCellBase, "nn.LSTMCell"],
    ["nn.ParameterContainer", nn.ParameterContainer, "nn.ParameterList"],
    ["optim.Optimizer", optim.Optimizer, "optim.SGD"],
    ["optim.lrScheduler.LRScheduler", optim.lrScheduler.LRScheduler, "StepLR"],
    ["optim.lrScheduler.FunctionLR", optim.lrScheduler.FunctionLR, "LambdaLR"],
  ];
  for (const [name, Class, other] of bases) {
    test(name, () => {
      for (const args of nonsense) {
        const { message } = assertThrows(() => new Class(...args), TypeError, `${name}(): `);
        assertStringIncludes(message, other);
      }
    });
  }

  test("but a class that extends it is made", () => {
    class OfOne extends nn.AvgPool {
      constructor() {
        super("OfOne", 1, [2]);
      }
    }
    assertEquals((new OfOne() as Anything).kernelSize, [2]);
  });
});
