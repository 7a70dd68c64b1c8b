/**
 * Progress of a loop, with its rate and what the loop says of itself.
 *
 * @module
 */

import { asOptions } from "../_arguments.ts";
import process from "node:process";
import { describe } from "../tensor/tensor.ts";
import { type Bar, startBar } from "./bar.ts";
import { short } from "./number.ts";
import { type ReportStream, Screen } from "./screen.ts";

/** What is drawn above a bar: a `report.LossCurve`, or what looks like it. */
export interface ProgressCurve {
  /** Takes what `set` was given. */
  add(values: Record<string, number>): void;
  /** Whether there is nothing to draw yet. */
  readonly isEmpty: boolean;
  /** The lines to draw. */
  toText(options: { width: number }): string;
}

/** Options of {@linkcode progress}. */
export interface ProgressOptions {
  /** What stands before the bar, such as `"epoch 3"`. */
  title?: string;
  /** How many steps there are; default: the source's `length`, if it has one. */
  total?: number;
  /** What a step is called in the rate; default `"it"`. */
  unit?: string;
  /** A `report.LossCurve` to draw above the bar; what `set` gets is added to it. */
  curve?: ProgressCurve;
  /** Where it is written; default: standard error. */
  stream?: ReportStream;
  /** Whether nothing is written; default `false`. */
  quiet?: boolean;
  /** Milliseconds between two drawings; default 100 on a terminal, and 10,000 between two lines elsewhere. */
  interval?: number;
}

const OPTIONS = "title, total, unit, curve, stream, quiet, interval";

/** A loop with a progress bar. */
export interface Progress<T> extends Iterable<T>, AsyncIterable<T> {
  /** Shows these values behind the bar from now on: `set({ loss: 0.25 })`. */
  set(values: Record<string, number | string>): void;
  /** How many steps are done. */
  readonly count: number;
}

/**
 * Shows the progress of a loop: how far it is, how many steps it makes a second, how long it will take, and the values that the loop
 * sets. On a terminal a bar that is drawn in place; elsewhere, as in a log, a line now and then and one at the end.
 *
 * @param source What to loop over: a `DataLoader`, an array, any iterable; with `for await`, an asynchronous one.
 *
 * @example
 * ```ts
 * import * as torch from "flambeau";
 * import { assertEquals } from "@std/assert";
 *
 * let text = "";
 * const stream = { write: (more: string) => text += more };
 * const steps = torch.progress([1, 2, 3], { title: "epoch 1", stream });
 * for (const x of steps) steps.set({ loss: 1 / x });
 * assertEquals(text.startsWith("epoch 1: 3/3 100%"), true);
 * assertEquals(text.trim().endsWith("loss 0.3333"), true);
 * ```
 */
export function progress<T>(
  source: Iterable<T> | AsyncIterable<T>,
  options: ProgressOptions = {},
): Progress<T> {
  const iterable = typeof source === "object" && source !== null &&
    (Symbol.iterator in source || Symbol.asyncIterator in source);
  if (!iterable) {
    throw new TypeError(
      `progress(): argument 'source' must be iterable, but got ${describe(source)}`,
    );
  }
  asOptions(options, "progress", OPTIONS);
  return new ProgressLoop(source, options);
}

class ProgressLoop<T> implements Progress<T> {
  readonly #source: Iterable<T> | AsyncIterable<T>;
  readonly #options: ProgressOptions;
  readonly #stream: ReportStream;
  #bar: Bar | null = null;
  #values: Record<string, number | string> = {};
  #start = 0;
  #drawn = 0;
  count = 0;

  constructor(source: Iterable<T> | AsyncIterable<T>, options: ProgressOptions) {
    this.#source = source;
    this.#options = options;
    this.#stream = options.stream ?? process.stderr;
  }

  set(values: Record<string, number | string>): void {
    this.#values = { ...this.#values, ...values };
    const numbers = Object.entries(values).filter(([, value]) => typeof value === "number");
    this.#options.curve?.add(Object.fromEntries(numbers) as Record<string, number>);
  }

  *[Symbol.iterator](): Generator<T, void> {
    if (!(Symbol.iterator in this.#source)) {
      throw new TypeError('progress(): the source is asynchronous: use "for await"');
    }
    this.#begin();
    try {
      for (const item of this.#source) {
        yield item;
        this.#step();
      }
    } finally {
      this.#end();
    }
  }

  // Not "for await" over a synchronous source: that would await its items.
  async *[Symbol.asyncIterator](): AsyncGenerator<T, void> {
    this.#begin();
    try {
      for await (const item of this.#source) {
        yield item;
        this.#step();
      }
    } finally {
      this.#end();
    }
  }

  get #interval(): number {
    return this.#options.interval ?? (this.#stream.isTTY ? 100 : 10_000);
  }

  #begin(): void {
    this.count = 0;
    this.#start = this.#drawn = performance.now();
    if (this.#options.quiet) return;
    const { title = "", curve } = this.#options;
    const above = (columns: number): string[] =>
      curve === undefined || curve.isEmpty
        ? []
        : curve.toText({ width: Math.min(columns - 12, 100) }).split("\n");
    const screen = new Screen(this.#stream, above);
    try {
      this.#bar = startBar({ title, total: this.#total, interval: this.#interval, screen });
    } catch (error) {
      // A loop is worth more than its bar.
      this.#stream.write(`progress(): no bar is drawn. ${(error as Error).message}\n`);
    }
  }

  #step(): void {
    this.count++;
    if (this.#bar === null || performance.now() - this.#drawn < this.#interval) return;
    this.#drawn = performance.now();
    this.#bar.draw(this.count, this.#rate(), this.#shown());
  }

  #end(): void {
    this.#bar?.stop(this.count, this.#rate(), this.#shown());
    this.#bar = null;
  }

  get #total(): number | null {
    if (this.#options.total !== undefined) return this.#options.total;
    try {
      const { length } = this.#source as { length?: unknown };
      return typeof length === "number" ? length : null;
    } catch {
      return null; // A loader over a dataset without a length.
    }
  }

  #rate(): string {
    const seconds = (performance.now() - this.#start) / 1000;
    const rate = seconds > 0 ? this.count / seconds : 0;
    const { unit = "it" } = this.#options;
    return rate >= 1 || rate === 0 ? `${short(rate)} ${unit}/s` : `${short(1 / rate)} s/${unit}`;
  }

  #shown(): string {
    return Object.entries(this.#values).map(([name, value]) =>
      `${name} ${typeof value === "number" ? short(value) : value}`
    ).join(" | ");
  }
}
