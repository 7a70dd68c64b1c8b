import { describe, test } from "node:test";
import { assert, assertEquals, assertStrictEquals, assertThrows } from "@std/assert";
import * as torch from "../mod.ts";
import { balanced } from "./support/balance.ts";

const { func, nn } = torch;
type Tensor = torch.Tensor;

function double(...values: number[]): Tensor {
  return torch.tensor(values, { dtype: "float64" });
}

const square = (x: Tensor): Tensor => x.mul(x);

describe("func.vmap()", () => {
  test("gives what a loop over the batch gives", () => {
    torch.manualSeed(0);
    const [x, w] = [torch.randn([6, 3, 4]), torch.randn([4, 5])];
    const run = (one: Tensor) => one.matmul(w).softmax(-1).cumsum(0);
    const looped = torch.stack(Array.from({ length: 6 }, (_, i) => run(x.select(0, i))));
    assert(torch.allclose(func.vmap(run)(x), looped, { atol: 1e-6 }));
  });

  test("shows the shape of one example within", () => {
    const seen: unknown[] = [];
    func.vmap((x: Tensor) => {
      seen.push(x.shape, x.size(-1), x.ndim, x.numel(), x.dtype);
      return x;
    }, { inDims: 1 })(torch.zeros([4, 9, 3]));
    assertEquals(seen, [[4, 3], 3, 2, 12, "float32"]);
  });

  test("takes trees of arguments, and gives trees of results", () => {
    const run = func.vmap(
      (input: { a: Tensor; b: Tensor[] }, factor: number) => ({
        sum: input.a.add(input.b[0]!).mul(factor),
        rest: [input.b[1]!],
      }),
      { inDims: [{ a: 0, b: [1, null] }, null], outDims: { sum: 0, rest: [null] } },
    );
    const kept = double(7);
    const result = run({ a: double(1, 2), b: [double(10, 20).reshape([1, 2]), kept] }, 2);
    assertEquals(result.sum.toArray(), [[22], [44]]);
    assertStrictEquals(result.rest[0], kept);
  });

  test("counts dimensions from the end, in and out", () => {
    const x = torch.arange(6).reshape([2, 3]);
    const run = func.vmap((row: Tensor) => row.mul(2), { inDims: -2, outDims: -1 });
    assertEquals(run(x).toArray(), [[0, 6], [2, 8], [4, 10]]);
    const constant = func.vmap((_: Tensor) => double(1, 2), { outDims: -1 });
    assertEquals(constant(torch.zeros([3])).toArray(), [[1, 1, 1], [2, 2, 2]]);
  });

  test("makes the same, different or no random numbers", () => {
    const draw = (randomness: "error" | "same" | "different") =>
      func.vmap((x: Tensor) => x.add(torch.rand([4])), { randomness })(torch.zeros([3, 4]));
    assertThrows(() => draw("error"), torch.TorchError, "randomness");
    const [a, b] = draw("same").unbind(0);
    assert(torch.equal(a!, b!));
    const [c, d] = draw("different").unbind(0);
    assert(!torch.equal(c!, d!));
  });

  test("refuses to read elements, which stand for all of the batch", () => {
    const reads: ((x: Tensor) => unknown)[] = [
      (x) => x.sum().item(),
      (x) => x.toArray(),
      (x) => x.toTypedArray(),
    ];
    for (const read of reads) {
      assertThrows(
        () =>
          func.vmap((x: Tensor) => {
            read(x);
            return x;
          })(torch.zeros([2, 2])),
        torch.TorchError,
        "vmap",
      );
    }
  });

  test("says what does not fit", () => {
    const x = torch.zeros([2, 3]);
    const bad = 1 as never;
    assertThrows(() => func.vmap(bad), TypeError, "'fn' must be a function");
    assertThrows(() => func.vmap(square)(...[] as never as [Tensor]), TypeError, "no inputs");
    assertThrows(() => func.vmap(square, { inDims: 2 })(x), RangeError, "-2 <= inDim < 2");
    assertThrows(() => func.vmap(square, { inDims: 0.5 })(x), TypeError, "inDim must be either");
    assertThrows(() => func.vmap(square, { inDims: [0, 0] })(x), TypeError, "not compatible");
    assertThrows(() => func.vmap(square, { inDims: null })(x), TypeError, "at least one Tensor");
    assertThrows(() => func.vmap((_: number) => x)(3), TypeError, "non-Tensor arguments");
    assertThrows(
      () => func.vmap((a: Tensor, b: Tensor) => a.add(b))(x, torch.zeros([3])),
      RangeError,
      "sizes [2, 3]",
    );
    assertThrows(() => func.vmap(() => 1)(...[x] as never as []), TypeError, "must only return");
    assertThrows(() => func.vmap(square, { outDims: null })(x), TypeError, "outDim is null");
    assertThrows(() => func.vmap(square, { outDims: 5 })(x), RangeError, "from -2 to 1");
    assertThrows(() => func.vmap(square, { outDims: [0, 0] })(x), TypeError, "outDims");
    assertThrows(() => func.vmap(square, { randomness: bad }), RangeError, "'randomness'");
    assertThrows(() => func.vmap(square, { chunkSize: 0 }), RangeError, "'chunkSize'");
    assertThrows(() => func.vmap(() => Promise.resolve(x))(...[x] as never as []), TypeError);
    // Every level was left: the next one is the first again.
    assertEquals(func.vmap(square)(double(1, 2)).toArray(), [1, 4]);
  });

  test("frees what it makes", () => {
    balanced(() => {
      using x = double(1, 2, 3);
      using y = func.vmap((one: Tensor) => {
        using twice = one.mul(2);
        using result = twice.add(1);
        return result.detach();
      })(x);
      assertEquals(y.toArray(), [3, 5, 7]);
    });
  });
});

