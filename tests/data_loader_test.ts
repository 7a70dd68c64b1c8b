import { readFileSync } from "node:fs";
import { relative } from "node:path";
import process from "node:process";
import { setTimeout } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { describe, test } from "node:test";
import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import * as torch from "../mod.ts";
import { pack, rehome, release, unpack } from "../src/data/pack.ts";
import { balanced } from "./support/balance.ts";
import { program } from "./support/program.ts";
import Squares, { type Square } from "./workers/squares.ts";

const { data } = torch;

interface Orders {
  passes: unknown[];
  after: number;
}

/** What PyTorch gave: tests/python/make_data_golden.py. */
const golden: Record<string, Orders> & { split: number[][]; fractions: number[][] } = JSON.parse(
  readFileSync(new URL("./golden/data.json", import.meta.url), "utf8"),
);

const rows = [...Array(10).keys()];
const generator = () => new torch.Generator().manualSeed(11);
const plain = (value: unknown) => value instanceof torch.Tensor ? value.toArray() : value;

/** The golden's two passes, and a draw after them, which shows that as many random numbers were used. */
function orders(make: () => Iterable<unknown>): Orders {
  torch.manualSeed(3);
  const made = make();
  const passes = [[...made].map(plain), [...made].map(plain)];
  return { passes, after: torch.randint(1000, [1]).item() as number };
}

async function collect<T>(source: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const one of source) all.push(one);
  return all;
}

describe("with PyTorch's seed, PyTorch's order comes from", () => {
  const made: Record<string, () => Iterable<unknown>> = {
    shuffle: () => new data.DataLoader(rows, { batchSize: 3, shuffle: true }),
    plain: () => new data.DataLoader(rows, { batchSize: 4 }),
    dropLast: () => new data.DataLoader(rows, { batchSize: 4, shuffle: true, dropLast: true }),
    generator: () =>
      new data.DataLoader(rows, { batchSize: 3, shuffle: true, generator: generator() }),
    single: () => new data.DataLoader(rows, { batchSize: null, shuffle: true }),
    random: () => new data.RandomSampler(rows),
    more: () => new data.RandomSampler(rows, { numSamples: 23 }),
    fewer: () => new data.RandomSampler(rows, { numSamples: 4, generator: generator() }),
    replacement: () => new data.RandomSampler(rows, { replacement: true, numSamples: 70 }),
    subset: () => new data.SubsetRandomSampler([3, 5, 7, 9]),
    weighted: () => new data.WeightedRandomSampler([0.1, 0.9, 0.4, 0.7, 3.0, 0.6], 5),
    weightedOnce: () => new data.WeightedRandomSampler([0.9, 0.4, 0.05, 0.2, 0.3, 0.1], 5, false),
    sampler: () =>
      new data.DataLoader(rows, { batchSize: 2, sampler: new data.SubsetRandomSampler([1, 2, 3]) }),
    batchSampler: () =>
      new data.DataLoader(rows, {
        batchSampler: new data.BatchSampler(new data.RandomSampler(rows), 4, true),
      }),
  };
  for (const [name, make] of Object.entries(made)) {
    test(name, () => assertEquals(orders(make), golden[name]));
  }

  test("randomSplit()", () => {
    const split = (lengths: number[]) =>
      data.randomSplit(rows, lengths, { generator: generator() }).map((part) => part.indices);
    assertEquals<unknown>(split([3, 7]), golden.split);
    assertEquals<unknown>(split([0.33, 0.33, 0.34]), golden.fractions);
    assertThrows(() => split([3, 8]), RangeError, "must sum up to the length of the dataset, 10");
  });
});

