import { describe, test } from "node:test";
import { assert, assertEquals, assertStrictEquals, assertThrows } from "@std/assert";
import vm from "node:vm";
import * as torch from "../mod.ts";
import { balanced } from "./support/balance.ts";

/** What a tensor of this data is, and the tensor's end. */
function made(data: unknown, options?: torch.TensorOptions): [torch.DType, number[], unknown] {
  using x = torch.tensor(data as torch.TensorData, options);
  return [x.dtype, x.shape, x.toArray()];
}

function refused(data: unknown, type: new (...args: never[]) => Error, part: string): void {
  balanced(() => assertThrows(() => torch.tensor(data as torch.TensorData), type as never, part));
}

describe("tensor()", () => {
  test("infers the dtype as PyTorch does", () => {
    const cases: [unknown, torch.DType][] = [
      [1, "int64"],
      [-3n, "int64"],
      [1.5, "float32"],
      [-0, "float32"],
      [NaN, "float32"],
      [Infinity, "float32"],
      [2 ** 53, "float32"],
      [2 ** 53 - 1, "int64"],
      [true, "bool"],
      [{ re: 1, im: 2 }, "complex64"],
      [[], "float32"],
      [[[], []], "float32"],
      [[true, 1], "int64"],
      [[1, 2.5], "float32"],
      [[true, 0.5], "float32"],
      [[1, 2n], "int64"],
      [[1, { re: 0, im: 1 }], "complex64"],
      [[[1, 2], [3, 4.5]], "float32"],
    ];
    for (const [data, dtype] of cases) {
      using x = torch.tensor(data as torch.TensorData);
      assertEquals(x.dtype, dtype, String(data));
    }
  });

  test("follows the default dtype for fractions and complex numbers", () => {
    torch.setDefaultDtype("float64");
    try {
      assertEquals(made([0.1])[0], "float64");
      assertEquals(made([])[0], "float64");
      assertEquals(made([{ re: 0.1, im: 0 }])[0], "complex128");
      assertEquals(made([1])[0], "int64");
    } finally {
      torch.setDefaultDtype("float32");
    }
  });

  test("keeps shape and values of nested arrays", () => {
    assertEquals(made(7), ["int64", [], 7]);
    assertEquals(made([1, 2, 3]), ["int64", [3], [1, 2, 3]]);
    assertEquals(made([[1, 2, 3], [4, 5, 6]]), ["int64", [2, 3], [[1, 2, 3], [4, 5, 6]]]);
    assertEquals(made([[[0.5]], [[1.5]]]), ["float32", [2, 1, 1], [[[0.5]], [[1.5]]]]);
    assertEquals(made([[], []]), ["float32", [2, 0], [[], []]]);
    assertEquals(made([true, false]), ["bool", [2], [true, false]]);
  });

  test("takes every kind of TypedArray in its own dtype", () => {
    const arrays: [torch.TypedArray, torch.DType][] = [
      [new Float32Array([0.5, -2]), "float32"],
      [new Float64Array([0.1, -2]), "float64"],
      [new Int8Array([-128, 127]), "int8"],
      [new Int16Array([-32768, 32767]), "int16"],
      [new Int32Array([-(2 ** 31), 2 ** 31 - 1]), "int32"],
      [new Uint8Array([0, 255]), "uint8"],
      [new Uint8ClampedArray([0, 255]), "uint8"],
      [new Uint16Array([0, 65535]), "uint16"],
      [new Uint32Array([0, 2 ** 32 - 1]), "uint32"],
    ];
    for (const [array, dtype] of arrays) {
      assertEquals(made(array), [dtype, [2], Array.from(array as Float64Array)]);
    }
    const signed = BigInt64Array.of(-(2n ** 63n), 2n ** 63n - 1n);
    using a = torch.tensor(signed);
    assertEquals([a.dtype, a.toTypedArray()], ["int64", signed]);
    const unsigned = BigUint64Array.of(0n, 2n ** 64n - 1n);
    using b = torch.tensor(unsigned);
    assertEquals([b.dtype, b.toTypedArray()], ["uint64", unsigned]);
    const Half = (globalThis as { Float16Array?: { of(...values: number[]): torch.TypedArray } })
      .Float16Array;
    assert(Half, "Both runtimes have Float16Array");
    assertEquals(made(Half.of(0.5, -2)), ["float16", [2], [0.5, -2]]);
  });

  test("copies a TypedArray", () => {
    const array = new Float32Array([1, 2]);
    using x = torch.tensor(array);
    array[0] = 9;
    assertEquals(x.toArray(), [1, 2]);
  });

  test("takes a part of a buffer, an empty array, and rows that are TypedArrays", () => {
    const buffer = new Float32Array([0, 1, 2, 3]);
    assertEquals(made(buffer.subarray(1, 3)), ["float32", [2], [1, 2]]);
    assertEquals(made(new Int32Array(0)), ["int32", [0], []]);
    const rows = [new Int16Array([1, 2]), new Int16Array([3, 4])];
    assertEquals(made(rows), ["int16", [2, 2], [[1, 2], [3, 4]]]);
    const mixed = [new Float32Array([1.5]), new Int8Array([2])];
    assertEquals(made(mixed), ["float32", [2, 1], [[1.5], [2]]]);
  });

  test("takes TypedArrays over shared and resizable memory, and of another realm", () => {
    const shared = new Int32Array(new SharedArrayBuffer(8));
    shared.set([1, 2]);
    assertEquals(made(shared), ["int32", [2], [1, 2]]);
    const resizable = new Int32Array(new ArrayBuffer(8, { maxByteLength: 16 }));
    resizable.set([3, 4]);
    assertEquals(made(resizable), ["int32", [2], [3, 4]]);
    assertEquals(made(vm.runInNewContext("new Float64Array([5, 6])")), ["float64", [2], [5, 6]]);
    assertEquals(made(vm.runInNewContext("[[5], [6]]")), ["int64", [2, 1], [[5], [6]]]);
  });

  test("converts to the dtype that is asked for", () => {
    assertEquals(made([1, 2], { dtype: "float64" }), ["float64", [2], [1, 2]]);
    assertEquals(made([1.9, -1.9], { dtype: "int32" }), ["int32", [2], [1, -1]]);
    assertEquals(made([0, 2, NaN], { dtype: "bool" }), ["bool", [3], [false, true, true]]);
    assertEquals(made([true, false], { dtype: "float32" }), ["float32", [2], [1, 0]]);
    assertEquals(made([1.0009765625, 3], { dtype: "float16" }), ["float16", [2], [
      1.0009765625,
      3,
    ]]);
    assertEquals(made([1.00390625, 3], { dtype: "bfloat16" }), ["bfloat16", [2], [1, 3]]);
    assertEquals(made([1], { dtype: "complex128" }), ["complex128", [1], [{ re: 1, im: 0 }]]);
    assertEquals(made(new Float32Array([1.5]), { dtype: "int64" }), ["int64", [1], [1]]);
    assertEquals(made(2n ** 62n, { dtype: "float64" }), ["float64", [], 2 ** 62]);
  });

  test("keeps integers exact to the ends of their dtype", () => {
    for (const value of [2n ** 63n - 1n, -(2n ** 63n), 2n ** 53n + 1n]) {
      using x = torch.tensor(value);
      assertEquals([x.dtype, x.itemBigInt()], ["int64", value]);
    }
    using largest = torch.tensor(2n ** 64n - 1n, { dtype: "uint64" });
    assertEquals(largest.itemBigInt(), 2n ** 64n - 1n);
  });

  test("refuses a value outside of the dtype", () => {
    const cases: [torch.TensorData, torch.DType][] = [
      [256, "uint8"],
      [-1, "uint8"],
      [128, "int8"],
      [2 ** 31, "int32"],
      [2n ** 63n, "int64"],
      [-1n, "uint64"],
      [NaN, "int64"],
      [Infinity, "int32"],
      [{ re: 1, im: 2 }, "float32"],
      [{ re: 1, im: 2 }, "int64"],
    ];
    for (const [data, dtype] of cases) {
      balanced(() =>
        assertThrows(
          () => torch.tensor([data], { dtype }),
          RangeError,
          `does not fit the dtype ${dtype}`,
        )
      );
    }
    refused(2n ** 63n, RangeError, "9223372036854775808 does not fit the dtype int64");
  });

  test("refuses rows of different lengths, and says where", () => {
    refused(
      [[1, 2], [3]],
      TypeError,
      "at depth 1 it has an array of length 2 and an array of length 1",
    );
    refused([[1], 2], TypeError, "must be regular");
    refused([1, [2]], TypeError, "must be regular");
    refused([[], [1]], TypeError, "must be regular");
    refused([[[1]], [[]]], TypeError, "must be regular");
  });

  test("refuses an array that contains itself, and one nested too deep", () => {
    const cyclic: unknown[] = [];
    cyclic.push(cyclic);
    refused(cyclic, TypeError, "nested more than 64 arrays deep, or contains itself");
    let deep: unknown = 1;
    for (let i = 0; i < 64; i++) deep = [deep];
    using deepest = torch.tensor(deep as torch.TensorData);
    assertEquals(deepest.ndim, 64);
    refused([deep], TypeError, "nested more than 64");
  });

  test("refuses what is no number, and says what it is", () => {
    refused("1", TypeError, 'but got "1"');
    refused([1, null], TypeError, "but got null");
    refused([undefined], TypeError, "but got undefined");
    refused({}, TypeError, "but got an object");
    refused(() => 1, TypeError, "but got a function");
    refused(Symbol("s"), TypeError, "but got Symbol(s)");
    refused([{ re: "1", im: 0 }], TypeError, "parts are not numbers");
    refused(new DataView(new ArrayBuffer(8)), TypeError, "but got an object");
    // A hole of a sparse array is undefined.
    refused(new Array(2), TypeError, "but got undefined");
    using x = torch.zeros([]);
    refused([x], TypeError, "holds a Tensor inside an array");
  });

  test("refuses options that are wrong", () => {
    const wrong = (options: unknown) => () => torch.tensor(1, options as torch.TensorOptions);
    assertThrows(wrong({ dtype: "float" }), TypeError, 'must be a dtype such as "float32"');
    assertThrows(wrong({ device: "floppy" }), torch.TorchError, "floppy");
    balanced(() => {
      assertThrows(wrong({ requiresGrad: true }), torch.TorchError, "floating point");
    });
  });

  test("copies a tensor, apart from its graph", () => {
    using x = torch.tensor([1.5, 2], { requiresGrad: true });
    using y = torch.tensor(x);
    using _ = torch.noGrad();
    x.add_(1);
    assertEquals([y.toArray(), y.requiresGrad, y.isLeaf], [[1.5, 2], false, true]);
  });

  test("sets requiresGrad", () => {
    using x = torch.tensor([1.5], { requiresGrad: true });
    assertEquals([x.requiresGrad, x.isLeaf], [true, true]);
  });
});

