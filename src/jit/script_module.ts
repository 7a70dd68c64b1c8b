/**
 * TorchScript modules: traced here, or loaded from a file that anything made.
 *
 * @module
 */

import { asOptions } from "../_arguments.ts";
import { check, checkHandle, context, encode, native, takeBytes } from "../../ffi/mod.ts";
import { type ModuleToOptions, readTarget } from "../nn/_convert.ts";
import { copyOfDict, loadInto } from "../nn/_state.ts";
import {
  type AnyModule,
  type IncompatibleKeys,
  type LoadStateDictOptions,
  Module,
  type StateDict,
} from "../nn/module.ts";
import { adopt, type Buffer, type Parameter } from "../nn/parameter.ts";
import { deviceCode } from "../tensor/device.ts";
import { type DType, dtypeCode } from "../tensor/dtype.ts";
import { describe, handleOf, type Tensor } from "../tensor/tensor.ts";
import { putExtraFiles, writeArchive } from "./archive.ts";
import { plainOf, putPlain } from "./encode.ts";
import type { Graph } from "./graph.ts";
import { bindScriptHandle, NativeHandle, ownedHandle, scriptHandleOf } from "./handle.ts";
import { requireWritable } from "./member_names.ts";
import type { ScriptFunction, SerializeOptions } from "./script_function.ts";
import {
  attributeOf,
  ATTRIBUTES,
  BUFFERS,
  CHILDREN,
  CLASS,
  defineMembers,
  listOf,
  methodOf,
  METHODS,
  namesOf,
  PARAMETERS,
  STATE,
} from "./script_object.ts";
import { rewind } from "./words.ts";

/** A script module with its members as properties: methods, parameters, submodules, attributes. */
// deno-lint-ignore no-explicit-any -- what a file holds, no type knows
export type LoadedModule = ScriptModule & { readonly forward: ScriptFunction; [name: string]: any };

/**
 * A module in TorchScript, called like a function: `module(x)` runs its `forward`. Every script method, parameter, buffer,
 * submodule and attribute is a property too, unless a member of this class has the name: `method(name)` gets
 * those. Parameters and buffers are live: changing one in place changes the module.
 *
 * @example
 * ```ts
 * import * as torch from "flambeau";
 * import { assertEquals } from "@std/assert";
 *
 * const traced = torch.jit.trace(new torch.nn.Linear(4, 2), [torch.zeros([1, 4])]);
 * assertEquals(traced(torch.ones([3, 4])).shape, [3, 2]);
 * assertEquals([...traced.namedParameters()].map(([name]) => name), ["weight", "bias"]);
 * ```
 */
// deno-lint-ignore no-explicit-any -- the schema decides, which no type knows
export class ScriptModule extends Module<any[], any> {
  readonly #handle: NativeHandle;
  readonly #children: Map<string, ScriptModule | null> = new Map();
  #forward: ScriptFunction | undefined;