describe("datasets", () => {
  const x = torch.arange(6).reshape([3, 2]);
  const tensors = () => new data.TensorDataset(x, torch.tensor([7, 8, 9]));

  test("of tensors give rows, and batches without stacking that are the same", () => {
    const dataset = tensors();
    assertEquals(dataset.get(-1).map(plain), [[4, 5], 9]);
    const quick = dataset.batchAt([2, 0]);
    const slow = data.defaultCollate([dataset.get(2), dataset.get(0)]);
    assertEquals(quick.map(plain), [...slow].map(plain));
    assertThrows(() => dataset.get(3), RangeError, "must be an integer from -3 to 2, but got 3");
    assertThrows(() => new data.TensorDataset(x, torch.ones([2])), RangeError, "3, 2");
    assertThrows(() => new data.TensorDataset(torch.tensor(1)), TypeError);
  });

  test("are put together", () => {
    const concat = new data.ConcatDataset<unknown>([[1, 2], new data.Subset([3, 4, 5], [2, 0])]);
    assertEquals([...Array(concat.length).keys()].map((i) => concat.get(i)), [1, 2, 5, 3]);
    assertEquals(concat.get(-1), 3);
    assertThrows(() => concat.get(4), RangeError);
    const stacked = new data.StackDataset({
      a: tensors(),
      b: new data.Subset([1, 2, 3], [0, 1, 2]),
    });
    const [batch] = new data.DataLoader(stacked, { batchSize: 3 });
    assertEquals((batch as { b: torch.Tensor }).b.toArray(), [1, 2, 3]);
    assertThrows(() => new data.StackDataset([tensors(), [1]]), RangeError, "3, 1");
    assertEquals([...new data.ChainDataset<number>([[1, 2], new Set([3])]) as Iterable<number>], [
      1,
      2,
      3,
    ]);
    assertThrows(() => new data.Subset([1], [1]), RangeError);
  });

  test("that hand out promises are for loops that await", async () => {
    const later = { length: 3, get: (index: number) => Promise.resolve(index) };
    const loader = new data.DataLoader(later, { batchSize: 2 });
    assertEquals((await collect(loader)).map(plain), [[0, 1], [2]]);
    assertThrows(() => [...loader], TypeError, 'use "for await"');
    async function* stream() {
      yield* [1, 2, 3];
    }
    const streamed = new data.DataLoader({ [Symbol.asyncIterator]: stream }, { batchSize: 2 });
    assertEquals((await collect(streamed)).map(plain), [[1, 2], [3]]);
    assertThrows(() => [...streamed], TypeError, "asynchronous");
    assertThrows(() => streamed.length, TypeError, "no length");
  });

  test("that are iterable come in batches", () => {
    const loader = (options: object) => new data.DataLoader<number>(new Set([1, 2, 3]), options);
    assertEquals([...loader({ batchSize: 2 })].map(plain), [[1, 2], [3]]);
    assertEquals([...loader({ batchSize: 2, dropLast: true })].map(plain), [[1, 2]]);
    assertEquals([...loader({ batchSize: null })], [1, 2, 3] as never);
    assertThrows(() => loader({ shuffle: true }), TypeError, "its own order");
  });
});

describe("defaultCollate()", () => {
  const collate = data.defaultCollate as (batch: unknown[]) => unknown;
  const kind = (batch: unknown[]) => (collate(batch) as torch.Tensor).dtype;

  test("gives each kind of example PyTorch's dtype", () => {
    assertEquals<unknown>(
      [kind([1, 2]), kind([1, 2.5]), kind([true]), kind([1n]), kind([new Float32Array(2)])],
      ["int64", "float64", "bool", "int64", "float32"],
    );
    assertEquals(kind([{ re: 1, im: 2 }]), "complex64");
    assertEquals(collate(["a", "b"]), ["a", "b"]);
    assertEquals(plain(collate([new Uint8Array([1, 2]), new Uint8Array([3, 4])])), [[1, 2], [
      3,
      4,
    ]]);
  });

  test("goes into arrays, objects and Maps", () => {
    const [a, b] = collate([[1, "x"], [2, "y"]]) as [torch.Tensor, string[]];
    assertEquals([a.toArray(), b], [[1, 2], ["x", "y"]]);
    const map = collate([new Map([["k", 1]]), new Map([["k", 2]])]) as Map<string, torch.Tensor>;
    assertEquals(map.get("k")!.toArray(), [1, 2]);
  });

  test("names the place of what it cannot take", () => {
    const message = (batch: unknown[]) =>
      (assertThrows(() => collate(batch), TypeError) as Error).message;
    assert(message([]).includes("at least one example"));
    assert(message([{ a: null }]).includes("batch[…].a[0] is null"));
    assert(message([1, "a"]).includes('batch[1] must be a number like batch[0], but is "a"'));
    assert(message([[1], [1, 2]]).includes("batch[0] has 1 items and batch[1] 2"));
    assert(message([{ a: 1 }, {}]).includes("batch[…].a[1]"));
  });

  test("frees the tensors that it makes on the way", () => {
    balanced(() => {
      const made = collate([new Float32Array(2), new Float32Array(2)]) as torch.Tensor;
      made.dispose();
    });
  });
});

