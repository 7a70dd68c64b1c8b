/**
 * Datasets: what there is to load, one example by number or one after the other.
 *
 * @module
 */

import { asIterable, asObject, asOptions, asSized } from "../_arguments.ts";
import { randperm } from "../ops/mod.ts";
import { itemsAt } from "./rows.ts";
import type { Generator } from "../tensor/generator.ts";
import { isTensor, shapeOf, type Tensor } from "../tensor/tensor.ts";
import { describe } from "../tensor/tensor.ts";

/** Anything with a length whose examples can be got by their number; an array is one too. */
export interface DatasetLike<T> {
  /** How many examples there are. */
  readonly length: number;
  /** The example of number `index`, or a promise of it. */
  get(index: number): T | Promise<T>;
}

/**
 * Examples that can be got by their number. A subclass says how many there are, and gets one.
 *
 * @typeParam T One example: a tensor, number, string, or an array or object of those.
 *
 * @example
 * ```ts
 * import * as torch from "flambeau";
 * import { assertEquals } from "@std/assert";
 *
 * class Squares extends torch.data.Dataset<[number, number]> {
 *   readonly length = 5;
 *   get(index: number): [number, number] {
 *     return [index, index ** 2];
 *   }
 * }
 * const loader = new torch.data.DataLoader(new Squares(), { batchSize: 3 });
 * assertEquals([...loader].map(([, y]) => y.toArray()), [[0, 1, 4], [9, 16]]);
 * ```
 */
export abstract class Dataset<T> implements DatasetLike<T> {
  /** How many examples there are. */
  abstract readonly length: number;

  /** The example of number `index`, from 0 to `length - 1`. */
  abstract get(index: number): T | Promise<T>;
}

/**
 * Examples that come one after the other. A subclass has `[Symbol.iterator]` or `[Symbol.asyncIterator]`; each pass of a
 * loader asks it for a new iterator.
 */
export abstract class IterableDataset<T> {
  /** The iterator of a pass; one of the two is needed. */
  [Symbol.iterator]?(): Iterator<T>;
  /** The same, asynchronously. */
  [Symbol.asyncIterator]?(): AsyncIterator<T>;
}

/** A dataset that gives a whole batch at once, as the default collation would make it of single examples. */
export interface BatchSource {
  /** The batch of these examples, or `null` where it has no quicker way. */
  batchAt(indices: readonly number[]): unknown;
}

/** Whether a dataset gives whole batches. */
export function isBatchSource(value: unknown): value is BatchSource {
  return typeof (value as { batchAt?: unknown }).batchAt === "function";
}

/** Throws unless `index` is one of `length` examples; counts from the end where it is negative. */
export function checkIndex(index: number, length: number, name: string): number {
  if (!Number.isInteger(index) || index < -length || index >= length) {
    throw new RangeError(
      `${name}.get(): argument 'index' must be an integer from ${-length} to ${
        length - 1
      }, but got ${describe(index)}`,
    );
  }
  return index < 0 ? index + length : index;
}

/** Gets an example of any dataset. */
export function exampleOf<T>(
  dataset: DatasetLike<T> | readonly T[],
  index: number,
): T | Promise<T> {
  if (!Array.isArray(dataset)) return (dataset as DatasetLike<T>).get(index);
  if (Number.isInteger(index) && index >= 0 && index < dataset.length) return dataset[index]!;
  throw new RangeError(
    `DataLoader: example ${describe(index)} was asked for, but the dataset has ${dataset.length}`,
  );
}

/**
 * Tensors of as many rows each: example `i` is row `i` of every one.
 *
 * @example
 * ```ts
 * import * as torch from "flambeau";
 * import { assertEquals } from "@std/assert";
 *
 * const dataset = new torch.data.TensorDataset(torch.arange(6).reshape([3, 2]), torch.tensor([7, 8, 9]));
 * assertEquals(dataset.length, 3);
 * assertEquals(dataset.get(1).map((part) => part.toArray()), [[2, 3], 8]);
 * ```
 */
