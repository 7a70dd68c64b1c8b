import { describe, test } from "node:test";
import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import * as torch from "../mod.ts";

const { data } = torch;

const at = (name: string) => new URL(`./workers/${name}.ts`, import.meta.url);
const rows = [...Array(10).keys()];

async function collect(source: AsyncIterable<unknown>): Promise<number[]> {
  const all: number[] = [];
  for await (const one of source) all.push(...[one].flat().map((part) => Number(part)));
  return all;
}

const shards = (options: object) =>
  new data.DataLoader<number[], number[]>(
    Array.from(rows, (i) => [i]),
    { batchSize: null, numWorkers: 2, worker: at("initialized"), ...options },
  );

async function shardRows(options: object): Promise<number[][]> {
  const all: number[][] = [];
  for await (const one of shards(options)) {
    all.push((one as unknown as (number | torch.Tensor)[]).map(Number));
  }
  return all;
}

describe("workerInitFn", () => {
  test("is called in each Worker with its number, once its dataset is there", async () => {
    const found = await shardRows({ sampler: [0, 1, 2, 3] });
    // Even batches come from Worker 0, odd ones from Worker 1.
    assertEquals(found, [[0, 1, 1], [1001, 1, 1], [2, 1, 1], [1003, 1, 1]]);
  });

  test("may be a module of its own, which is preferred", async () => {
    const found = await shardRows({ sampler: [0, 1], workerInitFn: at("init_alone") });
    assertEquals(found, [[-1000, 0, 1], [-1999, 0, 1]]);
  });

  test("is called once where Workers live on, as in PyTorch", async () => {
    await using loader = shards({ sampler: [0, 1], persistentWorkers: true });
    for (let pass = 0; pass < 2; pass++) {
      const calls: number[] = [];
      for await (const one of loader) calls.push(Number((one as unknown[])[1]));
      assertEquals(calls, [1, 1]);
    }
  });

  test("hands on its errors, with the Worker's number", async () => {
    const error = await assertRejects(
      () => shardRows({ numWorkers: 3, sampler: [0, 1, 2], workerInitFn: at("init_alone") }),
      RangeError,
    );
    assertEquals(error.message, "DataLoader: worker 2: a third Worker is one too many");
    await assertRejects(
      () => shardRows({ sampler: [0], workerInitFn: new URL("../mod.ts", import.meta.url) }),
      TypeError,
      "must export a function as its default, to be called in each Worker",
    );
  });

  test("is refused as a function, without Workers, and as what is no module", () => {
    const worker = at("initialized");
    const refused = (options: object, text: string) =>
      assertThrows(() => new data.DataLoader(rows, options as never), TypeError, text);
    refused(
      { numWorkers: 1, worker, workerInitFn: () => {} },
      "a function cannot go to a Worker: let the module of 'worker' export 'workerInitFn'",
    );
    refused({ workerInitFn: worker }, "'workerInitFn' needs 'numWorkers'");
    refused(
      { numWorkers: 1, worker, workerInitFn: 3 },
      "must be a module's path or URL, but got 3",
    );
  });
});

describe("timeout", () => {
  const slow = (options: object) =>
    new data.DataLoader<number>(rows, {
      batchSize: null,
      numWorkers: 1,
      worker: at("slow"),
      ...options,
    });

  for (const [what, number] of [["never comes", 5], ["keeps its thread busy", 6]] as const) {
    test(`ends a pass over an example that ${what}`, async () => {
      const loader = slow({ sampler: [1, number, 2], timeout: 4 });
      const seen: number[] = [];
      const error = await assertRejects(async () => {
        for await (const one of loader) seen.push(Number(one));
      }, torch.TorchError);
      assertEquals(
        error.message,
        "DataLoader: worker 0 gave no batch within the 4 s of 'timeout'; the pass has ended, and its Workers with it",
      );
      assertEquals(seen, [1]);
    });
  }

  test("is not heard of where batches come in time", async () => {
    for (const timeout of [60, 1e9, Infinity]) {
      assertEquals(await collect(slow({ sampler: [0, 1, 2], timeout })), [0, 1, 2]);
    }
  });

  test("must be a number of seconds, and needs Workers", () => {
    for (const timeout of [-1, NaN, "1"]) {
      assertThrows(
        () => new data.DataLoader(rows, { timeout } as never),
        RangeError,
        "argument 'timeout' must be a number of seconds of at least 0",
      );
    }
    assertThrows(
      () => new data.DataLoader(rows, { timeout: 1 }),
      TypeError,
      "'timeout' needs 'numWorkers'",
    );
    assert(new data.DataLoader(rows, { timeout: 0 }).length === 10);
  });
});
