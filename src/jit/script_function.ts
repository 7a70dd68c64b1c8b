/**
 * TorchScript functions, and methods of script objects: called like JavaScript functions.
 *
 * @module
 */

import { check, context, native, scratch, takeBytes, takeText } from "../../ffi/mod.ts";
import { Callable } from "../callable.ts";
import { applyMode } from "../tensor/call.ts";
import { takeValue } from "./decode.ts";
import { writeArguments } from "./arguments.ts";
import { type ExtraFiles, putExtraFiles, writeArchive } from "./archive.ts";
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
    writeArguments(args, name);
    applyMode();
    const count = check(native.fb_callable_call(this.#native(name), context), name);
    scratch.receive(count);
    rewind();
    return takeValue();
  }

  /** The function's name. */
  get name(): string {
    return this.#name;
  }

  /** Its graph, with calls to submodules as calls. */
  get graph(): Graph {
    const text = this.#text(GRAPH, "graph");
    scratch.receive(check(native.fb_callable_graph(this.#native("graph"), context), "graph"));
    rewind();
    return new Graph(takeValue(), text);
  }

  /** The text of its graph with all calls replaced by what they do. */
  get inlinedGraph(): string {
    return this.#text(INLINED_GRAPH, "inlinedGraph");
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
    return new Schema(takeValue(), text);
  }

  /** Runs it, and gives the text of the graph as LibTorch optimized it for these arguments. */
  graphFor(...args: unknown[]): string {
    this.#call(args);
    return this.#text(OPTIMIZED_GRAPH, "graphFor");
  }

  /** Nanoseconds a call in a loop in C++, without JavaScript: what benchmarks hold a call from here against. */
  nativeNanoseconds(iterations: number, ...args: unknown[]): number {
    writeArguments(args, this.#name);
    return check(
      native.fb_callable_bench(this.#native("nativeNanoseconds"), context, iterations),
      "nativeNanoseconds",
    );
  }

  /** Saves it as a module whose `forward` it is: the file runs in Python, in C++, and here. */
  save(path: string | URL, options: SaveOptions = {}): void {
    writeArchive(path, this.serialize(options));
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
