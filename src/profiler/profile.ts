/**
 * The profiler: what ran, when, for how long, with how much memory. It is LibTorch's own, over Kineto.
 *
 * @module
 */

import { writeFileSync } from "node:fs";
import process from "node:process";
import {
  check,
  checkHandle,
  context,
  decode,
  encode,
  native,
  scratch,
  TorchError,
} from "../../ffi/mod.ts";
import { fileError, pathOf } from "../files/mod.ts";
import { readOptions as refuseUnknown } from "../ops/_arguments.ts";
import { checkTold, toldByNative } from "../_made.ts";
import { describe } from "../tensor/tensor.ts";
import { showAsText } from "../inspect.ts";
import {
  averageEvents,
  buildTree,
  EventAverages,
  type FunctionEvent,
  type KeyAveragesOptions,
  type RecordedRange,
} from "./events.ts";

/** Options of {@linkcode profile}. */
export interface ProfileOptions {
  /** Whether to record the shapes of the inputs; default `false`. */
  recordShapes?: boolean;
  /** Whether to record what is allocated and freed; default `false`. */
  profileMemory?: boolean;
  /** Whether to estimate the floating point operations of convolutions, matrix products and the like; default `false`. */
  withFlops?: boolean;
}

const MEMORY = "[memory]";
// What PyTorch leaves out too.
const HIDDEN = new Set([
  MEMORY,
  "[OutOfMemory]",
  "profiler::_record_function_enter",
  "profiler::_record_function_enter_new",
  "profiler::_record_function_exit",
  "aten::is_leaf",
  "aten::output_nr",
  "aten::_version",
]);

interface RawEvent extends RecordedRange {
  readonly bytes: number;
}

/** What a profile found. Prints as its table. */
export class Profile<R = unknown> {
  /** What the profiled function returned. */
  readonly result: R;
  /** All ranges by the time that they began, nested by `cpuParent` and `cpuChildren`. */
  readonly events: readonly FunctionEvent[];
  readonly #options: Required<ProfileOptions>;

  /** Takes over what was recorded. */
  constructor(result: R, ranges: readonly RecordedRange[], options: Required<ProfileOptions>) {
    checkTold(ranges, "Profile", "torch.profiler.profile()");
    this.result = result;
    this.events = buildTree(ranges);
    this.#options = options;
  }

