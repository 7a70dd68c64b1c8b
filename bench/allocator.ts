/**
 * What keeping freed blocks brings: a training-like step of five ops on 4 MB tensors, with glibc's malloc and with the cache
 * of blocks in `csrc/memory.cpp`, in turns in one run.
 *
 *     deno run -A bench/allocator.ts        bun bench/allocator.ts
 *
 * @module
 */

import { native } from "../ffi/mod.ts";
import * as torch from "../mod.ts";

const ROUNDS = 9;
const STEPS = 40;

torch.setNumThreads(1);
torch.manualSeed(1);
const x = torch.randn([1024, 1024]);
const w = torch.randn([1024, 1024]);

function step(): void {
  using h = x.mul(w);
  using r = h.relu();
  using s = r.add(x);
  using t = s.mul(0.5);
  using _ = t.sub(w);
}

function millisecondsAStep(cache: boolean): number {
  native.fb_memory_cache(cache ? 1 : 0);
  step();
  const start = performance.now();
  for (let i = 0; i < STEPS; i++) step();
  return (performance.now() - start) / STEPS;
}

const malloc: number[] = [];
const cached: number[] = [];
for (let round = 0; round < ROUNDS; round++) {
  malloc.push(millisecondsAStep(false));
  cached.push(millisecondsAStep(true));
}
const median = (values: number[]) => values.sort((a, b) => a - b)[values.length >> 1]!;
console.log(
  `a step of five ops on 4 MB: malloc ${median(malloc).toFixed(2)} ms, cache ${
    median(cached).toFixed(2)
  } ms, ratio ${(median(malloc) / median(cached)).toFixed(2)}`,
);
