/**
 * The loader: batches of a dataset, pass after pass.
 *
 * @module
 */

import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { asOptions } from "../_arguments.ts";
import { Generator } from "../tensor/generator.ts";
import { describe } from "../tensor/tensor.ts";
import { type Collated, defaultCollate, defaultConvert } from "./collate.ts";
import type { DatasetLike, IterableDataset } from "./dataset.ts";
import {
  type Collate,
  fetchBatch,
  type Request,
  streamBatches,
  streamBatchesLater,
} from "./fetch.ts";
import {
  BatchSampler,
  drawSeed,
  RandomSampler,
  type Sampler,
  SequentialSampler,
} from "./sampler.ts";
import { WorkerPool } from "./worker_pool.ts";

/** What a loader takes examples of type `T` from. */
export type LoaderSource<T> =
  | DatasetLike<T>
  | readonly T[]
  | IterableDataset<T>
  | Iterable<T>
  | AsyncIterable<T>;

/** Options of {@linkcode DataLoader}; `B` is what comes out. */
export interface DataLoaderOptions<T, B> {
  /** Examples a batch; default 1; `null` for single examples instead of batches. */
  batchSize?: number | null;
  /** Whether each pass has another order; default `false`. */
  shuffle?: boolean;
  /** The order, instead of `shuffle`. */
  sampler?: Sampler | Iterable<number>;
  /** The batches as arrays of numbers, instead of `batchSize`, `shuffle`, `sampler` and `dropLast`. */
  batchSampler?: Sampler<readonly number[]> | Iterable<readonly number[]>;
  /** Whether a last batch that is smaller is left out; default `false`. */
  dropLast?: boolean;
  /** Makes a batch of an array of examples; default {@linkcode defaultCollate}. May be asynchronous. */
  collate?: (examples: T[]) => B | Promise<B>;
  /** Where random numbers come from; default: the process's generator. */
  generator?: Generator | null;
  /** A seed for a generator of the loader's own, instead of `generator`. */
  seed?: number | bigint;
  /** How many Workers load ahead; default 0: the examples are got when they are asked for. */
  numWorkers?: number;
  /**
   * The module that Workers import: what it exports as `default` is the dataset, a class of datasets, or a function that makes one; what it
   * exports as `collate` collates. A dataset cannot be sent to a Worker as it is. A path that begins with `./` or `../` counts from the
   * working directory; `new URL("./numbers.ts", import.meta.url)` from the program's file.
   */
  worker?: string | URL;
  /**
   * The module whose default export is called as `workerInitFn(id)` in each Worker, once: when its dataset is made, which
   * `getWorkerInfo()` then has with the Worker's number and seed, and before its first batch. It may be asynchronous. The module of `worker`
   * may export a function `workerInitFn` instead. A function cannot be sent to a Worker as it is.
   */
  workerInitFn?: string | URL;
  /**
   * How many seconds a batch of the Workers is waited for; default 0: as long as it takes. What takes longer ends the pass with an error.
   * Deno lets a Worker that JavaScript keeps busy run on until it comes round to its event loop.
   */
  timeout?: number;
  /** How many batches each Worker is ahead; default 2. */
  prefetchFactor?: number;
  /** Whether the Workers live on from pass to pass, until `close()`; default `false`. */
  persistentWorkers?: boolean;
}

/**
 * Goes through a dataset in batches: `for (const batch of loader)`, or `for await` where examples are promises or come from Workers. Every loop
 * is a new pass. With the same seed the order is that of PyTorch's `DataLoader`.
 *
 * Leaving a loop, by `break` or by an error, ends its Workers and lets go of what they had loaded ahead.
 *
 * @typeParam T One example.
 * @typeParam B One batch.
 *
 * @example
 * ```ts
 * import * as torch from "flambeau";
 * import { assertEquals } from "@std/assert";
 *
 * const dataset = new torch.data.TensorDataset(torch.arange(10).reshape([5, 2]), torch.arange(5));
 * const loader = new torch.data.DataLoader(dataset, { batchSize: 2, shuffle: true, seed: 0 });
 * assertEquals(loader.length, 3);
 * for (const [x, y] of loader) assertEquals(x!.index(":", 0).toArray(), y!.mul(2).toArray());
 * ```
 */
