import { describe, test } from "node:test";
import { assert, assertEquals, assertThrows } from "@std/assert";
import * as torch from "../mod.ts";
import { balanced } from "./support/balance.ts";

const { autograd } = torch;
const { gradcheck, gradgradcheck, GradcheckError, forwardAd } = autograd;
type Tensor = torch.Tensor;
type Context = torch.autograd.FunctionContext;

function leaf(...values: number[]): Tensor {
  return torch.tensor(values, { dtype: "float64", requiresGrad: true });
}

/** x² with a derivative that is `wrong` times too large. */
function squareWith(wrong: number) {
  return class Square extends autograd.Function {
    static forward(ctx: Context, x: Tensor): Tensor {
      ctx.saveForBackward(x);
      return x.mul(x);
    }
    static backward(ctx: Context, gradient: Tensor): Tensor {
      return gradient.mul(ctx.savedTensors[0]!).mul(2 * wrong);
    }
  };
}

describe("gradcheck()", () => {
  test("passes what is right, of one or several inputs and outputs, in both modes", () => {
    assert(gradcheck((x) => squareWith(1).apply(x), leaf(1, -2, 3)));
    const [x, y] = [leaf(0.3, 0.7), leaf(1.5)];
    const run = (
      x: Tensor,
      y: Tensor,
      n: number,
    ) => [x.mul(y).sin(), x.pow(n).sum()];
    assert(gradcheck(run, [x, y, 3], { checkForwardAd: true }));
    assert(
      gradcheck(
        (x) => x.index(1),
        torch.ones([2, 2], { dtype: "float64", requiresGrad: true }),
      ),
    );
  });

  test("says which Jacobian is wrong, in PyTorch's words", () => {
    const error = assertThrows(
      () => gradcheck((x) => squareWith(1.1).apply(x), leaf(1, 2)),
      GradcheckError,
      "Jacobian mismatch for output 0 with respect to input 0,\nnumerical:tensor([[2.0000, 0.0000],",
    );
    assert(
      error.message.includes("analytical:tensor([[2.2000, 0.0000],"),
      error.message,
    );
    assertEquals(
      gradcheck((x) => squareWith(1.1).apply(x), leaf(1), {
        raiseException: false,
      }),
      false,
    );
  });

  test("checks complex functions by their real and imaginary parts", () => {
    const z = torch.tensor([{ re: 0.5, im: -1 }, { re: 2, im: 0.3 }], {
      dtype: "complex128",
      requiresGrad: true,
    });
    assert(gradcheck((z) => z.mul(z).conj(), z, { checkForwardAd: true }));
    assert(gradcheck((z) => z.abs(), z));
    assert(gradgradcheck((z) => z.mul(z), z));
    class Bad extends autograd.Function {
      static forward(_: Context, z: Tensor): Tensor {
        return z.mul({ re: 0, im: 1 });
      }
      static backward(_: Context, gradient: Tensor): Tensor {
        return gradient.mul({ re: 0, im: 1 });
      }
    }
    assertThrows(
      () => gradcheck((z) => Bad.apply(z), z),
      GradcheckError,
      "While considering the imaginary part of complex outputs only, Jacobian mismatch",
    );
  });

  test("finds a backward that forgets its gradient, or is not the same twice", () => {
    class Forgets extends autograd.Function {
      static forward(_: Context, x: Tensor): Tensor {
        return x.mul(1);
      }
      static backward(_: Context, gradient: Tensor): Tensor {
        return torch.onesLike(gradient);
      }
    }
    assertThrows(
      () => gradcheck((x) => Forgets.apply(x), leaf(1)),
      GradcheckError,
      "backward not multiplied by grad_output",
    );
    let calls = 0;
    class Drifts extends autograd.Function {
      static forward(_: Context, x: Tensor): Tensor {
        return x.mul(1);
      }
      static backward(_: Context, gradient: Tensor): Tensor {
        return gradient.mul(1 + 1e-7 * calls++);
      }
    }
    assertThrows(
      () => gradcheck((x) => Drifts.apply(x), leaf(1)),
      GradcheckError,
      "Backward is not reentrant",
    );
    assert(gradcheck((x) => Drifts.apply(x), leaf(1), { nondetTol: 1e-3 }));
  });

  test("finds outputs that lost their graph", () => {
    assertThrows(
      () => gradcheck((x) => [x.mul(2), x.detach().mul(3)], leaf(1)),
      GradcheckError,
      "Numerical gradient for function expected to be zero",
    );
  });

  test("checks derivatives of second order", () => {
    assert(gradgradcheck((x, y) => x.pow(3).mul(y), [leaf(1, 2), leaf(3)]));
    assert(gradgradcheck((x) => squareWith(1).apply(x), leaf(1, 2)));
    class Flat extends autograd.Function {
      static forward(ctx: Context, x: Tensor): Tensor {
        ctx.saveForBackward(x.detach());
        return x.pow(3);
      }
      static backward(ctx: Context, gradient: Tensor): Tensor {
        return gradient.mul(ctx.savedTensors[0]!.detach().pow(2)).mul(3);
      }
    }
    assert(gradcheck((x) => Flat.apply(x), leaf(1, 2)));
    assertThrows(
      () => gradgradcheck((x) => Flat.apply(x), leaf(1, 2)),
      GradcheckError,
      "mismatch",
    );
  });

  test("says what it cannot check", () => {
    const plain = torch.ones([1], { dtype: "float64" });
    assertThrows(
      () => gradcheck((x) => x, plain),
      TypeError,
      "at least one input tensor",
    );
    assertThrows(
      () => gradcheck(1 as never, plain),
      TypeError,
      "'fn' must be a function",
    );
    assertThrows(
      () => gradcheck((x) => x, 1 as never),
      TypeError,
      "'inputs' must be",
    );
    assertThrows(
      () => gradcheck(() => 1 as never, leaf(1)),
      TypeError,
      "must return tensors",
    );
    const wide = torch.ones([1], { dtype: "float64" }).expand([3])
      .requiresGrad_();
    assertThrows(
      () => gradcheck((x) => x.mul(2), wide),
      RangeError,
      "stride 0",
    );
    assertThrows(
      () => gradcheck((x) => x, leaf(1), { checkBackwardAd: false }),
      TypeError,
    );
  });
});