describe("func.grad()", () => {
  test("leaves its level when the function throws, whose error it passes on", () => {
    const mine = new RangeError("mine");
    let caught: unknown;
    try {
      func.grad((_: Tensor) => {
        throw mine;
      })(double(1));
    } catch (error) {
      caught = error;
    }
    assertStrictEquals(caught, mine);
    assertEquals(func.grad((x: Tensor) => x.mul(3).sum())(double(1)).toArray(), [3]);
  });

  test("lets values be read within", () => {
    const seen: unknown[] = [];
    func.grad((x: Tensor) => {
      seen.push(x.toArray(), x.sum().item(), x.shape, x.requiresGrad);
      return x.sum();
    })(double(1, 2));
    assertEquals(seen, [[1, 2], 3, [2], true]);
  });

  test("prints what it wraps, as PyTorch does", () => {
    const seen: string[] = [];
    func.vmap(func.grad((x: Tensor) => {
      seen.push(String(x));
      return x.sum();
    }))(double(1, 2).reshape([2, 1]));
    const expected = "GradTrackingTensor(lvl=2, value=\n" +
      "    BatchedTensor(lvl=1, bdim=0, value=\n" +
      "        tensor([[1.],\n" +
      "                [2.]], dtype=torch.float64)\n    )\n)";
    assertEquals(seen, [expected]);
  });

  test("keeps apart from backward()", () => {
    assertThrows(
      () =>
        func.grad((x: Tensor) => {
          const y = x.sum();
          y.backward();
          return y;
        })(double(1)),
      torch.TorchError,
      "backward() called inside a torch.func transform",
    );
    const x = double(1).requiresGrad_();
    x.sum().backward();
    assertEquals(x.grad!.toArray(), [1]);
  });

  test("gives zeros where the function ignores its argument, and null derivatives of constants", () => {
    assertEquals(func.grad((_: Tensor) => torch.ones([]))(double(1, 2)).toArray(), [0, 0]);
  });

  test("takes trees, positions and aux", () => {
    const run = func.grad(
      (p: { w: Tensor; b: Tensor }, x: Tensor) => {
        const y = p.w.mul(x).add(p.b).sum();
        return [y, { y }];
      },
      { hasAux: true },
    );
    const [gradient, aux] = run({ w: double(1, 2), b: double(0, 0) }, double(3, 4));
    assertEquals([gradient.w.toArray(), gradient.b.toArray()], [[3, 4], [1, 1]]);
    assertEquals(aux.y.item(), 11);
    const by = func.grad((x: Tensor, y: Tensor) => x.mul(y).sum(), { argnums: -1 });
    assertEquals(by(double(2), double(5)).toArray(), [2]);
  });

  test("is not disturbed by noGrad outside, and works in inference mode", () => {
    const run = () => func.grad((x: Tensor) => x.pow(2).sum())(double(3)).toArray();
    assertEquals(torch.noGrad(run), [6]);
    assertEquals(torch.inferenceMode(run), [6]);
  });

  test("says what does not fit", () => {
    const x = double(1, 2);
    assertThrows(() => func.grad(square)(x), TypeError, "scalar Tensor, got tensor with 1 dims");
    assertThrows(() => func.grad((_: Tensor) => 1 as never)(x), TypeError, "must return a Tensor");
    assertThrows(() => func.grad(square, { argnums: 1 })(x), RangeError, "only 1 positional");
    assertThrows(() => func.grad(square, { argnums: [0, 0] })(x), RangeError, "unique");
    assertThrows(() => func.grad(square, { argnums: [] })(x), RangeError, "not be empty");
    assertThrows(() => func.grad(square, { hasAux: true })(x), TypeError, "[output, aux]");
    assertThrows(() => func.grad((_: number) => x.sum())(3), TypeError, "must be tensors");
    assertThrows(() => func.grad((_: Tensor) => Promise.resolve(x) as never)(x), TypeError);
  });

  test("frees what it makes but for what the function made", () => {
    balanced(() => {
      using x = double(1, 2);
      using y = func.grad((one: Tensor) => one.sum())(x);
      assertEquals(y.toArray(), [1, 1]);
    });
  });

  test("refuses custom functions without a setupContext", () => {
    class Twice extends torch.autograd.Function {
      static forward(_: torch.autograd.FunctionContext, x: Tensor): Tensor {
        return x.mul(2);
      }
      static backward(_: torch.autograd.FunctionContext, gradient: Tensor): Tensor {
        return gradient.mul(2);
      }
    }
    assertThrows(
      () => func.grad((x: Tensor) => Twice.apply(x).sum())(double(1)),
      torch.TorchError,
      "must have a static setupContext",
    );
  });
});

