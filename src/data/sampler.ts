/**
 * Samplers: in which order the examples of a dataset come. With the same seed, PyTorch's order.
 *
 * @module
 */

import { asIterable, asOptions, asSized } from "../_arguments.ts";
import { empty, multinomial, randint, randperm } from "../ops/mod.ts";
import { tensor } from "../tensor/create.ts";
import { Generator } from "../tensor/generator.ts";
import { describe, isTensor, type Tensor } from "../tensor/tensor.ts";

/** An order: numbers of examples, or arrays of them for batches. A new iterator is a new pass. */
export interface Sampler<T = number> extends Iterable<T> {
  /** How many there are in a pass. */
  readonly length: number;
}

/** Options of what draws. */
export interface SamplerOptions {
  /** Where the random numbers come from; default: the process's generator. */
  generator?: Generator | null;
}

/** Options of {@linkcode RandomSampler}. */
export interface RandomSamplerOptions extends SamplerOptions {
  /** Whether an example may come again; default `false`. */
  replacement?: boolean;
  /** How many to draw; default: the length of the source. */
  numSamples?: number;
}

/** Something with a length. */
export interface Sized {
  /** The length. */
  readonly length: number;
}

// Draws in Python's DataLoader come 32 at a time; other numbers of them would give another order.
const CHUNK = 32;

function numbersOf(drawn: Tensor): number[] {
  using numbers = drawn;
  return Array.from(numbers.toTypedArray() as BigInt64Array, Number);
}

/** A seed, as PyTorch draws it. */
export function drawSeed(generator: Generator | null): bigint {
  using one = empty([], { dtype: "int64" });
  return one.random_({ generator }).itemBigInt();
}

function checkCount(value: unknown, name: string, argument: string): number {
  if (typeof value === "number" && Number.isSafeInteger(value) && value > 0) return value;
  throw new RangeError(
    `${name}(): argument '${argument}' must be a positive integer, but got ${describe(value)}`,
  );
}

/** The examples in their order. */
export class SequentialSampler implements Sampler {
  readonly #source: Sized;

  /** `source` is a dataset, or anything with a length. */
  constructor(source: Sized) {
    this.#source = asSized(source, "SequentialSampler", "source");
  }

  /** All examples. */
  get length(): number {
    return this.#source.length;
  }

  /** A pass. */
  *[Symbol.iterator](): globalThis.Generator<number, void> {
    for (let i = 0; i < this.#source.length; i++) yield i;
  }
}

/**
 * The examples in a random order, or drawn with replacement. Without a generator of its own, each pass draws a seed from the process's
 * generator, as PyTorch's does.
 *
 * @example
 * ```ts
 * import * as torch from "flambeau";
 * import { assertEquals } from "@std/assert";
 *
 * torch.manualSeed(0);
 * const order = [...new torch.data.RandomSampler({ length: 4 })];
 * assertEquals(order.toSorted(), [0, 1, 2, 3]);
 * ```
 */
export class RandomSampler implements Sampler {
  readonly #source: Sized;
  readonly #numSamples: number | undefined;
  /** Whether an example may come again. */
  readonly replacement: boolean;
  /** Where the random numbers come from. */
  readonly generator: Generator | null;

  /** `source` is a dataset, or anything with a length. */
  constructor(source: Sized, options: RandomSamplerOptions = {}) {
    asSized(source, "RandomSampler", "source");
    const { replacement = false, numSamples, generator = null } = asOptions(
      options,
      "RandomSampler",
      "replacement, numSamples, generator",
    );
    if (typeof replacement !== "boolean") {
      throw new TypeError(
        `RandomSampler(): argument 'replacement' must be a boolean, but got ${
          describe(replacement)
        }`,
      );
    }
    this.#source = source;
    this.#numSamples = numSamples;
    this.replacement = replacement;
    this.generator = generator;
    checkCount(this.length, "RandomSampler", "numSamples");
  }

  /** How many are drawn. */
  get length(): number {
    return this.#numSamples ?? this.#source.length;
  }

  /** A pass. */
  *[Symbol.iterator](): globalThis.Generator<number, void> {
    const own = this.generator === null ? new Generator().manualSeed(drawSeed(null)) : null;
    try {
      const generator = own ?? this.generator!;
      yield* this.replacement ? this.#draws(generator) : this.#orders(generator);
    } finally {
      own?.dispose();
    }
  }

