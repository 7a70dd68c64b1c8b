import { describe, test } from "node:test";
import { assert, assertEquals, assertThrows } from "@std/assert";
import * as torch from "../mod.ts";

const { func } = torch;
const { hessian, jacobian } = torch.autograd.functional;
type Tensor = torch.Tensor;

const vector = (...values: number[]) => torch.tensor(values, { dtype: "float64" });
// deno-lint-ignore no-explicit-any -- trees of tensors
const show = (tree: any): unknown => Array.isArray(tree) ? tree.map(show) : tree.toArray();

const ways = [
  {},
  { vectorize: true },
  { vectorize: true, strategy: "forward-mode" },
] as const;

describe("autograd.functional's vectorize and strategy", () => {
  // The expected values are PyTorch's, of the same calls.
  for (const options of ways) {
    test(`jacobian ${JSON.stringify(options)} keeps the form of inputs and outputs`, () => {
      const [x, y] = [vector(1, 2), vector(3)];
      const all = jacobian((x: Tensor, y: Tensor) => [x.mul(y), y, x.sum()], [x, y], options);
      assertEquals(show(all), [
        [[[3, 0], [0, 3]], [[1], [2]]],
        [[[0, 0]], [[1]]],
        [[1, 1], [0]],
      ]);
      const square = (x: Tensor) => x.pow(2);
      assertEquals(show(jacobian((x: Tensor) => [square(x)], x, options)), [[[2, 0], [0, 4]]]);
      assertEquals(show(jacobian(square, [x], options)), [[[2, 0], [0, 4]]]);
      assertEquals(show(jacobian(square, x, options)), [[2, 0], [0, 4]]);
    });

    test(`hessian ${JSON.stringify(options)} too`, () => {
      const { vectorize = false, strategy = undefined } = options as typeof ways[2];
      const given = { vectorize, ...(strategy ? { outerJacobianStrategy: strategy } : {}) };
      const [x, y] = [vector(1, 2), vector(3)];
      const mixed = (x: Tensor, y: Tensor) => x.pow(3).sum().mul(y).mul(y);
      assertEquals(show(hessian(mixed, [x, y], given)), [
        [[[54, 0], [0, 108]], [[18], [72]]],
        [[[18, 72]], [[18]]],
      ]);
      const cube = (x: Tensor) => x.pow(3).sum();
      assertEquals(show(hessian(cube, x, given)), [[6, 0], [0, 12]]);
      assertEquals(show(hessian((x: Tensor) => cube(x).view([1, 1]), [x], given)), [[[[6, 0], [
        0,
        12,
      ]]]]);
      assertThrows(() => hessian((x: Tensor) => x, x, given), torch.TorchError, "single element");
    });
  }

  test("vectorize records itself with createGraph, and gives zeros where nothing depends", () => {
    const x = vector(2).requiresGrad_();
    const found = jacobian((x: Tensor) => x.pow(3), x, { vectorize: true, createGraph: true });
    assertEquals(torch.autograd.grad(found.sum(), x)[0]!.toArray(), [12]);
    for (const options of ways) {
      const constant = jacobian(() => vector(1, 1), x, options);
      assertEquals([show(constant), constant.requiresGrad], [[[0], [0]], false]);
      const [of, none] = jacobian((x: Tensor, _y: Tensor) => x.mul(2), [x, vector(1, 1)], options);
      assertEquals([show(of), show(none)], [[[2]], [[0, 0]]]);
    }
    const empty = jacobian((x: Tensor) => x.narrow(0, 0, 0), x, { vectorize: true });
    assertEquals(empty.shape, [0, 1]);
  });

  test("what does not go together is refused, as in PyTorch", () => {
    const x = vector(1);
    const square = (x: Tensor) => x.mul(x).sum();
    const refused = (options: object, text: string, type = torch.TorchError) => {
      assertThrows(() => jacobian(square, x, options), type, text);
    };
    refused({ strategy: "forward-mode" }, `strategy "forward-mode" needs 'vectorize'`);
    const forward = { strategy: "forward-mode", vectorize: true };
    refused({ ...forward, createGraph: true }, "'createGraph' and strategy \"forward-mode\"");
    refused({ ...forward, strict: true }, "'strict' and strategy \"forward-mode\"");
    refused({ vectorize: true, strict: true }, "'strict' and 'vectorize' do not go together");
    assertThrows(
      () => hessian(square, x, { outerJacobianStrategy: "forward-mode" }),
      torch.TorchError,
      `hessian(): outerJacobianStrategy "forward-mode" needs 'vectorize'`,
    );
    assertThrows(
      () => jacobian(square, x, { strategy: "forward" } as never),
      RangeError,
      `'strategy' must be "reverse-mode" or "forward-mode", but got "forward"`,
    );
    assertThrows(
      () => jacobian(square, x, { vectorize: 1 } as never),
      TypeError,
      "argument 'vectorize' must be a boolean, but got 1",
    );
  });
});

describe("func.linearize()", () => {
  test("gives the output, and a function of directions", () => {
    const [x, y] = [vector(1, 2), vector(3, 4)];
    const [output, push] = func.linearize((x: Tensor, y: Tensor) => x.mul(y), x, y);
    assertEquals(output.toArray(), [3, 8]);
    // x'y + xy'
    assertEquals(push(vector(1, 0), vector(0, 0)).toArray(), [3, 0]);
    assertEquals(push(vector(1, 1), vector(2, 3)).toArray(), [5, 10]);
  });

  test("takes trees, and gives zeros where nothing depends", () => {
    const point = { a: vector(1, 2), b: [vector(3)] };
    const [output, push] = func.linearize(
      ({ a, b }: typeof point) => ({ sum: a.sum(), both: [a.mul(b[0]!), vector(1)] }),
      point,
    );
    assertEquals(output.sum.item(), 3);
    const tangent = push({ a: vector(1, 0), b: [vector(10)] });
    assertEquals([tangent.sum.item(), ...tangent.both.map((one) => one.toArray())], [
      1,
      [13, 20],
      [0],
    ]);
  });

  test("composes: batches of directions are the Jacobian, and it can be derived", () => {
    const x = vector(1, 2, 3);
    const cube = (x: Tensor) => x.pow(3);
    const [, push] = func.linearize(cube, x);
    const columns = func.vmap(push)(torch.eye(3, { dtype: "float64" })) as Tensor;
    assert(torch.equal(columns, func.jacfwd(cube)(x)));
    const second = func.grad((x: Tensor) => func.linearize(cube, x)[1](torch.onesLike(x)).sum())(
      x,
    ) as Tensor;
    assertEquals(second.toArray(), [6, 12, 18]);
  });

  test("refuses directions of another form", () => {
    const [, push] = func.linearize((x: Tensor) => x.mul(2), vector(1, 2));
    assertThrows(
      () => push(vector(1)),
      torch.TorchError,
      "tangent 0 has shape [1], but its primal [2]",
    );
    assertThrows(
      () => push(torch.ones([2])),
      torch.TorchError,
      "tangent 0 has dtype float32, but its primal float64",
    );
    assertThrows(
      () => (push as (...all: unknown[]) => unknown)(vector(1, 2), vector(1, 2)),
      TypeError,
      "Expected the tangents to have the structure of the primals, [*], but got [*, *]",
    );
    assertThrows(() => func.linearize(1 as never), TypeError);
    assertThrows(
      () => func.linearize((_x: Tensor) => 1, vector(1)),
      TypeError,
      "outputs of the function",
    );
    assertThrows(() => func.linearize((x: number) => x, 1), TypeError, "primals");
  });
});
