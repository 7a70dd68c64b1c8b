// What JavaScript's own syntax does with a tensor.
import { describe, test } from "node:test";
import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { inspect } from "node:util";
import * as torch from "../mod.ts";
import { balanced } from "./support/balance.ts";

// What TypeScript refuses, plain JavaScript does.
// deno-lint-ignore no-explicit-any -- see above
type Any = any;

describe("a tensor in JavaScript's syntax", () => {
  test("iterates over its rows, which are views that gradients flow through", () => {
    balanced(() => {
      using x = torch.tensor([[1, 2], [3, 4], [5, 6]]);
      const rows = [...x];
      assertEquals(rows.map((row) => row.toArray()), [[1, 2], [3, 4], [5, 6]]);
      rows[1]!.zero_();
      assertEquals(x.toArray(), [[1, 2], [0, 0], [5, 6]]);
      const [first, second, third] = x;
      assertEquals([first!.toArray(), second!.toArray()], [[1, 2], [0, 0]]);
      for (const row of [...rows, first!, second!, third!]) row.dispose();
    });
    using w = torch.tensor([1, 2.5], { requiresGrad: true });
    for (const value of w) if (value.item() !== 1) value.mul(3).backward();
    assertEquals(w.grad!.toArray(), [0, 3]);
  });

  test("refuses to iterate without dimensions, and when disposed", () => {
    assertThrows(() => [...torch.tensor(1)], TypeError, "without dimensions");
    const x = torch.ones([2]);
    x.dispose();
    assertThrows(() => [...x], torch.DisposedError);
  });

  test("becomes nested arrays in JSON", () => {
    using x = torch.tensor([[1, 2.5], [3, NaN]]);
    assertEquals(JSON.stringify({ x }), '{"x":[[1,2.5],[3,null]]}');
    assertEquals(JSON.stringify([torch.tensor(true), torch.tensor(3)]), "[true,3]");
    assertThrows(() => JSON.stringify(torch.tensor([2n ** 60n])), RangeError, "toTypedArray()");
  });

  test("says what to write instead of an operator", () => {
    const x = torch.tensor([1, 2]) as Any;
    const y = torch.tensor(3) as Any;
    const operators: (() => unknown)[] = [
      () => x + y,
      () => x * 2,
      () => -y,
      () => x < y,
      () => y == 3,
      () => "x is " + x,
      () => Math.max(y, 1),
    ];
    for (const operator of operators) assertThrows(operator, TypeError, "x.add(y)");
    assertEquals(`${y}`, "tensor(3)");
    assertEquals(x == x, true);
    assertEquals(x == y, false);
  });

  test("says what to write instead of square brackets", () => {
    const x = torch.tensor([1, 2]) as Any;
    assertThrows(() => x[0], TypeError, "x.index(0)");
    assertThrows(() => x[-1], TypeError, "x.index(-1)");
    assertThrows(
      () => {
        x[1] = 5;
      },
      TypeError,
      "x.setAt([1], value)",
    );
    assertEquals(x.toArray(), [1, 2]);
  });

  test("is refused by structuredClone and postMessage, which would copy nothing of it", () => {
    using x = torch.ones([2]);
    assertThrows(() => structuredClone(x), DOMException, "be cloned");
    assertThrows(() => structuredClone({ deep: [x] }), DOMException, "be cloned");
    const { port1, port2 } = new MessageChannel();
    assertThrows(() => port1.postMessage(x), DOMException, "be cloned");
    port1.close();
    port2.close();
  });

  test("is awaited as itself, and shows itself inside of other objects", async () => {
    using x = torch.tensor([1, 2]);
    assertEquals(await x === x, true);
    for (const value of [{ x }, [x], new Map([["x", x]])]) {
      assertStringIncludes(inspect(value), "tensor([1, 2])");
    }
  });
});

describe("PyTorch's properties of a tensor", () => {
  test("tell layout, device and bytes", () => {
    using x = torch.zeros([2, 3], { dtype: "float64" });
    assertEquals(
      [x.layout, x.isSparse, x.isSparseCsr, x.isCpu, x.isCuda, x.isMeta, x.isQuantized],
      ["strided", false, false, true, false, false, false],
    );
    assertEquals([x.itemsize, x.elementSize(), x.nbytes, x.nelement(), x.ndimension()], [
      8,
      8,
      48,
      6,
      2,
    ]);
    assertEquals(x.tolist(), [[0, 0, 0], [0, 0, 0]]);
    using sparse = x.toSparse();
    assertEquals([sparse.layout, sparse.isSparse], ["sparse_coo", true]);
    using csr = x.toSparseCsr();
    assertEquals([csr.layout, csr.isSparseCsr], ["sparse_csr", true]);
  });

  test("data is outside of autograd, and shares the memory", () => {
    using w = torch.ones([2], { requiresGrad: true });
    w.data.mul_(3);
    assertEquals([w.toArray(), w.data.requiresGrad], [[3, 3], false]);
    w.data = torch.zeros([2]);
    assertEquals([w.toArray(), w.requiresGrad], [[0, 0], true]);
  });

  test("newTensor has the dtype of the tensor", () => {
    using x = torch.zeros([1], { dtype: "float64" });
    using y = x.newTensor([1, 2]);
    assertEquals([y.dtype, y.toArray()], ["float64", [1, 2]]);
  });
});