export class TensorDataset<T extends readonly Tensor[] = readonly Tensor[]> extends Dataset<T>
  implements BatchSource {
  /** The tensors, as they were given. */
  readonly tensors: T;
  /** The number of rows. */
  readonly length: number;

  /** All tensors need the same size of their first dimension. */
  constructor(...tensors: T) {
    super();
    const sizes = tensors.map((tensor, i) => {
      if (isTensor(tensor) && tensor.ndim > 0) return shapeOf(tensor)[0]!;
      throw new TypeError(
        `TensorDataset(): argument ${i} must be a Tensor of at least one dimension, but got ${
          describe(tensor)
        }`,
      );
    });
    if (new Set(sizes).size > 1) {
      throw new RangeError(
        `TensorDataset(): the tensors must have as many rows each, but have ${sizes.join(", ")}`,
      );
    }
    this.tensors = tensors;
    this.length = sizes[0] ?? 0;
  }

  /** Row `index` of every tensor, as views. */
  get(index: number): T {
    const at = checkIndex(index, this.length, "TensorDataset");
    return this.tensors.map((tensor) => tensor.select(0, at)) as unknown as T;
  }

  /** The rows as one tensor of each: what collating them gives, but quicker. */
  batchAt(indices: readonly number[]): Tensor[] {
    if (!Array.isArray(indices)) {
      throw new TypeError(
        `TensorDataset.batchAt(): argument 'indices' must be an array, but got ${
          describe(indices)
        }`,
      );
    }
    const rows = indices.map((index) => checkIndex(index, this.length, "TensorDataset"));
    return itemsAt(this.tensors, rows, this.length);
  }
}

/** Some examples of a dataset, by their numbers. */
export class Subset<T> extends Dataset<T> implements BatchSource {
  /** The whole. */
  readonly dataset: DatasetLike<T> | readonly T[];
  /** The numbers of the examples in it. */
  readonly indices: readonly number[];

  /** The numbers are copied. */
  constructor(dataset: DatasetLike<T> | readonly T[], indices: Iterable<number>) {
    super();
    this.dataset = dataset;
    this.indices = [...asIterable(indices, "Subset", "indices")];
    asSized(dataset, "Subset", "dataset");
    for (const index of this.indices) checkIndex(index, dataset.length, "Subset");
  }

  /** How many they are. */
  get length(): number {
    return this.indices.length;
  }

  /** The example that `indices[index]` names. */
  get(index: number): T | Promise<T> {
    return exampleOf(this.dataset, this.indices[checkIndex(index, this.length, "Subset")]!);
  }

  /** What the whole gives for them. */
  batchAt(indices: readonly number[]): unknown {
    if (!isBatchSource(this.dataset)) return null;
    const chosen = indices.map((index) => this.indices[checkIndex(index, this.length, "Subset")]!);
    return this.dataset.batchAt(chosen);
  }
}

/** Datasets one after the other, as one. */
export class ConcatDataset<T> extends Dataset<T> {
  /** The datasets. */
  readonly datasets: readonly (DatasetLike<T> | readonly T[])[];

  /** At least one is needed. */
  constructor(datasets: Iterable<DatasetLike<T> | readonly T[]>) {
    super();
    this.datasets = [...asIterable(datasets, "ConcatDataset", "datasets")];
    for (const one of this.datasets) asSized(one, "ConcatDataset", "datasets");
    if (this.datasets.length === 0) {
      throw new RangeError("ConcatDataset(): argument 'datasets' must not be empty");
    }
  }

  /** All examples together. */
  get length(): number {
    return this.datasets.reduce((sum, dataset) => sum + dataset.length, 0);
  }

  /** The example of number `index`, counted through all datasets. */
  get(index: number): T | Promise<T> {
    let rest = checkIndex(index, this.length, "ConcatDataset");
    for (const dataset of this.datasets) {
      if (rest < dataset.length) return exampleOf(dataset, rest);
      rest -= dataset.length;
    }
    throw new RangeError("ConcatDataset.get(): a dataset has changed its length");
  }
}

/** What {@linkcode StackDataset} gives: one example of each dataset, in their form. */
export type Stacked<D> = {
  -readonly [K in keyof D]: D[K] extends DatasetLike<infer T> ? T : never;
};

/**
 * Datasets side by side: example `i` is an array (or an object) of every dataset's example `i`.
 *
 * @example
 * ```ts
 * import * as torch from "flambeau";
 * import { assertEquals } from "@std/assert";
 *
 * const images = new torch.data.TensorDataset(torch.zeros([3, 4]));
 * const both = new torch.data.StackDataset({ image: images, label: new torch.data.Subset([7, 8, 9], [2, 1, 0]) });
 * assertEquals((both.get(0) as { label: number }).label, 9);
 * ```
 */
export class StackDataset<D extends object> extends Dataset<Stacked<D> | Promise<Stacked<D>>> {
  /** The datasets, as an array or an object. */
  readonly datasets: D;
  /** The number of examples of each. */
  readonly length: number;

  /** All datasets need the same length. */
  constructor(datasets: D) {
    super();
    const lengths =
      (Object.values(asObject(datasets, "StackDataset", "datasets")) as DatasetLike<unknown>[])
        .map((one) => one.length);
    if (lengths.length === 0 || new Set(lengths).size > 1) {
      throw new RangeError(
        `StackDataset(): the datasets must be at least one, and of the same length, but have ${
          lengths.join(", ") || "none"
        }`,
      );
    }
    this.datasets = datasets;
    this.length = lengths[0]!;
  }

