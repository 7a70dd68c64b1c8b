/**
 * What a small op costs: one thread, results disposed in the loop. Rounds here, in C++ and in PyTorch take turns.
 *
 * @module
 */

import { native } from "../../ffi/mod.ts";
import * as torch from "../../mod.ts";
import { here, measure, measureWith } from "../harness.ts";
import { nativeOp } from "../native.ts";
import { Peer } from "../peer.ts";

torch.setNumThreads(1);

measure("dispatch", "a native call that does nothing", {
  [here]: (calls) => {
    for (let i = 0; i < calls; i++) native.fb_abi_version();
  },
});

/** Added to a number of `csrc/bench.cpp`: with LibTorch's own allocator. */
const AS_IT_COMES = 100;

interface Case {
  name: string;
  shape: number[];
  /** Its number in `csrc/bench.cpp`. */
  number: number;
  run: (x: torch.Tensor) => void;
  requiresGrad?: boolean;
}

function chain(x: torch.Tensor): void {
  let y = x.add(x);
  for (let i = 0; i < 9; i++) {
    const next = i % 2 === 0 ? y.relu() : y.add(x);
    y.dispose();
    y = next;
  }
  y.dispose();
}

const plain: Case[] = [
  { name: "add, 1 element", shape: [1], number: 0, run: (x) => x.add(x).dispose() },
  { name: "matmul, 32 × 32", shape: [32, 32], number: 1, run: (x) => x.matmul(x).dispose() },
  { name: "relu, 1 element", shape: [1], number: 2, run: (x) => x.relu().dispose() },
  { name: "view, 1 element", shape: [1], number: 3, run: (x) => x.view([-1]).dispose() },
  { name: "item()", shape: [1], number: 4, run: (x) => void x.item() },
  { name: "a chain of 10 ops, 1 element", shape: [1], number: 5, run: chain },
];
const graded = plain.filter(({ name }) => name !== "item()")
  .map((one) => ({ ...one, name: `${one.name}, with gradients`, requiresGrad: true }));

const peer = new Peer("pytorch.py", ["dispatch"], 1);
for (const { name, shape, number, run, requiresGrad = false } of [...plain, ...graded]) {
  const x = torch.ones(shape, { requiresGrad });
  const contenders = {
    [here]: (calls: number) => {
      for (let i = 0; i < calls; i++) run(x);
    },
    "C++": (calls: number) => nativeOp(AS_IT_COMES + number, calls, x),
    "C++, our allocator": (calls: number) => nativeOp(number, calls, x),
  };
  const ask = async (calls: number) => (await peer.ask(`${name}|${calls}`))[0]!;
  await measureWith("dispatch", name, contenders, { PyTorch: ask });
}
await peer.end();
