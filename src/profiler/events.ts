/**
 * What was recorded: ranges in time, nested by thread, and their sums by name.
 *
 * @module
 */

import { averageTable, type TableOptions } from "./table.ts";

/** One range as it was recorded, times in microseconds since the start of the profile. */
export interface RecordedRange {
  /** The name of the op, of the backward function, or of the user's range. */
  readonly name: string;
  /** When it began, in microseconds. */
  readonly start: number;
  /** When it ended, in microseconds. */
  readonly end: number;
  /** The thread it began on. */
  readonly thread: number;
  /** The thread of the forward op, for a backward function; else 0. */
  readonly forwardThread: number;
  /** Connects a forward op and its backward function; -1: none. */
  readonly sequenceNumber: number;
  /** What it is: 0 an op, 1 a backward function, 7 a range of the user's. */
  readonly scope: number;
  /** An estimate of its floating point operations, 0 where there is none. */
  readonly flops: number;
  /** Bytes that were allocated less those that were freed within it, on the CPU. */
  readonly cpuMemoryUsage: number;
  /** Whether it ended on another thread, so that it is in no tree. */
  readonly isAsync: boolean;
  /** The shapes of its inputs, where they were recorded. */
  readonly inputShapes: readonly (readonly number[])[];
}

/** A range, and those within it. */
export class FunctionEvent implements RecordedRange {
  /** The name of the op, of the backward function, or of the user's range. */
  readonly name: string;
  /** When it began, in microseconds. */
  readonly start: number;
  /** When it ended, in microseconds. */
  readonly end: number;
  /** The thread it began on. */
  readonly thread: number;
  /** The thread of the forward op, for a backward function; else 0. */
  readonly forwardThread: number;
  /** Connects a forward op and its backward function; -1: none. */
  readonly sequenceNumber: number;
  /** What it is: 0 an op, 1 a backward function, 7 a range of the user's. */
  readonly scope: number;
  /** An estimate of its floating point operations, 0 where there is none. */
  readonly flops: number;
  /** Bytes that were allocated less those that were freed within it, on the CPU. */
  readonly cpuMemoryUsage: number;
  /** Whether it ended on another thread, so that it is in no tree. */
  readonly isAsync: boolean;
  /** The shapes of its inputs, where they were recorded. */
  readonly inputShapes: readonly (readonly number[])[];
  /** The ranges directly within it. */
  cpuChildren: FunctionEvent[] = [];
  /** The range that it is directly within, or `null`. */
  cpuParent: FunctionEvent | null = null;

  /** Takes over what was recorded; the tree comes later. */
  constructor(range: RecordedRange) {
    this.name = range.name;
    this.start = range.start;
    this.end = range.end;
    this.thread = range.thread;
    this.forwardThread = range.forwardThread;
    this.sequenceNumber = range.sequenceNumber;
    this.scope = range.scope;
    this.flops = range.flops;
    this.cpuMemoryUsage = range.cpuMemoryUsage;
    this.isAsync = range.isAsync;
    this.inputShapes = range.inputShapes;
  }

  /** How long it took, in microseconds. */
  get cpuTimeTotal(): number {
    return this.end - this.start;
  }

  /** How long it took without the ranges within it, in microseconds; 0 if it is asynchronous. */
  get selfCpuTimeTotal(): number {
    if (this.isAsync) return 0;
    return this.cpuTimeTotal - sum(this.cpuChildren.map((child) => child.cpuTimeTotal));
  }

  /** The memory without that of the ranges within it, in bytes. */
  get selfCpuMemoryUsage(): number {
    if (this.isAsync) return 0;
    return this.cpuMemoryUsage - sum(this.cpuChildren.map((child) => child.cpuMemoryUsage));
  }
}

/** The ranges of one name (and, if asked for, one list of input shapes) together. */
export interface EventAverage {
  /** The name. */
  readonly key: string;
  /** How many there were. */
  readonly count: number;
  /** How long they took, in microseconds. */
  readonly cpuTimeTotal: number;
  /** How long they took without the ranges within them, in microseconds. */
  readonly selfCpuTimeTotal: number;
  /** How long one took on average, in microseconds. */
  readonly cpuTime: number;
  /** The memory that they allocated less that they freed, in bytes. */
  readonly cpuMemoryUsage: number;
  /** The same without the ranges within them. */
  readonly selfCpuMemoryUsage: number;
  /** An estimate of their floating point operations. */
  readonly flops: number;
  /** The shapes of the inputs, where they are grouped by those; else empty. */
  readonly inputShapes: readonly (readonly number[])[];
  /** Whether they ended on another thread. */
  readonly isAsync: boolean;
  /** Whether the first of them was within another range. */
  readonly nested: boolean;
}