  /** Example `index` of every dataset. */
  get(index: number): Stacked<D> | Promise<Stacked<D>> {
    const at = checkIndex(index, this.length, "StackDataset");
    const keys = Object.keys(this.datasets);
    const parts = keys.map((key) =>
      exampleOf((this.datasets as Record<string, DatasetLike<unknown>>)[key]!, at)
    );
    const join = (values: unknown[]) =>
      (Array.isArray(this.datasets)
        ? values
        : Object.fromEntries(keys.map((key, i) => [key, values[i]]))) as Stacked<D>;
    return parts.some((part) => part instanceof Promise)
      ? Promise.all(parts).then(join)
      : join(parts);
  }
}

/** Iterable datasets one after the other, as one. */
export class ChainDataset<T> extends IterableDataset<T> {
  /** The datasets. */
  readonly datasets: readonly (Iterable<T> | AsyncIterable<T> | IterableDataset<T>)[];

  /** They are asked for their iterators in their order, each when the one before has ended. */
  constructor(datasets: Iterable<Iterable<T> | AsyncIterable<T> | IterableDataset<T>>) {
    super();
    this.datasets = [...asIterable(datasets, "ChainDataset", "datasets")];
    if (
      this.datasets.every((one) => (one as Partial<Iterable<T>>)[Symbol.iterator] !== undefined)
    ) {
      this[Symbol.iterator] = () => chained(this.datasets as readonly Iterable<T>[]);
    } else {
      this[Symbol.asyncIterator] = () => chainedLater(this.datasets as readonly AsyncIterable<T>[]);
    }
  }
}

function* chained<T>(datasets: readonly Iterable<T>[]): globalThis.Generator<T, void> {
  for (const dataset of datasets) yield* dataset;
}

async function* chainedLater<T>(
  datasets: readonly (Iterable<T> | AsyncIterable<T>)[],
): AsyncGenerator<T, void> {
  for (const dataset of datasets) yield* dataset;
}

/**
 * Splits a dataset at random into parts that share no example; with the same seed, the parts that PyTorch makes.
 *
 * @param dataset What to split.
 * @param lengths The length of each part; or fractions that sum up to 1, whose remainders go to the first parts.
 * @param options `generator`: where the random numbers come from; default: the process's generator.
 * @throws {RangeError} If the lengths do not sum up to the dataset's.
 *
 * @example
 * ```ts
 * import * as torch from "flambeau";
 * import { assertEquals } from "@std/assert";
 *
 * const generator = new torch.Generator().manualSeed(42);
 * const [train, test] = torch.data.randomSplit([0, 1, 2, 3, 4, 5, 6, 7, 8, 9], [0.7, 0.3], { generator });
 * assertEquals([train!.length, test!.length], [7, 3]);
 * ```
 */
export function randomSplit<T>(
  dataset: DatasetLike<T> | readonly T[],
  lengths: readonly number[],
  options: { generator?: Generator | null } = {},
): Subset<T>[] {
  const { generator = null } = asOptions(options, "randomSplit", "generator");
  asSized(dataset, "randomSplit", "dataset");
  const counts = splitCounts(dataset.length, [...asIterable(lengths, "randomSplit", "lengths")]);
  const total = counts.reduce((sum, count) => sum + count, 0);
  if (total !== dataset.length) {
    throw new RangeError(
      `randomSplit(): argument 'lengths' must sum up to the length of the dataset, ${dataset.length}, but got ${
        lengths.join(", ")
      }`,
    );
  }
  using order = randperm(total, { generator });
  const indices = Array.from(order.toTypedArray() as BigInt64Array, Number);
  return counts.map((count) => new Subset(dataset, indices.splice(0, count)));
}

function splitCounts(length: number, lengths: readonly number[]): number[] {
  const sum = lengths.reduce((total, one) => total + one, 0);
  for (const one of lengths) {
    if (typeof one === "number" && one >= 0) continue;
    throw new RangeError(
      `randomSplit(): argument 'lengths' must hold numbers of at least 0, but got ${describe(one)}`,
    );
  }
  // As Python's math.isclose does; 1 itself is the length of a dataset of one example.
  const fractions = Math.abs(sum - 1) <= 1e-9 * Math.max(sum, 1) && sum <= 1;
  if (!fractions) return [...lengths];
  const counts = lengths.map((fraction) => Math.floor(length * fraction));
  const rest = length - counts.reduce((total, count) => total + count, 0);
  for (let i = 0; i < rest; i++) counts[i % counts.length]! += 1;
  return counts;
}
