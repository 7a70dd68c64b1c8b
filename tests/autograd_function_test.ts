import { describe, test } from "node:test";
import { assert, assertEquals, assertStrictEquals, assertThrows } from "@std/assert";
import * as torch from "../mod.ts";
import { balanced } from "./support/balance.ts";

const { autograd, noGrad, isGradEnabled } = torch;
type Node = torch.GradFn<torch.Tensor>;
type Context = torch.autograd.FunctionContext;

function leaf(...values: number[]): torch.Tensor {
  return torch.tensor(values, { dtype: "float64", requiresGrad: true });
}

function gradOf(x: torch.Tensor): unknown {
  using grad = x.grad;
  return grad?.toArray() ?? null;
}

class Cube extends autograd.Function {
  static forward(ctx: Context, x: torch.Tensor, factor: number): torch.Tensor {
    assertEquals(isGradEnabled(), false);
    ctx.saveForBackward(x);
    ctx.factor = factor;
    using cube = x.pow(3);
    return cube.mul(factor);
  }
  static backward(ctx: Context, gradient: torch.Tensor): (torch.Tensor | null)[] {
    const [x] = ctx.savedTensors;
    return [gradient.mul(x!.pow(2)).mul(3 * ctx.factor), null];
  }
}

describe("autograd.Function", () => {
  test("computes forward, and the gradient that backward says", () => {
    using x = leaf(1, 2);
    using y = Cube.apply(x, 2);
    assertEquals([y.toArray(), y.gradFn?.name], [[2, 16], "CubeBackward"]);
    y.backward(torch.tensor([1, 10], { dtype: "float64" }));
    assertEquals(gradOf(x), [6, 240]);
  });

  test("has derivatives of higher order where backward is made of ops", () => {
    using x = leaf(2);
    const [first] = autograd.grad(Cube.apply(x, 1), x, { createGraph: true });
    const [second] = autograd.grad(first!, x, { createGraph: true });
    const [third] = autograd.grad(second!, x);
    assertEquals([first, second, third].map((one) => one!.item()), [12, 12, 6]);
  });

  test("is no part of a graph where nothing records, and frees what it holds", () => {
    balanced(() => {
      using x = leaf(1);
      using y = noGrad(() => Cube.apply(x, 1));
      using plain = torch.ones([1]);
      using z = Cube.apply(plain, 1);
      assertEquals([y.requiresGrad, z.requiresGrad], [false, false]);
    });
  });

  test("frees its node and what it saved with its outputs", () => {
    balanced(() => {
      class Twice extends autograd.Function {
        static forward(ctx: Context, x: torch.Tensor): torch.Tensor {
          ctx.saveForBackward(x);
          return x.mul(2);
        }
        static backward(_: Context, gradient: torch.Tensor): torch.Tensor {
          const result = gradient.mul(2);
          gradient.dispose();
          made.push(result);
          return result;
        }
      }
      const made: torch.Tensor[] = [];
      using x = leaf(1, 2);
      using y = Twice.apply(x);
      using sum = y.sum();
      sum.backward();
      made.forEach((one) => one.dispose());
      assertEquals(gradOf(x), [2, 2]);
    });
  });

  test("takes and returns several tensors, with null for an unused gradient of none", () => {
    class Pair extends autograd.Function {
      static forward(_: Context, a: torch.Tensor, b: torch.Tensor): torch.Tensor[] {
        return [a.mul(b), a.add(b)];
      }
      static backward(_: Context, p: torch.Tensor, s: torch.Tensor): torch.Tensor[] {
        seen.push([p.toArray(), s.toArray()]);
        return [p.add(s), p.sub(s)];
      }
    }
    const seen: unknown[] = [];
    const [a, b] = [leaf(1, 2), leaf(3, 4)];
    const [product, sum] = Pair.apply(a, b);
    assertEquals([product!.toArray(), sum!.toArray()], [[3, 8], [4, 6]]);
    product!.sum().backward();
    assertEquals(seen, [[[1, 1], [0, 0]]], "The gradient that none came to is zeros");
    assertEquals([gradOf(a), gradOf(b)], [[1, 1], [1, 1]]);
  });

  test("gives null for such a gradient after setMaterializeGrads(false)", () => {
    class Pair extends autograd.Function {
      static forward(ctx: Context, a: torch.Tensor): torch.Tensor[] {
        ctx.setMaterializeGrads(false);
        return [a.mul(1), a.mul(2)];
      }
      static backward(_: Context, p: torch.Tensor | null, s: torch.Tensor | null) {
        seen.push(p === null, s === null);
        return s!;
      }
    }
    const seen: boolean[] = [];
    using a = leaf(1);
    Pair.apply(a)[1]!.backward();
    assertEquals(seen, [true, false]);
  });

  test("says which gradients are needed, by argument", () => {
    class Sum extends autograd.Function {
      static forward(ctx: Context, ...xs: (torch.Tensor | number)[]): torch.Tensor {
        seen.push([...ctx.needsInputGrad]);
        return (xs[0] as torch.Tensor).add(xs[2] as torch.Tensor);
      }
      static backward(ctx: Context, gradient: torch.Tensor): (torch.Tensor | null)[] {
        seen.push([...ctx.needsInputGrad]);
        return [gradient, null, ctx.needsInputGrad[2] ? gradient : null];
      }
    }
    const seen: boolean[][] = [];
    using a = leaf(1);
    Sum.apply(a, 5, torch.ones([1])).sum().backward();
    assertEquals(seen, [[true, false, false], [true, false, false]]);
  });

  test("marks outputs without gradient, and inputs changed in place", () => {
    class Sort extends autograd.Function {
      static forward(ctx: Context, x: torch.Tensor): torch.Tensor[] {
        const [values, indices] = x.sort();
        ctx.markNonDifferentiable(indices);
        ctx.saveForBackward(indices);
        return [values, indices];
      }
      static backward(ctx: Context, gradient: torch.Tensor): torch.Tensor {
        const [indices] = ctx.savedTensors;
        return torch.zerosLike(gradient).scatter(0, indices!, gradient);
      }
    }
    using x = leaf(3, 1, 2);
    const [values, indices] = Sort.apply(x);
    assertEquals([values!.requiresGrad, indices!.requiresGrad], [true, false]);
    values!.backward(torch.tensor([1, 2, 3], { dtype: "float64" }));
    assertEquals(gradOf(x), [3, 1, 2]);

    class Double extends autograd.Function {
      static forward(ctx: Context, x: torch.Tensor): torch.Tensor {
        x.mul_(2);
        ctx.markDirty(x);
        return x;
      }
      static backward(_: Context, gradient: torch.Tensor): torch.Tensor {
        return gradient.mul(2);
      }
    }
    using z = leaf(1, 2);
    const w = z.mul(1);
    const result = Double.apply(w);
    result.sum().backward();
    assertEquals([w.toArray(), gradOf(z)], [[2, 4], [2, 2]]);
    assertThrows(() => Double.apply(z), torch.TorchError, "leaf Variable that requires grad");
  });

  test("takes a class with setupContext, whose forward has no context", () => {
    class Scale extends autograd.Function {
      static forward(x: torch.Tensor, factor: number): torch.Tensor {
        return x.mul(factor);
      }
      static setupContext(ctx: Context, inputs: [torch.Tensor, number]): void {
        ctx.factor = inputs[1];
      }
      static backward(ctx: Context, gradient: torch.Tensor) {
        return [gradient.mul(ctx.factor), null];
      }
    }
    using x = leaf(1);
    Scale.apply(x, 7).backward();
    assertEquals(gradOf(x), [7]);
  });

  test("throws what forward and backward throw, and the next pass works", () => {
    const mine = new RangeError("mine");
    class Bad extends autograd.Function {
      static forward(_: Context, x: torch.Tensor, where: string): torch.Tensor {
        if (where === "forward") throw mine;
        return x.mul(1);
      }
      static backward(): torch.Tensor {
        throw mine;
      }
    }
    using x = leaf(1);
    for (const run of [() => Bad.apply(x, "forward"), () => Bad.apply(x, "backward").backward()]) {
      let caught: unknown;
      try {
        run();
      } catch (error) {
        caught = error;
      }
      assertStrictEquals(caught, mine);
      assertEquals(isGradEnabled(), true);
    }
    assertEquals(gradOf(x), null);
    Cube.apply(x, 1).backward();
    assertEquals(gradOf(x), [3]);
  });

  test("says what is wrong with what backward returned", () => {
    const returns = (result: unknown) =>
      class Odd extends autograd.Function {
        static forward(_: Context, x: torch.Tensor, _n: number): torch.Tensor {
          return x.mul(1);
        }
        static backward(): torch.Tensor {
          return result as torch.Tensor;
        }
      };
    using x = leaf(1, 2);
    const run = (result: unknown) => () => returns(result).apply(x, 1).sum().backward();
    const one = torch.ones([2], { dtype: "float64" });
    assertThrows(run(one), torch.TorchError, "incorrect number of gradients (expected 2, got 1)");
    assertThrows(run([one, one, one]), torch.TorchError, "(expected 2, got 3)");
    assertThrows(run([one, one]), torch.TorchError, "different than null at position 2");
    assertThrows(run([torch.ones([3]), null]), torch.TorchError, "invalid gradient at index 0");
    assertThrows(run([1, null]), TypeError, "at position 0 it returned 1");
    assertThrows(run(Promise.resolve(one)), TypeError, "synchronous");
    run([one, null, null])();
    assertEquals(gradOf(x), [1, 1]);
  });

  test("says what is wrong with the class, and with what it marks", () => {
    class Nothing extends autograd.Function {}
    assertThrows(
      () => (Nothing.apply as unknown as (x: unknown) => void).call(Nothing, 1),
      TypeError,
      "no static forward()",
    );
    class Blind extends autograd.Function {
      static forward(ctx: Context, x: torch.Tensor): torch.Tensor {
        assertThrows(() => ctx.saveForBackward(1 as never), TypeError, "must be a Tensor");
        assertThrows(() => ctx.markDirty(1 as never), TypeError, "must be a Tensor");
        assertThrows(() => ctx.setMaterializeGrads(1 as never), TypeError, "must be a boolean");
        return x.mul(1);
      }
    }
    assertThrows(
      () => Blind.apply(leaf(1)).backward(),
      torch.TorchError,
      "You must implement static backward() in Blind",
    );
    class Late extends autograd.Function {
      static forward(_: Context, x: torch.Tensor): Promise<torch.Tensor> {
        return Promise.resolve(x);
      }
    }
    assertThrows(() => Late.apply(leaf(1)), TypeError, "synchronous");
  });

  test("refuses savedTensors after the buffers were freed, and outside of the two passes", () => {
    let kept: Context | null = null;
    class Square extends autograd.Function {
      static forward(ctx: Context, x: torch.Tensor): torch.Tensor {
        kept = ctx;
        ctx.saveForBackward(x, null);
        assertEquals(ctx.savedTensors.length, 2);
        return x.mul(x);
      }
      static backward(ctx: Context, gradient: torch.Tensor): torch.Tensor {
        return gradient.mul(ctx.savedTensors[0]!).mul(2);
      }
    }
    using x = leaf(3);
    const y = Square.apply(x);
    assertThrows(() => kept!.savedTensors, torch.TorchError, "only while forward or backward");
    assertEquals(y.gradFn!.savedTensors.map((one) => one?.toArray() ?? null), [[3], null]);
    y.backward();
    assertThrows(() => y.backward(), torch.TorchError, "backward through the graph a second time");
    assertThrows(() => y.gradFn!.savedTensors, torch.TorchError, "a second time");
  });

  test("refuses a saved tensor that was changed in place since", () => {
    using x = leaf(1);
    const y = x.mul(1);
    const z = Cube.apply(y, 1);
    y.add_(1);
    assertThrows(() => z.backward(), torch.TorchError, "modified by an inplace operation");
  });

  test("may run a pass of its own within backward", () => {
    class Inner extends autograd.Function {
      static forward(ctx: Context, x: torch.Tensor): torch.Tensor {
        ctx.saveForBackward(x);
        return x.pow(2);
      }
      static backward(ctx: Context, gradient: torch.Tensor): torch.Tensor {
        const x = ctx.savedTensors[0]!.detach().requiresGrad_();
        torch.enableGrad(() => Cube.apply(x, 1).sum().backward());
        return gradient.mul(x.grad!).div(x.mul(1.5));
      }
    }
    using x = leaf(2, 3);
    Inner.apply(x).sum().backward();
    assertEquals(gradOf(x), [4, 6]);
  });

  test("is refused more than 60 passes deep, where LibTorch changes threads, and lives on", () => {
    let deepest = 0;
    class Deep extends autograd.Function {
      static forward(ctx: Context, x: torch.Tensor, depth: number): torch.Tensor {
        ctx.depth = depth;
        return x.mul(1);
      }
      static backward(ctx: Context, gradient: torch.Tensor): (torch.Tensor | null)[] {
        deepest = Math.max(deepest, ctx.depth);
        if (ctx.depth < 70) {
          torch.enableGrad(() => Deep.apply(leaf(1), ctx.depth + 1).sum().backward());
        }
        return [gradient, null];
      }
    }
    assertThrows(() => Deep.apply(leaf(1), 0).backward(), torch.TorchError, "another thread");
    assert(deepest >= 50, `${deepest}`);
    using x = leaf(1);
    Cube.apply(x, 1).backward();
    assertEquals(gradOf(x), [3]);
  });

  test("runs in the mode of the pass, whatever asynchronous task is under way", async () => {
    const seen: boolean[] = [];
    class Look extends autograd.Function {
      static forward(_: Context, x: torch.Tensor): torch.Tensor {
        return x.mul(1);
      }
      static backward(_: Context, gradient: torch.Tensor): torch.Tensor {
        {
          using _ = noGrad();
        }
        const result = gradient.mul(1);
        seen.push(isGradEnabled(), result.requiresGrad);
        return result;
      }
    }
    using x = leaf(1);
    await torch.enableGrad(async () => {
      const y = Look.apply(x);
      await Promise.resolve();
      y.backward(null, { retainGraph: true });
      autograd.grad(y, x, {
        createGraph: true,
        gradOutputs: torch.ones([1], { dtype: "float64", requiresGrad: true }),
      });
      assertEquals(isGradEnabled(), true);
    });
    assertEquals(seen, [false, false, true, true]);
    assertEquals(isGradEnabled(), true);
  });

  test("leaves the ops of forward in a trace", () => {
    using traced = torch.jit.trace(
      (x: torch.Tensor) => Cube.apply(x, 2).add(1),
      [torch.tensor([1, 2], { dtype: "float64" })],
    );
    assert(/aten::pow[\s\S]*aten::mul[\s\S]*aten::add/.test(String(traced.graph)));
    const y = traced(torch.tensor([3], { dtype: "float64" })) as torch.Tensor;
    assertEquals(y.toArray(), [55]);
  });

  test("is reached through a script too, on this thread", () => {
    using unit = torch.jit.compile("def f(x: Tensor) -> Tensor:\n    return (x * 3).sum()\n");
    using x = leaf(1, 2);
    (unit.f!(Cube.apply(x, 1)) as torch.Tensor).backward();
    assertEquals(gradOf(x), [9, 36]);
  });

  test("stays right once the runtime has compiled the calls", async () => {
    class Plus extends autograd.Function {
      static forward(_: Context, x: torch.Tensor): torch.Tensor {
        return x.add(1);
      }
      static backward(_: Context, gradient: torch.Tensor): torch.Tensor {
        return gradient;
      }
    }
    using x = leaf(0);
    for (let i = 0; i < 2e4; i++) {
      using y = Plus.apply(x);
      y.backward();
      // Lets the runtime free the gradients that backward was given.
      if (i % 1000 === 0) await new Promise((done) => setTimeout(done));
    }
    assertEquals(gradOf(x), [2e4]);
  });
});

