/**
 * The library in several Workers at once, and what goes from one to another.
 */

import { describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { collectGarbage } from "../ffi/mod.ts";
import * as torch from "../mod.ts";
import { liveCounts } from "./support/balance.ts";
import { settled } from "./support/collect.ts";
import { folder } from "./support/program.ts";

const LIMIT_MS = 30_000;
const MEGABYTE = 2 ** 20;

/** A Worker of `workers/library.ts`, one question at a time. */
class Library implements Disposable {
  readonly #worker = new Worker(new URL("./workers/library.ts", import.meta.url), {
    type: "module",
  });

  readonly #ready = new Promise((resolve, reject) => {
    this.#worker.onmessage = resolve;
    this.#worker.onerror = (event) => reject(new Error(event.message));
  });

  async ask(command: string, value?: unknown): Promise<unknown> {
    await this.#ready;
    const answer = new Promise<{ result?: unknown; error?: string }>((resolve, reject) => {
      this.#worker.onmessage = (event) => resolve(event.data);
      this.#worker.onerror = (event) => reject(new Error(event.message));
    });
    this.#worker.postMessage({ command, value });
    const { result, error } = await answer;
    if (error !== undefined) throw new Error(error);
    return result;
  }

  [Symbol.dispose](): void {
    this.#worker.terminate();
  }
}

/** Waits until `done`, at most ten seconds. */
async function until(done: () => boolean): Promise<boolean> {
  for (let i = 0; i < 200 && !done(); i++) await sleep(50);
  return done();
}

describe("several Workers", () => {
  test("compute, train and run calls at the same time", { timeout: LIMIT_MS }, async () => {
    const workers = [new Library(), new Library(), new Library()];
    try {
      const sums = await Promise.all(workers.map((worker, i) => worker.ask("compute", i)));
      for (const [i, sum] of sums.entries()) {
        assertEquals(sum, Array.from({ length: 20 }, (_, k) => 6 * (i + k)));
      }
      for (const steps of await Promise.all(workers.map((worker) => worker.ask("train")))) {
        // The error shrinks by the factor 1 - 0.1 * 2 * mean(x²) = 1 - 0.2 * 14 / 3 at each step.
        const factor = 1 - 0.2 * 14 / 3;
        const [first, second] = steps as [number, number];
        assertAlmostEquals(first, 1 - factor, 1e-6);
        assertAlmostEquals(second, 1 - factor ** 2, 1e-6);
      }
    } finally {
      for (const worker of workers) worker[Symbol.dispose]();
    }
  });

  test("release what they held when they are terminated", { timeout: LIMIT_MS }, async () => {
    // What earlier tests forgot would be freed in the midst.
    await settled();
    const { bytes } = torch.memory();
    {
      using worker = new Library();
      await worker.ask("hold", torch.transfer(torch.ones([4 * MEGABYTE])));
      assert(torch.memory().bytes >= bytes + 16 * MEGABYTE);
    }
    assert(
      await until(() => torch.memory().bytes < bytes + MEGABYTE),
      "The tensor outlived its Worker",
    );
  });
});

/** Waits until no more script objects and graph nodes are alive than there were. */
async function assertReleased(before: torch.MemoryReport): Promise<void> {
  const more = () => {
    const { scripts, nodes } = torch.memory();
    return [scripts > before.scripts, nodes > before.nodes];
  };
  await until(() => !more().includes(true));
  assertEquals(more(), [false, false], "Script objects or graph nodes outlived their Worker");
}

