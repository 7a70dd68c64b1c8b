import { test } from "node:test";
import { assert, assertEquals, assertThrows } from "@std/assert";
import * as torch from "../mod.ts";

const COUNT = 1 << 18;

test("large tensors are read whole, into memory of the array's own", () => {
  using x = torch.arange(COUNT, { dtype: "float32" });
  const first = x.toTypedArray() as Float32Array;
  const second = x.toTypedArray() as Float32Array;
  assertEquals(first.length, COUNT);
  assertEquals(first.byteLength, first.buffer.byteLength);
  for (let i = 0; i < COUNT; i += 997) assertEquals(first[i], i);
  assertEquals(first[COUNT - 1], COUNT - 1);
  first.fill(-1);
  assertEquals(second[5], 5);
  using unchanged = x.select(0, 7);
  assertEquals(unchanged.item(), 7);
});

test("large tensors that do not lie in a row are read in their order", () => {
  using x = torch.arange(COUNT, { dtype: "float64" }).view([512, 512]).t();
  const values = x.toTypedArray() as Float64Array;
  assertEquals([...values.subarray(0, 3)], [0, 512, 1024]);
  assertEquals(values[COUNT - 1], COUNT - 1);
  using conjugate = torch.ones([COUNT], { dtype: "complex64" }).mul({ re: 0, im: 1 }).conj();
  assertEquals([...(conjugate.toTypedArray() as Float32Array).subarray(0, 4)], [0, -1, 0, -1]);
});

test("arrays of large tensors outlive them, and their memory can be given away", () => {
  const x = torch.full([COUNT], 3, { dtype: "float32" });
  const array = x.toTypedArray() as Float32Array;
  x.dispose();
  using other = torch.zeros([COUNT]);
  assertEquals(array[COUNT - 1], 3);
  const moved = structuredClone(array, { transfer: [array.buffer as ArrayBuffer] });
  assertEquals(array.length, 0);
  assertEquals(moved[COUNT - 1], 3);
  assertEquals(other.toTypedArray()[0], 0);
});

test("arrays that are forgotten in a synchronous loop come back", () => {
  using x = torch.ones([COUNT * 8]);
  let total = 0;
  // A gigabyte in all.
  for (let i = 0; i < 128; i++) total += (x.toTypedArray() as Float32Array)[i]!;
  assertEquals(total, 128);
  assert(torch.memory().cachedBytes < 2 ** 30);
});

test("a disposed tensor is not read", () => {
  const x = torch.ones([COUNT]);
  x.dispose();
  assertThrows(() => x.toTypedArray(), torch.DisposedError);
});