describe("DataLoader", () => {
  test("has a length, and refuses options that do not go together", () => {
    const length = (options: object) => new data.DataLoader(rows, options).length;
    assertEquals(
      [
        length({ batchSize: 3 }),
        length({ batchSize: 3, dropLast: true }),
        length({ batchSize: null }),
      ],
      [4, 3, 10],
    );
    const refused = (options: object, type: typeof TypeError | typeof RangeError, text: string) =>
      assertThrows(() => new data.DataLoader(rows, options), type, text);
    refused(
      { batchSize: 0 },
      RangeError,
      "'batchSize' must be an integer of at least 1, but got 0",
    );
    refused({ shuffle: 1 }, TypeError, "'shuffle' must be a boolean");
    refused({ shuffle: true, sampler: rows }, TypeError, "'sampler' excludes 'shuffle'");
    refused({ batchSampler: [[1]], batchSize: 2 }, TypeError, "'batchSampler' excludes");
    refused({ batchSize: null, dropLast: true }, TypeError, "'dropLast' needs batches");
    refused({ numWorkers: 1 }, TypeError, "'numWorkers' needs 'worker'");
    refused({ seed: 1, generator: generator() }, TypeError, "'seed' excludes 'generator'");
    assertThrows(() => new data.DataLoader(3 as never), TypeError, "must be a dataset");
    assertThrows(() => new data.DataLoader([], { shuffle: true }), RangeError, "numSamples");
    assertThrows(
      () => [...new data.DataLoader(["a", "b"], { sampler: [0, 2] })],
      RangeError,
      "DataLoader: example 2 was asked for, but the dataset has 2",
    );
  });

  test("without Workers leaves nothing alive that the loop disposes", () => {
    using x = torch.ones([7, 2]);
    balanced(() => {
      const dataset = new data.TensorDataset(x);
      for (const [batch] of new data.DataLoader(dataset, { batchSize: 3, shuffle: true })) {
        batch!.dispose();
      }
      for (const [batch] of new data.DataLoader(dataset, { batchSize: 3 })) {
        batch!.dispose();
        break;
      }
    });
  });
});

const squares = new URL("./workers/squares.ts", import.meta.url);

function loaderOf(options: object) {
  return new data.DataLoader<Square>(new Squares(), { worker: squares, numWorkers: 2, ...options });
}

const below13 = [[1, 2, 3], [4, 5], [6], [7, 8, 9]];

describe("what Workers hand over", () => {
  test("keeps dtype, layout and identity, without graphs, and copies parts of a larger memory", () => {
    balanced(() => {
      using large = torch.arange(100);
      using whole = torch.rand([3], { requiresGrad: true });
      using part = large.narrow(0, 10, 2);
      using one = torch.ones([1]);
      using wide = one.expand([4]);
      using eye = torch.eye(2);
      using sparse = eye.toSparse();
      using half = torch.ones([2], { dtype: "bfloat16" });
      const value = { part, list: [whole, whole], wide, sparse, half, map: new Map([[1, "a"]]) };
      const expected = [part, whole, wide, half].map((one) => one.toArray());
      const found = unpack(structuredClone(pack(value))) as typeof value;
      assertEquals([part.isDisposed, large.isDisposed, whole.isDisposed], [true, false, true]);
      const [first, second] = found.list;
      assertEquals([first === second, first!.requiresGrad, first!.isLeaf], [true, false, true]);
      assertEquals(
        [found.part, first!, found.wide, found.half].map((one) => one.toArray()),
        expected,
      );
      using dense = found.sparse.toDense();
      assertEquals([dense.toArray(), found.half.dtype], [
        [[1, 0], [0, 1]],
        "bfloat16",
      ]);
      assertEquals(found.map.get(1), "a");
      found.part.fill_(0);
      found.wide.add_(1);
      using sum = large.sum();
      assertEquals(sum.item(), 4950);
      const own = rehome(found) as typeof value;
      assertEquals([found.half.isDisposed, own.half.toArray()], [true, expected[3]]);
      release(own);
      assertEquals(own.half.isDisposed, true);
    });
  });

  test("is freed where a part of it cannot be packed", () => {
    balanced(() => {
      using good = torch.ones([2]);
      const bad = torch.ones([2]);
      bad.dispose();
      assertThrows(() => pack([good, bad]), torch.DisposedError);
    });
  });
});

