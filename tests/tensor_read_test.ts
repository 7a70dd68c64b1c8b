import { describe, test } from "node:test";
import { inspect } from "node:util";
import { assert, assertEquals, assertThrows } from "@std/assert";
import * as torch from "../mod.ts";
import { balanced } from "./support/balance.ts";

describe("item()", () => {
  test("gives the value of one element in each dtype", () => {
    const cases: [torch.DType, torch.TensorData, unknown][] = [
      ["float32", 0.5, 0.5],
      ["float64", 0.1, 0.1],
      ["float16", -2, -2],
      ["bfloat16", 3, 3],
      ["int64", 2 ** 53 - 1, 2 ** 53 - 1],
      ["int32", -7, -7],
      ["int16", -7, -7],
      ["int8", -7, -7],
      ["uint8", 255, 255],
      ["uint16", 65535, 65535],
      ["uint32", 2 ** 32 - 1, 2 ** 32 - 1],
      ["uint64", 7, 7],
      ["bool", true, true],
      ["complex64", { re: 1, im: -2 }, { re: 1, im: -2 }],
      ["complex128", { re: 0.1, im: 2 }, { re: 0.1, im: 2 }],
    ];
    for (const [dtype, data, expected] of cases) {
      using x = torch.tensor([data], { dtype });
      assertEquals(x.item() as unknown, expected, dtype);
    }
  });

  test("keeps what is special about floats", () => {
    for (const value of [NaN, Infinity, -Infinity, -0]) {
      using x = torch.tensor(value);
      assertEquals(x.item(), value);
    }
  });

  test("refuses an integer that a number does not hold, and names itemBigInt()", () => {
    for (const value of [2n ** 53n, -(2n ** 53n), 2n ** 63n - 1n]) {
      using x = torch.tensor(value);
      assertThrows(() => x.item(), RangeError, `the value ${value} is outside`);
      assertThrows(() => x.item(), RangeError, "use itemBigInt()");
      assertEquals(x.itemBigInt(), value);
    }
    using largest = torch.tensor(2n ** 64n - 1n, { dtype: "uint64" });
    assertThrows(() => largest.item(), RangeError, "18446744073709551615");
    assertEquals(largest.itemBigInt(), 2n ** 64n - 1n);
  });

  test("refuses another number of elements", () => {
    using pair = torch.tensor([1, 2]);
    assertThrows(() => pair.item(), torch.TorchError, "a Tensor with 2 elements");
    using none = torch.zeros([0]);
    assertThrows(() => none.item(), torch.TorchError);
  });
});

describe("itemBigInt()", () => {
  test("gives integers of every integer dtype", () => {
    for (
      const dtype of [
        "int64",
        "int32",
        "int16",
        "int8",
        "uint8",
        "uint16",
        "uint32",
        "uint64",
      ] as const
    ) {
      using x = torch.tensor(100, { dtype });
      assertEquals(x.itemBigInt(), 100n, dtype);
    }
  });

  test("refuses every other dtype", () => {
    for (const dtype of ["float32", "bfloat16", "bool", "complex64"] as const) {
      using x = torch.tensor(1, { dtype });
      assertThrows(() => x.itemBigInt(), TypeError, `it is ${dtype}`);
    }
  });
});

describe("toTypedArray()", () => {
  test("gives the matching array for each dtype", () => {
    const cases: [torch.DType, torch.TypedArray][] = [
      ["float32", new Float32Array([1, 0])],
      ["float64", new Float64Array([1, 0])],
      ["int64", BigInt64Array.of(1n, 0n)],
      ["int32", new Int32Array([1, 0])],
      ["int16", new Int16Array([1, 0])],
      ["int8", new Int8Array([1, 0])],
      ["uint8", new Uint8Array([1, 0])],
      ["uint16", new Uint16Array([1, 0])],
      ["uint32", new Uint32Array([1, 0])],
      ["uint64", BigUint64Array.of(1n, 0n)],
      ["bool", new Uint8Array([1, 0])],
      ["complex64", new Float32Array([1, 0, 0, 0])],
      ["complex128", new Float64Array([1, 0, 0, 0])],
      // No TypedArray holds these, so they come widened.
      ["bfloat16", new Float32Array([1, 0])],
      ["float8_e4m3fn", new Float32Array([1, 0])],
    ];
    for (const [dtype, expected] of cases) {
      using x = torch.tensor([1, 0], { dtype });
      assertEquals(x.toTypedArray(), expected, dtype);
    }
    using half = torch.tensor([1, 0.5], { dtype: "float16" });
    assertEquals(half.toTypedArray().constructor.name, "Float16Array");
    assertEquals(Array.from(half.toTypedArray() as Float32Array), [1, 0.5]);
  });

  test("is a copy, in row-major order, of what strides and views say", () => {
    using x = torch.tensor([[1, 2, 3], [4, 5, 6]], { dtype: "int32" });
    using transposed = x.t();
    using every = x.select(1, 2);
    using expanded = every.unsqueeze(1).expand([2, 2]);
    const rows = (y: torch.Tensor) => Array.from(y.toTypedArray() as Int32Array);
    assertEquals(rows(transposed), [1, 4, 2, 5, 3, 6]);
    assertEquals(rows(every), [3, 6]);
    assertEquals(rows(expanded), [3, 3, 6, 6]);
    const copy = x.toTypedArray() as Int32Array;
    copy[0] = 99;
    assertEquals(rows(x)[0], 1);
  });

  test("applies a conjugation or negation that is pending", () => {
    using z = torch.tensor([{ re: 1, im: 2 }]);
    using conjugate = z.conj();
    assertEquals(conjugate.toTypedArray(), new Float32Array([1, -2]));
    using negative = torch.imag(conjugate);
    assertEquals(negative.toTypedArray(), new Float32Array([-2]));
    assertEquals([conjugate.toArray(), negative.toArray()], [[{ re: 1, im: -2 }], [-2]]);
  });

  test("reads a tensor that takes gradients, and one without elements", () => {
    using x = torch.tensor([1.5], { requiresGrad: true });
    assertEquals(x.toTypedArray(), new Float32Array([1.5]));
    assertEquals(x.gradFn, null);
    using none = torch.zeros([2, 0]);
    assertEquals(none.toTypedArray(), new Float32Array(0));
  });
});

