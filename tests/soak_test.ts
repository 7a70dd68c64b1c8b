/**
 * Work in large numbers: nothing is leaked, nothing is lost, and memory stays where it is.
 *
 * As many rounds as fit into FLAMBEAU_SOAK_SECONDS for each (`deno task soak`: ten minutes in all); one without it.
 */

import process from "node:process";
import { describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { assert, assertEquals } from "@std/assert";
import * as torch from "../mod.ts";
import { assertBack, liveCounts } from "./support/balance.ts";
import { collectUntil } from "./support/collect.ts";
import { program } from "./support/program.ts";

const SECONDS = Number(process.env.FLAMBEAU_SOAK_SECONDS ?? 0);
const LIMIT_MS = 120_000 + SECONDS * 2000;
const MEGABYTE = 2 ** 20;
// What the runtime's compiled code and the allocator's arenas may still add.
const SLACK_MB = 192;

// After a collection: V8 lets its heap grow by hundreds of megabytes while it has no reason not to.
async function resident(): Promise<number> {
  await collectUntil(() => true);
  return process.memoryUsage.rss() / MEGABYTE;
}

/** A round, then more of them: no handle is left, not even to the collector, and memory does not grow after the first. */
async function soak(round: () => void | Promise<void>): Promise<void> {
  const end = performance.now() + SECONDS * 1000;
  const before = liveCounts();
  await round();
  const first = await resident();
  do await round(); while (performance.now() < end);
  assertBack(before);
  const grown = await resident() - first;
  assert(grown < SLACK_MB, `Resident memory grew by ${Math.round(grown)} MB`);
}

describe("soak", () => {
  test("half a million small ops, twice and more", { timeout: LIMIT_MS }, async () => {
    await soak(() => {
      using x = torch.ones([4]);
      for (let i = 0; i < 500_000; i++) x.add(1).dispose();
      assertEquals(x.toArray(), [1, 1, 1, 1]);
    });
  });

  test("50,000 calls of runAsync at once, on one module, from many callers", {
    timeout: LIMIT_MS,
  }, async () => {
    const unit = torch.jit.compile("def scale(x):\n    return x * 2\n");
    const model = unit.scale!;
    await soak(async () => {
      const caller = async (id: number) => {
        using x = torch.full([2], id);
        const answers = await Promise.all(Array.from({ length: 250 }, () => model.runAsync(x)));
        for (const y of answers) {
          assertEquals(y.toArray(), [2 * id, 2 * id]);
          y.dispose();
        }
        return answers.length;
      };
      const counts = await Promise.all(Array.from({ length: 200 }, (_, id) => caller(id)));
      assertEquals(counts.reduce((sum, count) => sum + count), 50_000);
      const { queued, running } = torch.asyncSettings();
      assertEquals({ queued, running }, { queued: 0, running: 0 });
    });
    unit[Symbol.dispose]();
  });

  test("a thousand async scopes in flight", { timeout: LIMIT_MS }, async () => {
    const unit = torch.jit.compile("def scale(x):\n    return x * 2\n");
    const model = unit.scale!;
    await soak(async () => {
      const results = await Promise.all(
        Array.from({ length: 1000 }, (_, id) =>
          torch.scope(async () => {
            const x = torch.full([3], id);
            await sleep(id % 5);
            const y: torch.Tensor = await model.runAsync(x.add(1));
            await sleep(id % 3);
            return y.sub(x.mul(2));
          })),
      );
      for (const result of results) {
        assertEquals(result.toArray(), [2, 2, 2]);
        result.dispose();
      }
    });
    unit[Symbol.dispose]();
  });

  test("2,000 modules, loaded and disposed", { timeout: LIMIT_MS }, async () => {
    const traced = torch.jit.trace(new torch.nn.Linear(8, 4), [torch.ones([1, 8])]);
    const bytes = torch.jit.serialize(traced);
    traced[Symbol.dispose]();
    await soak(async () => {
      for (let i = 0; i < 1000; i++) {
        const model = torch.jit.load(bytes);
        torch.scope(() => {
          assertEquals((model(torch.ones([2, 8])) as torch.Tensor).shape, [2, 4]);
        });
        model[Symbol.dispose]();
        if (i % 100 === 0) await sleep(0);
      }
    });
  });

  test("Workers that come and go", { timeout: LIMIT_MS }, async () => {
    await soak(async () => {
      for (let i = 0; i < 3; i++) {
        const worker = new Worker(new URL("./workers/library.ts", import.meta.url), {
          type: "module",
        });
        const heard = () => new Promise<MessageEvent>((resolve) => worker.onmessage = resolve);
        await heard();
        const answer = heard();
        worker.postMessage({ command: "compute", value: i });
        assertEquals((await answer).data.result[0], 6 * i);
        worker.terminate();
      }
    });
  });
});

describe("a program that forgets its tensors", () => {
  const LOOPS = {
    "in a loop that awaits": "await new Promise((resolve) => setTimeout(resolve, 0));",
    "in a synchronous loop": "",
  };
  for (const [name, pause] of Object.entries(LOOPS)) {
    test(`${name} takes at most 1.5 times + 256 MB`, { timeout: LIMIT_MS }, async () => {
      const peak = async (free: string) => {
        const { code, stdout, stderr } = await program(`
import { readFileSync } from "node:fs";
import * as torch from MOD;
const end = performance.now() + ${SECONDS * 500};
for (let i = 0; i < 200 || performance.now() < end; i++) {
  const x = torch.zeros([1024, 1024]);
  const y = x.add(1);
  ${free}
  ${pause}
}
const status = readFileSync("/proc/self/status", "utf8");
console.log("peak", Number(/VmHWM:\\s+(\\d+)/.exec(status)[1]) / 1024);
`);
        assertEquals(code, 0, stderr);
        return Number(/peak ([\d.]+)/.exec(stdout)![1]);
      };
      const forgets = await peak("");
      const disposes = await peak("x.dispose(); y.dispose();");
      console.log(`${name}: ${Math.round(forgets)} MB, with dispose ${Math.round(disposes)} MB`);
      assert(forgets <= 1.5 * disposes + 256, `${forgets} MB against ${disposes} MB`);
    });
  }
});
