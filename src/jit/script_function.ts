/**
 * TorchScript functions, and methods of script objects: called like JavaScript functions.
 *
 * @module
 */

import { check, context, native, scratch, takeBytes, takeText } from "../../ffi/mod.ts";
import { toldByNative } from "../_made.ts";
import { Callable } from "../callable.ts";
import { applyMode } from "../tensor/call.ts";
import { splitOptions, startJob } from "../jobs/mod.ts";
import { takeValue, takeValueAt } from "./decode.ts";
import { writeArguments, writeTensors } from "./arguments.ts";
import { type ExtraFiles, putExtraFiles, writeArchive } from "./archive.ts";
import { disposeDeep } from "./dispose.ts";
import { Graph } from "./graph.ts";
import { type NativeHandle, ownedHandle } from "./handle.ts";
import { Schema } from "./schema.ts";
import { Tag } from "./tags.ts";
import { put, putText, rewind } from "./words.ts";

// What fb_callable_text gives, by number.
const GRAPH = 0;
const CODE = 1;
const SCHEMA = 2;
const NAME = 3;
const INLINED_GRAPH = 4;
const OPTIMIZED_GRAPH = 5;
const INLINED_GRAPH_WITHOUT_PLACES = 6;

// The graphs that fb_callable_graph gives, by number, and the number of the text of each.
const graphTexts = [GRAPH, INLINED_GRAPH, OPTIMIZED_GRAPH];

/** How often {@linkcode ScriptFunction.warmUp} runs a function that is never done. */
const WARM_UP_RUNS = 10;

/** Options of `save`. */
export interface SaveOptions {
  /** Further files for the archive, by name: text, or bytes. */
  extraFiles?: ExtraFiles;
}

/** Options of `serialize`. */
export interface SerializeOptions extends SaveOptions {
  /** Whether to add bytecode for the mobile runtime; default `false`. */
  mobile?: boolean;
}

const handles = new WeakMap<ScriptFunction, NativeHandle>();

/** The native handle of a script function, for calls. */
export function functionHandle(fn: ScriptFunction, op: string): number {
  return handles.get(fn)!.get(op, "self", "script function");
}

/** Has LibTorch watch and optimize a function anew: for the arguments and the grad mode of the next calls. */
export function forgetPlan(fn: ScriptFunction): void {
  check(native.fb_callable_forget(functionHandle(fn, "warmUp")), "warmUp");
}

/** The text of its inlined graph without places in the source: equal for functions that do the same. */
export function comparableGraph(fn: ScriptFunction): string {
  const handle = functionHandle(fn, "graph");
  return takeText(
    check(native.fb_callable_text(handle, context, INLINED_GRAPH_WITHOUT_PLACES), "graph"),
  );
}

/** A script function is called like a function. */
export interface ScriptFunction {
  /** Runs it. Arguments are converted by its schema; `jit.kwargs({ … })` may stand last. */
  // deno-lint-ignore no-explicit-any -- the schema decides, which no type knows
  (...args: unknown[]): any;
}

/**
 * A function in TorchScript: traced, compiled from source, or a method of a script object.
 *
 * @example
 * ```ts
 * import * as torch from "flambeau";
 * import { assertEquals } from "@std/assert";
 *
 * const relu = torch.jit.trace((x: torch.Tensor) => x.relu(), [torch.zeros([3])]);
 * assertEquals(relu(torch.tensor([-1, 0, 1.5])).toArray(), [0, 0, 1.5]);
 * ```
 */
export class ScriptFunction extends Callable {
  readonly #handle: NativeHandle;
  readonly #name: string;

  /** Takes over a native handle: `jit.trace` and its kin do that. */
  constructor(handle: NativeHandle) {
    super((self, args) => (self as ScriptFunction).#call(args));
    this.#handle = ownedHandle(handle, "ScriptFunction");
    handles.set(this, this.#handle);
    this.#name = takeText(
      check(
        native.fb_callable_text(
          this.#handle.get("jit", "function", "script function"),
          context,
          NAME,
        ),
        "jit",
      ),
    );
  }

  #native(op: string): number {
    return this.#handle.get(op, "self", "script function");
  }

