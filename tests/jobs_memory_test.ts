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
`);
const sums = unit.sums!;

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
    const calls = [sums.runAsync(x, 5), sums.runAsync(x, 5)];
    await sleep(1);
    exchange(x);
    torch.emptyCache();
    for (const call of calls) (await call as T).dispose();
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