describe("a Worker that ends while it holds script objects and graph nodes", () => {
  for (const way of ["is terminated", "closes itself"]) {
    test(`releases them when it ${way}`, { timeout: LIMIT_MS }, async () => {
      // What earlier tests forgot would be freed in the midst.
      await settled();
      const before = torch.memory();
      const counts = liveCounts();
      using worker = new Library();
      await worker.ask("holdAll");
      const { scripts, nodes } = liveCounts();
      assert(scripts >= counts.scripts + 6 && nodes >= counts.nodes + 1);
      if (way === "is terminated") worker[Symbol.dispose]();
      else await worker.ask("close");
      await assertReleased(before);
    });
  }

  test("lets go of the files that it was loading", { timeout: LIMIT_MS }, async () => {
    await settled();
    const before = torch.memory();
    {
      using worker = new Library();
      await worker.ask("load");
      // Ten open files, and modules of 16 MB that are read.
      assert(torch.memory().scripts > before.scripts);
    }
    await assertReleased(before);
    assert(await until(() => torch.memory().bytes < before.bytes + MEGABYTE));
  });

  test("leaves the others' alone, and what was handed over", { timeout: LIMIT_MS }, async () => {
    using staying = new Library();
    const model = torch.jit.trace(new torch.nn.Linear(3, 2), [torch.ones([1, 3])]);
    const x = torch.ones([1, 3]);
    const expected = (model(x) as torch.Tensor).toArray();
    let back: typeof model;
    {
      using going = new Library();
      await Promise.all([going.ask("holdAll"), staying.ask("holdAll")]);
      back = torch.receive<typeof model>(await going.ask("echo", torch.transfer(model)));
    }
    await sleep(100);
    assertEquals((back(x) as torch.Tensor).toArray(), expected);
    assertEquals(
      await staying.ask("compute", 1),
      Array.from({ length: 20 }, (_, k) => 6 * (1 + k)),
    );
    back[Symbol.dispose]();
  });

  test(
    "does not pull memory that it lent from under its calls",
    { timeout: LIMIT_MS },
    async () => {
      for (let i = 0; i < 2; i++) {
        using worker = new Library();
        await worker.ask("lend");
      }
      collectGarbage();
      assert(await until(() => torch.asyncSettings().running === 0), "The calls did not end");
    },
  );

  test("does not pull it from under modules, sparse tensors and files", {
    timeout: LIMIT_MS,
  }, async () => {
    using here = folder();
    for (let i = 0; i < 3; i++) {
      using worker = new Library();
      await worker.ask("lendAll", here.file("model.pt"));
      await sleep(10 * i);
    }
    assert(await until(() => torch.asyncSettings().running === 0), "The calls did not end");
  });

  test("leaves a graph whole that its memory is a part of", { timeout: LIMIT_MS }, async () => {
    let handed: unknown;
    {
      using worker = new Library();
      handed = await worker.ask("lendGraph");
    }
    await sleep(200);
    const [loss, weight] = torch.receive<[torch.Tensor, torch.Tensor]>(handed);
    loss.backward();
    // d/dw of the sum of 3 w.
    assert(torch.equal(weight.grad!, torch.full([4 << 20], 3)));
  });

  test("drops the calls that it had queued", { timeout: LIMIT_MS }, async () => {
    await settled();
    const { bytes } = torch.memory();
    {
      using worker = new Library();
      await worker.ask("queue");
    }
    // Of 500 MB; a result that was on its way into JavaScript when that was cut off is lost.
    const few = 4 * MEGABYTE;
    assert(
      await until(() => torch.asyncSettings().queued === 0 && torch.memory().bytes < bytes + few),
      "Calls of a Worker that ended waited on, or kept their results",
    );
  });
});

