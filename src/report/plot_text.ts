/**
 * Curves as text. No library: simple-ascii-chart throws where a loss is NaN, writes 0 for all values below 0.001, runs the labels of steps
 * together, and takes half a second for 20,000 points; asciichart draws by index alone, without an axis of steps, and tells lines apart only by colour.
 *
 * @module
 */

import { short } from "./number.ts";
import type { Series } from "./loss_curve.ts";

/** Options of a chart as text. */
export interface TextPlotOptions {
  /** Its width in characters, without the labels; default 60. */
  width?: number;
  /** Its height in lines, without the labels; default 12. */
  height?: number;
}

/** A curve with one value a column, `null` where it has none. */
type Columns = readonly (number | null)[];

interface Range {
  low: number;
  high: number;
}

const SYMBOLS = ["●", "○", "×", "+", "◆", "◇"];

/** Draws curves: one as a line, several as points of their own symbols. */
export function plotText(series: readonly Series[], options: TextPlotOptions): string {
  const { width = 60, height = 12 } = options;
  const drawn = series.filter(({ values }) => values.filter(Number.isFinite).length > 1);
  if (drawn.length === 0) return "(no points yet)";
  const steps = rangeOf(drawn.flatMap((one) => one.steps));
  const curves = drawn.map((one) => columnsOf(one, steps, width));
  const values = rangeOf(curves.flat().filter((value) => value !== null));
  const rowOf = (value: number) =>
    Math.round((values.high - value) / (values.high - values.low) * (height - 1));
  const grid = Array.from({ length: height }, () => new Array<string>(width).fill(" "));
  if (curves.length === 1) drawLine(grid, curves[0]!, rowOf);
  else curves.forEach((curve, i) => drawPoints(grid, curve, rowOf, symbolOf(i)));
  const names = drawn.map(({ name }, i) => curves.length === 1 ? name : `${symbolOf(i)} ${name}`);
  return framed(grid, values, steps, names.join("   "));
}

function symbolOf(index: number): string {
  return SYMBOLS[index % SYMBOLS.length]!;
}

function rangeOf(numbers: readonly number[]): Range {
  let low = Infinity;
  let high = -Infinity;
  for (const one of numbers) {
    if (one < low) low = one;
    if (one > high) high = one;
  }
  return low === high ? { low: low - 0.5, high: high + 0.5 } : { low, high };
}

// The mean of the points that fall in each column.
function columnsOf({ steps, values }: Series, { low, high }: Range, width: number): Columns {
  const sums = new Array<number>(width).fill(0);
  const counts = new Array<number>(width).fill(0);
  steps.forEach((step, i) => {
    if (!Number.isFinite(values[i])) return;
    const column = Math.round((step - low) / (high - low) * (width - 1));
    sums[column]! += values[i]!;
    counts[column]! += 1;
  });
  return sums.map((sum, i) => counts[i] === 0 ? null : sum / counts[i]!);
}

function drawPoints(
  grid: string[][],
  curve: Columns,
  rowOf: (value: number) => number,
  symbol: string,
): void {
  curve.forEach((value, x) => {
    if (value !== null) grid[rowOf(value)]![x] = symbol;
  });
}

function drawLine(grid: string[][], curve: Columns, rowOf: (value: number) => number): void {
  let last: number | null = null;
  curve.forEach((value, x) => {
    // A column without a point goes on as the last.
    const row = value === null ? last : rowOf(value);
    if (row === null) return;
    const before = last ?? row;
    last = row;
    if (row === before) {
      grid[row]![x] = "─";
      return;
    }
    const down = row > before;
    grid[before]![x] = down ? "╮" : "╯";
    grid[row]![x] = down ? "╰" : "╭";
    for (let y = Math.min(row, before) + 1; y < Math.max(row, before); y++) grid[y]![x] = "│";
  });
}

function framed(grid: string[][], values: Range, steps: Range, title: string): string {
  const height = grid.length;
  const every = Math.max(1, Math.round((height - 1) / 4));
  const labels = grid.map((_, y) => {
    const isMarked = y % every === 0 || y === height - 1;
    const share = height === 1 ? 0 : y / (height - 1);
    return isMarked ? short(values.high - (values.high - values.low) * share) : "";
  });
  const margin = Math.max(...labels.map((label) => label.length));
  const rows = grid.map((row, y) =>
    `${labels[y]!.padStart(margin)} ${labels[y] === "" ? "│" : "┤"}${row.join("")}`.trimEnd()
  );
  const width = grid[0]!.length;
  const [first, last] = [short(steps.low), short(steps.high)];
  const gap = " ".repeat(Math.max(1, width - first.length - last.length));
  const indent = " ".repeat(margin + 1);
  return [title, ...rows, `${indent}└${"─".repeat(width)}`, `${indent} ${first}${gap}${last}`].join(
    "\n",
  );
}
