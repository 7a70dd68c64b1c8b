import { describe, test } from "node:test";
import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import * as torch from "../mod.ts";

const { jit, nn } = torch;
type T = torch.Tensor;

/** A function whose gradients LibTorch works out in two parts, of which the second takes the first's result. */
function choose(x: T, y: T): T {
  const v = x.mul(2).abs().add(1).sqrt().tanh().pow(2);
  return torch.where(v.gt(y), v, y).softmax(-1).softmax(-1);
}

/** Gradients of both arguments. */
function gradients(run: (x: T, y: T) => T, x: T, y: T): (T | null)[] {
  const [a, b] = [x, y].map((one) => one.detach().requiresGrad_(one.requiresGrad)) as [T, T];
  const weights = torch.linspace(0, 1, 4);
  run(a, b).mul(weights).sum().backward();
  return [a.grad, b.grad];
}

function assertSameGradients(run: (x: T, y: T) => T, x: T, y: T): void {
  const found = gradients(run, x, y);
  for (const [i, expected] of gradients(choose, x, y).entries()) {
    assertEquals(found[i] === null, expected === null, `the gradient of argument ${i}`);
    if (expected) assert(torch.allclose(found[i]!, expected, { rtol: 1e-4, atol: 1e-6 }));
  }
}

describe("A call that fails while the executor watches", () => {
  test("leaves no trace: later ones have their gradients", () => {
    torch.manualSeed(21);
    const traced = jit.trace(choose, [torch.randn([2, 4]), torch.randn([4])]);
    const x = torch.randn([2, 4]);
    // It gets as far as the comparison.
    for (let i = 0; i < 2; i++) {
      assertThrows(() => traced(x.detach().requiresGrad_(), torch.zeros([0])), torch.TorchError);
    }
    const run = (a: T, b: T): T => traced(a, b);
    assertSameGradients(run, torch.randn([4, 2]).t(), torch.randn([4]).requiresGrad_());
    torch.noGrad(() => traced(torch.zeros([0, 4]), torch.randn([4])));
    for (let i = 0; i < 3; i++) {
      assertSameGradients(run, torch.randn([5, 4]).requiresGrad_(), torch.randn([4]));
      assertSameGradients(run, torch.randn([2, 4]).requiresGrad_(), torch.randn([4]));
    }
  });

  test("on another thread neither", async () => {
    torch.manualSeed(22);
    const traced = jit.trace(choose, [torch.randn([2, 4]), torch.randn([4])]);
    const x = torch.randn([2, 4]).requiresGrad_();
    for (let i = 0; i < 2; i++) {
      await assertRejects(() => traced.runAsync(x, torch.zeros([0])), torch.TorchError);
    }
    const run = (a: T, b: T): T => traced(a, b);
    assertSameGradients(run, torch.randn([4, 2]).t(), torch.randn([4]).requiresGrad_());
    for (let i = 0; i < 3; i++) {
      assertSameGradients(run, torch.randn([5, 4]).requiresGrad_(), torch.randn([4]));
    }
  });
});

test("A model is warmed up while others call it", async () => {
  torch.manualSeed(23);
  const net = new nn.Sequential(new nn.Linear(16, 16), new nn.ReLU(), new nn.LayerNorm([16]));
  const model = jit.freeze(jit.trace(net.eval(), [torch.randn([4, 16])]));
  const x = torch.randn([4, 16]);
  const expected = torch.noGrad(() => net(x));
  let done = false;
  let calls = 0;
  const callers = Array.from({ length: 6 }, async () => {
    while (!done) {
      const y = await torch.noGrad(() => model.runAsync(x) as Promise<T>);
      assert(torch.allclose(y, expected, { rtol: 1e-4, atol: 1e-5 }));
      y.dispose();
      calls++;
    }
  });
  for (let i = 0; i < 400; i++) {
    for (let j = 0; j < 3; j++) torch.noGrad(() => model.warmUp(x));
    // Wrong calls in between, whose traces are wiped out.
    if (i % 10 === 0) assertThrows(() => model(torch.zeros([4, 3])), torch.TorchError);
    await new Promise((resolve) => setTimeout(resolve, 0));
  }
  done = true;
  await Promise.all(callers);
  assert(calls > 0);
});
