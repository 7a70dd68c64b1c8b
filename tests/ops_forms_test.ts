import { assert, assertEquals, assertStrictEquals, assertThrows } from "@std/assert";
import { test } from "node:test";
import { TorchError } from "../ffi/mod.ts";
import * as functional from "../src/ops/functional.ts";
import * as torch from "../src/ops/mod.ts";
import { type DType, type Scalar, Tensor, tensor } from "../src/tensor/mod.ts";
import { balanced } from "./support/balance.ts";

function matrix(): Tensor {
  return tensor([[1.5, 2], [3, 4]]);
}

/** The values of a tensor that is then disposed. */
function take(result: Tensor): unknown {
  const values: unknown = result.toArray();
  result.dispose();
  return values;
}

test("an argument with a default stands in its place or in the options", () => {
  balanced(() => {
    using x = matrix();
    const expected = [[3.5], [7]];
    assertEquals(take(x.sum([1], true)), expected);
    assertEquals(take(x.sum([1], { keepdim: true })), expected);
    assertEquals(take(x.sum({ dim: [1], keepdim: true })), expected);
    assertEquals(take(x.sum({ dim: 1, keepdim: true })), expected);
    assertEquals(take(torch.sum(x, 1, { keepdim: true })), expected);
    assertEquals(take(x.sum(undefined, false, { dtype: "float64" })), 10.5);
    assertEquals(take(x.sum(null)), 10.5);
    assertEquals(take(x.sum(1n as unknown as number)), [3.5, 7]);
  });
});

test("an argument in its place and in the options is refused", () => {
  balanced(() => {
    using x = matrix();
    const twice = () => (torch.softmax as (...args: unknown[]) => Tensor)(x, 0, { dim: 1 });
    assertThrows(twice, TypeError, "softmax(): argument 'dim' was given twice");
    // Of ops with several overloads too, by which one word stands in several places.
    const methods = x as unknown as Record<string, (...args: unknown[]) => Tensor>;
    for (
      const [name, first, option] of [["sum", [1], "dim"], ["max", 1, "dim"], ["clamp", 1, "min"]]
    ) {
      const again = () => methods[name as string]!(first, { [option as string]: 0 });
      assertThrows(again, TypeError, `${name}(): the argument types do not fit`);
    }
    const late = () => (torch.sum as (...args: unknown[]) => Tensor)(x, { dim: 0 }, true);
    assertThrows(late, TypeError, "the options object must be the last argument");
  });
});

test("several results are a tuple whose elements have names", () => {
  balanced(() => {
    using x = matrix();
    const result = x.max(1);
    const [values, indices]: [Tensor, Tensor] = result;
    assertStrictEquals(result.values, values);
    assertStrictEquals(result.indices, indices);
    assert(Array.isArray(result));
    assertEquals(result.length, 2);
    assertEquals(Object.keys(result), ["0", "1"]);
    assertEquals(take(values), [2, 4]);
    assertEquals(take(indices), [1, 1]);
    const { Q, R } = torch.linalg.qr(x);
    assertEquals([Q.shape, R.shape], [[2, 2], [2, 2]]);
    Q.dispose();
    R.dispose();
  });
});

test("mapping over a tuple of results gives an ordinary array", () => {
  balanced(() => {
    using x = matrix();
    const shapes = x.sort().map((part) => {
      using own = part;
      return own.shape;
    });
    assertEquals(shapes, [[2, 2], [2, 2]]);
    assertStrictEquals(Object.getPrototypeOf(shapes), Array.prototype);
  });
});

test("an in-place method returns the object it was called on", () => {
  balanced(() => {
    using x = matrix();
    assertStrictEquals(x.add_(1), x);
    assertStrictEquals(x.clamp_({ max: 4 }), x);
    assertStrictEquals(torch.relu_(x), x);
    assertEquals(x.toArray(), [[2.5, 3], [4, 4]]);
  });
});

test("an overload is picked by what was given", () => {
  balanced(() => {
    using x = matrix();
    using y = tensor([[2, 2], [2, 2]]);
    assertEquals(take(x.max()), 4);
    assertEquals(take(x.max(y)), [[2, 2], [3, 4]]);
    assertEquals(take(x.pow(2)), [[2.25, 4], [9, 16]]);
    assertEquals(take(x.pow(y)), [[2.25, 4], [9, 16]]);
    assertEquals(take(torch.pow(2, y)), [[4, 4], [4, 4]]);
    assertEquals(take(x.std({ correction: 0, dim: 0 })), [0.75, 1]);
    assertEquals(take(x.std(0, false)), [0.75, 1]);
    assertEquals(take(x.clamp(y, null)), [[2, 2], [3, 4]]);
    assertEquals(x.split(1).map(take), [[[1.5, 2]], [[3, 4]]]);
    assertEquals(x.split([1, 1], { dim: 1 }).map(take), [[[1.5], [3]], [[2], [4]]]);
    const eitherKind: (Tensor | Scalar)[] = [y, 2];
    for (const other of eitherKind) {
      assertEquals(take(x.eq(other)), [[false, true], [false, false]]);
    }
  });
});