  /** The ranges summed by name. */
  keyAverages(options: KeyAveragesOptions = {}): EventAverages {
    refuseUnknown("keyAverages", "groupByInputShape", { ...options }, undefined);
    return averageEvents(this.events, { ...this.#options, ...options });
  }

  /** The ranges as Chrome's trace format has them: what {@linkcode Profile.exportChromeTrace} writes. */
  chromeTrace(): ChromeTrace {
    const { pid } = process;
    const named = [...new Set(this.events.map((event) => event.thread))].map((
      tid,
    ): ChromeEvent => ({
      ph: "M",
      name: "thread_name",
      pid,
      tid,
      args: { name: `thread ${tid}` },
    }));
    return {
      schemaVersion: 1,
      displayTimeUnit: "ms",
      traceEvents: [...named, ...this.events.map((event) => chromeEvent(event, pid))],
    };
  }

  /**
   * Writes a file for `chrome://tracing`, or https://ui.perfetto.dev.
   *
   * @param path The path of a JSON file, which is replaced.
   */
  exportChromeTrace(path: string | URL): void {
    const op = "exportChromeTrace";
    const file = pathOf(path, op);
    try {
      writeFileSync(file, JSON.stringify(this.chromeTrace()));
    } catch (cause) {
      throw fileError(op, file, "written", cause);
    }
  }

  /** The table of {@linkcode Profile.keyAverages}. */
  toString(): string {
    return this.keyAverages().table();
  }
}

showAsText(Profile);
showAsText(EventAverages);

/** One entry of a trace in Chrome's format. */
export interface ChromeEvent {
  /** The kind: `"X"` a range, `"M"` a name. */
  ph: "X" | "M";
  /** The name of the range. */
  name: string;
  /** The process. */
  pid: number;
  /** The thread. */
  tid: number;
  /** What the range is: `"cpu_op"`, `"user_annotation"`. */
  cat?: string;
  /** When it began, in microseconds. */
  ts?: number;
  /** How long it took, in microseconds. */
  dur?: number;
  /** What else is known. */
  args: Record<string, unknown>;
}

/** A trace in Chrome's format. */
export interface ChromeTrace {
  /** The version of the format. */
  schemaVersion: number;
  /** The unit that a viewer shows. */
  displayTimeUnit: string;
  /** The ranges. */
  traceEvents: ChromeEvent[];
}

const USER_SCOPE = 7;

function chromeEvent(event: FunctionEvent, pid: number): ChromeEvent {
  const args: Record<string, unknown> = {};
  if (event.inputShapes.length > 0) args["Input Dims"] = event.inputShapes;
  if (event.sequenceNumber >= 0) args["Sequence number"] = event.sequenceNumber;
  if (event.forwardThread > 0) args["Fwd thread id"] = event.forwardThread;
  if (event.flops > 0) args["FLOPs"] = event.flops;
  return {
    ph: "X",
    cat: event.scope === USER_SCOPE ? "user_annotation" : "cpu_op",
    name: event.name,
    pid,
    tid: event.thread,
    ts: event.start,
    dur: event.cpuTimeTotal,
    args,
  };
}

function readOptions(options: ProfileOptions): Required<ProfileOptions> {
  refuseUnknown("profile", "recordShapes, profileMemory, withFlops", { ...options }, undefined);
  const { recordShapes = false, profileMemory = false, withFlops = false } = options;
  for (const [name, value] of Object.entries({ recordShapes, profileMemory, withFlops })) {
    if (typeof value === "boolean") continue;
    throw new TypeError(
      `profile(): option '${name}' must be a boolean, but got ${describe(value)}`,
    );
  }
  return { recordShapes, profileMemory, withFlops };
}

let running = false;
// Ranges of the user's that are under way. They end with the profile at the latest: native code writes their ends into it.
const open = new Set<number>();

function leave(record: number): void {
  if (open.delete(record)) native.fb_record_leave(record);
}

/**
 * Records the ops that run while a function does, sync or async: on this thread, and on those that LibTorch hands its work
 * to (backward passes, scripts in the background). What other asynchronous tasks run meanwhile is recorded too.
 *
 * @returns What was found; a promise of it for an async function.
 * @throws {TorchError} If a profile is under way.
 *
 * @example
 * ```ts
 * import * as torch from "flambeau";
 * import { assert } from "@std/assert";
 *
 * const x = torch.randn([32, 32]);
 * const profile = torch.profiler.profile(() => x.matmul(x).relu());
 * console.log(profile.keyAverages().table({ sortBy: "selfCpuTimeTotal", rowLimit: 5 }));
 * assert(profile.events.some((event) => event.name === "aten::matmul"));
 * ```
 */
export function profile<R>(fn: () => Promise<R>, options?: ProfileOptions): Promise<Profile<R>>;
/** The same of a function that is not asynchronous. */
export function profile<R>(fn: () => R, options?: ProfileOptions): Profile<R>;
export function profile<R>(
  fn: () => R,
  options: ProfileOptions = {},
): Profile<R> | Promise<Profile<Awaited<R>>> {
  if (typeof fn !== "function") {
    throw new TypeError(`profile(): argument 'fn' must be a function, but got ${describe(fn)}`);
  }
  const wanted = readOptions(options);
  start(wanted);
  let result: R;
  try {
    result = fn();
  } catch (error) {
    stop();
    throw error;
  }
  if (!(result instanceof Promise)) return new Profile(result, toldByNative(stop()), wanted);
  return finish(result as Promise<Awaited<R>>, wanted);
}

async function finish<R>(pending: Promise<R>, options: Required<ProfileOptions>) {
  let result: R;
  try {
    result = await pending;
  } catch (error) {
    stop();
    throw error;
  }
  return new Profile(result, toldByNative(stop()), options);
}

function start({ recordShapes, profileMemory, withFlops }: Required<ProfileOptions>): void {
  if (running) {
    throw new TorchError("profile(): a profile is under way already, and they do not nest", {
      op: "profile",
    });
  }
  check(native.fb_profiler_start(recordShapes, profileMemory, withFlops), "profile");
  running = true;
}

function stop(): RecordedRange[] {
  running = false;
  for (const record of [...open].reverse()) leave(record);
  scratch.receive(check(native.fb_profiler_stop(context), "profile"));
  return withMemory(readEvents());
}

function readEvents(): RawEvent[] {
  const { words, bytes } = scratch;
  let position = 0;
  const next = () => words[position++]!;
  const text = () => {
    const length = next();
    const value = decode(bytes.subarray(position * 8, position * 8 + length));
    position += Math.ceil(length / 8);
    return value;
  };
  return Array.from({ length: next() }, () => {
    const name = text();
    const start = next() / 1000;
    const end = start + next() / 1000;
    const [thread, endThread, forwardThread, sequenceNumber, scope, flops, held, flag] = [
      next(),
      next(),
      next(),
      next(),
      next(),
      next(),
      next(),
      next(),
    ];
    const inputShapes: number[][] = [];
    for (let i = next(); i > 0; i--) inputShapes.push(Array.from({ length: next() }, next));
    return {
      name,
      start,
      end,
      thread,
      forwardThread,
      sequenceNumber,
      scope,
      flops,
      bytes: held,
      cpuMemoryUsage: 0,
      isAsync: flag === 1 || endThread !== thread,
      inputShapes,
    };
  });
}

/** Adds what was allocated and freed to the ranges that it happened in; what happened in none is a range of its own. */
function withMemory(events: RawEvent[]): RecordedRange[] {
  const changes = events.filter((event) => event.name === MEMORY)
    .sort((a, b) => a.start - b.start);
  const used = new Set<RawEvent>();
  const ranges = events.filter((event) => !HIDDEN.has(event.name)).map((event) => {
    let total = 0;
    for (let i = firstFrom(changes, event.start); i < changes.length; i++) {
      if (changes[i]!.start > event.end) break;
      total += changes[i]!.bytes;
      used.add(changes[i]!);
    }
    return { ...event, cpuMemoryUsage: total };
  });
  const rest = changes.filter((change) => !used.has(change));
  return [...ranges, ...rest.map((change) => ({ ...change, cpuMemoryUsage: change.bytes }))];
}

// The first change at `time` or later.
function firstFrom(changes: RawEvent[], time: number): number {
  let [low, high] = [0, changes.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (changes[middle]!.start < time) low = middle + 1;
    else high = middle;
  }
  return low;
}

/**
 * Runs a function, sync or async, as a range under a name, which profiles show. Costs next to nothing while none is under way.
 *
 * @returns What the function returns.
 *
 * @example
 * ```ts
 * import * as torch from "flambeau";
 * import { assertEquals } from "@std/assert";
 *
 * const { profile, recordFunction } = torch.profiler;
 * const found = profile(() => recordFunction("my step", () => torch.ones([2]).add(1)));
 * const step = found.events.find((event) => event.name === "my step")!;
 * assertEquals(step.cpuChildren.map((event) => event.name), ["aten::ones", "aten::add"]);
 * ```
 */
export function recordFunction<R>(name: string, fn: () => R): R {
  const op = "recordFunction";
  if (typeof name !== "string") {
    throw new TypeError(`${op}(): argument 'name' must be a string, but got ${describe(name)}`);
  }
  if (typeof fn !== "function") {
    throw new TypeError(`${op}(): argument 'fn' must be a function, but got ${describe(fn)}`);
  }
  if (!running) return fn();
  const bytes = encode(name);
  const record = checkHandle(native.fb_record_enter(bytes, bytes.length), op);
  open.add(record);
  let result: R;
  try {
    result = fn();
  } catch (error) {
    leave(record);
    throw error;
  }
  if (!(result instanceof Promise)) {
    leave(record);
    return result;
  }
  return result.finally(() => leave(record)) as R;
}
