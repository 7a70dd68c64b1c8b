/** Ops on tensors that have nothing to do with autograd go past it: what comes of them is an ordinary tensor all the same. */
import { describe, test } from "node:test";
import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import * as torch from "../mod.ts";
import { balanced } from "./support/balance.ts";

type Numbers = number | Numbers[];

function tensor(values: Numbers, options: { requiresGrad?: boolean } = {}): torch.Tensor {
  return torch.tensor(values as number[], { dtype: "float32", ...options });
}

function scoped(name: string, body: () => void): void {
  test(name, () => balanced(() => torch.scope(body)));
}

describe("the result of an op on plain tensors", () => {
  scoped("can require gradients later", () => {
    const y = tensor([1, 2]).add(tensor([1, 1])).requiresGrad_();
    y.mul(y).sum().backward();
    assertEquals(y.grad!.toArray(), [4, 6]);
    assert(y.isLeaf && y.gradFn === null);
  });

  scoped("is seen to change after it was saved", () => {
    const w = tensor([1, 2], { requiresGrad: true });
    const y = tensor([0, 1]).exp();
    const z = w.mul(y);
    y.add_(1);
    assertThrows(() => z.sum().backward(), Error, "modified by an inplace operation");
  });

  scoped("has views that autograd follows", () => {
    const y = torch.ones([2, 3]).mul(2);
    const row = y.select(0, 1);
    row.mul_(tensor([1, 2, 3], { requiresGrad: true }));
    assert(y.requiresGrad);
    assertEquals(y.detach().toArray(), [[2, 2, 2], [2, 4, 6]]);
  });

  scoped("is batched within vmap, and differentiated within grad", () => {
    const x = tensor([[1, 2], [3, 4]]);
    const one = tensor([1, 1]);
    assertEquals(torch.func.vmap((row: torch.Tensor) => row.add(one.add(one)))(x).toArray(), [
      [3, 4],
      [5, 6],
    ]);
    const slope = torch.func.grad((v: torch.Tensor) => v.mul(v).sum())(tensor([1, 2]));
    assertEquals(slope.toArray(), [2, 4]);
  });

  scoped("carries a tangent within jvp", () => {
    const [value, tangent] = torch.func.jvp((v: torch.Tensor) => v.exp(), [tensor([0])], [
      tensor([2]),
    ]) as [torch.Tensor, torch.Tensor];
    assertAlmostEquals(Number(value.item()), 1, 1e-6);
    assertAlmostEquals(Number(tangent.item()), 2, 1e-6);
  });

  scoped("is an inference tensor in inference mode only", () => {
    const inside = torch.inferenceMode(() => tensor([1]).add(1));
    assert(inside.isInference());
    assert(!tensor([1]).add(1).isInference());
  });
});
