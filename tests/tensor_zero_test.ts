import { test } from "node:test";
import { assertEquals } from "@std/assert";
import * as torch from "../mod.ts";

test("a gradient without memory, as LibTorch gives one that is zero everywhere, reads as zeros", () => {
  const x = torch.tensor([1.5, -2], { requiresGrad: true });
  x.sgn().sum().backward();
  const grad = x.grad!;
  assertEquals(grad.toArray(), [0, 0]);
  assertEquals(Array.from(grad.toTypedArray() as Float32Array), [0, 0]);
  assertEquals(String(grad), "tensor([0., 0.])");
  assertEquals(grad.index(0).item(), 0);
  assertEquals(grad.add(1).toArray(), [1, 1]);
});
