/** Small tensors share pages, which the last of them keeps: a program that keeps few must not hold the others. */

import { assert, assertEquals } from "@std/assert";
import { it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import * as torch from "../mod.ts";
import { settled } from "./support/collect.ts";

const ROUNDS = 6000;
const STEPS = 30;
const SIZE = 1500;

it("One small tensor in thirty that is kept does not keep the others", async () => {
  await settled();
  const before = torch.memory().bytes;
  const kept: torch.Tensor[] = [];
  using start = torch.zeros([SIZE]);
  for (let i = 0; i < ROUNDS; i++) {
    let y = start;
    for (let j = 0; j < STEPS; j++) y = y.add(1);
    kept.push(y.narrow(0, 0, 500).clone());
    if (i % 100 === 0) await sleep(0);
  }
  await settled();
  const held = torch.memory().bytes - before;
  for (const y of kept) assertEquals([y.size(0), Number(y.select(0, 0).item())], [500, STEPS]);
  // They are 12 MB; all that was made together is 1.1 GB.
  assert(held < 300e6, `${held} bytes are held`);
  for (const y of kept) y.dispose();
});

it("Rows of a large tensor are views: sixty thousand that are kept claim no memory of their own", async () => {
  await settled();
  using x = torch.arange(60_000 * 16).view(60_000, 16);
  const { bytes } = torch.memory();
  const rows = [...x];
  assert(torch.memory().bytes <= bytes);
  // With the 24 MB of the whole told to the collector for each, this took half a minute on V8.
  let sum = 0;
  for (const row of rows) sum += Number(row.select(0, 0).item());
  assertEquals(sum, 16 * 60_000 * 59_999 / 2);
  for (const row of rows) row.dispose();
});
