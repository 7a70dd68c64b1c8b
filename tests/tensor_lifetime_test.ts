import { describe, test } from "node:test";
import { assert, assertEquals, assertThrows } from "@std/assert";
import * as torch from "../mod.ts";
import { dropReleased } from "../src/tensor/memory_share.ts";
import { balanced, liveCounts } from "./support/balance.ts";
import { collectUntil, settled } from "./support/collect.ts";
import { program } from "./support/program.ts";

const { DisposedError, memory } = torch;

describe("dispose()", () => {
  test("frees a tensor at once, and says so", () => {
    const live = () => liveCounts().tensors;
    const before = live();
    const x = torch.zeros([2]);
    assertEquals([live(), x.isDisposed], [before + 1, false]);
    x.dispose();
    assertEquals([live(), x.isDisposed], [before, true]);
  });

  test("is harmless when called again", () => {
    balanced(() => {
      const x = torch.zeros([2]);
      x.dispose();
      x.dispose();
      x[Symbol.dispose]();
    });
  });

  test("leaves neighbours alone", () => {
    balanced(() => {
      const many = Array.from({ length: 200 }, (_, i) => torch.full([1], i));
      many.filter((_, i) => i % 2 === 0).forEach((x) => x.dispose());
      many.forEach((x, i) => i % 2 === 1 && assertEquals(x.item(), i));
      many.forEach((x) => x.dispose());
    });
  });

  test("leaves views and results that share the memory", () => {
    const x = torch.tensor([[1, 2], [3, 4]]);
    using view = x.t();
    x.dispose();
    assertEquals(view.toArray(), [[1, 3], [2, 4]]);
  });

  test("leaves what a backward pass still needs", () => {
    using x = torch.tensor([3], { dtype: "float32", requiresGrad: true });
    const square = x.mul(x);
    using sum = square.sum();
    square.dispose();
    sum.backward();
    using grad = x.grad!;
    assertEquals(grad.toArray(), [6]);
  });
});

describe("using", () => {
  test("frees a tensor at the end of its block", () => {
    balanced(() => {
      using x = torch.zeros([2]);
      assertEquals(x.isDisposed, false);
    });
  });

  test("frees a tensor when the block throws", () => {
    balanced(() => {
      assertThrows(
        () => {
          using x = torch.zeros([2]);
          throw new Error(`stop at ${x.numel()}`);
        },
        Error,
        "stop at 2",
      );
    });
  });
});

describe("A disposed tensor", () => {
  const gone = torch.ones([2]);
  gone.dispose();

  function assertRefused(run: () => unknown, op: string, argument: string): void {
    const error = assertThrows(run, DisposedError);
    assertEquals(
      [error.op, error.message],
      [op, `${op}(): argument '${argument}' is a tensor that was disposed`],
    );
  }

  test("is refused by name of the argument", () => {
    using x = torch.ones([2]);
    assertRefused(() => gone.add(1), "add", "self");
    assertRefused(() => x.add(gone), "add", "other");
    assertRefused(() => x.matmul(gone), "matmul", "other");
    assertRefused(() => torch.cat([x, gone]), "cat", "tensors[1]");
    assertRefused(() => torch.where(gone, x, x), "where", "condition");
    assertRefused(() => gone.add_(1), "add_", "self");
  });

  test("is refused by everything that reads it", () => {
    assertRefused(() => gone.item(), "item", "self");
    assertRefused(() => gone.itemBigInt(), "itemBigInt", "self");
    assertRefused(() => gone.toArray(), "toArray", "self");
    assertRefused(() => gone.toTypedArray(), "toTypedArray", "self");
    assertRefused(() => gone.shape, "shape", "self");
    assertRefused(() => gone.dtype, "dtype", "self");
    assertRefused(() => gone.device, "device", "self");
    assertRefused(() => gone.requiresGrad, "requiresGrad", "self");
    assertRefused(() => (gone.requiresGrad = true), "requiresGrad", "self");
    assertRefused(() => gone.grad, "grad", "self");
    assertRefused(() => gone.gradFn, "gradFn", "self");
    assertRefused(() => gone.backward(), "backward", "self");
    assertRefused(() => torch.setRngState(gone), "setRngState", "state");
  });

  test("leaves nothing behind where it was refused", () => {
    using x = torch.ones([2]);
    balanced(() => assertThrows(() => torch.cat([x, gone, x]), DisposedError));
    using y = x.add(1);
    assertEquals(y.toArray(), [2, 2]);
  });
});

describe("The collector", () => {
  test("frees small tensors that were forgotten", async () => {
    await settled();
    const before = memory().tensors;
    const live = liveCounts().tensors;
    (() => {
      for (let i = 0; i < 2000; i++) torch.zeros([4]);
    })();
    assertEquals(liveCounts().tensors, live + 2000);
    // Handles are freed 256 together, so the first ones and the last ones may be kept by their neighbours.
    assert(await collectUntil(() => memory().tensors <= before + 512), `${memory().tensors} alive`);
  });

  test("frees a large tensor on its own, whatever its neighbours do", async () => {
    await settled();
    const before = memory().tensors;
    const live = liveCounts().tensors;
    const kept = torch.zeros([4]);
    (() => {
      for (let i = 0; i < 100; i++) torch.zeros([16384]);
    })();
    assertEquals(liveCounts().tensors, live + 101);
    // A collector that looks at the machine stack takes old words there for some of them.
    assert(await collectUntil(() => memory().tensors <= before + 20), `${memory().tensors} alive`);
    assertEquals(kept.toArray(), [0, 0, 0, 0]);
    kept.dispose();
  });

  test("frees no tensor that is in use", async () => {
    const held = Array.from({ length: 300 }, (_, i) => torch.full([2], i));
    await settled();
    const before = memory().tensors;
    let rounds = 0;
    await collectUntil(() => ++rounds === 3);
    assert(memory().tensors > before - 300);
    held.forEach((x, i) => assertEquals(x.toArray(), [i, i]));
    held.forEach((x) => x.dispose());
  });

  test("lets go of an array that was shared, once no view is left", async () => {
    const before = dropReleased();
    (() => {
      for (let i = 0; i < 40; i++) {
        const x = torch.fromTypedArray(new Float32Array(16384));
        using view = x.reshape([2, 8192]);
        assertEquals(view.numel(), 16384);
      }
    })();
    assert(dropReleased() > before);
    // A collector that looks at the machine stack takes old words there for some of them.
    assert(await collectUntil(() => dropReleased() <= before + 10));
  });

  test("frees script functions that were forgotten", async () => {
    await settled();
    const before = memory().scripts;
    (() => {
      for (let i = 0; i < 40; i++) torch.jit.compile("def f(x: int) -> int:\n    return x\n").f!(1);
    })();
    assert(memory().scripts >= before + 40);
    // A collector that looks at the machine stack takes old words there for some of them.
    assert(await collectUntil(() => memory().scripts <= before + 10), `${memory().scripts} alive`);
  });

  test("ends a process that leaves tensors, modules and shared arrays behind", async () => {
    const ended = await program(`
      import * as torch from MOD;
      globalThis.kept = [torch.zeros([10000]), torch.fromTypedArray(new Float32Array(8)), new torch.nn.Linear(2, 2)];
      globalThis.script = torch.jit.trace((x) => x.relu(), [torch.zeros([2])]);
      console.log("end");
    `);
    assertEquals([ended.code, ended.stdout.trim()], [0, "end"], ended.stderr);
  });
});