export class DataLoader<T, B = Collated<T>> implements Iterable<B>, AsyncIterable<B> {
  /** What it loads. */
  readonly dataset: LoaderSource<T>;
  /** Examples a batch; `null` where a batch sampler says it, or there are none. */
  readonly batchSize: number | null;
  /** Whether a last batch that is smaller is left out. */
  readonly dropLast: boolean;
  /** Where its random numbers come from. */
  readonly generator: Generator | null;
  readonly #requests: Iterable<Request> | null;
  readonly #collate: Collate;
  readonly #batches: boolean;
  readonly #workers: Omit<ConstructorParameters<typeof WorkerPool>[0], "batches"> | null;
  readonly #persistent: boolean;
  #pool: WorkerPool | null = null;

  /** See {@linkcode DataLoaderOptions}. */
  constructor(dataset: LoaderSource<T>, options: DataLoaderOptions<T, B> = {}) {
    checkOptions(dataset, options);
    const { batchSampler, seed, generator = null, collate, dropLast = false } = options;
    const { batchSize = 1, persistentWorkers = false } = options;
    this.dataset = dataset;
    this.batchSize = batchSampler === undefined ? batchSize : null;
    this.dropLast = dropLast;
    this.generator = seed === undefined ? generator : new Generator().manualSeed(seed);
    this.#batches = batchSampler !== undefined || batchSize !== null;
    this.#collate = collate ?? (this.#batches ? defaultCollate : defaultConvert);
    this.#requests = isMapStyle(dataset) ? this.#requestsOf(dataset, options) : null;
    this.#workers = this.#workersOf(options);
    this.#persistent = persistentWorkers;
  }