describe("forwardAd", () => {
  const { dualLevel, enterDualLevel, exitDualLevel, makeDual, unpackDual } = forwardAd;

  test("carries tangents through ops, within its level only", () => {
    balanced(() => {
      using x = torch.tensor([2, 3], { dtype: "float64" });
      using t = torch.tensor([1, 10], { dtype: "float64" });
      const after = dualLevel(() => {
        using dual = makeDual(x, t);
        using y = dual.pow(2);
        const { primal, tangent } = unpackDual(y);
        assertEquals([primal.toArray(), tangent!.toArray()], [[4, 9], [4, 60]]);
        primal.dispose();
        tangent!.dispose();
        return y.detach();
      });
      assertEquals(unpackDual(after).tangent, null);
      after.dispose();
    });
  });

  test("serves custom functions that have a jvp", () => {
    class Square extends autograd.Function {
      static forward(ctx: Context, x: Tensor, factor: number): Tensor {
        ctx.saveForForward(x);
        ctx.factor = factor;
        return x.mul(x).mul(factor);
      }
      static jvp(ctx: Context, t: Tensor, none: null): Tensor {
        assertEquals(none, null);
        return t.mul(ctx.savedTensors[0]!).mul(2 * ctx.factor);
      }
    }
    const run = (type: typeof Square) =>
      dualLevel(() =>
        unpackDual(
          type.apply(
            makeDual(
              torch.tensor([3], { dtype: "float64" }),
              torch.tensor([1], { dtype: "float64" }),
            ),
            5,
          ),
        ).tangent!.toArray()
      );
    assertEquals(run(Square), [30]);
    class Without extends autograd.Function {
      static forward(_: Context, x: Tensor, _n: number): Tensor {
        return x.mul(1);
      }
    }
    assertThrows(
      () => run(Without as never),
      torch.TorchError,
      "You must implement static jvp() in Without",
    );
  });

  test("holds for the rest of a block, by using", () => {
    const x = torch.ones([1]);
    {
      using _ = dualLevel();
      assertEquals(unpackDual(makeDual(x, x).mul(3)).tangent!.toArray(), [3]);
    }
    assertThrows(() => makeDual(x, x), torch.TorchError, "no level exists");
  });

  test("is left when the function throws, and is one at a time", () => {
    assertThrows(
      () => dualLevel(() => dualLevel(() => {})),
      torch.TorchError,
      "Nested forward",
    );
    assertThrows(
      () => dualLevel(() => Promise.resolve()),
      TypeError,
      "synchronous",
    );
    assertThrows(() => exitDualLevel(), torch.TorchError, "no level");
    enterDualLevel();
    exitDualLevel();
  });

  test("refuses dual tensors without a level, of integers and of other shapes", () => {
    const x = torch.ones([2]);
    assertThrows(() => makeDual(x, x), torch.TorchError, "no level exists");
    dualLevel(() => {
      assertThrows(
        () => makeDual(torch.tensor([1]), x),
        torch.TorchError,
        "primal to be floating",
      );
      assertThrows(() => makeDual(x, torch.ones([3])), torch.TorchError);
      assertThrows(
        () => makeDual(x, 1 as never),
        TypeError,
        "'tangent' must be a Tensor",
      );
      assertEquals(unpackDual(x).tangent, null);
    });
  });
});