describe("registerHook()", () => {
  test("sees the gradient and may replace it, in order, until it is removed", () => {
    balanced(() => {
      using x = leaf(1, 2);
      const seen: unknown[] = [];
      const made: torch.Tensor[] = [];
      const first = x.registerHook((gradient) => {
        seen.push(gradient.toArray());
        made.push(gradient, gradient.mul(2));
        return made.at(-1);
      });
      const second = x.registerHook((gradient) => {
        seen.push(gradient.toArray());
        gradient.dispose();
      });
      const pass = () => {
        using sum = x.sum();
        sum.backward();
        made.splice(0).forEach((one) => one.dispose());
      };
      pass();
      first.remove();
      first.remove();
      pass();
      second.remove();
      pass();
      assertEquals(seen, [[1, 1], [2, 2], [1, 1]]);
      assertEquals(gradOf(x), [4, 4]);
    });
  });

  test("serves tensors within the graph, and autograd.grad", () => {
    using x = leaf(3);
    const y = x.mul(x);
    y.registerHook((gradient) => gradient.mul(10));
    assertEquals(autograd.grad(y.mul(1), x)[0]!.toArray(), [60]);
  });

  test("throws what the hook throws, and refuses what it may not return", () => {
    using x = leaf(1, 2);
    const mine = new Error("mine");
    const throwing = (result: unknown, thrown?: Error) => {
      using _ = x.registerHook(() => {
        if (thrown) throw thrown;
        return result as torch.Tensor;
      });
      x.sum().backward();
    };
    let caught: unknown;
    try {
      throwing(null, mine);
    } catch (error) {
      caught = error;
    }
    assertStrictEquals(caught, mine);
    assertThrows(() => throwing(torch.ones([3])), torch.TorchError, "has changed the");
    assertThrows(() => throwing(1), TypeError, "must return a Tensor or null, but got 1");
    assertThrows(() => throwing(Promise.resolve(null)), TypeError, "must be synchronous");
    assertEquals(gradOf(x), null);
  });

  test("refuses tensors that take no gradient, and what is no function", () => {
    using x = torch.ones([1]);
    assertThrows(
      () => x.registerHook(() => {}),
      torch.TorchError,
      "doesn't require gradient",
    );
    assertThrows(() => leaf(1).registerHook(1 as never), TypeError, "'hook' must be a function");
    assertThrows(() => leaf(1).registerPostAccumulateGradHook(1 as never), TypeError);
  });

  test("may run ops, change other tensors and remove itself", () => {
    using x = leaf(1, 2);
    using total = torch.zeros([2], { dtype: "float64" });
    const hook = x.registerHook((gradient) => {
      total.add_(gradient.mul(torch.arange(1, 3)));
      hook.remove();
    });
    x.sum().backward();
    x.sum().backward();
    assertEquals([total.toArray(), gradOf(x)], [[1, 2], [2, 2]]);
  });

  test("is forgotten with its tensor", () => {
    balanced(() => {
      const x = leaf(1);
      x.registerHook(() => {});
      x.dispose();
    });
  });
});

