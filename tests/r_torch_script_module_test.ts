// The tests of R's torch (mlverse/torch, tests/testthat/test-script_module.R), by their numbers in the order of that file.
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

const { jit, nn } = torch;
type T = torch.Tensor;

/** In place of R's asset linear.pt: a linear layer of 10 by 10 from a file. */
function loaded(): torch.jit.LoadedModule {
  return jit.deserialize(jit.serialize(jit.trace(new nn.Linear(10, 10), [torch.randn([10, 10])])));
}

function names(entries: Iterable<[string, unknown]>): string[] {
  return [...entries].map(([name]) => name);
}

describe("R's test-script_module.R", () => {
  test("S1 script module parameters", () => {
    const module = loaded();
    assertEquals(names(module.namedParameters()), ["weight", "bias"]);
    assertEquals([...module.parameters()].map((one) => one.shape), [[10, 10], [10]]);
  });

  test("S2 script module is callable", () => {
    assertInstanceOf(loaded()(torch.randn([10, 10])), torch.Tensor);
  });

  test("S3 parameters can be modified in place", () => {
    const module = loaded();
    const [weight] = [...module.parameters()];
    torch.noGrad(() => void weight!.zero_());
    assertEquals([...module.parameters()][0]!.abs().sum().item(), 0);
    assertEquals(module.weight.abs().sum().item(), 0);
  });

  test("S4 train works", () => {
    const module = loaded();
    for (const mode of [true, false, true]) {
      module.train(mode);
      assertEquals(module.training, mode);
    }
  });

  test("S5 can register parameters", () => {
    const module = loaded();
    module.registerParameter("hello", new nn.Parameter(torch.ones([1])));
    assertEquals(names(module.namedParameters()), ["weight", "bias", "hello"]);
  });

  test("S6 can register buffers", () => {
    const module = loaded();
    assertEquals([...module.buffers()].length, 0);
    module.registerBuffer("hello", torch.tensor([1]));
    assertEquals(names(module.namedBuffers()), ["hello"]);
    assertEquals(module.hello.item(), 1);
  });

  test("S7 can move to device", {
    skip: "R moves to CUDA, which the CPU's LibTorch has not",
  }, () => {});

  test("S7 can move to the device that every machine has, and to another dtype", () => {
    const module = loaded().to({ device: "cpu", dtype: "float64" });
    assertEquals([module.weight.device, module.bias.device], ["cpu", "cpu"]);
    assertEquals([module.weight.dtype, module.bias.dtype], ["float64", "float64"]);
    assertThrows(() => module.to({ device: "nowhere" }), torch.TorchError, "nowhere");
  });

  test("S8 can retrieve modules", () => {
    const module = loaded();
    const modules = [...module.modules()];
    assertEquals(modules.length, 1);
    const x = torch.randn([10, 10]);
    assert(torch.equal(modules[0]!(x) as T, module(x)));
  });

  test("S9 can apply a function to all parameters", () => {
    const module = loaded();
    torch.noGrad(() =>
      module.apply((one) => {
        for (const parameter of one.parameters()) parameter.zero_();
      })
    );
    for (const parameter of module.parameters()) assertEquals(parameter.abs().sum().item(), 0);
  });

  test("S10 state dict", () => {
    const module = loaded();
    const dict = module.stateDict();
    assertEquals(Object.keys(dict), ["weight", "bias"]);
    dict.weight = torch.ones([10, 10]);
    module.loadStateDict(dict);
    assert(torch.equal(module.weight, torch.ones([10, 10])));
  });

  test("S11 can print the graph", () => {
    const text = String(loaded().graph);
    assertMatch(text, /^graph\(%self(\.\d+)? : __torch__\./);
    assertStringIncludes(text, 'prim::GetAttr[name="bias"](%self');
    assertStringIncludes(text, 'prim::GetAttr[name="weight"](%self');
    assertStringIncludes(text, "aten::linear(");
  });

  test("S12 graph_for", () => {
    const text = String(loaded().method("forward").graphFor(torch.randn([10, 10])));
    assertMatch(text, /^graph\(%self(\.\d+)? : __torch__\./);
    assertStringIncludes(text, "aten::linear(");
  });
});