  #text(what: number, op: string): string {
    return takeText(check(native.fb_callable_text(this.#native(op), context, what), op));
  }

  #call(args: unknown[]): unknown {
    const name = this.#name;
    if (!writeTensors(args, name)) writeArguments(args, name);
    applyMode();
    const count = check(native.fb_callable_call(this.#native(name), context), name);
    scratch.receive(count);
    rewind();
    return takeValue();
  }

  /** What `Function.prototype.call` does; a script function has no `this` to be given. */
  // deno-lint-ignore no-explicit-any -- the schema decides, which no type knows
  call(_self?: unknown, ...args: unknown[]): any {
    return this.#call(args);
  }

  /** What `Function.prototype.apply` does, likewise. */
  // deno-lint-ignore no-explicit-any -- the schema decides, which no type knows
  apply(_self?: unknown, args: readonly unknown[] = []): any {
    return this.#call([...args]);
  }

  /** What `Function.prototype.bind` does, likewise: a plain function that has the first arguments. */
  // deno-lint-ignore no-explicit-any -- the schema decides, which no type knows
  bind(_self?: unknown, ...first: unknown[]): (...args: unknown[]) => any {
    return (...args) => this.#call([...first, ...args]);
  }

  /**
   * Runs it on a native thread: the event loop stays free, and many calls run at once. Grad mode goes with the call; tensors
   * that it was given are held until it is done. `jit.runOptions({ … })` may stand last: a signal, a deadline, a bound of memory.
   *
   * A program that sets attributes of its module (a state that it keeps from call to call) runs once at a time on that module, in
   * the order of the calls; one that is not asynchronous goes before those that wait.
   *
   * @returns A promise of what the call gives. It is rejected with what the call would throw.
   *
   * @example
   * ```ts
   * import * as torch from "flambeau";
   * import { assertEquals } from "@std/assert";
   *
   * const double = torch.jit.trace((x: torch.Tensor) => x.mul(2), [torch.zeros([2])]);
   * const all = await Promise.all([1, 2, 3].map((i) => double.runAsync(torch.full([2], i))));
   * assertEquals(all.map((y) => (y as torch.Tensor).toArray()), [[2, 2], [4, 4], [6, 6]]);
   * ```
   */
  // deno-lint-ignore no-explicit-any -- the schema decides, which no type knows
  runAsync(...args: unknown[]): Promise<any> {
    const name = this.#name;
    const [values, settings] = splitOptions(args);
    return startJob({
      name,
      settings,
      write: () => writeArguments(values, name),
      submit: (maxBytes) => native.fb_job_call(this.#native(name), context, maxBytes),
      take: takeValueAt,
    });
  }

  /** The function's name. */
  get name(): string {
    return this.#name;
  }

  #graph(which: number, op: string): Graph {
    const text = this.#text(graphTexts[which]!, op);
    scratch.receive(check(native.fb_callable_graph(this.#native(op), context, which), op));
    rewind();
    return new Graph(toldByNative(takeValue()), text);
  }

  /** Its graph, with calls to submodules as calls. */
  get graph(): Graph {
    return this.#graph(0, "graph");
  }

  /** Its graph with all calls replaced by what they do; a node's `scope` says which submodule it came from. */
  get inlinedGraph(): Graph {
    return this.#graph(1, "inlinedGraph");
  }

  /** Its source in TorchScript. */
  get code(): string {
    return this.#text(CODE, "code");
  }

  /** Its arguments and results, with names and types. */
  get schema(): Schema {
    const text = this.#text(SCHEMA, "schema");
    scratch.receive(check(native.fb_callable_schema(this.#native("schema"), context), "schema"));
    rewind();
    return new Schema(toldByNative(takeValue()), text);
  }

  /**
   * Runs it, and gives the graph that LibTorch ran: in the first runs one that watches types and shapes, then the one
   * that it optimized for them. {@linkcode warmUp} brings that about.
   *
   * @example
   * ```ts
   * import * as torch from "flambeau";
   * import { assert } from "@std/assert";
   *
   * const x = torch.ones([3]);
   * const traced = torch.jit.trace((x: torch.Tensor) => x.relu().add(1), [x]);
   * assert([...traced.graphFor(x).nodes()].some((node) => node.kind === "aten::relu"));
   * ```
   */
  graphFor(...args: unknown[]): Graph {
    disposeDeep(this.#call(args));
    return this.#graph(2, "graphFor");
  }

  /**
   * Optimizes it anew for such arguments and for the grad mode that is on (within `noGrad`, nothing is kept for a backward
   * pass): runs it until LibTorch has done with watching and has its plan. The results are dropped. What the function does besides (running statistics, random
   * numbers, changes of its arguments) it does in each run.
   *
   * @returns How often it ran: two or three times as a rule.
   *
   * @example
   * ```ts
   * import * as torch from "flambeau";
   * import { assert } from "@std/assert";
   *
   * const traced = torch.jit.trace(new torch.nn.Linear(4, 2), [torch.zeros([1, 4])]);
   * const runs = torch.noGrad(() => traced.warmUp(torch.ones([1, 4])));
   * assert(runs >= 1 && runs <= 10);
   * ```
   */
  warmUp(...args: unknown[]): number {
    const op = "warmUp";
    // What it was optimized for may be other shapes, or gradients that are not asked for now.
    forgetPlan(this);
    for (let runs = 1; runs <= WARM_UP_RUNS; runs++) {
      const ready = check(native.fb_callable_optimized(this.#native(op)), op) === 1;
      disposeDeep(this.#call(args));
      // The run that finds the plan ready is the first that takes it, and makes its kernels.
      if (ready) return runs;
    }
    return WARM_UP_RUNS;
  }

  /** Saves it as a module whose `forward` it is: the file runs in Python, in C++, and here. */
  save(path: string | URL, options: SerializeOptions = {}): void {
    writeArchive(path, "jit.save", (file) => {
      putExtraFiles(options.extraFiles, "jit.save");
      const callable = this.#native("jit.save");
      const mobile = options.mobile === true;
      check(
        native.fb_callable_save_file(callable, context, file, file.length, mobile),
        "jit.save",
      );
    });
  }

  /** What {@linkcode save} writes, as bytes. */
  serialize(options: SerializeOptions = {}): Uint8Array<ArrayBuffer> {
    putExtraFiles(options.extraFiles, "jit.save");
    const size = native.fb_callable_save(
      this.#native("jit.save"),
      context,
      options.mobile === true,
    );
    return takeBytes(check(size, "jit.save"));
  }

  /** Frees the native function; harmless when called again. */
  dispose(): void {
    this.#handle.dispose();
  }

  /** {@linkcode dispose}, for `using`. */
  [Symbol.dispose](): void {
    this.dispose();
  }

  /** `ScriptFunction(name)` and the signature. */
  override toString(): string {
    return `ScriptFunction(${this.#handle.isDisposed ? `${this.#name}, disposed` : this.schema})`;
  }
}

/** Writes a list of names. */
export function putNames(names: readonly string[]): void {
  put(Tag.array);
  put(names.length);
  for (const name of names) {
    put(Tag.string);
    putText(name);
  }
}