describe("tensor() and code of the caller's that it runs", () => {
  test("survives a getter that calls ops and disposes tensors", () => {
    balanced(() => {
      using other = torch.ones([4]);
      const array = [1, 2, 3];
      Object.defineProperty(array, 1, {
        get() {
          using doubled = other.add(other);
          other.dispose();
          return doubled.numel() * 2;
        },
      });
      using x = torch.tensor(array);
      assertEquals(x.toArray(), [1, 8, 3]);
      assert(other.isDisposed);
    });
  });

  test("passes on what a getter throws", () => {
    const thrown = new Error("mine");
    const array = [1, 2];
    Object.defineProperty(array, 1, {
      get() {
        throw thrown;
      },
    });
    let caught: unknown;
    try {
      torch.tensor(array);
    } catch (error) {
      caught = error;
    }
    assertStrictEquals(caught, thrown);
  });

  test("survives a Proxy that lies about its length", () => {
    for (const length of [-1, 1.5, 1e9, NaN, 2 ** 53]) {
      const liar = new Proxy([1, 2], {
        get: (target, key) => key === "length" ? length : Reflect.get(target, key),
      });
      assertThrows(() => torch.tensor(liar));
    }
    assertEquals(made([1, 2.5])[2], [1, 2.5]);
  });

  test("believes the memory of a TypedArray, not what its class says", () => {
    class Liar extends Float32Array {
      override get length(): number {
        return 1 << 20;
      }
      override get byteLength(): number {
        return 1 << 22;
      }
      override get buffer(): ArrayBuffer {
        return new ArrayBuffer(1 << 22);
      }
    }
    assertEquals(made(new Liar([1, 2])), ["float32", [2], [1, 2]]);
    using shared = torch.fromTypedArray(new Liar([1, 2]));
    assertEquals([shared.shape, shared.toArray()], [[2], [1, 2]]);
    assertThrows(() => torch.fromTypedArray(new Liar([1, 2]), [1 << 20]), RangeError);
  });
});

