/** Copies from dense memory to dense memory, which go by memcpy, and those beside them, which must not. */

import { assertEquals, assertThrows } from "@std/assert";
import { test } from "node:test";
import * as torch from "../mod.ts";

// More than a thread takes by itself, and no multiple of a vector.
const COUNT = 100_003;

const values = (x: torch.Tensor) => Array.from(x.toTypedArray() as Float64Array, Number);
const counted = (to: number) => Array.from({ length: to }, (_, i) => i);

test("every element of every dtype arrives, and none beside them", () => {
  const dtypes = [
    "uint8",
    "int8",
    "int16",
    "int32",
    "int64",
    "float16",
    "float32",
    "float64",
  ] as const;
  for (const dtype of dtypes) {
    using x = torch.arange(COUNT, { dtype: "int64" }).remainder(120).to({ dtype });
    using y = torch.full([COUNT + 2], 121, { dtype });
    y.narrow(0, 1, COUNT).copy_(x);
    using read = y.to({ dtype: "float64" });
    const all = values(read);
    assertEquals([all[0], all[COUNT + 1]], [121, 121], dtype);
    for (let i = 0; i < COUNT; i++) if (all[i + 1] !== i % 120) assertEquals(all[i + 1], i % 120);
  }
});

test("tensors of the same strides, in whatever order, are copied place by place", () => {
  using x = torch.arange(2 * 3 * 4 * 5, { dtype: "float64" }).view([2, 3, 4, 5]).contiguous({
    memoryFormat: "channels_last",
  });
  using y = torch.zerosLike(x);
  assertEquals(y.stride(), x.stride());
  y.copy_(x);
  assertEquals(values(y), counted(120));
  using transposed = torch.zeros([5, 4], { dtype: "float64" }).t();
  transposed.copy_(torch.arange(20, { dtype: "float64" }).view([5, 4]).t());
  assertEquals(values(transposed.t()), counted(20));
});

test("strides that differ, gaps and expanded dimensions are heeded", () => {
  using x = torch.arange(6, { dtype: "float64" }).view([2, 3]);
  using y = torch.zeros([2, 3], { dtype: "float64" });
  y.copy_(x.view([3, 2]).t());
  assertEquals(values(y), [0, 2, 4, 1, 3, 5]);
  y.copy_(torch.tensor([7, 8, 9], { dtype: "float64" }));
  assertEquals(values(y), [7, 8, 9, 7, 8, 9]);
  using wide = torch.zeros([12], { dtype: "float64" });
  wide.view([6, 2]).select(1, 0).copy_(x.view([6]));
  assertEquals(values(wide), [0, 0, 1, 0, 2, 0, 3, 0, 4, 0, 5, 0]);
});

test("what is only marked as conjugate or negative is worked out on the way", () => {
  using z = torch.complex(torch.tensor([1.5, 2]), torch.tensor([3.5, -4]));
  const parts = (x: torch.Tensor) => Array.from(x.toTypedArray() as Float32Array);
  using y = torch.zerosLike(z);
  y.copy_(z.conj());
  assertEquals(parts(y), [1.5, -3.5, 2, 4]);
  y.conj().copy_(z);
  assertEquals(parts(y), [1.5, -3.5, 2, 4]);
  y.conj().copy_(z.conj());
  assertEquals(parts(y), [1.5, 3.5, 2, -4]);
  using imaginary = torch.zeros([2]);
  imaginary.copy_(z.conj().imag);
  assertEquals(parts(imaginary), [-3.5, 4]);
  assertEquals(parts(z.conj().clone()), [1.5, -3.5, 2, 4]);
});

test("where dtypes are mixed, parts are converted on their way into the whole", () => {
  using one = torch.tensor([3], { dtype: "float32" });
  using two = torch.tensor([4], { dtype: "float64" });
  using three = torch.tensor([5], { dtype: "int32" });
  assertEquals(values(torch.cat([one, two, three])), [3, 4, 5]);
  assertEquals(values(torch.stack([three, two, one])), [5, 4, 3]);
});

test("a tensor onto itself stays; parts that overlap are refused", () => {
  using x = torch.arange(COUNT, { dtype: "float64" });
  x.copy_(x);
  x.copy_(x.view([COUNT]));
  assertEquals(values(x), counted(COUNT));
  const error = assertThrows(
    () => x.narrow(0, 1, COUNT - 1).copy_(x.narrow(0, 0, COUNT - 1)),
    torch.TorchError,
  );
  assertEquals(error.message.includes("single memory location"), true, error.message);
});

test("a copy has a gradient, a version and a place in a trace, as before", () => {
  using x = torch.arange(4, { dtype: "float64", requiresGrad: true });
  using y = torch.zeros([4], { dtype: "float64" });
  y.copy_(x);
  y.mul(3).sum().backward();
  assertEquals(values(x.grad!), [3, 3, 3, 3]);
  using traced = torch.jit.trace((a: torch.Tensor) => torch.zerosLike(a).copy_(a), [
    torch.ones([2]),
  ]);
  assertEquals(values(traced(torch.tensor([5, 6])) as torch.Tensor), [5, 6]);
});
