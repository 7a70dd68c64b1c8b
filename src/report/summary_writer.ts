/**
 * Writing for TensorBoard.
 *
 * @module
 */

import { asIterable, asOptions } from "../_arguments.ts";
import { closeSync, mkdirSync, openSync, writeSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { fileError, pathOf } from "../files/mod.ts";
import { elementsOf } from "../io/memory.ts";
import { convert } from "../tensor/convert.ts";
import { describe, isTensor, type Tensor } from "../tensor/tensor.ts";
import { graphEvent, headerEvent, record, summaryEvent, type SummaryValue } from "./events.ts";
import { graphDef, type TracedGraph } from "./graph_def.ts";
import { histogramOf } from "./histogram.ts";

/** Options of a value that is added. */
export interface SummaryOptions {
  /** When it was, in seconds since 1970; default: now. */
  wallTime?: number;
}

let files = 0;

/**
 * Writes values for TensorBoard to an event file of its own in a directory: numbers, histograms, texts. `tensorboard --logdir`
 * shows them while the program runs: every value is in the file when the call returns.
 *
 * @example
 * ```ts
 * import * as torch from "flambeau";
 * import { assertEquals } from "@std/assert";
 * import { mkdtempSync, readdirSync } from "node:fs";
 * import { tmpdir } from "node:os";
 * import { join } from "node:path";
 *
 * const directory = mkdtempSync(join(tmpdir(), "flambeau-runs-"));
 * using writer = new torch.report.SummaryWriter(directory);
 * for (let step = 0; step < 3; step++) writer.addScalar("loss", 1 / (step + 1), step);
 * writer.addHistogram("weights", torch.randn([100]), 3);
 * assertEquals(readdirSync(directory).length, 1);
 * ```
 */
export class SummaryWriter implements Disposable {
  /** The directory. */
  readonly logDir: string;
  /** The event file. */
  readonly path: string;
  #file: number | null;

  /**
   * Makes the directory, if it is not there, and a file in it.
   *
   * @throws {TorchError} If they cannot be made.
   * @throws {Error} If the npm package `@bufbuild/protobuf` is nowhere.
   */
  constructor(logDir: string | URL) {
    this.logDir = pathOf(logDir, "SummaryWriter");
    const now = Date.now() / 1000;
    const name = `events.out.tfevents.${Math.floor(now)}.${hostName()}.${process.pid}.${files++}`;
    this.path = join(this.logDir, name);
    // Before a file is there: it needs a package that may be missing.
    const header = headerEvent(now);
    try {
      mkdirSync(this.logDir, { recursive: true });
      this.#file = openSync(this.path, "wx");
    } catch (cause) {
      throw fileError("SummaryWriter", this.path, "written", cause);
    }
    this.#append(header);
  }

  #append(event: Uint8Array): void {
    if (this.#file === null) throw new TypeError("SummaryWriter: it was closed");
    const bytes = record(event);
    try {
      // At once, so that a reader never meets half of it for long.
      for (let at = 0; at < bytes.length;) at += writeSync(this.#file, bytes, at);
    } catch (cause) {
      throw fileError("SummaryWriter", this.path, "written", cause);
    }
  }

  #add(op: string, step: unknown, options: SummaryOptions, value: SummaryValue): void {
    const { wallTime = Date.now() / 1000 } = asOptions(
      options,
      `SummaryWriter.${op}`,
      "wallTime",
    );
    if (typeof step !== "number" || !Number.isSafeInteger(step)) {
      throw new TypeError(
        `SummaryWriter.${op}(): argument 'step' must be an integer, but got ${describe(step)}`,
      );
    }
    if (typeof wallTime !== "number") {
      throw new TypeError(
        `SummaryWriter.${op}(): argument 'wallTime' must be a number, but got ${
          describe(wallTime)
        }`,
      );
    }
    this.#append(summaryEvent(wallTime, step, value));
  }

  /** Adds a number (or a tensor of one element) under a name: `"loss/train"`. */
  addScalar(tag: string, value: number | Tensor, step: number, options: SummaryOptions = {}): void {
    const scalar = isTensor(value) ? value.item() : value;
    if (typeof scalar !== "number") {
      throw new TypeError(
        `SummaryWriter.addScalar(): argument 'value' must be a number, but got ${describe(scalar)}`,
      );
    }
    this.#add("addScalar", step, options, { tag: checkTag(tag, "addScalar"), scalar });
  }

  /** Adds the histogram of a tensor's values, over the buckets that PyTorch uses. They must be finite. */
  addHistogram(
    tag: string,
    values: Tensor | Iterable<number>,
    step: number,
    options: SummaryOptions = {},
  ): void {
    const numbers = isTensor(values)
      ? numbersOf(values)
      : Float64Array.from(asIterable(values, "SummaryWriter.addHistogram", "values"));
    if (numbers.length === 0 || !numbers.every(Number.isFinite)) {
      throw new RangeError(
        `SummaryWriter.addHistogram(): argument 'values' must hold at least one number, and finite ones only`,
      );
    }
    const histogram = histogramOf(numbers);
    this.#add("addHistogram", step, options, { tag: checkTag(tag, "addHistogram"), histogram });
  }

  /** Adds a text, which TensorBoard shows as Markdown. */
  addText(tag: string, text: string, step: number = 0, options: SummaryOptions = {}): void {
    if (typeof text !== "string") {
      throw new TypeError(
        `SummaryWriter.addText(): argument 'text' must be a string, but got ${describe(text)}`,
      );
    }
    this.#add("addText", step, options, { tag: checkTag(tag, "addText"), text });
  }

  /**
   * Adds the graph of a script function or module, for TensorBoard's graph tab: operations with their shapes, in the boxes of their modules. What is
   * no script must be traced first, by `jit.trace(model, inputs)`.
   */
  addGraph(script: { readonly graph: TracedGraph; readonly inlinedGraph?: TracedGraph }): void {
    const graph = script?.inlinedGraph ?? script?.graph;
    if (typeof graph?.nodes !== "function") {
      throw new TypeError(
        `SummaryWriter.addGraph(): argument 'script' must be a script function or module, as jit.trace gives, but got ${
          describe(script)
        }`,
      );
    }
    this.#append(graphEvent(Date.now() / 1000, graphDef(graph)));
  }

  /** Closes the file; harmless when called again. */
  close(): void {
    if (this.#file !== null) closeSync(this.#file);
    this.#file = null;
  }

  /** {@linkcode close}, for `using`. */
  [Symbol.dispose](): void {
    this.close();
  }
}

function checkTag(tag: unknown, op: string): string {
  if (typeof tag === "string" && tag !== "") return tag;
  throw new TypeError(
    `SummaryWriter.${op}(): argument 'tag' must be a name, but got ${describe(tag)}`,
  );
}

// The name of the machine only tells files apart, and Deno may not tell it.
function hostName(): string {
  try {
    return hostname().replace(/[^\w.-]/g, "_");
  } catch {
    return "localhost";
  }
}

function numbersOf(tensor: Tensor): Float64Array {
  using wide = convert(tensor, { dtype: "float64", detach: true }, "SummaryWriter.addHistogram");
  using elements = elementsOf(wide, "SummaryWriter.addHistogram");
  const bytes = new Uint8Array(elements.bytes);
  let at = 0;
  elements.write((piece) => {
    bytes.set(piece, at);
    at += piece.length;
  });
  return new Float64Array(bytes.buffer);
}
