/** Gradients of what a program puts in a list: LibTorch optimizes it for those that needed one while it was watched. */

import { assert, assertEquals } from "@std/assert";
import { describe, test } from "node:test";
import * as torch from "../mod.ts";
import { balanced } from "./support/balance.ts";

const { jit, nn } = torch;
const F = nn.functional;
type T = torch.Tensor;
type Pair = (x: T, y: T) => T;

const halves = (x: T) => torch.cat(x.chunk(2, -1), -1);
const parts = (x: T) => torch.cat([x.narrow(-1, 0, 2), x.narrow(-1, 2, 2)], -1);

/** What a call gives: whether the result needs a gradient, and the arguments' gradients. */
function gradients(program: Pair, needs: readonly [boolean, boolean], rows = 2): unknown[] {
  torch.manualSeed(3);
  const x = torch.randn([rows, 4], { requiresGrad: needs[0] });
  const y = torch.randn([rows, 4], { requiresGrad: needs[1] });
  const result = program(x, y);
  if (result.requiresGrad) result.sum().backward();
  return [result.requiresGrad, x.grad?.toArray() ?? null, y.grad?.toArray() ?? null];
}

const programs: Record<string, Pair> = {
  "torch.cat of torch.cat": (x, y) => parts(F.hardswish(halves(x))).sub(y),
  "torch.cat of both": (x, y) => torch.cat([x.mul(2), y.mul(3)], 0).erf(),
  "torch.stack": (x, y) => torch.stack([x, y], 0).erf().mul(2),
};

describe("A program that joins tensors", () => {
  const orders: (readonly [boolean, boolean])[][] = [
    [[false, true], [false, true], [true, false], [false, false], [true, true]],
    [[true, true], [true, true], [false, false], [false, true], [true, false]],
    [[false, false], [false, false], [true, false], [false, true]],
  ];
  for (const [name, program] of Object.entries(programs)) {
    test(`${name} gives each its gradient, whichever needed one before`, () => {
      balanced(() =>
        torch.scope(() => {
          for (const order of orders) {
            const traced = jit.trace(program, [torch.randn([2, 4]), torch.randn([2, 4])]);
            order.forEach((needs, i) => {
              // The first has other sizes than the example.
              const rows = i === 0 ? 5 : 2;
              const eager = gradients(program, needs, rows);
              assertEquals(gradients(traced as Pair, needs, rows), eager, `call ${i} of ${order}`);
              assertEquals([eager[1] !== null, eager[2] !== null], [...needs]);
            });
            traced.dispose();
          }
        })
      );
    });
  }

  test("takes them from lists", () => {
    torch.scope(() => {
      const unit = jit.compile(
        "def joined(xs: List[Tensor]):\n    return torch.cat(xs).erf().mul(2).erf()\n",
      );
      const joined = (x: T, y: T) => unit.joined!([x, y]) as T;
      const eager = (x: T, y: T) => torch.cat([x, y]).erf().mul(2).erf();
      for (const needs of orders.flat()) {
        assertEquals(gradients(joined, needs), gradients(eager, needs), String(needs));
      }
      unit.dispose();
    });
  });

  test("as a module gives its parameters theirs once they are thawed", () => {
    torch.scope(() => {
      class Skip extends nn.Module<[T], T> {
        before = new nn.Linear(4, 4);
        after = new nn.Linear(8, 2);
        override forward(x: T) {
          const y = this.before(x).relu();
          return this.after(torch.cat([x, y], -1)).tanh();
        }
      }
      torch.manualSeed(5);
      const module = new Skip();
      const x = torch.randn([3, 4]);
      const traced = jit.trace(module, [x]);
      const step = (thawed: boolean) => {
        for (const one of [module, traced]) {
          for (const [name, parameter] of one.namedParameters()) {
            parameter.requiresGrad_(thawed || name.startsWith("after"));
            parameter.grad = null;
          }
        }
        module(x).sum().backward();
        traced(x).sum().backward();
        const own = new Map(traced.namedParameters());
        for (const [name, parameter] of module.namedParameters()) {
          const [a, b] = [parameter.grad, own.get(name)!.grad];
          assertEquals(b === null, a === null, `${name}, ${thawed ? "thawed" : "frozen"}`);
          if (a !== null) assert(torch.allclose(b!, a), name);
        }
      };
      for (const thawed of [false, false, false, true, true, false]) step(thawed);
    });
  });
});
