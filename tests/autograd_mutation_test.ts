import { describe, test } from "node:test";
import { assertEquals, assertThrows } from "@std/assert";
import * as torch from "../mod.ts";
import { balanced } from "./support/balance.ts";

const { autograd } = torch;
const allow = autograd.graph.allowMutationOnSavedTensors;

const leaf = (...values: number[]) =>
  torch.tensor(values, { dtype: "float64", requiresGrad: true });

describe("allowMutationOnSavedTensors()", () => {
  // Each changes what was saved in another way; the derivative of the sum of squares is twice the value.
  const changes: Record<string, (b: torch.Tensor) => void> = {
    "an op in place": (b) => void b.sin_(),
    "a view of a part, which PyTorch does not see": (b) => void b.narrow(0, 1, 1).mul_(100),
    "a view of the whole": (b) => void b.view([1, -1]).fill_(7),
    "a detached tensor": (b) => void b.detach().zero_(),
    "copy_": (b) => void torch.noGrad(() => b.copy_(torch.ones([2]))),
    "an index": (b) =>
      void b.indexPut_([torch.tensor([0])], torch.tensor([9], { dtype: "float64" })),
    "an op that is made of others": (b) => void b.square_(),
    "an op by its schema": (b) => void torch.noGrad(() => torch.jit.ops.aten!.mul_!(b, 3)),
    "a script": (b) =>
      torch.jit.compile("def f(x: Tensor):\n    x.add_(1.0)\n    return x\n").f!(b.detach()),
    "several at once": (b) => {
      const other = b.detach();
      const optimizer = new torch.optim.SGD([other.requiresGrad_()], { lr: 1 });
      other.grad = torch.ones([2], { dtype: "float64" });
      optimizer.step();
    },
    "and again": (b) => void b.add_(1).add_(1),
  };
  for (const [what, change] of Object.entries(changes)) {
    test(`computes with what was saved, after ${what}`, () => {
      const a = leaf(2, 3);
      const changed = allow(() => {
        const b = a.clone();
        const out = b.pow(2).sum();
        change(b);
        out.backward();
        return b;
      });
      assertEquals(a.grad!.toArray(), [4, 6]);
      assertEquals(torch.equal(changed, a), false);
    });
  }

  test("takes results that are saved", () => {
    const a = leaf(0, 1);
    allow(() => {
      const b = a.exp();
      b.mul_(5);
      b.sum().backward();
    });
    assertEquals(a.grad!.toArray(), [5, 5 * Math.E]);
  });

  test("of weights that an optimizer steps between forward and backward", () => {
    const model = new torch.nn.Linear(2, 2, { bias: false });
    const outer = new torch.nn.Linear(2, 1, { bias: false });
    const before = outer.weight.detach().clone();
    const x = torch.ones([1, 2]);
    allow(() => {
      const loss = outer(model(x)).sum();
      const optimizer = new torch.optim.SGD(outer.parameters(), { lr: 1 });
      outer.weight.grad = torch.ones([1, 2]);
      optimizer.step();
      loss.backward();
    });
    assertEquals(model.weight.grad!.index(":", 0).toArray(), before.flatten().toArray());
  });

  test("sees what a call of runAsync changes", async () => {
    const triple = torch.jit.compile("def f(x: Tensor):\n    return x.mul_(3.0)\n").f!;
    const a = leaf(2, 3);
    using _ = allow();
    const b = a.clone();
    const out = b.pow(2).sum();
    await triple.runAsync(b.detach());
    assertEquals(b.toArray(), [6, 9]);
    out.backward();
    assertEquals(a.grad!.toArray(), [4, 6]);
  });

  test("has derivatives of higher order", () => {
    const a = leaf(1, 2);
    allow(() => {
      const b = a.clone();
      const out = b.pow(3).sum();
      b.zero_();
      const [first] = autograd.grad(out, a, { createGraph: true });
      assertEquals(first!.toArray(), [3, 12]);
      assertEquals(autograd.grad(first!.sum(), a)[0]!.toArray(), [6, 12]);
    });
  });

  test("ends with its scope, and what was saved in it too", () => {
    const a = leaf(1, 2);
    let out: torch.Tensor;
    {
      using _ = allow();
      const b = a.clone();
      out = b.pow(2).sum();
      b.zero_();
    }
    assertThrows(
      () => out.backward(),
      torch.TorchError,
      "Trying to backward outside of the 'allowMutationOnSavedTensors' scope",
    );
    const b = a.clone();
    const other = b.pow(2).sum();
    b.zero_();
    assertThrows(() => other.backward(), torch.TorchError, "modified by an inplace operation");
    allow(() => assertThrows(() => out.backward(), torch.TorchError, "Trying to backward outside"));
  });

  test("copies only what is changed, and frees it with the graph", () => {
    balanced(() => {
      using a = leaf(1, 2);
      using _ = allow();
      using b = a.clone();
      using c = a.clone();
      using product = b.mul(c);
      using out = product.sum();
      torch.noGrad(() => b.add_(1));
      out.backward();
      using gradient = a.grad!;
      assertEquals(gradient.toArray(), [2, 4]);
      a.grad = null;
    });
  });

  test("is refused within another, within transforms, where hooks are disabled, and for async functions", () => {
    allow(() => assertThrows(() => allow(() => 1), torch.TorchError, "cannot be nested"));
    assertThrows(
      () => torch.func.vmap((x: torch.Tensor) => allow(() => x.mul(2)))(torch.ones([2])),
      torch.TorchError,
      "called inside a torch.func transform",
    );
    assertThrows(
      () => autograd.graph.disableSavedTensorsHooks("not here", () => allow(() => 1)),
      torch.TorchError,
      "not here",
    );
    assertThrows(() => allow(async () => {}), TypeError, "must be synchronous");
    assertThrows(() => allow(1 as never), TypeError, "must be a function");
    assertEquals(allow(() => 1), 1);
  });
});
