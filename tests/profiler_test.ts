import { readFileSync } from "node:fs";
import { describe, test } from "node:test";
import { setTimeout } from "node:timers/promises";
import { assert, assertEquals, assertRejects, assertStrictEquals, assertThrows } from "@std/assert";
import * as torch from "../mod.ts";
import { averageEvents, buildTree, type RecordedRange } from "../src/profiler/events.ts";
import type { TableOptions } from "../src/profiler/table.ts";
import { folder } from "./support/program.ts";
import { balanced } from "./support/balance.ts";

const { profile, recordFunction } = torch.profiler;

interface Golden {
  ranges: RecordedRange[];
  tables: {
    options: TableOptions & {
      groupByInputShape?: boolean;
      profileMemory?: boolean;
      withFlops?: boolean;
    };
    expected: string;
  }[];
}

const golden: Golden = JSON.parse(
  readFileSync(new URL("./golden/profiler.json", import.meta.url), "utf8"),
);

function names(events: readonly torch.profiler.FunctionEvent[]): string[] {
  return events.map((event) => event.name);
}

describe("The table of keyAverages()", () => {
  for (const { options, expected } of golden.tables) {
    test(`is PyTorch's, with ${JSON.stringify(options)}`, () => {
      const events = buildTree(golden.ranges);
      const { groupByInputShape, profileMemory = false, withFlops = false, ...table } = options;
      const averages = averageEvents(events, { groupByInputShape, profileMemory, withFlops });
      assertEquals(averages.table(table), expected);
    });
  }

  test("is empty without ranges, and refuses what it cannot sort by", () => {
    const averages = averageEvents(buildTree(golden.ranges), {
      profileMemory: false,
      withFlops: false,
    });
    assertThrows(() => averages.table({ sortBy: "name" as never }), RangeError, "'sortBy'");
    assertThrows(() => averages.table({ timeUnit: "h" as never }), RangeError, "'timeUnit'");
    assertEquals(profile(() => {}).keyAverages().table(), "");
  });
});