describe("registerPostAccumulateGradHook()", () => {
  test("runs once the gradient is there, with the tensor itself", () => {
    using x = new torch.nn.Parameter(torch.ones([2]));
    const seen: unknown[] = [];
    using _ = x.registerPostAccumulateGradHook((tensor) => {
      assertStrictEquals(tensor, x);
      seen.push(gradOf(tensor));
      tensor.grad = null;
    });
    x.sum().backward();
    x.mul(2).sum().backward();
    assertEquals([seen, gradOf(x)], [[[1, 1], [2, 2]], null]);
  });

  test("steps an optimizer within the pass", () => {
    using x = leaf(1);
    x.registerPostAccumulateGradHook((tensor) => {
      noGrad(() => tensor.sub_(tensor.grad!, { alpha: 0.5 }));
    });
    x.pow(2).backward();
    assertEquals(x.toArray(), [0]);
  });

  test("refuses what is no leaf", () => {
    assertThrows(
      () => leaf(1).mul(2).registerPostAccumulateGradHook(() => {}),
      torch.TorchError,
      "non-leaf",
    );
  });
});

describe("gradFn", () => {
  test("shows the graph: names, next functions, leaves", () => {
    balanced(() => {
      using x = leaf(1);
      using other = torch.ones([1], { dtype: "float64" });
      using y = x.mul(other);
      using z = y.add(x);
      using node = z.gradFn!;
      assertEquals(String(node), "<AddBackward0>");
      const [[first], [second]] = node.nextFunctions as [[Node, number], [Node, number]];
      assertEquals([first.name, second.name], ["MulBackward0", "torch::autograd::AccumulateGrad"]);
      using variable = second.variable!;
      assertEquals([variable.toArray(), node.variable, x.gradFn], [[1], null, null]);
      const [[deeper, input], [none]] = first.nextFunctions as [[Node, number], [null, number]];
      assertEquals([deeper.name, input, none], [second.name, 0, null]);
      assertThrows(() => node.savedTensors, torch.TorchError, "does not show");
      for (const one of [first, second, deeper]) one.dispose();
    });
  });

  test("throws once it was disposed", () => {
    const node = leaf(1).mul(2).gradFn!;
    node.dispose();
    node.dispose();
    assertThrows(() => node.name, torch.DisposedError, "name(): the node was disposed");
  });

  test("takes hooks before and after a node, which may replace", () => {
    using x = leaf(1, 2);
    const y = x.mul(3);
    const seen: unknown[] = [];
    using before = y.gradFn!.registerPrehook(([gradient]) => {
      seen.push(["before", gradient!.toArray()]);
      return [gradient!.mul(2)];
    });
    using after = y.gradFn!.registerHook((inputs, outputs) => {
      seen.push(["after", inputs.map((one) => one?.toArray() ?? null), outputs[0]!.toArray()]);
      return inputs[0]!.mul(10);
    });
    y.sum().backward(null, { retainGraph: true });
    assertEquals(seen, [["before", [1, 1]], ["after", [[6, 6]], [2, 2]]]);
    assertEquals(gradOf(x), [60, 60]);
    before.remove();
    after.remove();
    x.grad = null;
    y.sum().backward();
    assertEquals(gradOf(x), [3, 3]);
  });

  test("refuses a hook that returns another number of gradients", () => {
    const y = leaf(1).mul(3);
    y.gradFn!.registerPrehook(() => []);
    assertThrows(() => y.backward(), torch.TorchError, "incorrect number of values");
  });
});

