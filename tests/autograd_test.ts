import { describe, test } from "node:test";
import { setTimeout } from "node:timers/promises";
import { assert, assertEquals, assertRejects, assertStrictEquals, assertThrows } from "@std/assert";
import * as torch from "../mod.ts";
import { balanced } from "./support/balance.ts";
import { program } from "./support/program.ts";

const { noGrad, enableGrad, inferenceMode, isGradEnabled, isInferenceModeEnabled } = torch;

function leaf(...values: number[]): torch.Tensor {
  return torch.tensor(values, { dtype: "float32", requiresGrad: true });
}

function gradOf(x: torch.Tensor): unknown {
  using grad = x.grad;
  return grad?.toArray() ?? null;
}

describe("backward()", () => {
  test("computes the derivative for each leaf", () => {
    balanced(() => {
      using x = leaf(1, 2);
      using y = leaf(3, 4);
      using product = x.mul(y);
      using sum = product.sum();
      sum.backward();
      assertEquals([gradOf(x), gradOf(y)], [[3, 4], [1, 2]]);
    });
  });

  test("adds to the gradient that is there", () => {
    using x = leaf(3);
    for (const expected of [6, 12]) {
      using square = x.mul(x);
      square.backward();
      assertEquals(gradOf(x), [expected]);
    }
  });

  test("takes a gradient for a tensor of several elements", () => {
    using x = leaf(1, 2);
    using y = x.mul(x);
    using gradient = torch.tensor([1, 10], { dtype: "float32" });
    y.backward(gradient);
    assertEquals(gradOf(x), [2, 40]);
  });

  test("refuses several elements without a gradient, and one of another shape", () => {
    using x = leaf(1, 2);
    using y = x.mul(x);
    assertThrows(
      () => y.backward(),
      torch.TorchError,
      "grad can be implicitly created only for scalar outputs",
    );
    using wrong = torch.ones([3]);
    assertThrows(() => y.backward(wrong), torch.TorchError, "shape");
    assertThrows(
      () => y.backward(1 as unknown as torch.Tensor),
      TypeError,
      "'gradient' must be a Tensor",
    );
  });

  test("refuses a second pass, but for retainGraph", () => {
    using x = leaf(3);
    using y = x.mul(x);
    y.backward(null, { retainGraph: true });
    y.backward();
    assertEquals(gradOf(x), [12]);
    assertThrows(() => y.backward(), torch.TorchError, "backward through the graph a second time");
  });

  test("takes its gradient and settings in one options object too, and no others", () => {
    using x = leaf(1, 2);
    using y = x.mul(x);
    using gradient = torch.tensor([1, 10], { dtype: "float32" });
    y.backward({ gradient, retainGraph: true });
    torch.autograd.backward(y, { gradTensors: gradient, retainGraph: true });
    assertEquals(gradOf(x), [4, 80]);
    using sum = y.sum();
    sum.backward({ retainGraph: true });
    assertEquals(gradOf(x), [6, 84]);
    const [of, ...rest] = torch.autograd.grad(y, x, gradient, { retainGraph: true });
    assertEquals([of!.toArray(), rest.length], [[2, 40], 0]);
    of!.dispose();
    const unknown = "unknown option 'retain_graph'";
    const wrong = { retain_graph: true } as Record<never, never>;
    assertThrows(() => sum.backward(null, wrong), TypeError, unknown);
    assertThrows(() => torch.autograd.backward(sum, null, wrong), TypeError, unknown);
    assertThrows(() => torch.autograd.grad(sum, x, wrong), TypeError, unknown);
    assertThrows(
      () => y.backward(gradient, { gradient } as Record<never, never>),
      TypeError,
      "'gradient' was given twice",
    );
  });

  test("records itself with createGraph", () => {
    using x = leaf(2);
    using cube = x.pow(3);
    cube.backward(null, { createGraph: true });
    using first = x.grad!;
    assertEquals([first.toArray(), first.requiresGrad], [[12], true]);
    x.grad = null;
    first.backward();
    assertEquals(gradOf(x), [12]);
  });

  test("refuses a tensor without a graph", () => {
    using x = torch.ones([1]);
    assertThrows(() => x.backward(), torch.TorchError, "does not require grad");
  });

  test("refuses what was changed in place since", () => {
    using x = leaf(1, 2);
    using y = x.mul(1.5);
    using z = y.mul(y);
    using sum = z.sum();
    y.add_(1);
    assertThrows(() => sum.backward(), torch.TorchError, "modified by an inplace operation");
  });
});