describe("transfer and receive", () => {
  test(
    "hand over a tensor's memory in both directions without a copy",
    { timeout: LIMIT_MS },
    async () => {
      using worker = new Library();
      await worker.ask("echo", torch.transfer([]));
      await settled();
      const before = torch.memory();
      const x = torch.arange(4 * MEGABYTE, { dtype: "float32" });
      const { bytes } = torch.memory();
      const noCopy = () => assert(Math.abs(torch.memory().bytes - bytes) < MEGABYTE);
      const message = torch.transfer({ x });
      assert(x.isDisposed);
      assertEquals(torch.memory().tensors, before.tensors);
      noCopy();
      const answer = await worker.ask("echo", message);
      noCopy();
      const { x: back } = torch.receive<{ x: torch.Tensor }>(answer);
      noCopy();
      using last = back.select(0, 4 * MEGABYTE - 1);
      assertEquals(last.item(), 4 * MEGABYTE - 1);
      back.dispose();
    },
  );

  test("keep the pieces of a message in their places, and what is no tensor as it is", {
    timeout: LIMIT_MS,
  }, async () => {
    using worker = new Library();
    const x = torch.tensor([1, 2]);
    const y = torch.tensor([[true, false]]);
    const message = torch.transfer({ id: "a", list: [x, { y }, null, 3], again: x });
    const back = torch.receive<{
      id: string;
      list: [torch.Tensor, { y: torch.Tensor }, null, number];
      again: torch.Tensor;
    }>(await worker.ask("echo", message));
    assertEquals(back.id, "a");
    assertEquals(back.list[0].toArray(), [1, 2]);
    assertEquals(back.list[1].y.toArray(), [[true, false]]);
    assertEquals(back.list.slice(2), [null, 3]);
    assert(back.again === back.list[0], "One tensor came back as two");
    back.list[0].dispose();
    back.list[1].y.dispose();
  });

  test("hand over script modules and script functions", { timeout: LIMIT_MS }, async () => {
    using worker = new Library();
    const { double } = torch.jit.compile("def double(x):\n    return x * 2\n");
    const model = torch.jit.trace(new torch.nn.Linear(3, 2), [torch.ones([1, 3])]);
    const x = torch.ones([1, 3]);
    const expected = (model(x) as torch.Tensor).toArray();
    const answer = await worker.ask("echo", torch.transfer({ double, model }));
    const back = torch.receive<{ double: torch.jit.ScriptFunction; model: typeof model }>(answer);
    assertEquals((back.double(x) as torch.Tensor).toArray(), [[2, 2, 2]]);
    assertEquals((back.model(x) as torch.Tensor).toArray(), expected);
    assertEquals((await back.model.runAsync(x)).toArray(), expected);
  });

  test("share a tensor: what one side writes, the other reads", { timeout: LIMIT_MS }, async () => {
    using worker = new Library();
    using x = torch.zeros([5]);
    await worker.ask("write", torch.transfer(x, { share: true }));
    assertEquals(x.toArray(), [7, 7, 7, 7, 7]);
  });

  test("give a ticket's tensor once, and forged tickets none", { timeout: LIMIT_MS }, async () => {
    using worker = new Library();
    const message = torch.transfer(torch.ones([2]));
    torch.receive<torch.Tensor>(message).dispose();
    assertThrows(() => torch.receive(message), torch.TorchError, "received already");
    let refused = "";
    await worker.ask("hold", message).catch((error) => refused = error.message);
    assert(refused.includes("received already"), refused);
    for (const number of [1, 2 ** 52, Number.MAX_SAFE_INTEGER]) {
      assertThrows(() => torch.receive({ flambeauTicket: number }), torch.TorchError, "ticket");
    }
    for (const number of [0, -1, 1.5, NaN, Infinity, 2 ** 64]) {
      assertThrows(() => torch.receive({ flambeauTicket: number }), TypeError, "ticket");
    }
  });

  test("copy a tensor that lies in a TypedArray's memory", () => {
    const array = new Float32Array([1, 2, 3]);
    using lent = torch.fromTypedArray(array);
    using received = torch.receive<torch.Tensor>(torch.transfer(lent, { share: true }));
    array[0] = 9;
    assertEquals(received.toArray(), [1, 2, 3]);
  });

  test("refuse a script object that holds such memory, however deep", () => {
    using lent = torch.fromTypedArray(new Float32Array([1, 2]));
    using own = torch.ones([2]);
    const trace = () => torch.jit.trace(new torch.nn.Linear(2, 1), [torch.ones([1, 2])]);
    const [outer, inner] = [trace(), trace()];
    outer.registerAttribute("parts", { a: [own, lent] }, "Dict[str, List[Tensor]]");
    inner.registerAttribute("weights", [lent], "List[Tensor]");
    const [around, method] = [trace(), inner.method("forward")];
    around.registerModule("inner", inner);
    for (const [part, name] of [[outer, "parts"], [around, "inner.weights"], [method, "weights"]]) {
      const message = `the attribute '${name}' holds a tensor that lies in a TypedArray`;
      assertThrows(() => torch.transfer(part), torch.TorchError, message);
    }
    inner.registerAttribute("mine", [own], "List[Tensor]");
    (inner as unknown as { weights: torch.Tensor[] }).weights = [own];
    const back = torch.receive<typeof around>(torch.transfer(around));
    assertEquals((back(torch.ones([4, 2])) as torch.Tensor).shape, [4, 1]);
  });

  test("refuse what was disposed, and what contains itself", () => {
    const x = torch.ones([2]);
    x.dispose();
    assertThrows(() => torch.transfer([x]), torch.DisposedError);
    const loop: unknown[] = [];
    loop.push(loop);
    assertThrows(() => torch.transfer(loop), TypeError, "itself");
  });
});
