/**
 * What runs in a loader's Worker: it imports the module that makes the dataset, and answers with batches.
 *
 * @module
 */

import { setImmediate } from "node:timers";
import { parentPort, workerData } from "node:worker_threads";
import "../ops/mod.ts";
import { defaultCollate, defaultConvert } from "./collate.ts";
import type { DatasetLike } from "./dataset.ts";
import { type Collate, fetchBatch, type Request, streamBatchesLater } from "./fetch.ts";
import { pack, type Packed, release, unpack } from "./pack.ts";
import { setWorkerDataset, setWorkerInfo } from "./worker_info.ts";

/** What a Worker is started with. */
export interface WorkerSetup {
  readonly id: number;
  readonly numWorkers: number;
  readonly module: string;
  /** The module of the function that is called before the first batch, where that is a module of its own. */
  readonly initModule: string | null;
  readonly batchSize: number | null;
  readonly batches: boolean;
  readonly dropLast: boolean;
}

/** What a Worker is asked. */
export type Question =
  | { readonly kind: "pass"; readonly pass: number; readonly seed: bigint }
  | {
    readonly kind: "batch";
    readonly pass: number;
    readonly task: number;
    readonly request: Request;
  }
  | { readonly kind: "next"; readonly pass: number; readonly task: number }
  | { readonly kind: "close" };

/** What it answers. */
export type Answer =
  | { readonly closed: true }
  | { readonly pass: number; readonly task: number; readonly packed: Packed }
  | { readonly pass: number; readonly task: number; readonly done: true }
  | { readonly pass: number; readonly task: number; readonly error: WorkerFault };

/** An error on its way: its class does not survive it. */
export interface WorkerFault {
  readonly name: string;
  readonly message: string;
  readonly stack: string;
}

/** What a module for Workers exports. */
interface WorkerModule {
  default?: unknown;
  dataset?: unknown;
  collate?: Collate;
  workerInitFn?: unknown;
}

type AnyDataset = DatasetLike<unknown> | Iterable<unknown> | AsyncIterable<unknown>;

class WorkerLoop {
  readonly #setup: WorkerSetup;
  #dataset: Promise<{ dataset: AnyDataset; collate: Collate }> | null = null;
  #stream: AsyncIterator<unknown> | null = null;

  constructor(setup: WorkerSetup) {
    this.#setup = setup;
  }

  // Made in the first pass, when the Worker knows its seed.
  #made(): Promise<{ dataset: AnyDataset; collate: Collate }> {
    return this.#dataset ??= importDataset(this.#setup);
  }

  begin(seed: bigint): void {
    setWorkerInfo(this.#setup.id, this.#setup.numWorkers, seed);
    this.#stream = null;
  }

  async batch(request: Request): Promise<unknown> {
    const { dataset, collate } = await this.#made();
    return await fetchBatch(dataset as DatasetLike<unknown>, request, collate);
  }

  async next(): Promise<IteratorResult<unknown>> {
    const { dataset, collate } = await this.#made();
    const { batchSize, dropLast } = this.#setup;
    const options = { batchSize, dropLast, collate };
    this.#stream ??= streamBatchesLater(dataset as Iterable<unknown>, options);
    return await this.#stream.next();
  }

  async close(): Promise<void> {
    if (this.#dataset === null) return;
    const { dataset } = await this.#dataset.catch(() => ({ dataset: {} }));
    (dataset as Partial<Disposable>)[Symbol.dispose]?.();
  }
}

async function importDataset(
  { id, module, initModule, batches }: WorkerSetup,
): Promise<{ dataset: AnyDataset; collate: Collate }> {
  const made = await import(module) as WorkerModule;
  const given = made.default ?? made.dataset;
  const dataset = typeof given === "function" ? await makeOf(given) : given;
  if (typeof dataset !== "object" || dataset === null) {
    throw new TypeError(
      `DataLoader: the module ${module} must export a dataset, or a function that makes one, as its default`,
    );
  }
  setWorkerDataset(dataset);
  await initialized(id, initModule, made.workerInitFn);
  return {
    dataset: dataset as AnyDataset,
    collate: made.collate ?? (batches ? defaultCollate : defaultConvert),
  };
}

async function initialized(id: number, module: string | null, exported: unknown): Promise<void> {
  let init = exported;
  if (module !== null) {
    const made = await import(module) as WorkerModule;
    init = made.default ?? made.workerInitFn;
  }
  if (module === null && init === undefined) return;
  if (typeof init !== "function") {
    throw new TypeError(
      module === null
        ? "DataLoader: what the module of 'worker' exports as 'workerInitFn' must be a function"
        : `DataLoader: the module ${module} must export a function as its default, to be called in each Worker`,
    );
  }
  await init(id);
}

// A class of datasets is made with new, any other function is called.
// deno-lint-ignore ban-types -- whatever the module exports
async function makeOf(given: Function): Promise<AnyDataset> {
  const isClass = /^class\b/.test(Function.prototype.toString.call(given));
  return isClass ? Reflect.construct(given, []) as AnyDataset : await given() as AnyDataset;
}

function faultOf(error: unknown): WorkerFault {
  if (!(error instanceof Error)) return { name: "Error", message: String(error), stack: "" };
  return { name: error.name, message: error.message, stack: error.stack ?? "" };
}

async function answerTo(loop: WorkerLoop, question: Question): Promise<void> {
  if (question.kind === "close") {
    await loop.close();
    return parentPort!.postMessage({ closed: true } satisfies Answer);
  }
  if (question.kind === "pass") return loop.begin(question.seed);
  const { pass, task } = question;
  try {
    if (question.kind === "batch") return post(pass, task, await loop.batch(question.request));
    const { done, value } = await loop.next();
    if (done) parentPort!.postMessage({ pass, task, done: true });
    else post(pass, task, value);
  } catch (error) {
    parentPort!.postMessage({ pass, task, error: faultOf(error) });
  }
}

function post(pass: number, task: number, value: unknown): void {
  const packed = pack(value);
  try {
    parentPort!.postMessage({ pass, task, packed } satisfies Answer);
  } catch (error) {
    release(unpack(packed)); // Something else in it cannot be posted.
    throw error;
  }
}

// Deno sends an answer off when the event loop comes round: a next example that keeps the thread busy would hold it back.
function comeRound(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

if (parentPort !== null && workerData?.flambeau === "loader") {
  const loop = new WorkerLoop(workerData.setup);
  // One after the other: a dataset need not expect to be asked again while it works.
  let last: Promise<void> = Promise.resolve();
  parentPort.on("message", (question: Question) => {
    last = last.then(() => answerTo(loop, question)).then(comeRound);
  });
}