describe("func.vjp() and func.jvp()", () => {
  test("can be pulled again and again, and check the structure", () => {
    const [output, pull] = func.vjp((x: Tensor) => [x.mul(2), x.sum()], double(1, 2));
    assertEquals((output as Tensor[]).map((one) => one.toArray()), [[2, 4], 3]);
    for (let i = 0; i < 2; i++) {
      assertEquals(pull([double(1, 0), torch.ones([], { dtype: "float64" })])[0].toArray(), [3, 1]);
    }
    assertThrows(() => pull(double(1)), TypeError, "structure of the outputs, [*, *], but got *");
  });

  test("pass on aux, and refuse outputs without derivatives", () => {
    const [, pull, aux] = func.vjp((x: Tensor) => [x.mul(2), "note"] as const, double(1), {
      hasAux: true,
    });
    assertEquals([pull(double(1))[0].toArray(), aux], [[2], "note"]);
    assertThrows(() => func.vjp((x: Tensor) => x.gt(0), double(1)), TypeError, "dtype bool");
    const [, tangent, note] = func.jvp(
      (x: Tensor) => [x.mul(2), "note"] as const,
      [double(1)],
      [double(3)],
      { hasAux: true },
    );
    assertEquals([tangent.toArray(), note], [[6], "note"]);
  });

  test("agree with each other: the one is the other's transpose", () => {
    torch.manualSeed(1);
    const run = (x: Tensor) => x.sin().cumsum(0).mul(x.exp());
    const [x, u, v] = [0, 1, 2].map(() => torch.randn([5], { dtype: "float64" }));
    const forward = func.jvp(run, [x!], [v!])[1].dot(u!).item() as number;
    const reverse = func.vjp(run, x!)[1](u!)[0].dot(v!).item();
    assert(Math.abs(forward - reverse) < 1e-12, `${forward} and ${reverse}`);
  });

  test("nest within each other and within themselves", () => {
    const cube = (x: Tensor) => x.pow(3);
    const one = double(1);
    const second = func.jvp((x: Tensor) => func.jvp(cube, [x], [one])[1], [double(2)], [one])[1];
    assertEquals(second.toArray(), [12]);
    const mixed = func.jvp((x: Tensor) => func.grad((y: Tensor) => cube(y).sum())(x), [double(2)], [
      one,
    ])[1];
    assertEquals(mixed.toArray(), [12]);
  });

  test("give zeros for an output that ignores the primals, or refuse it", () => {
    const constant = (_: Tensor) => double(1);
    assertEquals(func.jvp(constant, [double(1)], [double(1)])[1].toArray(), [0]);
    assertThrows(
      () => func.jvp(constant, [double(1)], [double(1)], { strict: true }),
      torch.TorchError,
      "does not depend",
    );
  });

  test("check what they are given", () => {
    const x = double(1);
    assertThrows(() => func.jvp(square, x as never, [x]), TypeError, "'primals' must be an array");
    assertThrows(() => func.jvp(square, [x], [] as never), TypeError, "same structure");
    assertThrows(() => func.jvp(square, [x], [double(1, 2)]), torch.TorchError);
    assertThrows(
      () => func.jvp(square, [torch.tensor([1])], [torch.tensor([1])]),
      torch.TorchError,
    );
    assertEquals(func.jvp(square, [x], [x])[1].toArray(), [2]);
  });
});

