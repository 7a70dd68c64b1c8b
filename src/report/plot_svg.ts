/**
 * Curves as SVG: lines, axes, a legend. No library: of those that draw SVG without a browser, vega brings 62 packages of 11 MB,
 * @observablehq/plot 41 of 5 MB and a DOM beside them, echarts 63 MB, which Deno would fetch for every program that imports this one.
 *
 * @module
 */

import { short } from "./number.ts";
import type { Series } from "./loss_curve.ts";

/** Options of a chart as SVG. */
export interface SvgPlotOptions {
  /** Its width in pixels; default 640. */
  width?: number;
  /** Its height in pixels; default 360. */
  height?: number;
  /** What stands above it. */
  title?: string;
  /** Whether the values' axis is logarithmic; default `false`. */
  log?: boolean;
}

const COLORS = ["#2a6fdb", "#d9480f", "#2b8a3e", "#862e9c", "#b08900", "#0b7285"];
const MARGIN = { top: 32, right: 16, bottom: 36, left: 64 };

/** A straight way from values to pixels, with round numbers to mark on it. */
interface Scale {
  readonly ticks: readonly number[];
  at(value: number): number;
}

/** Draws curves. */
export function plotSvg(series: readonly Series[], options: SvgPlotOptions): string {
  const { width = 640, height = 360, title = "", log = false } = options;
  const usable = (value: number) => Number.isFinite(value) && (!log || value > 0);
  const lines = series.map(({ name, steps, values }) => ({
    name,
    points: steps.map((step, i) => [step, values[i]!] as const).filter(([, value]) =>
      usable(value)
    ),
  }));
  const all = lines.flatMap(({ points }) => points);
  const x = scale(all.map(([step]) => step), MARGIN.left, width - MARGIN.right, false);
  const y = scale(all.map(([, value]) => value), height - MARGIN.bottom, MARGIN.top, log);
  const parts = [
    `<rect width="${width}" height="${height}" fill="#fff"/>`,
    ...y.ticks.map((tick) => horizontal(tick, y.at(tick), width)),
    ...x.ticks.map((tick) => label(x.at(tick), height - MARGIN.bottom + 18, "middle", short(tick))),
    ...lines.map(({ points }, i) => polyline(points, x, y, colorOf(i))),
    ...lines.map(({ name }, i) => legend(name, i, lines.length, width)),
    title === "" ? "" : label(MARGIN.left, 20, "start", title),
  ];
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" ` +
    `viewBox="0 0 ${width} ${height}" font-family="sans-serif" font-size="12" fill="#333">\n` +
    `${parts.filter((part) => part !== "").join("\n")}\n</svg>\n`;
}

function colorOf(index: number): string {
  return COLORS[index % COLORS.length]!;
}

function scale(values: readonly number[], from: number, to: number, log: boolean): Scale {
  const map = log ? Math.log10 : (value: number) => value;
  let low = Infinity;
  let high = -Infinity;
  for (const value of values) {
    low = Math.min(low, map(value));
    high = Math.max(high, map(value));
  }
  if (low > high) [low, high] = [0, 1];
  if (low === high) [low, high] = [low - 0.5, high + 0.5];
  const at = (mapped: number) => from + (mapped - low) / (high - low) * (to - from);
  const ticks = roundNumbers(low, high, log);
  return { ticks: log ? ticks.map((tick) => 10 ** tick) : ticks, at: (value) => at(map(value)) };
}

// Multiples of 1, 2 or 5 times a power of ten, about five of them; whole ones for exponents.
function roundNumbers(low: number, high: number, whole: boolean): number[] {
  const rough = (high - low) / 5;
  const power = 10 ** Math.floor(Math.log10(rough));
  const nice = [1, 2, 5, 10].find((one) => one * power >= rough)! * power;
  const step = whole ? Math.max(1, Math.round(nice)) : nice;
  const ticks: number[] = [];
  for (let i = Math.ceil(low / step - 1e-9); i * step <= high + step * 1e-9; i++) {
    ticks.push(Number((i * step).toPrecision(12)));
  }
  return ticks;
}

function pixel(value: number): string {
  return String(Math.round(value * 100) / 100);
}

function label(x: number, y: number, anchor: string, text: string): string {
  return `<text x="${pixel(x)}" y="${pixel(y)}" text-anchor="${anchor}">${escaped(text)}</text>`;
}

function horizontal(tick: number, y: number, width: number): string {
  const line = `<line x1="${MARGIN.left}" x2="${width - MARGIN.right}" y1="${pixel(y)}" y2="${
    pixel(y)
  }" stroke="#e3e3e3"/>`;
  return line + label(MARGIN.left - 8, y + 4, "end", short(tick));
}

function polyline(
  points: readonly (readonly [number, number])[],
  x: Scale,
  y: Scale,
  color: string,
): string {
  const places = points.map(([step, value]) => `${pixel(x.at(step))},${pixel(y.at(value))}`);
  return `<polyline fill="none" stroke="${color}" stroke-width="1.5" points="${
    places.join(" ")
  }"/>`;
}

function legend(name: string, index: number, count: number, width: number): string {
  const x = width - MARGIN.right - 110 * (count - index);
  return `<rect x="${pixel(x)}" y="12" width="14" height="3" fill="${colorOf(index)}"/>` +
    label(x + 20, 18, "start", name);
}

function escaped(text: string): string {
  const entities: Record<string, string> = {
    "&": "&amp;",
    "<": "&lt;",
    ">": "&gt;",
    '"': "&quot;",
  };
  // Control characters, which no XML document may hold, are left out.
  const plain = text.replace(/[^\P{Cc}\n\t]/gu, "");
  return plain.replace(/[&<>"]/g, (letter) => entities[letter]!);
}