test("a call that fits no overload says what does", () => {
  balanced(() => {
    using x = matrix();
    const error = assertThrows(() => x.max("no" as unknown as number), TypeError);
    assertEquals(
      error.message,
      `max(): the argument types do not fit: got (a Tensor, "no"), but it takes ` +
        "max(self: Tensor); max(self: Tensor, other: Tensor); max(self: Tensor, dim: number, keepdim?: boolean)",
    );
  });
});

test("sizes may follow one by one where Python takes them so", () => {
  balanced(() => {
    using x = torch.arange(6);
    assertEquals(take(x.view(2, 3)), [[0, 1, 2], [3, 4, 5]]);
    assertEquals(take(x.view([2, -1])), [[0, 1, 2], [3, 4, 5]]);
    using y = x.reshape(1, 6);
    assertEquals(take(y.permute(1, 0)), [[0], [1], [2], [3], [4], [5]]);
    using twice = y.expand(2, -1);
    assertEquals(take(twice.sum(0)), [0, 2, 4, 6, 8, 10]);
    assertEquals(take(x.flip(0)), [5, 4, 3, 2, 1, 0]);
  });
});

test("factories take dtype, device and requiresGrad", () => {
  balanced(() => {
    using x = torch.zeros([2], { dtype: "float64", device: "cpu", requiresGrad: true });
    assertEquals([x.dtype, x.device, x.requiresGrad] as unknown[], ["float64", "cpu", true]);
    using y = torch.onesLike(x, { dtype: "int32" });
    assertEquals(y.dtype, "int32" as DType);
    const integer = () => torch.ones([2], { dtype: "int64", requiresGrad: true });
    assertThrows(integer, TorchError, "can require gradients");
    assertThrows(() => torch.zeros([-1]), TorchError, "non-negative");
  });
});

test("numbers, bigints, booleans and complex values are scalars", () => {
  balanced(() => {
    using large = torch.full([1], 2n ** 60n);
    assertEquals([large.dtype, large.itemBigInt()] as unknown[], ["int64", 2n ** 60n]);
    assertEquals(take(torch.full([1], true)), [true]);
    assertEquals(take(torch.full([1], { re: 1, im: -1 })), [{ re: 1, im: -1 }]);
    using x = matrix();
    assertThrows(() => x.add(2n ** 64n), RangeError, "must fit 64 bits");
  });
});

test("to() returns the same object where nothing changes", () => {
  balanced(() => {
    using x = matrix();
    assertStrictEquals(x.to({ dtype: "float32" }), x);
    assertStrictEquals(x.to("cpu"), x);
    assertStrictEquals(x.float(), x);
    using copy = x.to({ copy: true });
    assert(copy !== x);
    using whole = x.long();
    assertEquals(whole.toArray(), [[1, 2], [3, 4]]);
    assertStrictEquals(whole.to(whole), whole);
    using like = whole.to(x);
    assertEquals(like.dtype, "float32");
    assertThrows(() => x.to({ dtyp: "float32" } as object), TypeError, "'dtyp'");
  });
});

test("einsum takes its tensors one by one or in an array", () => {
  balanced(() => {
    using x = matrix();
    assertEquals(take(torch.einsum("ii->i", x)), [1.5, 4]);
    assertEquals(take(torch.einsum("ij,jk", [x, x])), [[8.25, 11], [16.5, 22]]);
    assertThrows(() => torch.einsum("ij"), TorchError);
  });
});

test("functional ops take reductions by name", () => {
  balanced(() => {
    using x = matrix();
    using y = torch.zeros([2, 2]);
    assertEquals(take(functional.l1Loss(x, y, { reduction: "sum" })), 10.5);
    const wrong = () => functional.l1Loss(x, y, { reduction: "all" as "sum" });
    assertThrows(wrong, TypeError, "must be one of none, mean, sum");
  });
});

test("a tensor has the attributes T, mT, H, mH, real and imag", () => {
  balanced(() => {
    using x = matrix();
    for (const name of ["T", "mT", "H", "mH"] as const) {
      assertEquals(take(x[name]), [[1.5, 3], [2, 4]]);
    }
    using z = tensor([{ re: 1, im: 2 }]);
    assertEquals([take(z.real), take(z.imag)], [[1], [2]]);
  });
});

test("every public function of torch that is a method too agrees with it", () => {
  assert(typeof torch.matmul === "function" && typeof Tensor.prototype.matmul === "function");
  assertEquals(Object.keys(Tensor.prototype), []);
});