describe("grad", () => {
  test("is null until a pass, and where a tensor takes none", () => {
    using x = leaf(1);
    using y = torch.ones([1]);
    assertEquals([x.grad, y.grad], [null, null]);
  });

  test("can be set, cleared, and changed in place", () => {
    balanced(() => {
      using x = leaf(1, 2);
      using given = torch.tensor([5, 6], { dtype: "float32" });
      x.grad = given;
      using read = x.grad!;
      read.mul_(2);
      assertEquals([gradOf(x), given.toArray()], [[10, 12], [10, 12]]);
      x.grad = null;
      assertEquals(x.grad, null);
    });
  });

  test("refuses another shape, another dtype and what is no tensor", () => {
    using x = leaf(1, 2);
    using short = torch.ones([1]);
    assertThrows(() => (x.grad = short), torch.TorchError, "expected [2], got [1]");
    using double = torch.ones([2], { dtype: "float64" });
    assertThrows(() => (x.grad = double), torch.TorchError, "dtype");
    assertThrows(() => (x.grad = 1 as unknown as torch.Tensor), TypeError);
    assertEquals(x.grad, null);
  });
});

describe("requiresGrad", () => {
  test("can be switched on leaves, and says what leads to one", () => {
    using x = torch.ones([1]);
    x.requiresGrad = true;
    using y = x.exp();
    assertEquals([y.requiresGrad, y.isLeaf, y.gradFn?.name], [true, false, "ExpBackward0"]);
    using detached = y.detach();
    assertEquals([detached.requiresGrad, detached.isLeaf, detached.gradFn], [false, true, null]);
    assertThrows(() => (y.requiresGrad = false), torch.TorchError, "leaf");
    x.requiresGrad_(false);
    assertEquals(x.requiresGrad, false);
  });

  test("is refused for integers, and for what is no boolean", () => {
    using x = torch.tensor([1]);
    assertThrows(() => (x.requiresGrad = true), torch.TorchError, "floating point");
    assertThrows(() => (x.requiresGrad = 1 as unknown as boolean), TypeError, "must be a boolean");
  });
});

