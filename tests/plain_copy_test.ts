/** `copy_` between tensors that have nothing to do with autograd goes past LibTorch's dispatcher: what sees ops sees it all the same. */
import { describe, test } from "node:test";
import { assert, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import * as torch from "../mod.ts";
import { balanced } from "./support/balance.ts";
import { program } from "./support/program.ts";

function tensor(values: number[], options: { requiresGrad?: boolean } = {}): torch.Tensor {
  return torch.tensor(values, { dtype: "float32", ...options });
}

function scoped(name: string, body: () => void): void {
  test(name, () => balanced(() => torch.scope(body)));
}

describe("copy_", () => {
  scoped("gives back its tensor, with the other's numbers", () => {
    const x = torch.zeros([2, 2]);
    assert(x.copy_(tensor([1, 2, 3, 4]).view([2, 2])) === x);
    assertEquals(x.toArray(), [[1, 2], [3, 4]]);
    assertEquals(torch.zeros([0]).copy_(torch.ones([0])).toArray(), []);
    assertEquals(torch.zeros([]).copy_(torch.tensor(3)).item(), 3);
  });

  scoped("writes to a part of a tensor, and of a TypedArray, and nowhere else", () => {
    const array = new Float32Array(6).fill(9);
    torch.fromTypedArray(array).narrow(0, 2, 3).copy_(tensor([1, 2, 3]));
    assertEquals([...array], [9, 9, 1, 2, 3, 9]);
    const x = torch.full([3, 2], 9, { dtype: "float32" });
    x.select(0, 1).copy_(torch.fromTypedArray(array).narrow(0, 3, 2));
    assertEquals(x.toArray(), [[9, 9], [2, 3], [9, 9]]);
  });

  scoped("converts and broadcasts", () => {
    const x = torch.zeros([2, 2]);
    x.copy_(torch.tensor([1, 2], { dtype: "int64" }));
    assertEquals(x.toArray(), [[1, 2], [1, 2]]);
    assertThrows(() => x.copy_(torch.ones([3])), Error, "copy_");
  });

  scoped("is seen to change what was saved", () => {
    const w = tensor([1, 2], { requiresGrad: true });
    const y = tensor([3, 4]);
    const z = w.mul(y);
    y.copy_(tensor([5, 6]));
    assertThrows(() => z.sum().backward(), Error, "modified by an inplace operation");
  });

  scoped("is followed by gradients where either side has them", () => {
    const w = tensor([1, 2], { requiresGrad: true });
    const x = torch.zeros([2]);
    x.copy_(w);
    assert(x.requiresGrad);
    x.mul(tensor([3, 4])).sum().backward();
    assertEquals(w.grad!.toArray(), [3, 4]);
    assertThrows(() => w.copy_(tensor([0, 0])), Error, "leaf");
  });

  scoped("within itself is refused where the parts overlap", () => {
    const x = tensor([1, 2, 3, 4]);
    assertThrows(() => x.narrow(0, 0, 3).copy_(x.narrow(0, 1, 3)), Error, "memory location");
    x.narrow(0, 0, 2).copy_(x.narrow(0, 2, 2));
    x.copy_(x);
    assertEquals(x.toArray(), [3, 4, 3, 4]);
  });

  scoped("is recorded by a trace and by the profiler", () => {
    const traced = torch.jit.trace((x: torch.Tensor) => torch.zeros([2]).copy_(x).add(1), [
      tensor([1, 2]),
    ]);
    assertEquals((traced(tensor([5, 6])) as torch.Tensor).toArray(), [6, 7]);
    traced.dispose();
    const profile = torch.profiler.profile(() => torch.zeros([2]).copy_(tensor([1, 2])));
    assert(profile.events.some(({ name }) => name === "aten::copy_"));
  });

  scoped("is batched within vmap, and carries a tangent within jvp", () => {
    const copied = (x: torch.Tensor) => torch.zerosLike(x).copy_(x).mul(2);
    assertEquals(torch.func.vmap(copied)(tensor([1, 2])).toArray(), [2, 4]);
    const [, tangent] = torch.func.jvp(copied, [tensor([1])], [tensor([3])]) as torch.Tensor[];
    assertEquals(tangent!.item(), 6);
  });

  test("is refused on inference tensors, even where the first op ran in inference mode", async () => {
    const ended = await program(`
import * as torch from MOD;
const inside = (fn) => torch.inferenceMode(fn);
const [x, y] = [inside(() => torch.ones([2]).add(torch.ones([2]))), inside(() => torch.zeros([2]))];
try {
  x.copy_(y);
} catch (error) {
  console.log(error.message);
}
console.log(torch.zeros([2]).copy_(torch.ones([2])).toArray());
`);
    assertEquals(ended.code, 0, ended.stderr);
    assertStringIncludes(ended.stdout, "Inplace update to inference tensor outside InferenceMode");
    assertStringIncludes(ended.stdout, "[ 1, 1 ]");
  });
});
