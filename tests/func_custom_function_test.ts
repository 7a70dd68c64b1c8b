import { describe, test } from "node:test";
import { assert, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import * as torch from "../mod.ts";

const { autograd, func } = torch;
type Tensor = torch.Tensor;
type Context = torch.autograd.FunctionContext;

const f64 = { dtype: "float64" } as const;

/** x ** 3 * scale, by its own derivatives. */
class Cube extends autograd.Function {
  static forward(x: Tensor, scale: number): Tensor {
    return x.detach().pow(3).mul(scale);
  }
  static setupContext(ctx: Context, [x, scale]: [Tensor, number], _output: Tensor): void {
    ctx.saveForBackward(x);
    ctx.saveForForward(x);
    ctx.scale = scale;
  }
  static backward(ctx: Context, gradient: Tensor): (Tensor | null)[] {
    const [x] = ctx.savedTensors;
    return [gradient.mul(x!.pow(2)).mul(3 * ctx.scale), null];
  }
  static jvp(ctx: Context, tangent: Tensor): Tensor {
    const [x] = ctx.savedTensors;
    return tangent.mul(x!.pow(2)).mul(3 * ctx.scale);
  }
}

class MappedCube extends Cube {
  static generateVmapRule = true;
}

/** Two outputs of two arguments: x * y and sum(x). */
class Pair extends autograd.Function {
  static generateVmapRule = true;
  static forward(x: Tensor, y: Tensor): [Tensor, Tensor] {
    return [x.mul(y), x.sum()];
  }
  static setupContext(ctx: Context, [x, y]: [Tensor, Tensor], _output: [Tensor, Tensor]): void {
    ctx.saveForBackward(x, y);
  }
  static backward(ctx: Context, product: Tensor, sum: Tensor): (Tensor | null)[] {
    const [x, y] = ctx.savedTensors;
    return [product.mul(y!).add(sum), product.mul(x!)];
  }
}

const plainPair = (x: Tensor, y: Tensor): [Tensor, Tensor] => [x.mul(y), x.sum()];

function same(actual: unknown, expected: unknown): void {
  const list = (value: unknown) => (Array.isArray(value) ? value : [value]) as Tensor[];
  assertEquals(list(actual).length, list(expected).length);
  list(expected).forEach((one, i) => {
    const other = list(actual)[i]!;
    assertEquals(other.shape, one.shape);
    assert(torch.allclose(other, one, { rtol: 1e-12, atol: 1e-12 }), `${other}\nis not\n${one}`);
  });
}

describe("A function of one's own within torch.func", () => {
  const x = torch.tensor([0.5, -1, 2], f64);
  const point = torch.tensor(1.5, f64);
  const own = (x: Tensor) => Cube.apply(x, 2);
  const mapped = (x: Tensor) => MappedCube.apply(x, 2);
  const plain = (x: Tensor) => x.pow(3).mul(2);

  test("is derived by grad, also three times over, by its own backward", () => {
    same(func.grad(own)(point), torch.tensor(6 * 1.5 ** 2, f64));
    same(func.grad(func.grad(own))(point), torch.tensor(12 * 1.5, f64));
    same(func.grad(func.grad(func.grad(own)))(point), torch.tensor(12, f64));
    const [output, pull] = func.vjp(own, x);
    same(output, plain(x));
    same(pull(torch.ones([3], f64))[0], x.pow(2).mul(6));
  });

  test("is derived by jvp, by its own jvp", () => {
    const direction = torch.tensor([1, 2, 3], f64);
    same(func.jvp(own, [x], [direction]), func.jvp(plain, [x], [direction]));
    const along = (x: Tensor) => func.jvp(own, [x], [torch.ones([], f64)])[1];
    same(func.grad(along)(point), torch.tensor(12 * 1.5, f64));
  });

  test("is mapped by a rule made of its functions, around and within derivatives", () => {
    same(func.vmap(mapped)(x), plain(x));
    same(func.vmap(func.grad(mapped))(x), x.pow(2).mul(6));
    same(func.vmap(func.grad(func.grad(mapped)))(x), x.mul(12));
    same(func.grad((x: Tensor) => func.vmap(mapped)(x).sum())(x), x.pow(2).mul(6));
    same(func.jacrev(mapped)(x), func.jacrev(plain)(x));
    same(func.jacfwd(mapped)(x), func.jacfwd(plain)(x));
    same(
      func.hessian((x: Tensor) => mapped(x).sum())(x),
      func.hessian((x: Tensor) => plain(x).sum())(x),
    );
    same(func.vmap(func.vmap(mapped))(x.reshape([3, 1])), plain(x).reshape([3, 1]));
  });

  test("is mapped over some arguments, whose gradients are summed or repeated", () => {
    torch.manualSeed(0);
    const a = torch.rand([4, 3], f64);
    const b = torch.rand([3], f64);
    const apply = (x: Tensor, y: Tensor) => Pair.apply(x, y) as [Tensor, Tensor];
    for (const dims of [[0, null], [null, 0], [0, 0]] as const) {
      const args = dims.map((dim) => dim === 0 ? a : b) as [Tensor, Tensor];
      same(
        func.vmap(apply, { inDims: dims })(...args),
        func.vmap(plainPair, { inDims: dims })(...args),
      );
      const loss = (f: typeof apply) => (x: Tensor, y: Tensor) => {
        const [product, sum] = func.vmap(f, { inDims: dims })(x, y);
        return product.sin().sum().add(sum.cos().sum());
      };
      same(
        func.grad(loss(apply), { argnums: [0, 1] })(...args),
        func.grad(loss(plainPair), { argnums: [0, 1] })(...args),
      );
      const one = (f: typeof apply) => (x: Tensor, y: Tensor) => f(x, y)[0].sin().sum();
      const perSample = (f: typeof apply) =>
        func.vmap(func.grad(one(f), { argnums: [0, 1] }), { inDims: dims })(...args);
      same(perSample(apply), perSample(plainPair));
    }
    same(
      func.vmap(apply, { inDims: [1, null], outDims: [1, 0] })(a.t(), b)[0],
      a.mul(b).t(),
    );
  });

  test("is mapped by its own static vmap", () => {
    let seen: unknown = null;
    class Own extends Cube {
      static vmap(
        info: torch.autograd.VmapInfo,
        dims: (number | null)[],
        x: Tensor,
        scale: number,
      ) {
        seen = [info, dims, x.shape];
        return [Own.apply(x, scale), dims[0]] as const;
      }
    }
    const call = (x: Tensor) => Own.apply(x, 2);
    same(func.vmap(call, { inDims: 1 })(x.reshape([1, 3])), plain(x).reshape([3, 1]));
    assertEquals(seen, [{ batchSize: 3, randomness: "error" }, [1, null], [1, 3]]);
    same(func.vmap(func.grad(call))(x), x.pow(2).mul(6));
    class Wrong extends Cube {
      static vmap = () => [1, 2, 3] as never;
    }
    assertThrows(
      () => func.vmap((x: Tensor) => Wrong.apply(x, 2))(x),
      TypeError,
      "[output, outDims]",
    );
    class WrongDim extends Cube {
      static vmap(_info: unknown, _dims: unknown, x: Tensor) {
        return [x, 4] as const;
      }
    }
    assertThrows(() => func.vmap((x: Tensor) => WrongDim.apply(x, 2))(x), TypeError, "outDims 4");
  });

  test("says what it lacks", () => {
    class Old extends autograd.Function {
      static forward(_ctx: Context, x: Tensor): Tensor {
        return x.mul(2);
      }
      static backward(_ctx: Context, gradient: Tensor): Tensor {
        return gradient;
      }
    }
    const old = assertThrows(() => func.grad((x: Tensor) => Old.apply(x))(point), torch.TorchError);
    assertStringIncludes(old.message, "setupContext");
    assertEquals([old.op, old.kind], ["Old.apply", "notImplemented"]);
    const unmapped = assertThrows(() => func.vmap(own)(x), torch.TorchError);
    assertStringIncludes(unmapped.message, "generateVmapRule");
    class Both extends MappedCube {
      static vmap = () => [1, 2] as never;
    }
    assertThrows(() => func.vmap((x: Tensor) => Both.apply(x, 2))(x), torch.TorchError, "both");
    class NoJvp extends Pair {}
    assertThrows(
      () => func.jvp((x: Tensor) => (NoJvp.apply(x, x) as [Tensor, Tensor])[0], [x], [x]),
      torch.TorchError,
      "jvp()",
    );
    // And leaves the levels as they were.
    same(func.grad(own)(point), torch.tensor(6 * 1.5 ** 2, f64));
    class Thrower extends MappedCube {
      static override forward(_x: Tensor, _scale: number): Tensor {
        throw new RangeError("mine");
      }
    }
    const thrower = (x: Tensor) => Thrower.apply(x, 2);
    assertThrows(() => func.grad(thrower)(point), RangeError, "mine");
    assertThrows(() => func.vmap(thrower)(x), RangeError, "mine");
    same(func.vmap(func.grad(mapped))(x), x.pow(2).mul(6));
  });

  test("marks outputs without a gradient, and gets null for missing ones, within vmap too", () => {
    class Marked extends autograd.Function {
      static generateVmapRule = true;
      static forward(x: Tensor): [Tensor, Tensor] {
        return [x.mul(x), x.sign()];
      }
      static setupContext(ctx: Context, [x]: [Tensor], [, sign]: [Tensor, Tensor]): void {
        ctx.saveForBackward(x);
        ctx.markNonDifferentiable(sign);
        ctx.setMaterializeGrads(false);
      }
      static backward(ctx: Context, square: Tensor | null, sign: Tensor | null): Tensor {
        assertEquals(sign, null);
        return square!.mul(ctx.savedTensors[0]!).mul(2);
      }
    }
    const call = (x: Tensor) => (Marked.apply(x) as [Tensor, Tensor])[0];
    same(func.grad((x: Tensor) => func.vmap(call)(x).sum())(x), x.mul(2));
    same(func.vmap(func.grad(call))(x), x.mul(2));
  });
});

describe("autograd.grad with isGradsBatched", () => {
  test("gives a Jacobian in one pass", () => {
    const x = torch.tensor([0.5, -1, 2], { ...f64, requiresGrad: true });
    const other = torch.zeros([2], { ...f64, requiresGrad: true });
    const y = x.pow(2).mul(torch.tensor([1, 2, 3], f64));
    const [jacobian, none] = autograd.grad(y, [x, other], {
      gradOutputs: torch.eye(3, f64),
      isGradsBatched: true,
      allowUnused: true,
      retainGraph: true,
    });
    same(jacobian, torch.diag(x.detach().mul(torch.tensor([2, 4, 6], f64))));
    assertEquals(none, null);
    assertThrows(
      () => autograd.grad(y, x, { gradOutputs: torch.tensor(1, f64), isGradsBatched: true }),
      RangeError,
    );
    assertThrows(() => autograd.grad(y, x, { isGradsBatched: true }), TypeError, "gradOutputs");
    assertThrows(
      () => autograd.grad(y, x, { isGradsBatched: 1 as never }),
      TypeError,
      "isGradsBatched",
    );
  });
});
