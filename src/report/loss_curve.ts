/**
 * The curve of a loss, or of any numbers that change while a program runs.
 *
 * @module
 */

import { asObject, asOptions } from "../_arguments.ts";
import { encode } from "../../ffi/mod.ts";
import { writeAtomically } from "../files/mod.ts";
import { describe } from "../tensor/tensor.ts";
import { plotText, type TextPlotOptions } from "./plot_text.ts";
import { plotSvg, type SvgPlotOptions } from "./plot_svg.ts";

/** The points of one line. */
export interface Series {
  /** What it is called. */
  readonly name: string;
  /** Where the points are: numbers of steps. */
  readonly steps: readonly number[];
  /** How high they are. */
  readonly values: readonly number[];
}

/**
 * Collects numbers by name, and draws them: as text for a terminal, and as SVG.
 *
 * @example
 * ```ts
 * import * as torch from "flambeau";
 * import { assertEquals } from "@std/assert";
 *
 * const curve = new torch.report.LossCurve();
 * for (let step = 0; step < 100; step++) curve.add({ loss: Math.exp(-step / 20) });
 * assertEquals(curve.series[0]!.values.length, 100);
 * assertEquals(curve.toSVG().startsWith("<svg"), true);
 * ```
 */
export class LossCurve {
  readonly #series = new Map<string, { name: string; steps: number[]; values: number[] }>();
  #next = 0;

  /** Adds a point to each line that is named; `step` is one more than the last unless given. */
  add(values: Record<string, number>, step: number = this.#next): void {
    if (typeof step !== "number" || !Number.isFinite(step)) {
      throw new TypeError(
        `LossCurve.add(): argument 'step' must be a number, but got ${describe(step)}`,
      );
    }
    for (const [name, value] of Object.entries(asObject(values, "LossCurve.add", "values"))) {
      if (typeof value !== "number") {
        throw new TypeError(
          `LossCurve.add(): argument 'values.${name}' must be a number, but got ${describe(value)}`,
        );
      }
      let series = this.#series.get(name);
      if (series === undefined) this.#series.set(name, series = { name, steps: [], values: [] });
      series.steps.push(step);
      series.values.push(value);
    }
    this.#next = step + 1;
  }

  /** The lines, in the order in which they were first named. */
  get series(): Series[] {
    return [...this.#series.values()];
  }

  /** Whether there is nothing to draw: no line has two points that are finite. */
  get isEmpty(): boolean {
    return !this.series.some(({ values }) => values.filter(Number.isFinite).length > 1);
  }

  /** As text: a chart with axes. */
  toText(options: TextPlotOptions = {}): string {
    return plotText(this.series, asOptions(options, "LossCurve.toText", "width, height"));
  }

  /** The same, for printing. */
  toString(): string {
    return this.toText();
  }

  /** As an SVG document. */
  toSVG(options: SvgPlotOptions = {}): string {
    return plotSvg(this.series, asOptions(options, "LossCurve.toSVG", "width, height, title, log"));
  }

  /** Writes the SVG document to a file, whole or not at all. */
  save(path: string | URL, options: SvgPlotOptions = {}): void {
    const svg = encode(this.toSVG(options));
    writeAtomically(path, "LossCurve.save", (sink) => sink.write(svg));
  }
}