describe("profile()", () => {
  test("records ops, nested as they ran, and gives what the function returned", () => {
    using x = torch.ones([8, 8]);
    const found = profile(() => {
      using y = torch.nn.functional.linear(x, x);
      return y.sum().item();
    });
    assertEquals(found.result, 512);
    const linear = found.events.find((event) => event.name === "aten::linear")!;
    assert(names(linear.cpuChildren).includes("aten::matmul"), String(found));
    for (const event of found.events) {
      assert(event.end >= event.start && event.start >= 0);
      const within = event.cpuChildren.reduce((total, child) => total + child.cpuTimeTotal, 0);
      assert(Math.abs(event.selfCpuTimeTotal - (event.cpuTimeTotal - within)) < 1e-6);
      for (const child of event.cpuChildren) assertStrictEquals(child.cpuParent, event);
    }
    const top = found.events.filter((event) => event.cpuParent === null);
    const total = top.reduce((sum, event) => sum + event.cpuTimeTotal, 0);
    assert(Math.abs(found.keyAverages().selfCpuTimeTotal - total) < 1e-3);
  });

  test("counts calls by name, and by shape where shapes are recorded", () => {
    const [a, b] = [torch.ones([2, 3]), torch.ones([3])];
    const run = () => {
      for (let i = 0; i < 3; i++) a.add(1);
      b.add(1);
    };
    const byName = profile(run).keyAverages().find((one) => one.key === "aten::add")!;
    assertEquals([byName.count, byName.inputShapes], [4, []]);
    const shaped = profile(run, { recordShapes: true }).keyAverages({ groupByInputShape: true })
      .filter((one) => one.key === "aten::add");
    assertEquals(
      shaped.map((one) => [one.count, one.inputShapes[0]]),
      [[3, [2, 3]], [1, [3]]],
    );
  });

  test("shows the backward pass, with its thread and the forward op that it belongs to", () => {
    const x = torch.ones([4], { requiresGrad: true });
    const { events } = profile(() => x.exp().sum().backward());
    const backward = events.find((event) => event.name === "ExpBackward0")!;
    assertEquals(backward.scope, 1);
    assert(
      events.some((event) =>
        event.name === "aten::exp" && event.sequenceNumber === backward.sequenceNumber
      ),
    );
  });

  test("tells what was allocated and freed", () => {
    const found = profile(() => {
      const x = torch.empty([1024], { dtype: "float32" });
      x.dispose();
    }, { profileMemory: true });
    const empty = found.keyAverages().find((one) => one.key === "aten::empty")!;
    assertEquals([empty.cpuMemoryUsage, empty.selfCpuMemoryUsage], [4096, 4096]);
    const freed = found.events.filter((event) => event.name === "[memory]");
    assertEquals(freed.map((event) => event.cpuMemoryUsage), [-4096]);
    assert(String(found).includes("CPU Mem"));
  });

  test("estimates operations of matrix products", () => {
    const x = torch.ones([10, 20]);
    const found = profile(() => x.matmul(x.t()), { withFlops: true });
    const mm = found.keyAverages().find((one) => one.key === "aten::mm")!;
    assertEquals(mm.flops, 2 * 10 * 20 * 10);
    assert(String(found).includes("Total KFLOPs"), String(found));
  });

  test("takes an async function, and passes on what either throws", async () => {
    const x = torch.ones([2]);
    const found = await profile(async () => {
      x.add(1);
      await setTimeout(1);
      x.mul(2);
      return "done";
    });
    assertEquals(found.result, "done");
    assertEquals(names(found.events).filter((name) => /add|mul/.test(name)), [
      "aten::add",
      "aten::mul",
    ]);
    assertThrows(
      () =>
        profile(() => {
          throw new RangeError("mine");
        }),
      RangeError,
      "mine",
    );
    await assertRejects(() => profile(() => Promise.reject(new RangeError("mine"))), RangeError);
    assert(profile(() => x.add(1)).events.length > 0);
  });

  test("refuses to nest, and what it does not know", () => {
    assertThrows(
      () => profile(() => profile(() => {})),
      torch.TorchError,
      "a profile is under way already",
    );
    assertThrows(() => profile(1 as never), TypeError, "'fn' must be a function");
    assertThrows(() => profile(() => {}, { recordShapes: 1 as never }), TypeError, "recordShapes");
    const wrong = { record_shapes: true } as Record<never, never>;
    assertThrows(() => profile(() => {}, wrong), TypeError, "unknown option 'record_shapes'");
    const found = profile(() => {});
    assertThrows(() => found.keyAverages(wrong), TypeError, "unknown option 'record_shapes'");
    assertThrows(() => found.keyAverages().table(wrong), TypeError, "unknown option");
  });

  test("writes a trace that Chrome reads", () => {
    using here = folder();
    const found = profile(() => recordFunction("step é", () => torch.ones([3]).add(1)), {
      recordShapes: true,
    });
    found.exportChromeTrace(here.file("trace.json"));
    assertThrows(
      () => found.exportChromeTrace(here.file("absent/trace.json")),
      torch.TorchError,
      "is not there",
    );
    const trace: torch.profiler.ChromeTrace = JSON.parse(
      readFileSync(here.file("trace.json"), "utf8"),
    );
    const ranges = trace.traceEvents.filter((event) => event.ph === "X");
    assertEquals(ranges.length, found.events.length);
    const add = ranges.find((event) => event.name === "aten::add")!;
    assertEquals([add.cat, add.args["Input Dims"]], ["cpu_op", [[3], [], []]]);
    const step = ranges.find((event) => event.name === "step é")!;
    assertEquals(step.cat, "user_annotation");
    assert(step.ts! <= add.ts! && step.ts! + step.dur! >= add.ts! + add.dur!);
    assertThrows(
      () => found.exportChromeTrace(1 as never),
      TypeError,
      "'path' must be a path or a file URL",
    );
  });

  test("frees what it makes, and thousands of ranges fit", () => {
    balanced(() => {
      using x = torch.ones([1]);
      const found = profile(() => {
        for (let i = 0; i < 5000; i++) x.relu().dispose();
      });
      assertEquals(found.keyAverages().find((one) => one.key === "aten::relu")!.count, 5000);
    });
  });
});

describe("recordFunction()", () => {
  test("is a range around what the function runs, sync or async", async () => {
    const x = torch.ones([1]);
    const found = await profile(async () => {
      recordFunction("outer", () => recordFunction("inner", () => x.add(1)));
      return await recordFunction("waits", async () => {
        await setTimeout(2);
        return 7;
      });
    });
    assertEquals(found.result, 7);
    const outer = found.events.find((event) => event.name === "outer")!;
    assertEquals(names(outer.cpuChildren), ["inner"]);
    assertEquals(names(outer.cpuChildren[0]!.cpuChildren), ["aten::add"]);
    assert(found.events.find((event) => event.name === "waits")!.cpuTimeTotal >= 1000);
  });

  test("runs the function as it is where nothing is profiled, and passes on what it throws", () => {
    assertEquals(recordFunction("name", () => 3), 3);
    const mine = new Error("mine");
    for (const run of [(fn: () => void) => fn(), (fn: () => void) => void profile(fn)]) {
      let caught: unknown;
      try {
        run(() =>
          recordFunction("name", () => {
            throw mine;
          })
        );
      } catch (error) {
        caught = error;
      }
      assertStrictEquals(caught, mine);
    }
    assertThrows(() => recordFunction(1 as never, () => {}), TypeError, "'name'");
    assertThrows(() => recordFunction("name", 1 as never), TypeError, "'fn'");
  });

  test("that outlives the profile ends with it", async () => {
    let pending: Promise<void> | null = null;
    const found = profile(() => {
      pending = recordFunction("late", () => setTimeout(5));
    });
    await pending;
    assertEquals(names(found.events), ["late"]);
  });
});
