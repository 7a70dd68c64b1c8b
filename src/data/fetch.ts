/**
 * Getting a batch: its examples, and then what collation makes of them.
 *
 * @module
 */

import { type DatasetLike, exampleOf, isBatchSource } from "./dataset.ts";
import { defaultCollate } from "./collate.ts";

/** Turns examples into a batch; without batches, one example into what comes out. */
// deno-lint-ignore no-explicit-any -- of any dataset
export type Collate = (examples: any) => unknown;

/** What one step of a pass asks for: numbers of a batch, or a single one where there are no batches. */
export type Request = number | readonly number[];

/** Gets what a dataset has under its numbers; a promise where it has one. */
export function fetchBatch(
  dataset: DatasetLike<unknown> | readonly unknown[],
  request: Request,
  collate: Collate,
): unknown {
  if (typeof request === "number") return then(exampleOf(dataset, request), collate);
  if (collate === defaultCollate && isBatchSource(dataset)) {
    const batch = dataset.batchAt(request);
    if (batch !== null) return batch;
  }
  const examples = request.map((index) => exampleOf(dataset, index));
  return examples.some(isPromise) ? Promise.all(examples).then(collate) : collate(examples);
}

function isPromise(value: unknown): value is PromiseLike<unknown> {
  return value instanceof Promise;
}

function then(value: unknown, use: (value: unknown) => unknown): unknown {
  return isPromise(value) ? value.then(use) : use(value);
}

/** How an iterable dataset is read. */
export interface StreamOptions {
  /** The size of a batch; `null` for none. */
  readonly batchSize: number | null;
  /** Whether a last batch that is smaller is left out. */
  readonly dropLast: boolean;
  /** Makes batches of examples. */
  readonly collate: Collate;
}

/** The batches of an iterator. */
export function* streamBatches(
  examples: Iterable<unknown>,
  { batchSize, dropLast, collate }: StreamOptions,
): Generator<unknown, void> {
  let batch: unknown[] = [];
  for (const example of examples) {
    if (batchSize === null) {
      yield collate(example);
      continue;
    }
    batch.push(example);
    if (batch.length < batchSize) continue;
    yield collate(batch);
    batch = [];
  }
  if (batch.length > 0 && !dropLast) yield collate(batch);
}

/** The batches of an iterator whose examples, or their collation, are awaited. */
export async function* streamBatchesLater(
  examples: AsyncIterable<unknown> | Iterable<unknown>,
  { batchSize, dropLast, collate }: StreamOptions,
): AsyncGenerator<unknown, void> {
  let batch: unknown[] = [];
  for await (const example of examples) {
    if (batchSize === null) {
      yield await collate(example);
      continue;
    }
    batch.push(example);
    if (batch.length < batchSize) continue;
    yield await collate(batch);
    batch = [];
  }
  if (batch.length > 0 && !dropLast) yield await collate(batch);
}