describe("autograd.functional", () => {
  const { functional } = autograd;

  test("keeps the form of inputs and outputs", () => {
    const [x, y] = [leaf(1, 2), leaf(3)];
    const two = functional.jacobian((x, y) => [x.mul(y), y], [x, y]);
    assertEquals(two.map((row: Tensor[]) => row.map((one) => one.toArray())), [
      [[[3, 0], [0, 3]], [[1], [2]]],
      [[[0, 0]], [[1]]],
    ]);
    assertEquals(two[0][0].requiresGrad, false);
    assertEquals(x.grad, null);
  });

  test("records itself with createGraph", () => {
    const x = leaf(2);
    const jacobian = functional.jacobian((x) => x.pow(3), x, {
      createGraph: true,
    });
    assertEquals(autograd.grad(jacobian.sum(), x)[0]!.toArray(), [12]);
  });

  test("refuses independent outputs where it is strict", () => {
    const x = leaf(1);
    const constant = () => torch.ones([1], { dtype: "float64" });
    assertEquals(functional.jacobian(constant, x).toArray(), [[0]]);
    assertThrows(
      () => functional.jacobian(constant, x, { strict: true }),
      torch.TorchError,
      "not allowed in strict mode",
    );
  });

  test("checks vectors and outputs", () => {
    const x = leaf(1, 2);
    assertThrows(
      () => functional.vjp((x) => x, x),
      torch.TorchError,
      "can only be null",
    );
    assertThrows(
      () => functional.vjp((x) => x, x, leaf(1)),
      torch.TorchError,
      "invalid size",
    );
    assertThrows(
      () => functional.jvp((x) => x, x, [x, x]),
      torch.TorchError,
      "should be 1 but got 2",
    );
    assertThrows(
      () => functional.hessian((x) => x, x),
      torch.TorchError,
      "a single element",
    );
    assertThrows(
      () => functional.jacobian(1 as never, x),
      TypeError,
      "'fn' must be a function",
    );
    assertThrows(
      () => functional.jacobian((x) => x, 1 as never),
      TypeError,
      "'inputs' must be",
    );
  });
});

describe("detectAnomaly()", () => {
  test("names the line that made the op whose gradient is not a number", () => {
    const x = leaf(-1);
    const error = assertThrows(
      () =>
        autograd.detectAnomaly(() => {
          const y = x.mul(3).sqrt(); // the line to be named
          y.sum().backward();
        }),
      torch.TorchError,
      "Function 'SqrtBackward0' returned nan values in its 0th output.",
    );
    assert(
      error.message.includes("Error detected in SqrtBackward0."),
      error.message,
    );
    const frame = error.message.split("\n").find((line) => /^\s+at /.test(line))!;
    assert(/autograd_check_test\.ts:\d+:\d+/.test(frame), frame);
    assert(!error.message.includes("/src/tensor/"), error.message);
  });

  test("names the op behind another failure, and the op that led to it", () => {
    const x = leaf(1, 2);
    const error = assertThrows(
      () =>
        autograd.detectAnomaly(() => {
          const y = x.exp();
          y.add_(1);
          y.sum().backward();
        }),
      torch.TorchError,
      "modified by an inplace operation",
    );
    assert(
      error.message.includes("Error detected in ExpBackward0"),
      error.message,
    );
    const twice = assertThrows(() =>
      autograd.detectAnomaly(() => {
        const z = leaf(0);
        const [first] = autograd.grad(z.pow(1.5), z, { createGraph: true });
        first!.mul(0).backward();
      }), torch.TorchError);
    assert(
      twice.message.includes("Previous calculation was induced by"),
      twice.message,
    );
  });

  test("lets NaNs pass with checkNan false, and is over afterwards", () => {
    const x = leaf(-1);
    autograd.detectAnomaly(() => x.sqrt().sum().backward(), {
      checkNan: false,
    });
    assert(Number.isNaN((x.grad!.toArray() as number[])[0]));
    assertEquals(autograd.isAnomalyEnabled(), false);
    x.sqrt().sum().backward();
    {
      using _ = autograd.detectAnomaly();
      assertEquals(autograd.isAnomalyEnabled(), true);
    }
    assertEquals(autograd.isAnomalyEnabled(), false);
  });

  test("passes on what a function of the user's throws", () => {
    class Bad extends autograd.Function {
      static forward(_: Context, x: Tensor): Tensor {
        return x.mul(1);
      }
      static backward(): Tensor {
        throw new RangeError("mine");
      }
    }
    assertThrows(
      () => autograd.detectAnomaly(() => Bad.apply(leaf(1)).backward()),
      RangeError,
      "mine",
    );
  });

  test("refuses what it cannot switch", () => {
    assertThrows(
      () => autograd.detectAnomaly(1 as never),
      TypeError,
      "'fn' must be a function",
    );
    assertThrows(
      () => autograd.detectAnomaly(() => Promise.resolve()),
      TypeError,
      "synchronous",
    );
    assertThrows(
      () => autograd.setDetectAnomaly(1 as never),
      TypeError,
      "'on'",
    );
    assertEquals(autograd.isAnomalyEnabled(), false);
  });

  test("frees its nodes", () => {
    balanced(() => {
      using x = leaf(1);
      autograd.detectAnomaly(() => {
        using y = x.mul(2);
        using z = y.exp();
        z.backward();
      });
    });
  });
});
