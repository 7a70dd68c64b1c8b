import { describe, test } from "node:test";
import { assert, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import * as torch from "../mod.ts";
import { balanced } from "./support/balance.ts";

const { autograd, nn } = torch;
const { graph } = autograd;
const { checkpoint, checkpointSequential } = torch.utils.checkpoint;
type Tensor = torch.Tensor;

const leaf = (...values: number[]) =>
  torch.tensor(values, { dtype: "float64", requiresGrad: true });

describe("savedTensorsHooks()", () => {
  test("packs what ops save, and unpacks it when the backward pass comes", () => {
    const x = leaf(1, 2);
    const log: string[] = [];
    const kept = new Map<number, number[]>();
    const y = graph.savedTensorsHooks(
      (tensor) => {
        log.push(`pack ${tensor.requiresGrad} ${torch.isGradEnabled()}`);
        kept.set(kept.size, tensor.toArray() as number[]);
        return kept.size - 1;
      },
      (key) => {
        log.push(`unpack ${key}`);
        return torch.tensor(kept.get(key)!, { dtype: "float64" });
      },
      () => x.exp().mul(x),
    );
    // exp saves its result, mul both factors.
    assertEquals(log, ["pack true false", "pack true false", "pack true false"]);
    const sum = y.sum();
    sum.backward();
    assertEquals(log.slice(3).sort(), ["unpack 0", "unpack 1", "unpack 2"]);
    assert(torch.allclose(x.grad!, x.detach().exp().mul(x.detach().add(1))));
  });

  test("nest: the innermost pair counts, and what it was ends with the block", () => {
    const x = leaf(3);
    const log: string[] = [];
    const hooks = (name: string) =>
      [(one: Tensor) => (log.push(name), one), (one: Tensor) => one] as const;
    {
      using _outer = graph.savedTensorsHooks(...hooks("outer"));
      x.mul(x);
      {
        using _inner = graph.savedTensorsHooks(...hooks("inner"));
        x.pow(2);
      }
      x.exp();
    }
    x.mul(x);
    assertEquals(log, ["outer", "outer", "inner", "outer"]);
  });

  test("may dispose what an op was given while it runs", () => {
    // Each form of op holds its tensors in its own way: two tensors, one, one with numbers, with a list.
    const forms: ((x: Tensor, y: Tensor) => Tensor)[] = [
      (x, y) => x.mul(y),
      (x) => x.exp(),
      (x) => x.pow(3),
      (x, y) => torch.cat([x, y]).mul(2),
      (x) => x.sum([0]).exp(),
      (x, y) => x.addcmul(x, y),
    ];
    for (const form of forms) {
      const x = torch.full([4096], 2.5, { requiresGrad: true });
      const y = torch.full([4096], 3.5);
      const expected = form(x, y).sum().item();
      const dispose = (one: Tensor) => {
        x.dispose();
        y.dispose();
        return one.detach();
      };
      const z = graph.savedTensorsHooks(dispose, (one: Tensor) => one, () => form(x, y));
      assertEquals(z.sum().item(), expected);
      z.sum().backward();
    }
  });

  test("throw what the user's functions throw, and refuse what they must not return", () => {
    const x = leaf(3);
    const fail = () => {
      throw new RangeError("mine");
    };
    const asIs = (one: Tensor) => one;
    assertThrows(() => graph.savedTensorsHooks(fail, asIs, () => x.pow(2)), RangeError, "mine");
    const y = graph.savedTensorsHooks(asIs, fail, () => x.pow(2));
    assertThrows(() => y.backward(), RangeError, "mine");
    const wrong = graph.savedTensorsHooks(asIs, () => 3 as never, () => x.pow(2));
    assertThrows(() => wrong.backward(), TypeError, "unpack must return a Tensor, but got");
    const odd = graph.savedTensorsHooks(
      asIs,
      () => torch.zeros([5]),
      () => x.expand([3]).exp().sum(),
    );
    assertThrows(() => odd.backward(), torch.TorchError);
    const slow = (() => Promise.resolve(1)) as never;
    assertThrows(
      () => graph.savedTensorsHooks(slow, asIs, () => x.pow(2)),
      TypeError,
      "synchronous",
    );
    assertThrows(() => graph.savedTensorsHooks(asIs, asIs, slow), TypeError, "synchronous");
    assertThrows(() => graph.savedTensorsHooks(1 as never, asIs), TypeError, "'pack'");
    assertThrows(() => graph.savedTensorsHooks(asIs, null as never), TypeError, "'unpack'");
    const change = (one: Tensor) => one.mul_(2);
    assertThrows(
      () => graph.savedTensorsHooks(change, asIs, () => leaf(1).pow(2)),
      torch.TorchError,
      "in place",
    );
    // Nothing is left behind.
    x.pow(2).sum().backward();
    assertEquals(x.grad!.toArray(), [6]);
  });

  test("see what a function of one's own saves", () => {
    class Square extends autograd.Function {
      static forward(ctx: torch.autograd.FunctionContext, x: Tensor): Tensor {
        ctx.saveForBackward(x);
        return x.mul(x);
      }
      static backward(ctx: torch.autograd.FunctionContext, gradient: Tensor): Tensor {
        return gradient.mul(ctx.savedTensors[0]!).mul(2);
      }
    }
    const x = leaf(3);
    let packs = 0;
    const y = graph.savedTensorsHooks(
      (one) => (packs++, one.mul(10)),
      (one) => one.div(10),
      () => Square.apply(x),
    );
    y.backward();
    assertEquals([packs, x.grad!.toArray()], [1, [6]]);
  });

  test("may run ops, dispose, and fill many pages within an op, whose arguments stay alive", () => {
    const x = leaf(1, 2, 3);
    const spoil = (one: Tensor) => {
      for (let i = 0; i < 500; i++) torch.zeros([10]).add(1);
      return one;
    };
    for (let i = 0; i < 20; i++) {
      const y = graph.savedTensorsHooks(
        spoil,
        spoil,
        () => torch.addcmul(x.mul(1), x.mul(2), x.mul(3)).add(x.mul(x)).sum(),
      );
      const [g] = autograd.grad(y, x);
      assertEquals(g!.toArray(), [15, 29, 43]);
    }
  });

  test("leave nothing alive when the graph is gone", () => {
    const x = leaf(1, 2);
    const hooks = [(one: Tensor) => one, (one: Tensor) => one] as const;
    graph.savedTensorsHooks(...hooks, () => x.exp().sum().backward());
    x.grad!.dispose();
    x.grad = null;
    const before = torch.memory().nodes;
    torch.scope(() => {
      for (let i = 0; i < 10; i++) {
        graph.savedTensorsHooks(...hooks, () => x.exp().mul(x).sum()).backward();
      }
    });
    balanced(() => {
      using y = graph.savedTensorsHooks(
        (one) => one.dispose(),
        () => torch.ones([2]),
        () => x.exp(),
      );
      void y;
    });
    assert(torch.memory().nodes <= before + 1, `${torch.memory().nodes} nodes, ${before} before`);
  });

  test("keep what pack returned beyond the scope in which the op ran", () => {
    const x = leaf(2);
    const y = graph.savedTensorsHooks(
      (one) => [one.mul(1)],
      ([one]) => one!,
      () => torch.scope(() => x.exp().mul(x)),
    );
    y.backward();
    assertEquals(x.grad!.item(), 3 * Math.exp(2));
  });

  test("are disabled by disableSavedTensorsHooks, and by torch.func", () => {
    const x = leaf(1);
    graph.disableSavedTensorsHooks("not now", () => {
      assertThrows(() => graph.saveOnCpu(), torch.TorchError, "not now");
      assertThrows(() => checkpoint((x: Tensor) => x.exp(), [x]), torch.TorchError, "not now");
    });
    graph.saveOnCpu(() => {
      assertThrows(() => graph.disableSavedTensorsHooks("late"), torch.TorchError, "late");
      assertThrows(
        () => torch.func.grad((x: Tensor) => x.exp())(torch.tensor(1)),
        torch.TorchError,
        "do not support saved tensor hooks",
      );
    });
    graph.saveOnCpu(() => x.exp()).backward();
    assertEquals(x.grad!.item(), Math.exp(1));
    assertThrows(() => graph.disableSavedTensorsHooks(1 as never), TypeError, "'message'");
  });
});

describe("checkpoint()", () => {
  test("saves nothing, runs again in the backward pass, and gives the same gradients", () => {
    const x = leaf(0.5, 1);
    const w = leaf(2, 3);
    let runs = 0;
    const block = (x: Tensor, w: Tensor, factor: number) => {
      runs++;
      return x.mul(w).sin().exp().mul(factor).sum();
    };
    const [gx, gw] = autograd.grad(block(x, w, 2), [x, w]);
    runs = 0;
    const y = checkpoint(block, [x, w, 2]);
    assertEquals(runs, 1);
    y.backward();
    assertEquals(runs, 2);
    assertEquals([x.grad!.toArray(), w.grad!.toArray()], [gx!.toArray(), gw!.toArray()]);
    // By autograd.grad, by what is no argument, with the graph kept, and for a second derivative.
    const closed = checkpoint((x: Tensor) => block(x, w, 2), [x]);
    const twice = [1, 2].map(() => autograd.grad(closed, w, { retainGraph: true })[0]!.toArray());
    assertEquals(twice, [gw!.toArray(), gw!.toArray()]);
    const cube = (x: Tensor) => x.pow(3).sum();
    const [first] = autograd.grad(checkpoint(cube, [x]), x, { createGraph: true });
    const [second] = autograd.grad(first!.sum(), x);
    assertEquals(second!.toArray(), [3, 6]);
  });

  test("draws the same random numbers again, and leaves the generator as it was", () => {
    torch.manualSeed(1);
    const x = torch.ones([100], { requiresGrad: true });
    const drop = (x: Tensor) => nn.functional.dropout(x, { p: 0.5 }).mul(x);
    const y = checkpoint(drop, [x]);
    const next = torch.rand([1]).item();
    torch.rand([7]);
    y.sum().backward();
    assertEquals(x.grad!.toArray(), y.mul(2).toArray());
    torch.manualSeed(1);
    drop(x);
    assertEquals(torch.rand([1]).item(), next);
    assertEquals(y.requiresGrad, true);
  });

  test("works within another, under noGrad, and without anything to derive", () => {
    const x = leaf(0.5);
    let inner = 0;
    const y = checkpoint((x: Tensor) => {
      const a = checkpoint((x: Tensor) => (inner++, x.sin().exp()), [x.mul(2)]);
      return a.cos();
    }, [x]);
    y.backward();
    assert(inner >= 2);
    const s = Math.sin(1);
    const expected = -Math.sin(Math.exp(s)) * Math.exp(s) * Math.cos(1) * 2;
    assert(Math.abs(x.grad!.item() as number - expected) < 1e-12);
    assertEquals(torch.noGrad(() => checkpoint((x: Tensor) => x.mul(2), [x])).requiresGrad, false);
    assertEquals(checkpoint((a: number) => a + 1, [1]), 2);
  });

  test("outlives a scope and a using of its arguments", () => {
    const w = leaf(2);
    const y = torch.scope(() => {
      using x = torch.tensor([3], { dtype: "float64" });
      return checkpoint((x: Tensor) => x.mul(w).exp(), [x]);
    });
    y.backward();
    assertEquals(w.grad!.item(), 3 * Math.exp(6));
  });

  test("says where the function was another the second time", () => {
    const x = leaf(1, 2, 3);
    let runs = 0;
    const shape = checkpoint((x: Tensor) => (runs++ === 0 ? x : x.narrow(0, 0, 2)).exp().sum(), [
      x,
    ]);
    const error = assertThrows(() => shape.backward(), torch.TorchError, "different metadata");
    assertStringIncludes(error.message, "tensor 0 was [3], float64, cpu and is [2], float64, cpu");
    runs = 0;
    const fewer = checkpoint((x: Tensor) => (runs++ === 0 ? x.exp().exp() : x.exp()).sum(), [x]);
    assertThrows(() => fewer.backward(), torch.TorchError, "A different number of tensors");
    runs = 0;
    const thrown = checkpoint((x: Tensor) => {
      if (runs++ > 1) throw new RangeError("mine");
      return x.exp().sum();
    }, [x]);
    runs = 2;
    assertThrows(() => thrown.backward(), RangeError, "mine");
  });

  test("refuses nonsense", () => {
    const x = leaf(1);
    const exp = (x: Tensor) => x.exp();
    assertThrows(() => checkpoint(1 as never, [x]), TypeError, "'fn'");
    assertThrows(() => checkpoint(exp, x as never), TypeError, "'args'");
    assertThrows(
      () => checkpoint(exp, [x], { useReentrant: true as never }),
      torch.TorchError,
      "re-entrant",
    );
    assertThrows(() => checkpoint(exp, [x], { determinismCheck: "x" as never }), RangeError);
    assertThrows(() => checkpoint(exp, [x], { preserveRngState: 1 as never }), TypeError);
    assertThrows(
      () => checkpoint((() => Promise.resolve(x)) as never, [x]),
      TypeError,
      "synchronous",
    );
    assertThrows(() => checkpointSequential([exp], 2, x), RangeError, "'segments'");
    assertThrows(() => checkpointSequential([1 as never], 1, x), TypeError, "functions[0]");
  });

  test("trains a Sequential in segments as without them", () => {
    torch.manualSeed(0);
    const net = new nn.Sequential(
      ...[1, 2, 3, 4].flatMap(() => [new nn.Linear(8, 8), new nn.Dropout(0.3), new nn.Tanh()]),
    );
    const x = torch.rand([5, 8]);
    const gradients = (run: (x: Tensor) => Tensor) => {
      net.zeroGrad();
      torch.manualSeed(3);
      run(x).sum().backward();
      return [...net.parameters()].map((one) => one.grad!.toArray());
    };
    const expected = gradients((x) => net(x));
    assertEquals(gradients((x) => checkpointSequential([...net], 3, x)), expected);
  });
});

describe("onceDifferentiable()", () => {
  test("runs backward without recording, and fails where it would be derived", () => {
    let recording = true;
    class Square extends autograd.Function {
      static forward(ctx: torch.autograd.FunctionContext, x: Tensor): Tensor {
        ctx.saveForBackward(x);
        return x.mul(x);
      }
      static backward = autograd.onceDifferentiable((ctx, gradient: Tensor) => {
        recording = torch.isGradEnabled();
        return gradient.mul(2).mul(ctx.savedTensors[0]!);
      });
    }
    const x = leaf(3);
    Square.apply(x).backward();
    assertEquals([recording, x.grad!.toArray()], [false, [6]]);
    const [first] = autograd.grad(Square.apply(x).pow(2), x, { createGraph: true });
    assertEquals([first!.toArray(), first!.requiresGrad], [[108], true]);
    assertThrows(() => first!.backward(), torch.TorchError, "differentiate twice");
    assertThrows(() => autograd.onceDifferentiable(1 as never), TypeError, "'backward'");
  });
});
