import { test } from "node:test";
import { assert, assertEquals } from "@std/assert";
import * as torch from "../mod.ts";
import { settled } from "./support/collect.ts";
import { lacksLargePages, largePageBytes } from "./support/large_pages.ts";

// Small enough for the lists of small_blocks.cpp, large enough that 50 of them stand out.
const COUNT = 50;
const BYTES = 16384;

/** Bytes kept after tensors of `BYTES` were made together and freed. */
function keptAfterFreeing(): number {
  const made = Array.from({ length: COUNT }, () => torch.ones([BYTES / 4]));
  for (const one of made) one.dispose();
  return torch.memory().cachedBytes;
}

test("freed small tensors leave their memory to the next, until emptyCache gives it back", async () => {
  await settled();
  torch.emptyCache();
  const before = torch.memory().cachedBytes;
  const kept = keptAfterFreeing();
  assert(kept >= before + COUNT * BYTES, `${kept} bytes are kept, ${before} were before`);
  const again = keptAfterFreeing();
  assert(again < kept + COUNT * BYTES / 2, `${again} bytes are kept, ${kept} were before`);
  torch.emptyCache();
  const left = torch.memory().cachedBytes;
  assert(left < before + COUNT * BYTES / 2, `${left} bytes are kept, ${before} were before`);
});

test("a block that serves again holds what the new tensor was made with, at every size", () => {
  for (let bytes = 4; bytes <= 1 << 17; bytes = Math.ceil(bytes * 1.07 / 4) * 4) {
    const ones = torch.ones([bytes / 4]);
    const twos = ones.add(1);
    ones.dispose();
    const threes = twos.add(1);
    assert(twos.eq(2).all().item() === true && threes.eq(3).all().item() === true, `${bytes}`);
    threes.dispose();
    twos.dispose();
  }
});

test("of large blocks of a size the one freed last serves first: it may still be in the cache", () => {
  const COUNT = 1 << 20;
  for (let round = 1; round <= 3; round++) {
    const values = [10 * round, 10 * round + 1, 10 * round + 2];
    const made = values.map((value) => torch.full([COUNT], value, { dtype: "float32" }));
    for (const one of made) one.dispose();
    // What is in memory that no one has written yet tells whose it was.
    const next = values.map(() => torch.empty([COUNT]));
    assertEquals(next.map((one) => one.select(0, COUNT - 1).item()), values.toReversed());
    for (const one of next) one.dispose();
  }
});

test("a program that goes on to other sizes does not keep the old ones", async () => {
  await settled();
  torch.emptyCache();
  const before = torch.memory().cachedBytes;
  assert(keptAfterFreeing() >= before + COUNT * BYTES);
  // Each takes four pieces of memory or more: two rounds of as many as a sweep waits for.
  for (let i = 0; i < 300_000; i++) torch.zeros([1]).dispose();
  const kept = torch.memory().cachedBytes;
  assert(kept < before + COUNT * BYTES / 2, `${kept} bytes are kept, ${before} were before`);
});

test("the objects of freed tensors leave their memory to the next, too", async () => {
  await settled();
  torch.emptyCache();
  const before = torch.memory().cachedBytes;
  const made = Array.from({ length: 4000 }, () => torch.zeros([1]));
  for (const one of made) one.dispose();
  // A tensor's elements have 64 bytes; its own object and that of its storage have more than 200.
  const kept = torch.memory().cachedBytes;
  assert(kept >= before + made.length * 264, `${kept} bytes are kept, ${before} were before`);
  torch.emptyCache();
  const left = torch.memory().cachedBytes;
  assert(left < before + made.length * 64, `${left} bytes are kept, ${before} were before`);
});

test(
  "large tensors lie on large pages, and are given back",
  { skip: lacksLargePages() },
  async () => {
    await settled();
    const BYTES = 64 << 20;
    torch.emptyCache();
    const before = { ...torch.memory(), large: largePageBytes() };
    const x = torch.full([BYTES / 4], 7, { dtype: "float32" });
    assertEquals(torch.memory().bytes - before.bytes, BYTES);
    const large = largePageBytes() - before.large;
    // Some of it, where the system's memory is in pieces.
    assert(large >= BYTES / 2, `${large} bytes are on large pages`);
    x.dispose();
    assertEquals(torch.memory().bytes, before.bytes);
    torch.emptyCache();
    assertEquals(torch.memory().cachedBytes, before.cachedBytes);
    assert(largePageBytes() < before.large + BYTES / 2);
  },
);

test("a large tensor holds what was written to its last element, at sizes around those of pages", () => {
  for (const numbers of [1 << 19, 1 << 20, 3 << 19]) {
    for (const more of [-1025, -1, 0, 1, 1024]) {
      const x = torch.arange(numbers + more, { dtype: "int32" });
      const y = x.add(1);
      assertEquals(y.select(0, numbers + more - 1).item(), numbers + more);
      assertEquals(y.sub(x).sum().item(), numbers + more);
      y.dispose();
      x.dispose();
    }
  }
});
