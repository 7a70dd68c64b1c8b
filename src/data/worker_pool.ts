/**
 * The Workers of a loader, and batches from them in their order.
 *
 * @module
 */

import { Worker } from "node:worker_threads";
import { TorchError } from "../../ffi/mod.ts";
import { after } from "../_timer.ts";
import type { Request } from "./fetch.ts";
import { rehome, release, unpack } from "./pack.ts";
import type { Answer, Question, WorkerFault, WorkerSetup } from "./worker.ts";

/** How many milliseconds a Worker has to end by itself. */
const PATIENCE = 500;

/** Options of {@linkcode WorkerPool}. */
export interface WorkerPoolOptions extends Omit<WorkerSetup, "id"> {
  /** How many batches are asked for ahead, of each Worker. */
  readonly prefetchFactor: number;
  /** How many seconds a batch is waited for; 0: as long as it takes. */
  readonly timeout: number;
}

/** What came of a question: a value, or the end of a stream. */
type Outcome = { readonly value: unknown } | { readonly done: true };

interface Waiting {
  resolve(outcome: Outcome): void;
  reject(error: Error): void;
}

interface Member {
  readonly worker: Worker;
  /** Whether its stream has ended in this pass. */
  ended: boolean;
}

/** A promise that may fail before anyone waits for it. */
function quiet<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => {});
  return promise;
}

/** Workers that are asked for batches. */
export class WorkerPool {
  readonly #members: Member[] = [];
  readonly #options: WorkerPoolOptions;
  readonly #waiting = new Map<string, Waiting>();
  #pass = 0;
  #failure: Error | null = null;
  #closed = false;

  /** Starts the Workers. None keeps the process alive but while it is waited for. */
  constructor(options: WorkerPoolOptions) {
    this.#options = options;
    const { prefetchFactor: _, timeout: __, ...setup } = options;
    for (let id = 0; id < options.numWorkers; id++) {
      this.#members.push(this.#start({ ...setup, id }));
    }
  }

  #start(setup: WorkerSetup): Member {
    const worker = new Worker(new URL("./worker.ts", import.meta.url), {
      workerData: { flambeau: "loader", setup },
    });
    const fail = (error: unknown) => {
      const reason = error instanceof Error ? error.message : String(error);
      this.#fail(new Error(`DataLoader: worker ${setup.id} failed: ${reason}`, { cause: error }));
    };
    worker.on("message", (answer: Answer) => this.#receive(answer, setup.id));
    worker.on("error", fail);
    worker.on("messageerror", fail);
    worker.on("exit", (code) => {
      if (!this.#closed) fail(new Error(`it ended with code ${code}`));
    });
    worker.unref();
    return { worker, ended: false };
  }

  #fail(error: Error): void {
    this.#failure ??= error;
    for (const { reject } of this.#waiting.values()) reject(error);
    this.#waiting.clear();
  }

  #receive(answer: Answer, id: number): void {
    if ("closed" in answer) return;
    const key = `${answer.pass}:${answer.task}`;
    const waiting = this.#waiting.get(key);
    // Taken at once, so that it is the collector's if nobody ever asks for it.
    const outcome = "packed" in answer ? { value: unpack(answer.packed) } : null;
    if (waiting === undefined) return release(outcome?.value); // Of a pass that was left.
    this.#waiting.delete(key);
    if ("error" in answer) waiting.reject(errorOf(answer.error, id));
    else waiting.resolve(outcome ?? { done: true });
  }

  #ask(member: Member, question: Extract<Question, { task: number }>): Promise<Outcome> {
    const key = `${question.pass}:${question.task}`;
    return quiet(
      new Promise((resolve, reject) => {
        if (this.#failure !== null) return reject(this.#failure);
        this.#waiting.set(key, { resolve, reject });
        member.worker.postMessage(question);
      }),
    );
  }