describe("func.jacrev(), func.jacfwd() and func.hessian()", () => {
  test("agree, over trees and with aux", () => {
    const run = (p: { a: Tensor; b: Tensor }) => [p.a.mul(p.b.sum()), { aux: p.b.mul(1) }];
    const p = { a: double(1, 2), b: double(3, 4, 5) };
    const [reverse, first] = func.jacrev(run, { hasAux: true, chunkSize: 1 })(p);
    const [forward, second] = func.jacfwd(run, { hasAux: true })(p);
    for (const [jacobian, aux] of [[reverse, first], [forward, second]]) {
      assertEquals(jacobian.a.toArray(), [[12, 0], [0, 12]]);
      assertEquals(jacobian.b.toArray(), [[1, 1, 1], [2, 2, 2]]);
      assertEquals(aux.aux.toArray(), [3, 4, 5]);
    }
  });

  test("give a Hessian by several arguments", () => {
    const run = (x: Tensor, y: Tensor) => x.mul(x).mul(y).sum();
    const hessian = func.hessian(run, { argnums: [0, 1] })(double(3), double(5));
    assertEquals(
      hessian.map((row: Tensor[]) => row.map((one) => one.item())),
      [[10, 6], [6, 0]],
    );
  });
});

describe("func.functionalCall() and func.stackModuleState()", () => {
  class Net extends nn.Module<[Tensor], Tensor> {
    first = new nn.Linear(3, 4);
    second = new nn.Linear(4, 2);
    override forward(x: Tensor): Tensor {
      return this.second(this.first(x).tanh());
    }
  }

  test("gives the gradient of each example's loss, which a loop gives too", () => {
    torch.manualSeed(2);
    const net = new Net();
    const parameters = Object.fromEntries(net.namedParameters());
    const [x, y] = [torch.randn([5, 3]), torch.tensor([0, 1, 1, 0, 1])];
    const loss = (p: Record<string, Tensor>, x: Tensor, y: Tensor) =>
      nn.functional.crossEntropy(func.functionalCall(net, p, [x.unsqueeze(0)]), y.unsqueeze(0));
    const each = func.vmap(func.grad(loss), { inDims: [null, 0, 0] })(parameters, x, y);
    for (let i = 0; i < 5; i++) {
      for (const parameter of net.parameters()) parameter.grad = null;
      nn.functional.crossEntropy(net(x.narrow(0, i, 1)), y.narrow(0, i, 1)).backward();
      for (const [name, parameter] of net.namedParameters()) {
        assert(torch.allclose(each[name].select(0, i), parameter.grad!, { atol: 1e-6 }), name);
      }
    }
  });

  test("gives the module its own tensors back, also when forward throws", () => {
    const net = new Net();
    const own = net.first.weight;
    func.functionalCall(net, { "first.weight": torch.zeros([4, 3]) }, torch.ones([1, 3]));
    assertStrictEquals(net.first.weight, own);
    assertThrows(() =>
      func.functionalCall(net, { "first.weight": torch.zeros([9, 9]) }, [torch.ones([1, 3])])
    );
    assertStrictEquals(net.first.weight, own);
  });

  test("changes given buffers in place of the module's", () => {
    const norm = new nn.BatchNorm1d(2);
    const buffers = { runningMean: torch.zeros([2]), runningVar: torch.ones([2]) };
    const names = Object.fromEntries(
      [...norm.namedBuffers()].map(([name]) => [name.toLowerCase().replaceAll("_", ""), name]),
    );
    const given = { [names.runningmean!]: buffers.runningMean };
    func.functionalCall(norm, given, torch.full([4, 2], 10, { dtype: "float32" }));
    assertEquals(buffers.runningMean.toArray(), [1, 1]);
    const kept = Object.fromEntries(norm.namedBuffers())[names.runningmean!]!;
    assertEquals(kept.toArray(), [0, 0]);
  });

  test("says which names do not fit", () => {
    const net = new Net();
    const x = torch.ones([1, 3]);
    const call = (tensors: never, options = {}) => () =>
      func.functionalCall(net, tensors, x, options);
    assertThrows(call({ nothing: x } as never), torch.TorchError, "has no nothing");
    assertThrows(call({} as never, { strict: true }), torch.TorchError, "missing: first.weight");
    assertThrows(call([{ a: x }, { a: x }] as never), TypeError, "several dictionaries");
    assertThrows(call({ a: 1 } as never), TypeError, "'a' must be a Tensor");
    assertThrows(call(1 as never), TypeError, "'tensors' must be an object");
    assertThrows(() => func.functionalCall(1 as never, {}, x as never), TypeError, "'module'");
  });

  test("runs an ensemble at once", () => {
    torch.manualSeed(3);
    const nets = [0, 1, 2].map(() => new Net());
    const [parameters, buffers] = func.stackModuleState(nets);
    assertEquals(Object.keys(buffers), []);
    assert(Object.values(parameters).every((one) => one.requiresGrad && one.isLeaf));
    const x = torch.randn([7, 3]);
    const run = (p: Record<string, Tensor>, x: Tensor) => func.functionalCall(nets[0]!, p, [x]);
    const all = func.vmap(run, { inDims: [0, null] })(parameters, x);
    nets.forEach((net, i) => assert(torch.allclose(all.select(0, i), net(x), { atol: 1e-6 })));
    assertThrows(() => func.stackModuleState([]), TypeError, "at least one");
    assertThrows(() => func.stackModuleState([new Net(), new nn.Linear(1, 1)]), TypeError, "same");
    assertThrows(() => func.stackModuleState([new Net(), new Net().eval()]), TypeError, "mode");
  });
});
