import { describe, test } from "node:test";
import { assert, assertEquals, assertThrows } from "@std/assert";
import * as torch from "../mod.ts";

const { jit, nn, TorchError } = torch;
const x = torch.ones([2]);

describe("In source, torch", () => {
  test("has jit.fork, jit.wait and jit.annotate", () => {
    const { f } = jit.compile(`
def g(x: Tensor, n: int):
    return x + n
def f(x: Tensor):
    a = torch.jit.fork(g, x, 2)
    b = torch.jit.fork(g, x, n=3)
    sizes = torch.jit.annotate(List[int], [])
    sizes.append(4)
    return torch.jit.wait(a) * torch.jit.wait(b) * sizes[0]
`);
    assertEquals(f!(x).toArray(), [48, 48]);
    assertEquals(jit.deserialize(jit.serialize(f!))(x).toArray(), [48, 48]);
    assertThrows(
      () => jit.compile("def f(x: Tensor):\n    return torch.jit.absent(x)\n"),
      TorchError,
      "torch.jit has no 'absent'",
    );
  });

  test("has dtypes by their names", () => {
    const { f } = jit.compile(`
def f(x: Tensor):
    return x.to(torch.float64), torch.zeros([1], dtype=torch.int32), x.to(torch.bool)
`);
    const dtypes = f!(x).map((one: torch.Tensor) => one.dtype);
    assertEquals(dtypes, ["float64", "int32", "bool"]);
  });

  test("has the ops of every library that is loaded, and names the one that is missing", () => {
    const { f } = jit.compile("def f(x: Tensor):\n    return torch.ops.aten.neg(x)\n");
    assertEquals(f!(x).toArray(), [-1, -1]);
    const source = "def f(x: Tensor):\n    return torch.ops.torchvision.nms(x, x, 0.5)\n";
    const error = assertThrows(() => jit.compile(source), TorchError, "torchvision::nms");
    assert(error.message.includes("jit.loadLibrary()"), error.message);
  });
});

describe("A clone of a script module", () => {
  test("has parameters that can be trained, and buffers that cannot", () => {
    const net = new nn.Sequential(new nn.Linear(2, 2), new nn.BatchNorm1d(2));
    const script = jit.trace(net, [torch.ones([3, 2])]);
    const copy = script.clone();
    assert([...copy.parameters()].every((one) => one.requiresGrad && one.isLeaf));
    assert([...copy.buffers()].every((one) => !one.requiresGrad));
    copy(torch.ones([3, 2])).sum().backward();
    assert([...copy.parameters()].every((one) => one.grad !== null));
    assert([...script.parameters()].every((one) => one.grad === null));
  });

  test("keeps which parameters are frozen", () => {
    const net = new nn.Linear(2, 2);
    net.bias!.requiresGrad = false;
    const copy = jit.trace(net, [torch.ones([1, 2])]).clone();
    assertEquals([copy.weight.requiresGrad, copy.bias.requiresGrad], [true, false]);
  });
});
