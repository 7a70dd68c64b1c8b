import { test } from "node:test";
import { assert, assertEquals, assertMatch, assertThrows } from "@std/assert";
import * as torch from "../mod.ts";
import { collectUntil, settled } from "./support/collect.ts";

const COUNT = 1 << 20;

test("asTypedArray() shares the tensor's memory, both ways", () => {
  using x = torch.arange(6, { dtype: "float32" }).view([2, 3]);
  const values = x.asTypedArray() as Float32Array;
  assert(values instanceof Float32Array);
  assertEquals([...values], [0, 1, 2, 3, 4, 5]);
  values[4] = 40;
  assertEquals(x.toArray(), [[0, 1, 2], [3, 40, 5]]);
  x.mul_(2);
  assertEquals([...values], [0, 2, 4, 6, 80, 10]);
});

test("asTypedArray() gives the array of the dtype, over the part that a view covers", () => {
  using x = torch.arange(10, { dtype: "int64" });
  using part = x.narrow(0, 3, 4);
  assertEquals([...part.asTypedArray() as BigInt64Array], [3n, 4n, 5n, 6n]);
  (part.asTypedArray() as BigInt64Array)[0] = -1n;
  assertEquals(x.toArray(), [0, 1, 2, -1, 4, 5, 6, 7, 8, 9]);
  using mask = torch.tensor([true, false]);
  assertEquals([...mask.asTypedArray() as Uint8Array], [1, 0]);
  using z = torch.tensor([{ re: 1, im: 2 }]);
  assertEquals([...z.asTypedArray() as Float32Array], [1, 2]);
  using one = torch.tensor(5);
  assertEquals([...one.asTypedArray() as BigInt64Array], [5n]);
  using none = torch.zeros([0, 3]);
  assertEquals(none.asTypedArray().length, 0);
});

test("the array outlives the tensor, and other arrays of the same memory", () => {
  const x = torch.full([COUNT], 3, { dtype: "float32" });
  const array = x.toTypedArray() as Float32Array;
  const first = x.asTypedArray() as Float32Array;
  const second = x.asTypedArray() as Float32Array;
  x.dispose();
  using other = torch.zeros([COUNT]);
  assertEquals([first[0], second[COUNT - 1], array[1]], [3, 3, 3]);
  first[5] = 9;
  assertEquals(second[5], 9);
  assertEquals((other.asTypedArray() as Float32Array)[5], 0);
  const moved = structuredClone(first, { transfer: [first.buffer as ArrayBuffer] });
  assertEquals([first.length, moved[5]], [0, 9]);
});

test("shared memory is freed once neither the tensor nor an array is left", async () => {
  await settled();
  const before = torch.memory().bytes;
  const share = () => {
    for (let i = 0; i < 40; i++) {
      const x = torch.zeros([COUNT]);
      x.asTypedArray();
      x.asTypedArray();
      x.dispose();
    }
  };
  share();
  await collectUntil(() => torch.memory().bytes <= before + 8 * COUNT * 4);
  assert(torch.memory().bytes <= before + 8 * COUNT * 4);
});

test("the tensor keeps its memory when the arrays are gone", async () => {
  using x = torch.full([COUNT], 2, { dtype: "float32" });
  x.asTypedArray();
  await settled();
  assertEquals(x.mean().item(), 2);
});

test("a tensor over a TypedArray shares with it", () => {
  const array = new Float32Array([0, 1, 2, 3]).subarray(1);
  using x = torch.fromTypedArray(array);
  const again = x.asTypedArray() as Float32Array;
  again[1] = 20;
  assertEquals([...array], [1, 20, 3]);
  assert(again.buffer === array.buffer);
  using last = x.narrow(0, 2, 1);
  assertEquals([...last.asTypedArray() as Float32Array], [3]);
  // What lies in a TypedArray is copied for another thread, shared or not.
  using received = torch.receive(torch.transfer(x)) as torch.Tensor;
  (received.asTypedArray() as Float32Array)[0] = 5;
  assertEquals([...array], [1, 20, 3]);
});

test("a tensor whose memory is shared cannot be resized away from under the array", () => {
  using x = torch.zeros([2]);
  const values = x.asTypedArray() as Float32Array;
  assertThrows(() => x.resize_([COUNT]), torch.TorchError, "resize");
  x.data = torch.ones([3]);
  values[0] = 4;
  assertEquals([...values], [4, 0]);
  assertEquals(x.toArray(), [1, 1, 1]);
});

test("a lazy copy of shared memory does not take it away", () => {
  using x = torch.zeros([4]);
  using lazy = torch.jit.ops.aten!._lazy_clone!(x) as torch.Tensor;
  const values = x.asTypedArray() as Float32Array;
  values[0] = 1;
  assertEquals([x.toArray(), lazy.toArray()], [[1, 0, 0, 0], [0, 0, 0, 0]]);
  assertThrows(() => torch.jit.ops.aten!._lazy_clone!(x), torch.TorchError);
});

test("asTypedArray() says what cannot be shared, and what to do", () => {
  // deno-lint-ignore no-explicit-any -- as classes of errors are declared
  const refused = (x: torch.Tensor, error: new (...args: any[]) => Error, words: RegExp) => {
    assertMatch(assertThrows(() => x.asTypedArray(), error).message, words);
    x.dispose();
  };
  const { TorchError, DisposedError } = torch;
  refused(torch.ones([2, 3]).t(), TorchError, /^asTypedArray\(\): .*contiguous\(\)/);
  refused(torch.ones([2], { requiresGrad: true }), TorchError, /detach\(\)/);
  refused(torch.ones([2], { dtype: "bfloat16" }), TypeError, /bfloat16.*toTypedArray\(\)/);
  refused(torch.eye(2).toSparse(), TorchError, /dense.*toTypedArray\(\)/);
  refused(torch.ones([2], { dtype: "complex64" }).conj(), TorchError, /resolveConj\(\)/);
  refused(torch.ones([2], { device: "meta" }), TorchError, /CPU/);
  const gone = torch.ones([2]);
  gone.dispose();
  refused(gone, DisposedError, /asTypedArray/);
  assertThrows(
    () => torch.func.vmap((row: torch.Tensor) => (row.asTypedArray(), row))(torch.ones([2, 2])),
    TorchError,
    "asTypedArray()",
  );
});