  // The event loop would end under a program that awaits nothing but a Worker that does not count.
  async #awaited<T>(promise: Promise<T>, id: number): Promise<T> {
    for (const { worker } of this.#members) worker.ref();
    const { timeout } = this.#options;
    const limit = timeout > 0 ? outOfTime(timeout, id) : null;
    try {
      return await (limit === null ? promise : Promise.race([promise, limit.promise]));
    } finally {
      limit?.clear();
      for (const { worker } of this.#members) worker.unref();
    }
  }

  #begin(seed: bigint): number {
    const pass = ++this.#pass;
    for (const member of this.#members) {
      member.ended = false;
      member.worker.postMessage({ kind: "pass", pass, seed } satisfies Question);
    }
    return pass;
  }

  /** A pass over batches of these numbers, in their order. */
  async *batches(requests: Iterable<Request>, seed: bigint): AsyncGenerator<unknown, void> {
    const pass = this.#begin(seed);
    const source = requests[Symbol.iterator]();
    const ahead: { id: number; answer: Promise<Outcome> }[] = [];
    const most = this.#members.length * this.#options.prefetchFactor;
    let task = 0;
    try {
      for (;;) {
        while (ahead.length < most) {
          const next = source.next();
          if (next.done) break;
          const id = task % this.#members.length;
          const question = { kind: "batch", pass, task: task++, request: next.value } as const;
          ahead.push({ id, answer: this.#ask(this.#members[id]!, question) });
        }
        const first = ahead.shift();
        if (first === undefined) return;
        const outcome = await this.#awaited(first.answer, first.id);
        if ("value" in outcome) yield rehome(outcome.value);
      }
    } finally {
      this.#leave(pass);
      for (const { answer } of ahead) releaseLater(answer);
      source.return?.();
    }
  }

  /** A pass over streams, one of each Worker, in turn. */
  async *streams(seed: bigint): AsyncGenerator<unknown, void> {
    const pass = this.#begin(seed);
    const ahead: { member: Member; id: number; answer: Promise<Outcome> }[] = [];
    let task = 0;
    const ask = (member: Member, id: number) =>
      ahead.push({ member, id, answer: this.#ask(member, { kind: "next", pass, task: task++ }) });
    try {
      for (let i = 0; i < this.#options.prefetchFactor; i++) this.#members.forEach(ask);
      for (let first = ahead.shift(); first !== undefined; first = ahead.shift()) {
        const outcome = await this.#awaited(first.answer, first.id);
        if (!("value" in outcome)) {
          first.member.ended = true;
          continue;
        }
        if (!first.member.ended) ask(first.member, first.id);
        yield rehome(outcome.value);
      }
    } finally {
      this.#leave(pass);
      for (const { answer } of ahead) releaseLater(answer);
    }
  }

  // What comes for it later is freed.
  #leave(pass: number): void {
    for (const key of this.#waiting.keys()) {
      if (key.startsWith(`${pass}:`)) this.#waiting.delete(key);
    }
  }

  /** Ends the Workers: they are asked to, and where they do not, stopped. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await Promise.all(this.#members.map(({ worker }) => ended(worker)));
  }
}

function outOfTime(seconds: number, id: number): { promise: Promise<never>; clear: () => void } {
  let clear = () => {};
  const promise = new Promise<never>((_, reject) => {
    clear = after(seconds * 1000, () => {
      reject(
        new TorchError(
          `DataLoader: worker ${id} gave no batch within the ${seconds} s of 'timeout'; the pass has ended, and its Workers with it`,
          { op: "DataLoader", kind: "value" },
        ),
      );
    });
  });
  return { promise, clear };
}

function releaseLater(outcome: Promise<Outcome>): void {
  outcome.then((found) => "value" in found && release(found.value), () => {});
}

function errorOf({ name, message, stack }: WorkerFault, id: number): Error {
  const types: Record<string, new (message: string) => Error> = { TypeError, RangeError };
  const error = new (types[name] ?? Error)(`DataLoader: worker ${id}: ${message}`);
  error.cause = Object.assign(new Error(message), { name, stack });
  return error;
}

// A Worker frees what its dataset holds, says so, and is stopped then: one that is stuck is stopped without.
async function ended(worker: Worker): Promise<void> {
  await new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, PATIENCE);
    const end = () => {
      clearTimeout(timer);
      resolve();
    };
    worker.ref();
    worker.once("exit", end);
    worker.on("message", (answer: Answer) => "closed" in answer && end());
    worker.postMessage({ kind: "close" } satisfies Question);
  });
  await worker.terminate();
}