/** Options of `keyAverages`. */
export interface KeyAveragesOptions {
  /** Whether ranges of one name with other input shapes are told apart; default `false`. */
  groupByInputShape?: boolean;
}

/** Sums by name, in the order of their first ranges. Prints as PyTorch's table. */
export class EventAverages extends Array<EventAverage> {
  /** Whether the table shows memory. */
  profileMemory = false;
  /** Whether the table shows floating point operations. */
  withFlops = false;

  /** Arrays made from this one are plain ones. */
  static override get [Symbol.species](): ArrayConstructor {
    return Array;
  }

  /** The time of all, without counting any twice, in microseconds. */
  get selfCpuTimeTotal(): number {
    return sum(Array.from(this, (one) => one.selfCpuTimeTotal));
  }

  /**
   * The table as text, as PyTorch prints it.
   *
   * @throws {RangeError} If `sortBy` or `timeUnit` is none of those there are.
   */
  table(options: TableOptions = {}): string {
    return averageTable(this, options, this);
  }

  /** The table without options. */
  override toString(): string {
    return this.table();
  }
}

function sum(values: number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

/** Nests ranges by thread and time, and takes out those that only repeat the one around them. */
export function buildTree(ranges: readonly RecordedRange[]): FunctionEvent[] {
  let events = ranges.map((range) => new FunctionEvent(range));
  events.sort((a, b) => a.start - b.start || b.end - a.end);
  const threads = new Map<number, FunctionEvent[]>();
  for (const event of events) {
    if (event.isAsync) continue;
    const open = threads.get(event.thread) ?? [];
    threads.set(event.thread, open);
    nest(event, open);
  }
  for (;;) {
    const repeated = new Set<FunctionEvent>();
    for (const event of events) if (isRepeated(event)) lift(event, repeated);
    if (repeated.size === 0) return events;
    events = events.filter((event) => !repeated.has(event));
  }
}

// `open` holds the ranges that are under way, each within the one before.
function nest(event: FunctionEvent, open: FunctionEvent[]): void {
  while (open.length > 0) {
    const parent = open.at(-1)!;
    if (event.start >= parent.end || event.end > parent.end) {
      open.pop();
      continue;
    }
    parent.cpuChildren.push(event);
    event.cpuParent = parent;
    break;
  }
  open.push(event);
}

function isRepeated(event: FunctionEvent): boolean {
  const parent = event.cpuParent;
  return parent !== null && parent.name === event.name && parent.cpuChildren.length === 1;
}

function lift(event: FunctionEvent, repeated: Set<FunctionEvent>): void {
  const parent = event.cpuParent!;
  parent.cpuChildren = event.cpuChildren;
  for (const child of event.cpuChildren) child.cpuParent = parent;
  repeated.add(event);
}

/** Sums ranges by name. */
export function averageEvents(
  events: readonly FunctionEvent[],
  options: KeyAveragesOptions & { profileMemory: boolean; withFlops: boolean },
): EventAverages {
  const groups = new Map<string, FunctionEvent[]>();
  for (const event of events) {
    const key = options.groupByInputShape
      ? `${event.name}\0${JSON.stringify(event.inputShapes)}`
      : event.name;
    const group = groups.get(key) ?? [];
    groups.set(key, group);
    group.push(event);
  }
  const averages = new EventAverages();
  averages.profileMemory = options.profileMemory;
  averages.withFlops = options.withFlops;
  for (const group of groups.values()) {
    averages.push(average(group, options.groupByInputShape ?? false));
  }
  return averages;
}

function average(group: FunctionEvent[], byShape: boolean): EventAverage {
  const first = group[0]!;
  const total = (value: (event: FunctionEvent) => number) => sum(group.map(value));
  const cpuTimeTotal = total((event) => event.cpuTimeTotal);
  return {
    key: first.name,
    count: group.length,
    cpuTimeTotal,
    selfCpuTimeTotal: total((event) => event.selfCpuTimeTotal),
    cpuTime: cpuTimeTotal / group.length,
    cpuMemoryUsage: total((event) => event.cpuMemoryUsage),
    selfCpuMemoryUsage: total((event) => event.selfCpuMemoryUsage),
    flops: total((event) => event.flops),
    inputShapes: byShape ? first.inputShapes : [],
    isAsync: first.isAsync,
    nested: first.cpuParent !== null,
  };
}
