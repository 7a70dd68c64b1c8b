/**
 * The table of sums by name, letter for letter as PyTorch prints it (torch/autograd/profiler_util.py).
 *
 * @module
 */

import { readOptions } from "../ops/_arguments.ts";
import type { EventAverage } from "./events.ts";

/** By what a table can be sorted, the largest first. */
export type SortKey =
  | "cpuTime"
  | "cpuTimeTotal"
  | "selfCpuTimeTotal"
  | "cpuMemoryUsage"
  | "selfCpuMemoryUsage"
  | "flops"
  | "count";

/** Options of `table`. */
export interface TableOptions {
  /** By what to sort, the largest first; default: as they first began. */
  sortBy?: SortKey;
  /** At most so many rows; -1 for all, default 100. */
  rowLimit?: number;
  /** A line above the table. */
  header?: string;
  /** The most that a name takes; default 55. */
  maxNameColumnWidth?: number;
  /** The most that shapes take; default 80. */
  maxShapesColumnWidth?: number;
  /** Whether to leave out what ran within other ranges; default `false`. */
  topLevelEventsOnly?: boolean;
  /** The unit of all times; default: by size. */
  timeUnit?: "s" | "ms" | "us";
}

interface Columns {
  readonly profileMemory: boolean;
  readonly withFlops: boolean;
}

const OPTIONS = "sortBy, rowLimit, header, maxNameColumnWidth, maxShapesColumnWidth, " +
  "topLevelEventsOnly, timeUnit";
const WIDTH = 12;
const SORT_KEYS: readonly string[] = [
  "cpuTime",
  "cpuTimeTotal",
  "selfCpuTimeTotal",
  "cpuMemoryUsage",
  "selfCpuMemoryUsage",
  "flops",
  "count",
];
const UNITS: Record<string, number> = { s: 1e6, ms: 1e3, us: 1 };
const FLOP_UNITS = ["FLOPs", "KFLOPs", "MFLOPs", "GFLOPs", "TFLOPs", "PFLOPs"];

function time(us: number, unit?: string): string {
  const chosen = unit ?? (us >= 1e6 ? "s" : us >= 1e3 ? "ms" : "us");
  return `${(us / UNITS[chosen]!).toFixed(3)}${chosen}`;
}

function share(us: number, total: number): string {
  return total === 0 ? "NaN" : `${(us * 100 / total).toFixed(2)}%`;
}

function memory(bytes: number): string {
  const size = Math.abs(bytes);
  for (const [unit, scale] of [["GB", 2 ** 30], ["MB", 2 ** 20], ["KB", 2 ** 10]] as const) {
    if (size >= scale) return `${(bytes / scale).toFixed(2)} ${unit}`;
  }
  return `${bytes} B`;
}

function shapesText(shapes: readonly (readonly number[])[]): string {
  return `[${shapes.map((shape) => `[${shape.join(", ")}]`).join(", ")}]`;
}

function sorted(averages: readonly EventAverage[], sortBy: SortKey | undefined): EventAverage[] {
  if (sortBy === undefined) return [...averages];
  if (!SORT_KEYS.includes(sortBy)) {
    throw new RangeError(
      `table(): option 'sortBy' must be one of ${SORT_KEYS.join(", ")}, but got ${String(sortBy)}`,
    );
  }
  return [...averages].sort((a, b) => b[sortBy] - a[sortBy]);
}

function flopsUnit(averages: readonly EventAverage[]): { scale: number; name: string } | null {
  const counted = averages.map((one) => one.flops).filter((flops) => flops > 0);
  if (counted.length === 0) return null;
  const power = Math.floor(
    Math.max(0, Math.min(Math.log10(Math.min(...counted)) / 3, FLOP_UNITS.length - 1)),
  );
  return { scale: 10 ** (-3 * power), name: FLOP_UNITS[power]! };
}

/** The table of `averages`, as text. */
export function averageTable(
  averages: readonly EventAverage[],
  options: TableOptions,
  { profileMemory, withFlops }: Columns,
): string {
  readOptions("table", OPTIONS, { ...options }, undefined);
  const { timeUnit, rowLimit = 100, header, topLevelEventsOnly = false } = options;
  if (timeUnit !== undefined && !Object.hasOwn(UNITS, timeUnit)) {
    throw new RangeError(`table(): option 'timeUnit' must be s, ms or us, but got ${timeUnit}`);
  }
  if (averages.length === 0) return "";
  const events = sorted(averages, options.sortBy);
  const nameLimit = options.maxNameColumnWidth ?? 55;
  const nameWidth = Math.min(Math.max(...events.map((one) => one.key.length)) + 4, nameLimit);
  const hasShapes = events.some((one) => one.inputShapes.length > 0);
  const shapesWidth = Math.min(
    Math.max(...events.map((one) => shapesText(one.inputShapes).length)) + 4,
    options.maxShapesColumnWidth ?? 80,
  );
  const flops = withFlops ? flopsUnit(events) : null;
  const headers = ["Name", "Self CPU %", "Self CPU", "CPU total %", "CPU total", "CPU time avg"];
  if (profileMemory) headers.push("CPU Mem", "Self CPU Mem");
  headers.push("# of Calls");
  const widths = headers.map((_, i) => i === 0 ? nameWidth : WIDTH);
  if (hasShapes) {
    headers.push("Input Shapes");
    widths.push(shapesWidth);
  }
  if (flops !== null) {
    headers.push(`Total ${flops.name}`);
    widths.push(WIDTH);
  }
  const line = (cells: string[]) =>
    cells.map((cell, i) => `${cell.padStart(widths[i]!)}  `).join("");
  const rule = widths.map((width) => `${"-".repeat(width)}  `).join("");
  const length = widths.reduce((total, width) => total + width + 2, -2);
  const total = events.reduce((sum, one) => sum + one.selfCpuTimeTotal, 0);

  const rows = events.filter((one) => !(topLevelEventsOnly && one.nested));
  const shown = rowLimit < 0 ? rows : rows.slice(0, rowLimit);
  const cellsOf = (one: EventAverage): string[] => [
    one.key.length >= nameLimit - 3 ? `${one.key.slice(0, nameLimit - 3)}...` : one.key,
    share(one.selfCpuTimeTotal, total),
    time(one.selfCpuTimeTotal, timeUnit),
    one.isAsync ? "0" : share(one.cpuTimeTotal, total),
    time(one.cpuTimeTotal, timeUnit),
    time(one.cpuTime, timeUnit),
    ...(profileMemory ? [memory(one.cpuMemoryUsage), memory(one.selfCpuMemoryUsage)] : []),
    String(one.count),
    ...(hasShapes ? [shapesText(one.inputShapes).slice(0, shapesWidth)] : []),
    ...(flops === null
      ? []
      : [one.flops <= 0 ? "--" : (one.flops * flops.scale).toFixed(3).padStart(8)]),
  ];
  return [
    ...(header === undefined ? [] : ["=".repeat(length), header]),
    ...(topLevelEventsOnly
      ? ["=".repeat(length), "This report only display top-level ops statistics"]
      : []),
    rule,
    line(headers),
    rule,
    ...shown.map((one) => line(cellsOf(one))),
    rule,
    `Self CPU time total: ${time(total, timeUnit)}`,
    "",
  ].join("\n");
}