  #requestsOf(dataset: { length: number }, options: DataLoaderOptions<T, B>): Iterable<Request> {
    const { batchSampler, sampler, shuffle = false } = options;
    if (batchSampler !== undefined) return batchSampler;
    const order = sampler ??
      (shuffle
        ? new RandomSampler(dataset, { generator: this.generator })
        : new SequentialSampler(dataset));
    return this.batchSize === null ? order : new BatchSampler(order, this.batchSize, this.dropLast);
  }

  #workersOf(options: DataLoaderOptions<T, B>) {
    const { numWorkers = 0, worker, workerInitFn, prefetchFactor = 2, timeout = 0 } = options;
    if (numWorkers === 0) return null;
    const { batchSize, dropLast } = this;
    const module = moduleOf(worker!);
    const initModule = workerInitFn === undefined ? null : moduleOf(workerInitFn);
    return { numWorkers, module, initModule, batchSize, dropLast, prefetchFactor, timeout };
  }

  /**
   * The number of batches a pass.
   *
   * @throws {TypeError} If the dataset or the sampler has no length.
   */
  get length(): number {
    const { length } = (this.#requests ?? this.dataset) as { length?: unknown };
    if (typeof length !== "number") {
      throw new TypeError("DataLoader.length: the dataset, or its sampler, has no length");
    }
    if (this.#requests !== null || this.batchSize === null) return length;
    const batches = length / this.batchSize;
    return this.dropLast ? Math.floor(batches) : Math.ceil(batches);
  }

  /**
   * A pass.
   *
   * @throws {TypeError} If there are Workers, or examples are promises: use `for await`.
   */
  [Symbol.iterator](): IterableIterator<B> & globalThis.Generator<B, void> {
    if (this.#workers !== null) throw needsAwait("it has Workers");
    const source = this.dataset as Partial<Iterable<unknown>>;
    if (this.#requests === null && source[Symbol.iterator] === undefined) {
      throw needsAwait("its dataset is asynchronous");
    }
    // Drawn first, as PyTorch does, so that what is drawn later is the same.
    drawSeed(this.generator);
    return this.#pass() as globalThis.Generator<B, void>;
  }

  *#pass(): globalThis.Generator<unknown, void> {
    const batches = this.#requests === null
      ? streamBatches(this.dataset as Iterable<unknown>, this.#stream())
      : this.#fetched(this.#requests);
    for (const batch of batches) {
      if (batch instanceof Promise) {
        batch.catch(() => {});
        throw needsAwait("its examples are promises");
      }
      yield batch;
    }
  }

  #stream() {
    return { batchSize: this.batchSize, dropLast: this.dropLast, collate: this.#collate };
  }

  *#fetched(requests: Iterable<Request>): globalThis.Generator<unknown, void> {
    for (const request of requests) {
      yield fetchBatch(this.dataset as DatasetLike<unknown>, request, this.#collate);
    }
  }

  /** A pass. Examples may be promises, and come from Workers. */
  [Symbol.asyncIterator](): AsyncGenerator<B, void> {
    const seed = drawSeed(this.generator);
    const pass = this.#workers !== null ? this.#workerPass(seed) : this.#asyncPass();
    return pass as AsyncGenerator<B, void>;
  }

  async *#asyncPass(): AsyncGenerator<unknown, void> {
    if (this.#requests === null) {
      const source = this.dataset as Iterable<unknown> | AsyncIterable<unknown>;
      yield* streamBatchesLater(source, this.#stream());
      return;
    }
    for (const batch of this.#fetched(this.#requests)) yield await batch;
  }

  async *#workerPass(seed: bigint): AsyncGenerator<unknown, void> {
    const pool = this.#pool ?? new WorkerPool({ ...this.#workers!, batches: this.#batches });
    this.#pool = this.#persistent ? pool : null;
    let whole = false;
    try {
      if (this.#requests === null) yield* pool.streams(seed);
      else yield* pool.batches(this.#requests, seed);
      whole = true;
    } finally {
      // A pool that was left in the middle is busy with what nobody waits for.
      if (!this.#persistent || !whole) {
        this.#pool = null;
        await pool.close();
      }
    }
  }

  /** Ends Workers that live on. The loader can be used again. */
  async close(): Promise<void> {
    const pool = this.#pool;
    this.#pool = null;
    await pool?.close();
  }

  /** {@linkcode close}, for `await using`. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}

// A relative path is the program's, whose directory a Worker of ours does not know.
function moduleOf(worker: string | URL): string {
  return typeof worker === "string" && /^\.{1,2}\//.test(worker)
    ? pathToFileURL(resolve(worker)).href
    : String(worker);
}

function needsAwait(reason: string): TypeError {
  return new TypeError(`DataLoader: ${reason}, so a pass is asynchronous: use "for await"`);
}

const OPTIONS = "batchSize, shuffle, sampler, batchSampler, dropLast, collate, generator, seed, " +
  "numWorkers, worker, workerInitFn, timeout, prefetchFactor, persistentWorkers";

function isMapStyle(dataset: unknown): dataset is { length: number } {
  if (Array.isArray(dataset)) return true;
  return typeof (dataset as { get?: unknown }).get === "function" &&
    typeof (dataset as { length?: unknown }).length === "number";
}

function isIterable(dataset: unknown): boolean {
  if (typeof dataset !== "object" || dataset === null) return false;
  return Symbol.iterator in dataset || Symbol.asyncIterator in dataset;
}

function checkOptions<T, B>(dataset: unknown, options: DataLoaderOptions<T, B>): void {
  const mapStyle = typeof dataset === "object" && dataset !== null && isMapStyle(dataset);
  if (!mapStyle && !isIterable(dataset)) {
    throw new TypeError(
      `DataLoader(): argument 'dataset' must be a dataset, an array or an iterable, but got ${
        describe(dataset)
      }`,
    );
  }
  asOptions(options, "DataLoader", OPTIONS);
  checkValues(options);
  checkTogether(options, mapStyle);
}

function checkValues<T, B>(options: DataLoaderOptions<T, B>): void {
  const { batchSize = 1, prefetchFactor = 2, numWorkers = 0, collate, generator, seed } = options;
  const { timeout = 0, workerInitFn } = options;
  for (const name of ["shuffle", "dropLast", "persistentWorkers"] as const) {
    const value = options[name];
    if (value === undefined || typeof value === "boolean") continue;
    throw new TypeError(
      `DataLoader(): argument '${name}' must be a boolean, but got ${describe(value)}`,
    );
  }
  const counts = [["batchSize", batchSize ?? 1, 1], ["prefetchFactor", prefetchFactor, 1], [
    "numWorkers",
    numWorkers,
    0,
  ]] as const;
  for (const [name, value, least] of counts) {
    if (Number.isSafeInteger(value) && value >= least) continue;
    throw new RangeError(
      `DataLoader(): argument '${name}' must be an integer of at least ${least}, but got ${
        describe(value)
      }`,
    );
  }
  if (!(typeof timeout === "number" && timeout >= 0)) {
    throw new RangeError(
      `DataLoader(): argument 'timeout' must be a number of seconds of at least 0, but got ${
        describe(timeout)
      }`,
    );
  }
  if (typeof workerInitFn === "function") {
    throw exclusive(
      "a function cannot go to a Worker: let the module of 'worker' export 'workerInitFn', or give the URL of a module that exports it as its default",
    );
  }
  if (
    workerInitFn !== undefined && typeof workerInitFn !== "string" && !(workerInitFn instanceof URL)
  ) {
    throw new TypeError(
      `DataLoader(): argument 'workerInitFn' must be a module's path or URL, but got ${
        describe(workerInitFn)
      }`,
    );
  }
  if (collate !== undefined && typeof collate !== "function") {
    throw new TypeError(
      `DataLoader(): argument 'collate' must be a function, but got ${describe(collate)}`,
    );
  }
  if (generator != null && seed !== undefined) throw exclusive("'seed' excludes 'generator'");
}

function checkTogether<T, B>(options: DataLoaderOptions<T, B>, mapStyle: boolean): void {
  const { batchSize = 1, shuffle = false, sampler, batchSampler, dropLast = false } = options;
  const { numWorkers = 0, worker, collate } = options;
  if (!mapStyle && (shuffle || sampler !== undefined || batchSampler !== undefined)) {
    throw exclusive(
      "an iterable dataset has its own order: no 'shuffle', 'sampler' or 'batchSampler'",
    );
  }
  if (sampler !== undefined && shuffle) throw exclusive("'sampler' excludes 'shuffle'");
  if (
    batchSampler !== undefined && (batchSize !== 1 || shuffle || sampler !== undefined || dropLast)
  ) {
    throw exclusive("'batchSampler' excludes 'batchSize', 'shuffle', 'sampler' and 'dropLast'");
  }
  if (batchSampler === undefined && batchSize === null && dropLast) {
    throw exclusive("'dropLast' needs batches, and 'batchSize' is null");
  }
  if (numWorkers > 0 && typeof worker !== "string" && !(worker instanceof URL)) {
    throw exclusive("'numWorkers' needs 'worker', the module that makes the dataset in a Worker");
  }
  if (numWorkers > 0 && collate !== undefined) {
    throw exclusive(
      "a function cannot go to a Worker: let the module of 'worker' export 'collate'",
    );
  }
  for (const name of ["persistentWorkers", "timeout", "workerInitFn"] as const) {
    if (options[name] && numWorkers === 0) throw exclusive(`'${name}' needs 'numWorkers'`);
  }
}

function exclusive(reason: string): TypeError {
  return new TypeError(`DataLoader(): ${reason}`);
}