describe("toArray()", () => {
  test("nests as the shape does", () => {
    const cases: [number[], unknown][] = [
      [[], 0],
      [[2], [0, 1]],
      [[2, 1], [[0], [1]]],
      [[1, 2, 2], [[[0, 1], [2, 3]]]],
      [[0], []],
      [[2, 0], [[], []]],
    ];
    for (const [shape, expected] of cases) {
      const count = shape.reduce((product, size) => product * size, 1);
      using flat = torch.arange(count);
      using x = flat.reshape(shape);
      assertEquals(x.toArray(), expected);
    }
  });

  test("gives booleans, numbers and complex numbers", () => {
    using bools = torch.tensor([[true], [false]]);
    assertEquals(bools.toArray(), [[true], [false]]);
    using halves = torch.tensor([0.5], { dtype: "bfloat16" });
    assertEquals(halves.toArray(), [0.5]);
    using complex = torch.tensor([[{ re: 1, im: -1 }]]);
    assertEquals(complex.toArray(), [[{ re: 1, im: -1 }]]);
    using longs = torch.tensor([2 ** 53 - 1, -(2 ** 53 - 1)]);
    assertEquals(longs.toArray(), [2 ** 53 - 1, -(2 ** 53 - 1)]);
  });

  test("refuses integers that numbers do not hold, and names toTypedArray()", () => {
    using x = torch.tensor([1n, 2n ** 60n]);
    assertThrows(() => x.toArray(), RangeError, "1152921504606846976 is outside");
    assertThrows(() => x.toArray(), RangeError, "use toTypedArray()");
    assertEquals(x.toTypedArray(), BigInt64Array.of(1n, 2n ** 60n));
  });

  test("reads a sparse tensor as a dense one", () => {
    using x = torch.tensor([[0, 1.5], [0, 0]]);
    using sparse = x.toSparse();
    assertEquals(sparse.toArray(), [[0, 1.5], [0, 0]]);
  });

  test("refuses a tensor without data", () => {
    using meta = torch.zeros([2], { device: "meta" });
    assertThrows(() => meta.toArray(), torch.TorchError, "no data");
  });
});

describe("What is known of a tensor without reading it", () => {
  test("is its shape, strides, dtype, device and number of elements", () => {
    using x = torch.zeros([2, 3], { dtype: "float64" });
    using y = x.t();
    assertEquals([x.shape, x.size(), x.size(-1), x.stride(), x.stride(0)], [[2, 3], [2, 3], 3, [
      3,
      1,
    ], 3]);
    assertEquals([y.shape, y.stride()], [[3, 2], [1, 3]]);
    assertEquals([x.size({ dim: 1 }), y.stride({ dim: -1 })], [3, 3]);
    assertEquals([x.dtype, x.device, x.ndim, x.numel()], ["float64", "cpu", 2, 6]);
  });

  test("is a fresh array each time", () => {
    using x = torch.zeros([2, 3]);
    x.shape[0] = 99;
    assertEquals(x.shape, [2, 3]);
  });

  test("has no strides where the tensor is sparse", () => {
    using x = torch.ones([2]);
    using sparse = x.toSparse();
    assertEquals(sparse.shape, [2]);
    assertThrows(() => sparse.stride(), torch.TorchError, "sparse");
  });

  test("says a device without data", () => {
    using meta = torch.zeros([2 ** 40], { device: "meta" });
    assertEquals([meta.device, meta.numel()], ["meta", 2 ** 40]);
  });
});

describe("A printed tensor", () => {
  const cases: [() => torch.Tensor, string][] = [
    [
      () => torch.tensor([[1, 2.5], [3, 4]]),
      "tensor([[1.0000, 2.5000],\n        [3.0000, 4.0000]])",
    ],
    [() => torch.tensor([1, 2]), "tensor([1, 2])"],
    [() => torch.tensor([true, false]), "tensor([ True, False])"],
    [() => torch.tensor([1.5], { requiresGrad: true }), "tensor([1.5000], requires_grad=True)"],
    [() => torch.tensor([1], { dtype: "int32" }), "tensor([1], dtype=torch.int32)"],
    [() => torch.zeros([0]), "tensor([])"],
    [() => torch.zeros([2], { device: "meta" }), "tensor(..., device='meta', size=(2,))"],
    [() => torch.tensor(2n ** 62n), "tensor(4611686018427387904)"],
    [
      () => torch.arange(2000),
      "tensor([   0,    1,    2,  ..., 1997, 1998, 1999])",
    ],
  ];

  test("is what PyTorch prints, and what both runtimes show", () => {
    balanced(() => {
      for (const [make, expected] of cases) {
        using x = make();
        assertEquals(String(x), expected);
        assertEquals(inspect(x), expected);
      }
    });
  });

  test("names the function that made it", () => {
    using x = torch.tensor([1.5], { requiresGrad: true });
    using y = x.mul(x);
    assertEquals(String(y), "tensor([2.2500], grad_fn=<MulBackward0>)");
  });

  test("is shown after it was disposed too", () => {
    const x = torch.zeros([2]);
    x.dispose();
    assertEquals(String(x), "Tensor(disposed)");
    assert(inspect({ x }).includes("Tensor(disposed)"));
  });
});