describe("fromTypedArray()", () => {
  test("shares memory both ways", () => {
    const array = new Float32Array([1, 2, 3, 4]);
    using x = torch.fromTypedArray(array, [2, 2]);
    assertEquals([x.dtype, x.toArray()], ["float32", [[1, 2], [3, 4]]]);
    array[0] = 9;
    assertEquals(x.toArray(), [[9, 2], [3, 4]]);
    x.mul_(2);
    assertEquals(Array.from(array), [18, 4, 6, 8]);
  });

  test("shares a part of a buffer", () => {
    const whole = new Int32Array([1, 2, 3, 4]);
    using x = torch.fromTypedArray(whole.subarray(1, 3));
    x.add_(10);
    assertEquals(Array.from(whole), [1, 12, 13, 4]);
  });

  test("takes every kind of TypedArray, and no element at all", () => {
    const arrays: [torch.TypedArray, torch.DType][] = [
      [new Float64Array(2), "float64"],
      [new Int8Array(2), "int8"],
      [new Uint8ClampedArray(2), "uint8"],
      [new Uint16Array(2), "uint16"],
      [new BigInt64Array(2), "int64"],
      [new BigUint64Array(2), "uint64"],
    ];
    for (const [array, dtype] of arrays) {
      using x = torch.fromTypedArray(array);
      assertEquals([x.dtype, x.shape], [dtype, [2]]);
    }
    using none = torch.fromTypedArray(new Float32Array(0), [0, 3]);
    assertEquals([none.shape, none.toArray()], [[0, 3], []]);
  });

  test("keeps the memory for views that outlive the tensor", () => {
    const view = (() => {
      using x = torch.fromTypedArray(new Float32Array([1, 2, 3, 4]), [2, 2]);
      return x.t();
    })();
    // Memory that was let go would be written over by these.
    for (let i = 0; i < 200; i++) new Float32Array(4).fill(i);
    assertEquals(view.toArray(), [[1, 3], [2, 4]]);
    view.dispose();
  });

  test("refuses memory that can move", () => {
    const resizable = new Float32Array(new ArrayBuffer(8, { maxByteLength: 16 }));
    const shared = new Float32Array(new SharedArrayBuffer(8));
    for (const array of [resizable, shared]) {
      balanced(() =>
        assertThrows(
          () => torch.fromTypedArray(array),
          TypeError,
          "neither shared nor resizable: copy it with torch.tensor(array)",
        )
      );
    }
  });

  test("refuses a shape of another size, and what is no shape", () => {
    const array = new Float32Array(4);
    const shaped = (shape: number[]) => () => torch.fromTypedArray(array, shape);
    assertThrows(shaped([3]), RangeError, "[3] has 3 and the array 4");
    assertThrows(shaped([-1, -4]), RangeError, "integers of at least 0, but got -1");
    assertThrows(shaped([2.5]), RangeError, "but got 2.5");
    assertThrows(shaped([NaN]), RangeError);
  });

  test("refuses what is no TypedArray", () => {
    for (const value of [[1, 2], new DataView(new ArrayBuffer(8)), new ArrayBuffer(8), null, "x"]) {
      assertThrows(
        () => torch.fromTypedArray(value as unknown as torch.TypedArray),
        TypeError,
        "must be a TypedArray",
      );
    }
  });
});