  /** Takes over a native handle: `jit.trace` and `jit.load` do that. */
  constructor(handle: NativeHandle) {
    super();
    this.#handle = ownedHandle(handle, "ScriptModule");
    bindScriptHandle(this, this.#handle);
    defineMembers(this, () => this.#native("attribute"));
    this.#defineForward();
    for (const name of namesOf(listOf(this.#native("children"), CHILDREN, false) as object)) {
      this.#addChild(name);
    }
  }

  #native(op: string): number {
    return this.#handle.get(op, "self", "script module");
  }

  #addChild(name: string): void {
    this.#children.set(name, null);
    if (name in this) return;
    const get = () => this.#child(name);
    Object.defineProperty(this, name, { get, enumerable: false, configurable: true });
  }

  // Made when it is first asked for, and then the same object each time.
  #child(name: string): ScriptModule {
    let child = this.#children.get(name) ?? null;
    if (child === null) {
      child = attributeOf(this.#native("children"), name) as ScriptModule;
      this.#children.set(name, child);
    }
    return child;
  }

  // The function itself, so that it has a graph, a schema and runAsync, as every other method has.
  #defineForward(): void {
    if (Object.hasOwn(this, "forward") || !this.methods.includes("forward")) return;
    const get = () => {
      this.#native("forward");
      return this.#forward ??= this.method("forward");
    };
    Object.defineProperty(this, "forward", { get, enumerable: false, configurable: true });
  }

  /** The script method `forward`; throws where the module has none. */
  // deno-lint-ignore no-explicit-any -- the schema decides, which no type knows
  override forward(..._args: unknown[]): any {
    this.#native("forward");
    return this.method("forward");
  }

  /**
   * Runs the script method `forward` on a native thread: see `runAsync` of {@linkcode ScriptFunction}. Other methods:
   * `model.encode.runAsync(x)`. Hooks that were registered here are not run.
   */
  // deno-lint-ignore no-explicit-any -- the schema decides, which no type knows
  runAsync(...args: unknown[]): Promise<any> {
    this.#forward ??= this.method("forward");
    this.#native("forward");
    return this.#forward.runAsync(...args);
  }

  /** The name of its class. */
  override typeName(): string {
    return this.#handle.isDisposed
      ? "ScriptModule"
      : listOf(this.#native("typeName"), CLASS, false) as string;
  }

  // ---- Script methods ----

  /** The names of its script methods. */
  get methods(): string[] {
    return listOf(this.#native("methods"), METHODS, false) as string[];
  }

  /** A script method, as a function of its own. Throws a {@linkcode TorchError} when there is none of that name. */
  method(name: string): ScriptFunction {
    if (typeof name !== "string") {
      throw new TypeError(`method(): argument 'name' must be a string, but got ${describe(name)}`);
    }
    return methodOf(this.#native("method"), name);
  }

  /** The graph of `forward`. */
  get graph(): Graph {
    using forward = this.method("forward");
    return forward.graph;
  }

  /** The TorchScript source of `forward`. */
  get code(): string {
    using forward = this.method("forward");
    return forward.code;
  }

  /** The graph of `forward` with all calls replaced by what they do; a node's `scope` says which submodule it came from. */
  get inlinedGraph(): Graph {
    using forward = this.method("forward");
    return forward.inlinedGraph;
  }

  /** Runs `forward`, and gives the graph that LibTorch ran: see {@linkcode ScriptFunction.graphFor}. */
  graphFor(...args: unknown[]): Graph {
    using forward = this.method("forward");
    return forward.graphFor(...args);
  }

  /** Runs `forward` until LibTorch has optimized it for such arguments: see {@linkcode ScriptFunction.warmUp}. */
  warmUp(...args: unknown[]): number {
    using forward = this.method("forward");
    return forward.warmUp(...args);
  }

  /** Adds methods from TorchScript source. */
  define(source: string): void {
    if (typeof source !== "string") {
      throw new TypeError(
        `define(): argument 'source' must be a string, but got ${describe(source)}`,
      );
    }
    // The parser takes a last line only with its end.
    const bytes = encode(`${source}\n`);
    check(native.fb_module_define(this.#native("define"), bytes, bytes.length), "define");
    defineMembers(this, () => this.#native("attribute"));
    this.#defineForward();
  }

  // ---- What belongs to it ----

  #tensors(what: number, deep: boolean): [string, Tensor][] {
    const seen: [string, Tensor][] = [];
    for (
      const entry of Object.entries(listOf(this.#native("parameters"), what, deep) as StateDict)
    ) {
      const twin = seen.some(([, tensor]) => same(tensor, entry[1]));
      if (twin) entry[1].dispose();
      else seen.push(entry);
    }
    return seen;
  }

  /** Parameters of this module and all below it, each once, by dotted name. */
  override namedParameters(): Iterable<[string, Tensor]> {
    return this.#tensors(PARAMETERS, true);
  }

  /** Buffers, likewise. */
  override namedBuffers(): Iterable<[string, Tensor]> {
    return this.#tensors(BUFFERS, true);
  }

  /** This module's own parameters and buffers, live. */
  override *ownTensors(): Generator<[string, Parameter | Buffer]> {
    for (const what of [PARAMETERS, BUFFERS]) {
      const found = listOf(this.#native("parameters"), what, false) as StateDict;
      for (const [name, tensor] of Object.entries(found)) {
        yield [name, adopt(tensor, what === PARAMETERS)];
      }
    }
  }

  /** Submodules by name. */
  override *namedChildren(): Generator<[string, AnyModule]> {
    this.#native("children");
    for (const name of this.#children.keys()) yield [name, this.#child(name)];
  }

  /** Attributes that are neither tensors nor submodules, by name. */
  attributes(): Record<string, unknown> {
    return listOf(this.#native("attributes"), ATTRIBUTES, false) as Record<string, unknown>;
  }

  /** Adds a parameter, live: the module uses this very tensor. */
  override registerParameter(name: string, parameter: Tensor | null): void {
    this.#addTensor(name, parameter, true);
  }

  /** Adds a buffer, live. A file keeps it: a script module has no other. */
  override registerBuffer(
    name: string,
    tensor: Tensor | null,
    options?: { persistent?: boolean },
  ): never;
  override registerBuffer(tensor: Tensor, options?: { persistent?: boolean }): never;
  override registerBuffer(
    name: string | Tensor,
    tensor?: Tensor | null | { persistent?: boolean },
    options: { persistent?: boolean } = {},
  ): never {
    if (options.persistent === false) {
      throw new TypeError(
        "registerBuffer(): a script module has no buffers that are not persistent",
      );
    }
    this.#addTensor(name, (tensor ?? null) as Tensor | null, false);
    return undefined as never;
  }

  #addTensor(name: unknown, tensor: Tensor | null, isParameter: boolean): void {
    const op = isParameter ? "registerParameter" : "registerBuffer";
    const bytes = encode(checkedName(name, op));
    const handle = tensor === null ? 0 : handleOf(tensor, op, "tensor");
    check(
      native.fb_module_add_tensor(this.#native(op), bytes, bytes.length, handle, isParameter),
      op,
    );
    defineMembers(this, () => this.#native("attribute"));
  }

  /** Adds a submodule: a script module. */
  override registerModule(name: string, module: AnyModule): void {
    if (!(module instanceof ScriptModule)) {
      throw new TypeError(
        "registerModule(): a script module takes script modules as submodules only",
      );
    }
    const bytes = encode(checkedName(name, "registerModule"));
    const child = module.#native("registerModule");
    check(
      native.fb_module_add_module(this.#native("registerModule"), bytes, bytes.length, child),
      "registerModule",
    );
    this.#addChild(name);
  }

  /** Adds an attribute; `type` is TorchScript's (`"List[int]"`), by default what the value looks like. */
  registerAttribute(name: string, value: unknown, type: string = ""): void {
    const bytes = encode(checkedName(name, "registerAttribute"));
    const plain = plainOf(value, `attribute '${name}'`);
    const typeBytes = encode(type);
    rewind();
    putPlain(plain, "registerAttribute", name);
    check(
      native.fb_module_add_attribute(
        this.#native("registerAttribute"),
        context,
        bytes,
        bytes.length,
        typeBytes,
        typeBytes.length,
      ),
      "registerAttribute",
    );
    defineMembers(this, () => this.#native("attribute"));
  }

  /** Adds a constant, which source given to {@linkcode define} can read as `self.name`, and nothing can set. */
  registerConstant(name: string, value: unknown): void {
    const op = "registerConstant";
    const bytes = encode(checkedName(name, op));
    const plain = plainOf(value, `constant '${name}'`);
    rewind();
    putPlain(plain, op, name);
    check(native.fb_module_add_constant(this.#native(op), context, bytes, bytes.length), op);
    defineMembers(this, () => this.#native("attribute"));
  }

  // ---- Mode and state ----

  /** Whether it is in training mode. */
  override get training(): boolean {
    return check(native.fb_module_training(this.#native("training")), "training") === 1;
  }

  override set training(on: boolean) {
    this.train(on);
  }

  /** Puts this module and all below it in training mode (`false`: in evaluation mode). */
  override train(on: boolean = true): this {
    if (typeof on !== "boolean") {
      throw new TypeError(`train(): argument 'on' must be a boolean, but got ${describe(on)}`);
    }
    check(native.fb_module_train(this.#native("train"), on), "train");
    return this;
  }

  /** All parameters and buffers by name; the tensors share the module's memory. */
  override stateDict(): StateDict {
    const dict = listOf(this.#native("stateDict"), STATE, true) as StateDict;
    for (const [name, tensor] of Object.entries(dict)) {
      dict[name] = tensor.detach();
      tensor.dispose();
    }
    return dict;
  }

  /** Copies values into the parameters and buffers: see `nn.Module.loadStateDict`; `assign` is not for script modules. */
  override loadStateDict(
    dict: StateDict | ReadonlyMap<string, Tensor>,
    options: LoadStateDictOptions = {},
  ): IncompatibleKeys {
    const known = "strict, assign";
    const { strict = true, assign = false } = asOptions(options, "loadStateDict", known);
    if (assign) throw new TypeError("loadStateDict(): a script module cannot 'assign'");
    const given = copyOfDict(dict);
    return loadInto(this.typeName(), this.stateDict(), given, strict);
  }

  /** Moves parameters and buffers: floating-point ones to `dtype`, all to `device`. */
  override to(options: ModuleToOptions): this;
  override to(target: DType | Tensor): this;
  override to(device: string, dtype?: DType | null): this;
  override to(...args: unknown[]): this {
    const { dtype, device } = readTarget(args);
    const dtypeNumber = dtype === undefined ? -1 : dtypeCode(dtype, "to", "dtype");
    const deviceNumber = device === undefined ? -1 : deviceCode(device, "to", "device");
    check(native.fb_module_to(this.#native("to"), deviceNumber, dtypeNumber), "to");
    return this;
  }

  /** A copy that shares nothing with this module. */
  clone(): LoadedModule {
    const handle = checkHandle(native.fb_module_clone(this.#native("clone")), "clone");
    return scriptModule(new NativeHandle("object", handle));
  }

  /** The module as PyTorch prints it. */
  override toString(): string {
    return this.#handle.isDisposed ? "ScriptModule(disposed)" : super.toString();
  }

  // ---- Files ----

  /** Saves the module: the file loads in Python, in C++, and here. */
  save(path: string | URL, options: SerializeOptions = {}): void {
    writeArchive(path, "jit.save", (file) => {
      putExtraFiles(options.extraFiles, "jit.save");
      const module = this.#native("jit.save");
      const mobile = options.mobile === true;
      check(native.fb_module_save_file(module, context, file, file.length, mobile), "jit.save");
    });
  }

  /** What {@linkcode save} writes, as bytes. */
  serialize(options: SerializeOptions = {}): Uint8Array<ArrayBuffer> {
    putExtraFiles(options.extraFiles, "jit.save");
    return takeBytes(
      check(
        native.fb_module_save(this.#native("jit.save"), context, options.mobile === true),
        "jit.save",
      ),
    );
  }

  /** Frees the native module, unless others share it; harmless when called again. */
  override dispose(): void {
    this.#forward?.dispose();
    this.#handle.dispose();
  }
}

/** A script module of an owned handle. */
export function scriptModule(handle: NativeHandle): LoadedModule {
  return new ScriptModule(handle) as LoadedModule;
}

/** The native handle of a script module, for calls. */
export function moduleHandle(module: ScriptModule, op: string, argument: string): number {
  return scriptHandleOf(module, op, argument);
}

function checkedName(name: unknown, op: string): string {
  if (typeof name !== "string" || name === "" || name.includes(".")) {
    throw new TypeError(
      `${op}(): argument 'name' must be a name without dots, but got ${describe(name)}`,
    );
  }
  requireWritable(name, op);
  return name;
}

function same(a: Tensor, b: Tensor): boolean {
  return handleOf(a, "parameters", "self") === handleOf(b, "parameters", "self");
}