describe("noGrad() and enableGrad()", () => {
  test("hold for a function, nested too, and give back what it returns", () => {
    assertEquals(isGradEnabled(), true);
    const seen = noGrad(() => [
      isGradEnabled(),
      enableGrad(() => isGradEnabled()),
      isGradEnabled(),
    ]);
    assertEquals(seen, [false, true, false]);
    assertEquals(isGradEnabled(), true);
  });

  test("decide whether ops record", () => {
    using x = leaf(1);
    using silent = noGrad(() => x.mul(2));
    using loud = noGrad(() => enableGrad(() => x.mul(2)));
    assertEquals([silent.requiresGrad, loud.requiresGrad], [false, true]);
  });

  test("are over when the function throws, whose error is passed on as it is", () => {
    const thrown = new Error("mine");
    let caught: unknown;
    try {
      noGrad(() => {
        throw thrown;
      });
    } catch (error) {
      caught = error;
    }
    assertStrictEquals(caught, thrown);
    assertEquals(isGradEnabled(), true);
  });

  test("hold for the rest of a block, by using", () => {
    {
      using _ = noGrad();
      assertEquals(isGradEnabled(), false);
      {
        using _ = enableGrad();
        assertEquals(isGradEnabled(), true);
      }
      assertEquals(isGradEnabled(), false);
    }
    assertEquals(isGradEnabled(), true);
  });

  test("are over when the block throws, and ending them twice is harmless", () => {
    assertThrows(() => {
      using _ = noGrad();
      throw new Error("stop");
    });
    assertEquals(isGradEnabled(), true);
    const guard = noGrad();
    guard[Symbol.dispose]();
    using _ = noGrad();
    guard[Symbol.dispose]();
    assertEquals(isGradEnabled(), false);
  });

  test("hold for an async function across each await, and not outside of it", async () => {
    using x = leaf(1);
    const seen: boolean[] = [];
    const task = noGrad(async () => {
      seen.push(isGradEnabled());
      await setTimeout(1);
      using y = x.mul(2);
      seen.push(isGradEnabled(), y.requiresGrad);
      return "done";
    });
    using outside = x.mul(2);
    assertEquals([isGradEnabled(), outside.requiresGrad], [true, true]);
    assertEquals(await task, "done");
    assertEquals(seen, [false, false, false]);
    assertEquals(isGradEnabled(), true);
  });

  test("of two tasks at once do not mix", async () => {
    using x = leaf(1);
    const record = async (mode: <R>(run: () => R) => R, pause: number): Promise<boolean[]> => {
      const seen: boolean[] = [];
      await mode(async () => {
        for (let i = 0; i < 5; i++) {
          await setTimeout(pause);
          using y = x.mul(2);
          seen.push(y.requiresGrad);
          using z = noGrad(() => x.mul(2));
          assertEquals(z.requiresGrad, false);
        }
      });
      return seen;
    };
    const tasks = [record(noGrad, 1), record(enableGrad, 2), record((run) => run(), 1)];
    const [silent, loud, plain] = await Promise.all(tasks);
    assertEquals(silent, Array(5).fill(false));
    assertEquals(loud, Array(5).fill(true));
    assertEquals(plain, Array(5).fill(true));
    assertEquals(isGradEnabled(), true);
  });

  test("by using hold for their own task only", async () => {
    const silent = noGrad(async () => {
      using _ = enableGrad();
      await setTimeout(2);
      return isGradEnabled();
    });
    const loud = enableGrad(async () => {
      using _ = noGrad();
      await setTimeout(1);
      return isGradEnabled();
    });
    assertEquals(await Promise.all([silent, loud]), [true, false]);
    assertEquals(isGradEnabled(), true);
  });

  test("are over when an async function rejects", async () => {
    await assertRejects(
      () =>
        noGrad(async () => {
          await setTimeout(1);
          throw new RangeError("mine");
        }),
      RangeError,
      "mine",
    );
    assertEquals(isGradEnabled(), true);
  });

  test("refuse what is no function", () => {
    for (const mode of [noGrad, enableGrad, inferenceMode]) {
      assertThrows(
        () => mode(1 as unknown as () => void),
        TypeError,
        "'fn' must be a function, but got 1",
      );
    }
    assertEquals([isGradEnabled(), isInferenceModeEnabled()], [true, false]);
  });

  test("reach into scripts", () => {
    using unit = torch.jit.compile("def f(x: Tensor) -> Tensor:\n    return x * 2\n");
    using x = leaf(1);
    using silent: torch.Tensor = noGrad(() => unit.f!(x));
    using loud: torch.Tensor = unit.f!(x);
    assertEquals([silent.requiresGrad, loud.requiresGrad], [false, true]);
  });
});

describe("inferenceMode()", () => {
  test("comes back to its own grad mode after a block with another", () => {
    inferenceMode(() => {
      assertEquals(isGradEnabled(), false);
      for (const mode of [noGrad, enableGrad]) {
        {
          using _ = mode();
          assertEquals(isGradEnabled(), mode === enableGrad);
        }
        assertEquals(isGradEnabled(), false);
      }
    });
    assertEquals(isGradEnabled(), true);
  });

  test("makes tensors that gradients never flow to", () => {
    using x = leaf(1);
    using y = inferenceMode(() => {
      assert(isInferenceModeEnabled());
      return x.mul(2);
    });
    assertEquals([y.requiresGrad, isInferenceModeEnabled()], [false, false]);
    assertThrows(
      () => x.mul(y).backward(),
      torch.TorchError,
      "Inference tensors cannot be saved for backward",
    );
  });

  test("holds for the rest of a block, and is over when it throws", () => {
    assertThrows(() => {
      using _ = inferenceMode();
      assert(isInferenceModeEnabled());
      throw new Error("stop");
    });
    assertEquals(isInferenceModeEnabled(), false);
    assertThrows(() =>
      inferenceMode(() => {
        throw new Error("stop");
      })
    );
    assertEquals(isInferenceModeEnabled(), false);
  });

  test("refuses an async function, and the process lives when that rejects", async () => {
    assertThrows(() => inferenceMode(async () => {}), TypeError, "must be synchronous: use noGrad");
    const ended = await program(`
      import * as torch from MOD;
      try {
        torch.inferenceMode(async () => { throw new Error("lost"); });
      } catch (error) {
        console.log(error.name, torch.isInferenceModeEnabled());
      }
    `);
    assertEquals([ended.code, ended.stdout.trim()], [0, "TypeError false"], ended.stderr);
  });
});
