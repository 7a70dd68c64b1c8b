/**
 * TorchScript functions, and methods of script objects: called like JavaScript functions.
 *
 * @module
 */

import { check, context, native, scratch, takeBytes, takeText } from "../../ffi/mod.ts";
import { Callable } from "../callable.ts";
import { applyMode } from "../tensor/call.ts";
import { takeValue } from "./decode.ts";
import { type Plain, plainOf, putPlain } from "./encode.ts";
import { type ExtraFiles, putExtraFiles, writeArchive } from "./archive.ts";
import { Graph } from "./graph.ts";
import type { NativeHandle } from "./handle.ts";
import { Schema } from "./schema.ts";
import { Tag } from "./tags.ts";
import { TypedValue } from "./typed_value.ts";
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
    this.#handle = handle;
    this.#name = takeText(
      check(
        native.fb_callable_text(handle.get("jit", "function", "script function"), context, NAME),
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
    const last = args.at(-1);
    const named = last instanceof TypedValue && last.content.kind === "kwargs"
      ? last.content.entries
      : [];
    const positional =
      named.length > 0 || last instanceof TypedValue && last.content.kind === "kwargs"
        ? args.slice(0, -1)
        : args;
    const values = positional.map((value, i) => plainOf(value, `${name}(): argument ${i}`));
    const keywords = named.map(([key, value]) =>
      [key, plainOf(value, `${name}(): argument '${key}'`)] as const
    );
    applyMode();
    writeArguments(values, keywords, name);
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

  /** Saves it as a module whose `forward` it is: the file runs in Python, in C++, and here. */
  save(path: string | URL, options: SaveOptions = {}): void {
    writeArchive(path, this.serialize(options));
  }

  /** What {@linkcode save} writes, as bytes. */
  serialize(options: SaveOptions = {}): Uint8Array<ArrayBuffer> {
    putExtraFiles(options.extraFiles, "jit.save");
    const size = native.fb_callable_save(this.#native("jit.save"), context, false);
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

function writeArguments(
  values: readonly Plain[],
  keywords: readonly (readonly [string, Plain])[],
  name: string,
): void {
  rewind();
  put(values.length);
  values.forEach((value, i) => putPlain(value, name, String(i)));
  put(keywords.length);
  for (const [key, value] of keywords) {
    putText(key);
    putPlain(value, name, key);
  }
}

/** The empty list of a name argument, for calls that take one. */
export function putNames(names: readonly string[]): void {
  put(Tag.array);
  put(names.length);
  for (const name of names) {
    put(Tag.string);
    putText(name);
  }
}