describe("retainGrad()", () => {
  test("keeps the gradient of a tensor within the graph", () => {
    using x = leaf(2);
    const y = x.mul(x);
    assertEquals(y.retainsGrad, false);
    y.retainGrad();
    assertEquals(y.retainsGrad, true);
    y.mul(5).backward();
    assertEquals([gradOf(y), gradOf(x)], [[5], [20]]);
    assertThrows(() => torch.ones([1]).retainGrad(), torch.TorchError, "requires_grad=False");
  });
});

describe("autograd.backward() and autograd.grad()", () => {
  test("derive several outputs, each times its gradient", () => {
    const [x, y] = [leaf(1, 2), leaf(3)];
    autograd.backward([x.mul(y), x.sum()], [torch.tensor([1, 10], { dtype: "float64" }), null]);
    assertEquals([gradOf(x), gradOf(y)], [[4, 31], [21]]);
  });

  test("add to the given inputs only, be they leaves or not", () => {
    const [x, y] = [leaf(2), leaf(3)];
    const z = x.mul(y);
    z.backward(null, { inputs: x, retainGraph: true });
    assertEquals([gradOf(x), gradOf(y)], [[3], null]);
    autograd.backward(z, null, { inputs: [y] });
    assertEquals([gradOf(x), gradOf(y)], [[3], [2]]);
    assertThrows(() => z.backward(null, { inputs: [] }), RangeError, "must not be empty");
  });

  test("of inputs leave all grads as they are", () => {
    balanced(() => {
      using x = leaf(1, 2);
      using y = x.mul(x);
      using sum = y.sum();
      const [byX, byY] = autograd.grad(sum, [x, y]);
      assertEquals([byX!.toArray(), byY!.toArray(), gradOf(x)], [[2, 4], [1, 1], null]);
      byX!.dispose();
      byY!.dispose();
    });
  });

  test("refuse an unused input but for allowUnused, and fill it by materializeGrads", () => {
    const [x, unused] = [leaf(1), leaf(1, 2)];
    const run = (options?: torch.autograd.GradOptions) =>
      autograd.grad(x.mul(2), [x, unused], options).map((one) => one?.toArray() ?? null);
    assertThrows(() => run(), torch.TorchError, "not have been used in the graph");
    assertEquals(run({ allowUnused: true }), [[2], null]);
    assertEquals(run({ materializeGrads: true }), [[2], [0, 0]]);
    assertThrows(() => run({ materializeGrads: true, allowUnused: false }), TypeError);
  });

  test("check what they are given", () => {
    using x = leaf(1, 2);
    const y = x.mul(2);
    const bad = 1 as never;
    assertThrows(() => autograd.grad(bad, x), TypeError, "'outputs' must be a Tensor or an array");
    assertThrows(() => autograd.grad(y, [bad]), TypeError, "'inputs[0]' must be a Tensor");
    assertThrows(() => autograd.grad(y, x, { gradOutputs: bad }), TypeError, "'gradOutputs'");
    assertThrows(() => autograd.grad(y, x, { gradOutputs: [] }), torch.TorchError, "0 gradients");
    assertThrows(() => autograd.grad(y, x, { createGraph: bad }), TypeError, "'createGraph'");
    assertThrows(() => autograd.grad(y, x), torch.TorchError, "only for scalar outputs");
    assertThrows(
      () => autograd.grad(y, x, { gradOutputs: torch.ones([3]) }),
      torch.TorchError,
      "Mismatch in shape: grad_output[0] has a shape of [3] and output[0] has a shape of [2]",
    );
    assertThrows(
      () => autograd.grad(torch.ones([1]), x),
      torch.TorchError,
      "does not require grad",
    );
    assertThrows(
      () => autograd.grad(y.sum(), torch.ones([1])),
      torch.TorchError,
      "does not require grad",
    );
    const complex = torch.complex(x, x).sum();
    assertThrows(() => complex.backward(), torch.TorchError, "only for real scalar outputs");
  });
});

describe("setGradEnabled()", () => {
  test("holds for a function, a block, or until it is set again", () => {
    assertEquals(torch.setGradEnabled(false, isGradEnabled), false);
    {
      using _ = torch.setGradEnabled(false);
      assertEquals(isGradEnabled(), false);
    }
    torch.setGradEnabled(false);
    assertEquals(isGradEnabled(), false);
    torch.setGradEnabled(true);
    assertEquals(isGradEnabled(), true);
    assertThrows(() => torch.setGradEnabled(1 as never), TypeError, "'on' must be a boolean");
  });
});
