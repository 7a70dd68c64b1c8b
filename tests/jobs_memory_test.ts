/** Memory that calls of runAsync read stays, whatever is done to their tensors meanwhile. */

import { assert, assertEquals } from "@std/assert";
import { describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import * as torch from "../mod.ts";
import { assertBack, liveCounts } from "./support/balance.ts";
import { settled } from "./support/collect.ts";

type T = torch.Tensor;

const { jit } = torch;
const unit = jit.compile(`
def sums(x, n: int):
    y = torch.zeros([1])
    for i in range(n):
        y = y + x.sum()
    return y

def grow(a, x):
    return torch.abs(a, out=x)

def grow_and_write(a, x, n: int):
    y = torch.abs(a, out=x)
    # Lies where x lay before, if that memory is free.
    z = torch.zeros([n])
    return z + 1
`);
const sums = unit.sums!;
const grow = unit.grow!;
const growAndWrite = unit.grow_and_write!;

// So much that the system takes the memory back at once when it is freed: reading it then ends the process.
const COUNT = 4 << 20;
const ROUNDS = 20;

/** Gives a tensor other memory while calls read it. */
async function exchanged(exchange: (x: T) => void): Promise<void> {
  await settled();
  const before = liveCounts();
  const bytes = torch.memory().bytes;
  for (let i = 0; i < ROUNDS; i++) {
    const x = torch.ones([COUNT]);
    // Some end, and others begin, while the tensor is given its memory.
    const calls = [1, 2, 3, 4, 5].map((n) => sums.runAsync(x, n));
    await sleep(1);
    exchange(x);
    torch.emptyCache();
    for (const [i, call] of calls.entries()) {
      using sum = await call as T;
      assertEquals(sum.item(), (i + 1) * COUNT);
    }
    x.dispose();
  }
  await settled();
  assertBack(before);
  assert(torch.memory().bytes <= bytes + 4 * COUNT, "Memory that was read is not let go");
}

describe("Memory that runAsync reads outlives", () => {
  it("set_", () =>
    exchanged((x) => {
      using other = torch.ones([4]);
      x.set_!(other);
    }));

  it("resize_", () => exchanged((x) => void x.resize_([2 * COUNT])));

  it("data", () =>
    exchanged((x) => {
      using other = torch.ones([4]);
      x.data = other;
    }));

  it("jit.ops", () => exchanged((x) => (jit.ops.aten!.resize_!(x, [2 * COUNT]) as T).dispose()));

  it("the result of an op that is written to it", async () => {
    using large = torch.ones([2 * COUNT]);
    await exchanged((x) => (jit.ops.aten!.abs!(large, jit.kwargs({ out: x })) as T).dispose());
  });

  it("what a program does", async () => {
    using large = torch.ones([2 * COUNT]);
    await exchanged((x) => (grow(large, x) as T).dispose());
  });

  it("what another call does, for its caller too", async () => {
    using large = torch.ones([2 * COUNT]);
    await settled();
    const before = liveCounts();
    for (let i = 0; i < ROUNDS; i++) {
      using x = torch.ones([COUNT]);
      const call = growAndWrite.runAsync(large, x, COUNT);
      for (let n = 0; n < 3; n++) {
        using sums = x.cumsum(0, { dtype: "float64" });
        using last = sums.narrow(0, COUNT - 1, 1);
        assertEquals(last.item(), COUNT);
      }
      (await call as T).dispose();
    }
    await settled();
    assertBack(before);
  });

  it("a module's to()", async () => {
    class Sums extends torch.nn.Module<[T], T> {
      weight = new torch.nn.Parameter(torch.ones([COUNT]));
      override forward(x: T) {
        return this.weight.sum().add(this.weight.sum()).add(this.weight.sum()).add(x);
      }
    }
    using x = torch.zeros([1]);
    for (let i = 0; i < ROUNDS; i++) {
      using model = jit.trace(new Sums(), [x], { checkTrace: false });
      const calls = [model.runAsync(x), model.runAsync(x)];
      await sleep(1);
      model.to({ dtype: "float64" });
      torch.emptyCache();
      for (const call of calls) (await call as T).dispose();
      assertEquals([...model.parameters()].map((p: T) => p.dtype), ["float64"]);
    }
  });
});
