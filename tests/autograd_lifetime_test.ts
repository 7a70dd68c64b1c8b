import { describe, test } from "node:test";
import { assert, assertEquals } from "@std/assert";
import * as torch from "../mod.ts";
import { liveCounts } from "./support/balance.ts";
import { collectUntil, settled } from "./support/collect.ts";
import { program } from "./support/program.ts";

const { autograd, memory } = torch;
type Context = torch.autograd.FunctionContext;

// Tensors that would be freed with others: each has a page of its own, so that the collector frees it by itself.
function large(): torch.Tensor {
  return torch.zeros([16384], { requiresGrad: true });
}

class Twice extends autograd.Function {
  static forward(ctx: Context, x: torch.Tensor): torch.Tensor {
    ctx.saveForBackward(x);
    return x.mul(2);
  }
  static backward(_: Context, gradient: torch.Tensor): torch.Tensor {
    return gradient.mul(2);
  }
}

const MANY = 200;
// A collector that looks at the machine stack takes old words there for some of what was forgotten.
const KEPT = 40;

describe("The collector", () => {
  test("frees forgotten tensors with their hooks, and what those hold", async () => {
    await settled();
    const before = memory().nodes;
    const held: WeakRef<object>[] = [];
    (() => {
      const tensors: torch.Tensor[] = [];
      for (let i = 0; i < MANY; i++) {
        const big = { data: new Array(1000).fill(i) };
        held.push(new WeakRef(big));
        const tensor = large();
        tensor.registerHook(() => void big.data.length);
        tensors.push(tensor);
      }
      assert(memory().nodes >= before + MANY && tensors.length === MANY);
    })();
    assert(await collectUntil(() => memory().nodes <= before + KEPT), `${memory().nodes} alive`);
    // The list of what native code let go of is read at the next registration, or pass.
    using x = torch.ones([1], { requiresGrad: true });
    using _ = x.registerHook(() => {});
    const alive = () => held.filter((one) => one.deref() !== undefined).length;
    assert(await collectUntil(() => alive() <= KEPT), `${alive()} alive`);
  });

  test("frees forgotten outputs of custom functions with their graphs", async () => {
    await settled();
    const before = memory().nodes;
    (() => {
      for (let i = 0; i < MANY; i++) Twice.apply(Twice.apply(large()));
    })();
    assert(await collectUntil(() => memory().nodes <= before + KEPT), `${memory().nodes} alive`);
  });

  test("frees forgotten nodes", async () => {
    await settled();
    const before = memory().nodes;
    using x = large();
    using y = x.mul(2);
    (() => {
      for (let i = 0; i < MANY; i++) assertEquals(y.gradFn!.nextFunctions.length, 1);
    })();
    assert(await collectUntil(() => memory().nodes <= before + KEPT), `${memory().nodes} alive`);
  });

  test("keeps a hook that holds its own tensor until it is removed", async () => {
    const handle = (() => {
      const x = large();
      return x.registerHook(() => void x.shape);
    })();
    let rounds = 0;
    await collectUntil(() => ++rounds === 4);
    const { nodes } = liveCounts();
    handle.remove();
    assertEquals(liveCounts().nodes, nodes - 1);
  });
});

describe("A process", () => {
  test("ends with hooks, functions, anomaly mode and transforms behind it", async () => {
    const ended = await program(`
      import * as torch from MOD;
      class F extends torch.autograd.Function {
        static forward(ctx, x) { ctx.saveForBackward(x); return x.mul(2); }
        static backward(ctx, g) { return g.mul(2); }
      }
      globalThis.kept = [];
      const x = torch.ones([2], { requiresGrad: true });
      x.registerHook((g) => g.mul(2));
      torch.autograd.setDetectAnomaly(true);
      const y = F.apply(x);
      globalThis.kept.push(x, y, y.gradFn, torch.func.vjp((z) => z.mul(2), torch.ones([2])));
      y.sum().backward();
      console.log(x.grad.toArray());
    `);
    assertEquals([ended.code, ended.stdout.trim()], [0, "[ 4, 4 ]"], ended.stderr);
  });
});