describe("Factories", () => {
  test("make the shapes, dtypes and values that they say", () => {
    const cases: [() => torch.Tensor, torch.DType, unknown][] = [
      [() => torch.zeros([2, 2]), "float32", [[0, 0], [0, 0]]],
      [() => torch.ones([2], { dtype: "int32" }), "int32", [1, 1]],
      [() => torch.full([2], 7), "int64", [7, 7]],
      [() => torch.full([2], 0.5), "float32", [0.5, 0.5]],
      [() => torch.eye(2), "float32", [[1, 0], [0, 1]]],
      [() => torch.arange(3), "int64", [0, 1, 2]],
      [() => torch.arange(0, 1, 0.5), "float32", [0, 0.5]],
      [() => torch.linspace(0, 1, 3), "float32", [0, 0.5, 1]],
      [() => torch.zeros([0]), "float32", []],
    ];
    for (const [make, dtype, values] of cases) {
      using x = make();
      assertEquals([x.dtype, x.toArray()], [dtype, values]);
    }
  });

  test("draw the same numbers for the same seed", () => {
    torch.manualSeed(7);
    using a = torch.rand([4]);
    torch.manualSeed(7);
    using b = torch.rand([4]);
    assertEquals(a.toArray(), b.toArray());
    using state = torch.getRngState();
    using c = torch.randn([4]);
    torch.setRngState(state);
    using d = torch.randn([4]);
    assertEquals(c.toArray(), d.toArray());
  });
});