describe("DataLoader with Workers", () => {
  test("gives what it gives without them, in the same order, from each in turn", async () => {
    const batches = await collect(loaderOf({ batchSampler: below13 }));
    assertEquals(
      batches.map(({ square }) => square.toArray()),
      below13.map((b) => b.map((i) => i * i)),
    );
    assertEquals(batches.map(({ name }) => name), below13.map((b) => b.map((i) => `n${i}`)));
    assertEquals(batches.map(({ worker }) => worker.index(0).item()), [0, 1, 0, 1]);
    const { x, half } = batches[1]!;
    assertEquals([x.shape, half.dtype], [[2, 2, 2], "bfloat16"]);
    assertEquals([x.index(1).toArray(), half.index(0).float().toArray()], [[[5, 5], [5, 5]], [[
      4,
      4,
    ], [4, 4]]]);
    for (const batch of batches) {
      for (const part of [batch.x, batch.half, batch.square, batch.worker]) part.dispose();
    }
  });

  test("shuffles as without them", async () => {
    const options = { batchSize: 1, shuffle: true, seed: 5 };
    const seen: number[] = [];
    await assertRejects(async () => {
      for await (const { square } of loaderOf(options)) {
        seen.push(Math.sqrt(square.item() as number));
      }
    });
    const expected = [...new data.DataLoader([...Array(20).keys()], options)].map((one) =>
      one.item()
    );
    assertEquals<unknown>(seen, expected.slice(0, expected.indexOf(13)));
  });

  test("hands on an error with its class, message and place, and ends", async () => {
    const error = await assertRejects(
      () => collect(loaderOf({ batchSampler: [[1], [13], [2]] })),
      RangeError,
    );
    assertEquals(error.message, "DataLoader: worker 1: 13 is no number that I like");
    assert((error.cause as Error).stack!.includes("squares.ts"));
    await assertRejects(
      () =>
        collect(
          new data.DataLoader(rows, { numWorkers: 1, worker: new URL("absent.ts", squares) }),
        ),
      Error,
      "DataLoader: worker 0",
    );
    await assertRejects(
      () =>
        collect(
          new data.DataLoader(rows, {
            numWorkers: 1,
            worker: new URL("../support/balance.ts", squares),
          }),
        ),
      TypeError,
      "must export a dataset",
    );
  });

  test("finds a module by a path from the working directory", async () => {
    const worker = `./${relative(process.cwd(), fileURLToPath(squares))}`;
    const batches = await collect(loaderOf({ batchSampler: below13, worker }));
    assertEquals(batches.length, below13.length);
  });

  test("shares an iterable dataset out, with a seed each", async () => {
    const stream = new URL("./workers/stream.ts", import.meta.url);
    const { Stream } = await import(stream.href);
    const loader = new data.DataLoader<number, { numbers: number[]; seed: bigint; worker: number }>(
      new Stream(),
      { batchSize: 3, numWorkers: 2, worker: stream, seed: 1 },
    );
    const batches = await collect(loader);
    assertEquals(batches.map(({ numbers }) => numbers), [[0, 2, 4], [1, 3, 5], [6, 8], [7, 9]]);
    assertEquals(batches[1]!.seed - batches[0]!.seed, 1n);
  });

  test("that live on serve several passes, and one that was left in the middle", async () => {
    await using loader = loaderOf({ batchSampler: below13, persistentWorkers: true });
    for (let pass = 0; pass < 2; pass++) assertEquals((await collect(loader)).length, 4);
    for await (const _ of loader) break;
    assertEquals((await collect(loader)).length, 4);
  });

  test("that are left end the process on time, whatever was loaded ahead", async () => {
    const source = `
      import * as torch from MOD;
      import Squares from ${JSON.stringify(squares.href)};
      const loader = () => new torch.data.DataLoader(new Squares(), { numWorkers: 2, worker: ${
      JSON.stringify(squares.href)
    } });
      for await (const _ of loader()) break;
      try { for await (const _ of loader()) throw new Error("mine"); } catch (error) { console.log(error.message); }
      await loader()[Symbol.asyncIterator]().next();
      console.log("end");
    `;
    const late = setTimeout(30_000, "late", { ref: false });
    const ended = await Promise.race([program(source), late]);
    assert(typeof ended === "object", "The process did not end");
    assertEquals([ended.stdout, ended.code], ["mine\nend\n", 0], ended.stderr);
  });
});