  *#draws(generator: Generator): globalThis.Generator<number, void> {
    const draw = (count: number) =>
      numbersOf(randint(this.#source.length, [count], { dtype: "int64", generator }));
    const { length } = this;
    for (let i = 0; i < Math.floor(length / CHUNK); i++) yield* draw(CHUNK);
    yield* draw(length % CHUNK);
  }

  // The last order is drawn even where nothing of it is taken: the generator is as far as PyTorch's then.
  *#orders(generator: Generator): globalThis.Generator<number, void> {
    const count = this.#source.length;
    const order = () => numbersOf(randperm(count, { generator }));
    for (let i = 0; i < Math.floor(this.length / count); i++) yield* order();
    yield* order().slice(0, this.length % count);
  }
}

/** Some examples in a random order. */
export class SubsetRandomSampler implements Sampler {
  readonly #indices: readonly number[];
  readonly #generator: Generator | null;

  /** The numbers of the examples. */
  constructor(indices: Iterable<number>, options: SamplerOptions = {}) {
    this.#indices = [...asIterable(indices, "SubsetRandomSampler", "indices")];
    this.#generator = asOptions(options, "SubsetRandomSampler", "generator").generator ?? null;
  }

  /** How many they are. */
  get length(): number {
    return this.#indices.length;
  }

  /** A pass. */
  *[Symbol.iterator](): globalThis.Generator<number, void> {
    const order = numbersOf(randperm(this.#indices.length, { generator: this.#generator }));
    for (const i of order) yield this.#indices[i]!;
  }
}

/** Draws examples with given weights, which need not sum up to one. */
export class WeightedRandomSampler implements Sampler {
  readonly #weights: readonly number[];
  readonly #replacement: boolean;
  readonly #generator: Generator | null;
  /** How many are drawn in a pass. */
  readonly length: number;

  /**
   * @param weights One of each example.
   * @param numSamples How many to draw.
   * @param replacement Whether an example may come again; default `true`.
   */
  constructor(
    weights: Iterable<number> | Tensor,
    numSamples: number,
    replacement: boolean = true,
    options: SamplerOptions = {},
  ) {
    if (typeof replacement !== "boolean") {
      throw new TypeError(
        `WeightedRandomSampler(): argument 'replacement' must be a boolean, but got ${
          describe(replacement)
        }`,
      );
    }
    this.#weights = isTensor(weights)
      ? Array.from(weights.toTypedArray() as Float64Array, Number)
      : Array.from(asIterable(weights, "WeightedRandomSampler", "weights"), Number);
    this.length = checkCount(numSamples, "WeightedRandomSampler", "numSamples");
    this.#replacement = replacement;
    this.#generator = asOptions(options, "WeightedRandomSampler", "generator").generator ?? null;
  }

  /** A pass. */
  *[Symbol.iterator](): globalThis.Generator<number, void> {
    using weights = tensor(new Float64Array(this.#weights));
    const generator = this.#generator;
    yield* numbersOf(multinomial(weights, this.length, this.#replacement, { generator }));
  }
}

/** Takes the numbers of another sampler together to batches. */
export class BatchSampler implements Sampler<number[]> {
  readonly #sampler: Iterable<number>;
  /** The size of a batch. */
  readonly batchSize: number;
  /** Whether a last batch that is smaller is left out. */
  readonly dropLast: boolean;

  /** The sampler may be any iterable of numbers. */
  constructor(sampler: Iterable<number>, batchSize: number, dropLast: boolean = false) {
    if (typeof dropLast !== "boolean") {
      throw new TypeError(
        `BatchSampler(): argument 'dropLast' must be a boolean, but got ${describe(dropLast)}`,
      );
    }
    this.#sampler = sampler;
    this.batchSize = checkCount(batchSize, "BatchSampler", "batchSize");
    this.dropLast = dropLast;
  }

  /** How many batches there are. */
  get length(): number {
    const { length } = this.#sampler as Partial<Sized>;
    if (typeof length !== "number") {
      throw new TypeError("BatchSampler.length: the sampler has no length");
    }
    const batches = length / this.batchSize;
    return this.dropLast ? Math.floor(batches) : Math.ceil(batches);
  }

  /** A pass. */
  *[Symbol.iterator](): globalThis.Generator<number[], void> {
    let batch: number[] = [];
    for (const index of this.#sampler) {
      batch.push(index);
      if (batch.length < this.batchSize) continue;
      yield batch;
      batch = [];
    }
    if (batch.length > 0 && !this.dropLast) yield batch;
  }
}
