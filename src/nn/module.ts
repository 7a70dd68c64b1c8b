/**
 * The base class of models and their layers.
 *
 * @module
 */

import { asOptions } from "../_arguments.ts";
import { Callable } from "../callable.ts";
import { emptyLike } from "../ops/mod.ts";
import type { DType } from "../tensor/dtype.ts";
import { describe, type Tensor } from "../tensor/tensor.ts";
import { isFloating, type ModuleToOptions, move, readTarget } from "./_convert.ts";
import {
  BackwardCall,
  type BackwardHook,
  type BackwardPreHook,
  type ModuleGradients,
} from "./_backward_hooks.ts";
import { everywhere } from "./global_hooks.ts";
import { type ForwardHookOptions, HookList, type HookOptions, type RemoveHook } from "./_hooks.ts";
import { indented } from "./_python.ts";
import { compare, copyInto, copyOfDict, fitted, refuse } from "./_state.ts";
import { Buffer, Parameter } from "./parameter.ts";
import { inScope, isTracing } from "./trace_scope.ts";

export type { ForwardHookOptions, HookOptions, ModuleGradients, ModuleToOptions, RemoveHook };

/** Tensors by name: `stateDict()`'s result. */
export type StateDict = Record<string, Tensor>;

/** What `loadStateDict` left aside when it is not strict. */
export interface IncompatibleKeys {
  /** Keys of the module that the dict lacks. */
  missingKeys: string[];
  /** Keys of the dict that the module lacks. */
  unexpectedKeys: string[];
}

/** Options of {@linkcode Module.stateDict}. */
export interface StateDictOptions {
  /** What each name begins with; default `""`. */
  prefix?: string;
  /** Whether the tensors are the parameters themselves, not detached ones; default `false`. */
  keepVars?: boolean;
}

/** Options of {@linkcode Module.loadStateDict}. */
export interface LoadStateDictOptions {
  /** Whether both sides must have the same names; default `true`. */
  strict?: boolean;
  /**
   * Whether the module takes over the dict's tensors, with their dtype and device, instead of copying their values;
   * default `false`. Make the optimizer after this: it would go on with the old parameters.
   */
  assign?: boolean;
}

/** Options of {@linkcode Module.namedParameters} and its kind. */
export interface NamesOptions {
  /** What each name begins with; default `""`. */
  prefix?: string;
  /** Whether those of submodules are listed too; default `true`. */
  recurse?: boolean;
  /** Whether what has several names is listed under the first only; default `true`. */
  removeDuplicate?: boolean;
}

// deno-lint-ignore no-explicit-any -- a module of any inputs and output
export type AnyModule = Module<any, any>;

type Hook = (module: AnyModule, args: unknown[], output: unknown) => unknown;
type PreHook = (module: AnyModule, args: unknown[]) => unknown;
type SavePreHook = (module: AnyModule, prefix: string) => void;
type SaveHook = (module: AnyModule, dict: StateDict, prefix: string) => void;
type LoadHook = (module: AnyModule, found: IncompatibleKeys) => void;

// Most modules have no hooks: the lists are made when the first is added.
class Hooks {
  readonly before = new HookList<PreHook>();
  readonly after = new HookList<Hook>();
  readonly beforeBackward = new HookList<BackwardPreHook>();
  readonly afterBackward = new HookList<BackwardHook>();
  readonly beforeSave = new HookList<SavePreHook>();
  readonly afterSave = new HookList<SaveHook>();
  readonly beforeLoad = new HookList<SaveHook>();
  readonly afterLoad = new HookList<LoadHook>();
}

const NO_HOOKS = new Hooks();
const KINDS = ["before", "after", "beforeBackward", "afterBackward"] as const;

/** A tensor of a module, where a state dict is loaded to. */
interface Slot {
  readonly key: string;
  readonly module: AnyModule;
  readonly name: string;
  readonly tensor: Parameter | Buffer;
}

/** A module is called like the function that it is. */
export interface Module<A extends unknown[] = unknown[], R = unknown> {
  /** Runs the hooks and `forward`. */
  (...args: A): R;
}

/**
 * A model, or a layer of one: parameters, buffers and submodules in fields, and `forward`.
 *
 * An instance is a function: `net(x)` runs `forward` and the hooks. A field that holds a module, a {@linkcode Parameter}
 * or what `registerBuffer` gave belongs to the module under the field's name.
 *
 * @typeParam A The arguments of `forward`.
 * @typeParam R Its result.
 *
 * @example
 * ```ts
 * import * as torch from "flambeau";
 * import { assertEquals } from "@std/assert";
 *
 * class Net extends torch.nn.Module<[torch.Tensor], torch.Tensor> {
 *   linear1 = new torch.nn.Linear(10, 10);
 *   linear2 = new torch.nn.Linear(10, 1);
 *   override forward(x: torch.Tensor): torch.Tensor {
 *     return this.linear2(torch.nn.functional.relu(this.linear1(x)));
 *   }
 * }
 * const net = new Net();
 * assertEquals(net(torch.randn([3, 10])).shape, [3, 1]);
 * assertEquals(Object.keys(net.stateDict())[0], "linear1.weight");
 * ```
 */
export class Module<A extends unknown[] = unknown[], R = unknown> extends Callable {
  #training = true;
  // Names that belong to the module even where nothing is under them.
  readonly #named: Set<string> = new Set();
  #hooks: Hooks | null = null;

  /** Makes an empty module, in training mode. */
  constructor() {
    super((self, args) => (self as Module<A, R>).#call(args as A));
  }

  #call(args: A): R {
    if (this.#hooks !== null || everywhere.count > 0) {
      return inScope(this, () => this.#callHooked(args));
    }
    return isTracing() ? inScope(this, () => this.forward(...args)) : this.forward(...args);
  }

  #callHooked(args: A): R {
    const own = this.#hooks ?? NO_HOOKS;
    const [before, after, beforeBackward, afterBackward] = everywhere.count === 0
      ? [own.before, own.after, own.beforeBackward, own.afterBackward]
      : KINDS.map((kind) => everywhere[kind].with(own[kind] as never)) as unknown as [
        Hooks["before"],
        Hooks["after"],
        Hooks["beforeBackward"],
        Hooks["afterBackward"],
      ];
    const called = new Set<Hook>();
    try {
      let given = args;
      for (const hook of before) {
        const changed = hook(this, given);
        if (changed !== undefined) given = (Array.isArray(changed) ? changed : [changed]) as A;
      }
      const backward = beforeBackward.isEmpty && afterBackward.isEmpty
        ? null
        : new BackwardCall(this, afterBackward, beforeBackward);
      if (backward !== null) given = backward.inputs(given);
      let output = this.forward(...given);
      for (const hook of after) {
        called.add(hook);
        const changed = hook(this, given, output);
        if (changed !== undefined) output = changed as R;
      }
      return backward === null ? output : backward.output(output);
    } catch (error) {
      for (const hook of after.always) {
        if (!called.has(hook)) hook(this, args, null);
      }
      throw error;
    }
  }

  /** What a call computes: a subclass says it. */
  forward(..._args: A): R {
    throw new TypeError(`${this.typeName()} has no forward(): a subclass of nn.Module defines it`);
  }

  /** The class's name, for printing and for TorchScript. */
  typeName(): string {
    return this.constructor.name || "Module";
  }

  // ---- What belongs to the module ----

  /**
   * Makes a tensor a buffer. With a name, the module has it under that name; without, the field that the result is
   * assigned to gives it: `mean = this.registerBuffer(torch.zeros([3]))`.
   */
  registerBuffer(name: string, tensor: Tensor | null, options?: { persistent?: boolean }): Buffer;
  registerBuffer(tensor: Tensor, options?: { persistent?: boolean }): Buffer;
  registerBuffer(
    first: string | Tensor,
    second?: Tensor | null | { persistent?: boolean },
    third?: { persistent?: boolean },
  ): Buffer {
    const options = typeof first === "string" ? third : second as { persistent?: boolean };
    const { persistent = true } = asOptions(options ?? {}, "registerBuffer", "persistent");
    if (typeof first !== "string") return new Buffer(first, persistent);
    const buffer = second == null ? null : new Buffer(second as Tensor, persistent);
    this.#register(first, buffer);
    return buffer as Buffer;
  }

  /** Makes a tensor a parameter under a name, `null` for one that is left out (such as a bias). */
  registerParameter(name: string, parameter: Parameter | null): void {
    if (parameter !== null && !(parameter instanceof Parameter)) {
      throw new TypeError(
        `registerParameter(): argument 'parameter' must be a Parameter or null, but got ${
          describe(parameter)
        }`,
      );
    }
    this.#register(name, parameter);
  }

  #register(name: string, value: Parameter | Buffer | null): void {
    if (!this.#named.has(name)) this.checkName(name);
    this.#named.add(name);
    Object.defineProperty(this, name, {
      value,
      writable: true,
      enumerable: true,
      configurable: true,
    });
  }

  /** Refuses a name that is none, or that another member has. */
  protected checkName(name: string): void {
    if (typeof name !== "string" || name === "" || name.includes(".")) {
      throw new TypeError(
        `${this.typeName()}: a name must be a string without dots, but got ${describe(name)}`,
      );
    }
    if (name in this) throw new TypeError(`${this.typeName()} has a member '${name}' already`);
  }

  /** Makes a module a submodule under a name that need not be a field's; one of that name is replaced. */
  registerModule(name: string, module: AnyModule): void {
    if (!(module instanceof Module)) {
      throw new TypeError(
        `registerModule(): argument 'module' must be a Module, but got ${describe(module)}`,
      );
    }
    const own: unknown = (this as unknown as Record<string, unknown>)[name];
    if (!(own instanceof Module)) this.checkName(name);
    Object.defineProperty(this, name, {
      value: module,
      writable: true,
      enumerable: true,
      configurable: true,
    });
  }

  /** {@linkcode registerModule}, as PyTorch first called it. */
  addModule(name: string, module: AnyModule): void {
    this.registerModule(name, module);
  }

  /** This module's own parameters, with `null` for those left out, and then its buffers: PyTorch's order. */
  *ownTensors(): Generator<[string, Parameter | Buffer | null]> {
    const buffers: [string, Buffer][] = [];
    for (const name of Object.keys(this)) {
      const value: unknown = (this as unknown as Record<string, unknown>)[name];
      if (value instanceof Buffer) buffers.push([name, value]);
      else if (value instanceof Parameter || this.#named.has(name)) {
        yield [name, (value ?? null) as Parameter | null];
      }
    }
    yield* buffers;
  }

  /** Submodules by name. */
  *namedChildren(): Generator<[string, AnyModule]> {
    for (const name of Object.keys(this)) {
      const value: unknown = (this as unknown as Record<string, unknown>)[name];
      if (value instanceof Module) yield [name, value];
    }
  }

  /** Submodules. */
  *children(): Generator<AnyModule> {
    for (const [, child] of this.namedChildren()) yield child;
  }

  /** This module and all below it by dotted name, each once unless `removeDuplicate` is `false`. */
  *namedModules(options: Omit<NamesOptions, "recurse"> = {}): Generator<[string, AnyModule]> {
    const { prefix = "", removeDuplicate = true } = asOptions(
      options,
      "namedModules",
      "prefix, removeDuplicate",
    );
    yield* this.#walk(prefix, removeDuplicate ? new Set() : null);
  }

  *#walk(prefix: string, seen: Set<AnyModule> | null): Generator<[string, AnyModule]> {
    if (seen?.has(this)) return;
    seen?.add(this);
    yield [prefix, this];
    for (const [name, child] of this.namedChildren()) yield* child.#walk(join(prefix, name), seen);
  }

  /** This module and all below it. */
  *modules(): Generator<AnyModule> {
    for (const [, module] of this.namedModules()) yield module;
  }

  *#tensors<T extends Tensor>(
    type: new (...args: never[]) => T,
    options: NamesOptions,
    op: string,
  ): Generator<[string, T]> {
    const { recurse = true, removeDuplicate = true, prefix = "" } = asOptions(options, op, NAMES);
    const seen = new Set<Tensor>();
    const modules: Iterable<[string, AnyModule]> = recurse
      ? this.#walk(prefix, removeDuplicate ? new Set() : null)
      : [[prefix, this]];
    for (const [path, module] of modules) {
      for (const [name, tensor] of module.ownTensors()) {
        if (!(tensor instanceof type) || (removeDuplicate && seen.has(tensor))) continue;
        seen.add(tensor);
        yield [join(path, name), tensor];
      }
    }
  }

  /** Parameters of this module and all below it by dotted name, each once. */
  namedParameters(options: NamesOptions = {}): Iterable<[string, Tensor]> {
    return this.#tensors(Parameter, options, "namedParameters");
  }

  /** Parameters, in the order of their names' appearance: what an optimizer takes. */
  *parameters(options: { recurse?: boolean } = {}): Generator<Tensor> {
    const own = asOptions(options, "parameters", "recurse");
    for (const [, parameter] of this.namedParameters(own)) yield parameter;
  }

  /** Buffers, likewise. */
  namedBuffers(options: NamesOptions = {}): Iterable<[string, Tensor]> {
    return this.#tensors(Buffer, options, "namedBuffers");
  }

  /** Buffers. */
  *buffers(options: { recurse?: boolean } = {}): Generator<Tensor> {
    const own = asOptions(options, "buffers", "recurse");
    for (const [, buffer] of this.namedBuffers(own)) yield buffer;
  }

  /** The submodule of a dotted name, such as `"encoder.layers.0"`; the module itself for `""`. */
  getSubmodule(target: string): AnyModule {
    return this.#find(target, "getSubmodule");
  }

  #find(target: string, op: string): AnyModule {
    if (typeof target !== "string") {
      throw new TypeError(
        `${op}(): argument 'target' must be a string, but got ${describe(target)}`,
      );
    }
    return target.split(".").reduce((module: AnyModule, name) => {
      if (target === "") return module;
      for (const [key, child] of module.namedChildren()) if (key === name) return child;
      throw new TypeError(
        `${op}(): no submodule '${target}': ${module.typeName()} has no '${name}'`,
      );
    }, this);
  }

  /** Replaces the submodule of a dotted name, or adds one to the module that the name before the last dot says. */
  setSubmodule(target: string, module: AnyModule): void {
    const [owner, name] = splitName(target, "setSubmodule");
    this.#find(owner, "setSubmodule").registerModule(name, module);
  }

  #findTensor(target: string, op: string): Parameter | Buffer {
    const [path, own] = splitName(target, op);
    const owner = this.#find(path, op);
    for (const [name, tensor] of owner.ownTensors()) {
      if (name === own && tensor !== null) return tensor;
    }
    throw new TypeError(`${op}(): no tensor '${target}': ${owner.typeName()} has no '${own}'`);
  }

  /** The parameter of a dotted name. */
  getParameter(target: string): Parameter {
    const found = this.#findTensor(target, "getParameter");
    if (found instanceof Parameter) return found;
    throw new TypeError(`getParameter(): '${target}' is a buffer`);
  }

  /** The buffer of a dotted name. */
  getBuffer(target: string): Buffer {
    const found = this.#findTensor(target, "getBuffer");
    if (found instanceof Buffer) return found;
    throw new TypeError(`getBuffer(): '${target}' is a parameter`);
  }

  // ---- Mode ----

  /** Whether the module is in training mode. */
  get training(): boolean {
    return this.#training;
  }

  set training(on: boolean) {
    this.#training = on;
  }

  /** Puts this module and all below it in training mode (`false`: in evaluation mode). */
  train(on: boolean = true): this {
    if (typeof on !== "boolean") {
      throw new TypeError(`train(): argument 'on' must be a boolean, but got ${describe(on)}`);
    }
    for (const module of this.modules()) module.training = on;
    return this;
  }

  /** Puts this module and all below it in evaluation mode. */
  eval(): this {
    return this.train(false);
  }

  // ---- State ----

  /** All parameters and persistent buffers by PyTorch's names; the tensors share the module's memory. */
  stateDict(options: StateDictOptions = {}): StateDict {
    const { prefix = "", keepVars = false } = asOptions(
      options,
      "stateDict",
      "prefix, keepVars",
    );
    const dict: StateDict = {};
    this.#collectState(dict, prefix, keepVars);
    return dict;
  }

  // A module that has several names is listed under each, as in PyTorch.
  #collectState(dict: StateDict, prefix: string, keepVars: boolean): void {
    for (const hook of this.#hooks?.beforeSave ?? []) hook(this, prefix);
    for (const [name, tensor] of this.ownTensors()) {
      if (isSaved(tensor)) dict[prefix + name] = keepVars ? tensor : tensor.detach();
    }
    if (this.#hasExtraState) dict[prefix + EXTRA_STATE] = this.getExtraState() as Tensor;
    for (const [name, child] of this.namedChildren()) {
      child.#collectState(dict, `${prefix}${name}.`, keepVars);
    }
    for (const hook of this.#hooks?.afterSave ?? []) hook(this, dict, prefix);
  }

  /**
   * Copies values into the module's parameters and buffers.
   *
   * @param dict Tensors by name, in an object or a `Map`. A tensor of one element fits one of no dimensions, as in PyTorch.
   * @throws {TypeError} If names or shapes do not match, with a line for each kind of name and each shape. Nothing is changed
   * then, unless a hook of {@linkcode registerLoadStateDictPostHook} was there to judge the names.
   */
  loadStateDict(
    dict: StateDict | ReadonlyMap<string, Tensor>,
    options: LoadStateDictOptions = {},
  ): IncompatibleKeys {
    const { strict = true, assign = false } = asOptions(
      options,
      "loadStateDict",
      "strict, assign",
    );
    const given = copyOfDict(dict);
    const modules = [...this.#walk("", null)].map(([path, module]) =>
      [dotted(path), module] as const
    );
    for (const [prefix, module] of modules) {
      module.completeStateDict(given, prefix);
      for (const hook of module.#hooks?.beforeLoad ?? []) hook(module, given, prefix);
    }
    const slots = modules.flatMap(([prefix, module]) => [...module.#slots(prefix)]);
    const extras = modules.filter(([, module]) => module.#hasExtraState);
    const found = compare(
      slots.map(({ key, tensor }) => [key, tensor]),
      given,
      extras.map(([prefix]) => prefix + EXTRA_STATE),
    );
    const judged = modules.some(([, module]) => module.#hooks?.afterLoad.isEmpty === false);
    refuse(this.typeName(), found, strict && !judged);
    for (const slot of slots) {
      const value = Object.hasOwn(given, slot.key) ? given[slot.key] : undefined;
      if (value === undefined) continue;
      if (assign) {
        slot.module.assignTensor(slot.name, likewise(slot.tensor, fitted(slot.tensor, value)));
      } else copyInto(slot.tensor, value);
    }
    for (const [prefix, module] of extras) {
      const key = prefix + EXTRA_STATE;
      if (Object.hasOwn(given, key)) module.setExtraState(given[key]);
    }
    const { missingKeys, unexpectedKeys } = found;
    const keys = { missingKeys, unexpectedKeys };
    for (const [, module] of modules.toReversed()) {
      for (const hook of module.#hooks?.afterLoad ?? []) hook(module, keys);
    }
    refuse(this.typeName(), { ...keys, problems: [] }, strict);
    return keys;
  }

  *#slots(prefix: string): Generator<Slot> {
    for (const [name, tensor] of this.ownTensors()) {
      if (isSaved(tensor)) yield { key: prefix + name, module: this, name, tensor };
    }
  }

  /** Puts another tensor in the place of a parameter or buffer. */
  protected assignTensor(name: string, tensor: Parameter | Buffer): void {
    (this as unknown as Record<string, Parameter | Buffer>)[name] = tensor;
  }

  get #hasExtraState(): boolean {
    return this.getExtraState !== Module.prototype.getExtraState ||
      this.setExtraState !== Module.prototype.setExtraState;
  }

  /**
   * What the module keeps beside parameters and buffers. A subclass that overrides this and {@linkcode Module.setExtraState} has it in its state
   * dict, under `"_extra_state"`: a tensor, or anything that `io.save` takes.
   */
  getExtraState(): unknown {
    throw new TypeError(
      `${this.typeName()}: a module with a setExtraState() must have a getExtraState() too`,
    );
  }

  /** Takes over what {@linkcode Module.getExtraState} gave, out of a state dict. */
  setExtraState(_state: unknown): void {
    throw new TypeError(
      `${this.typeName()}: a state dict holds "_extra_state": a module with a getExtraState() must have a setExtraState() too`,
    );
  }

  /** Adds what a dict of an older version of the layer lacks; `dict` is a copy of the user's. */
  protected completeStateDict(_dict: StateDict, _prefix: string): void {}

  /**
   * Moves parameters and buffers, with their gradients and in place: floating-point ones to the dtype, all to the device.
   *
   * @example
   * ```ts
   * import * as torch from "flambeau";
   * import { assertEquals } from "@std/assert";
   *
   * const net = new torch.nn.Linear(2, 1).to("float64");
   * assertEquals(net.weight.dtype, "float64");
   * ```
   */
  to(options: ModuleToOptions): this;
  /** To a dtype, or to the dtype and device of a tensor. */
  to(target: DType | Tensor): this;
  /** To a device, and perhaps a dtype. */
  to(device: string, dtype?: DType | null): this;
  to(...args: unknown[]): this {
    const { dtype, device } = readTarget(args);
    for (const module of this.modules()) {
      for (const [, tensor] of module.ownTensors()) {
        if (tensor === null) continue;
        const change = dtype !== undefined && isFloating(tensor.dtype) ? { dtype } : {};
        move(tensor, device === undefined ? change : { ...change, device });
      }
    }
    return this;
  }

  /**
   * Puts uninitialised parameters and buffers of the same shapes on a device in the place of those that are there: what a module that was made on
   * `"meta"` needs before it is loaded. They are new tensors: make the optimizer after this.
   */
  toEmpty(options: { device?: string; recurse?: boolean } = {}): this {
    const { device = "cpu", recurse = true } = asOptions(options, "toEmpty", "device, recurse");
    const moved = new Map<Tensor, Parameter | Buffer>();
    for (const module of recurse ? [...this.modules()] : [this]) {
      for (const [name, tensor] of [...module.ownTensors()]) {
        if (tensor === null) continue;
        let next = moved.get(tensor);
        if (next === undefined) {
          using data = emptyLike(tensor.detach(), { device });
          moved.set(tensor, next = likewise(tensor, data));
        }
        module.assignTensor(name, next);
      }
    }
    return this;
  }

  /** Parameters and buffers to the CPU. */
  cpu(): this {
    return this.to({ device: "cpu" });
  }

  /** Floating-point parameters and buffers to float16. */
  half(): this {
    return this.to({ dtype: "float16" });
  }

  /** Floating-point parameters and buffers to bfloat16. */
  bfloat16(): this {
    return this.to({ dtype: "bfloat16" });
  }

  /** Floating-point parameters and buffers to float32. */
  float(): this {
    return this.to({ dtype: "float32" });
  }

  /** Floating-point parameters and buffers to float64. */
  double(): this {
    return this.to({ dtype: "float64" });
  }

  /** Clears the gradients of all parameters; with `setToNone: false` they become zeros. */
  zeroGrad(options: { setToNone?: boolean } = {}): void {
    const { setToNone = true } = asOptions(options, "zeroGrad", "setToNone");
    for (const parameter of this.parameters()) {
      if (setToNone) parameter.grad = null;
      else parameter.grad?.detach_().zero_();
    }
  }

  /** Sets whether the parameters take gradients. */
  requiresGrad_(on: boolean = true): this {
    for (const parameter of this.parameters()) parameter.requiresGrad = on;
    return this;
  }

  /** Calls a function with every module below this one, and then with this one. */
  apply(fn: (module: AnyModule) => void): this {
    if (typeof fn !== "function") {
      throw new TypeError(`apply(): argument 'fn' must be a function, but got ${describe(fn)}`);
    }
    for (const child of this.children()) child.apply(fn);
    fn(this);
    return this;
  }

  /** Frees all parameters and buffers of this module and those below. */
  dispose(): void {
    for (const module of this.modules()) {
      for (const [, tensor] of module.ownTensors()) tensor?.dispose();
    }
  }

  /** {@linkcode dispose}, for `using`. */
  [Symbol.dispose](): void {
    this.dispose();
  }

  // ---- Hooks ----

  #withHooks(): Hooks {
    return this.#hooks ??= new Hooks();
  }

  /**
   * Calls `hook(module, args, output)` after each `forward`; what it returns, if anything, replaces the output. Options of the
   * call are the last of `args`.
   *
   * @example
   * ```ts
   * import * as torch from "flambeau";
   * import { assertEquals } from "@std/assert";
   *
   * const net = new torch.nn.ReLU();
   * const remove = net.registerForwardHook((_module, _args, output) => output.add(1));
   * assertEquals(net(torch.tensor([-1, 2])).toArray(), [1, 3]);
   * remove();
   * assertEquals(net(torch.tensor([-1, 2])).toArray(), [0, 2]);
   * ```
   */
  registerForwardHook(
    hook: (module: this, args: A, output: R) => R | void,
    options: ForwardHookOptions = {},
  ): RemoveHook {
    return this.#withHooks().after.add(hook as unknown as Hook, options);
  }

  /** Calls `hook(module, args)` before each `forward`; what it returns, if anything, replaces the arguments. */
  registerForwardPreHook(
    hook: (module: this, args: A) => A | void,
    options: HookOptions = {},
  ): RemoveHook {
    return this.#withHooks().before.add(hook as unknown as PreHook, options);
  }

  /**
   * Calls `hook(module, gradInputs, gradOutputs)` in each backward pass, when the gradients of the module's inputs are known;
   * what it returns, if anything, takes the place of `gradInputs`. Both have an entry for each argument or output of the call,
   * `null` for what is no tensor or takes no gradient. Where no input takes one, it is called with those of the outputs only.
   * Inputs and outputs must not be changed in place.
   *
   * @example
   * ```ts
   * import * as torch from "flambeau";
   * import { assertEquals } from "@std/assert";
   *
   * const net = new torch.nn.Tanh();
   * net.registerFullBackwardHook((_module, [gradient]) => [gradient!.mul(10)]);
   * const x = torch.zeros([1], { requiresGrad: true });
   * net(x).sum().backward();
   * assertEquals(x.grad!.toArray(), [10]);
   * ```
   */
  registerFullBackwardHook(
    hook: (
      module: this,
      gradInputs: ModuleGradients,
      gradOutputs: ModuleGradients,
    ) => ModuleGradients | void,
    options: HookOptions = {},
  ): RemoveHook {
    return this.#withHooks().afterBackward.add(hook as unknown as BackwardHook, options);
  }

  /** Calls `hook(module, gradOutputs)` in each backward pass before the module's; what it returns, if anything, replaces them. */
  registerFullBackwardPreHook(
    hook: (module: this, gradOutputs: ModuleGradients) => ModuleGradients | void,
    options: HookOptions = {},
  ): RemoveHook {
    return this.#withHooks().beforeBackward.add(hook as unknown as BackwardPreHook, options);
  }

  /** Calls `hook(module, prefix)` before {@linkcode stateDict} lists the module's tensors. */
  registerStateDictPreHook(hook: (module: this, prefix: string) => void): RemoveHook {
    return this.#withHooks().beforeSave.add(hook as unknown as SavePreHook);
  }

  /** Calls `hook(module, dict, prefix)` after {@linkcode stateDict} listed the module and all below it; it may change `dict`. */
  registerStateDictPostHook(
    hook: (module: this, dict: StateDict, prefix: string) => void,
  ): RemoveHook {
    return this.#withHooks().afterSave.add(hook as unknown as SaveHook);
  }

  /** Calls `hook(module, dict, prefix)` before {@linkcode loadStateDict} looks at `dict`, a copy of what was given; it may change it. */
  registerLoadStateDictPreHook(
    hook: (module: this, dict: StateDict, prefix: string) => void,
  ): RemoveHook {
    return this.#withHooks().beforeLoad.add(hook as unknown as SaveHook);
  }

  /** Calls `hook(module, keys)` after {@linkcode loadStateDict} copied the values; what it takes out of the lists is no error. */
  registerLoadStateDictPostHook(
    hook: (module: this, keys: IncompatibleKeys) => void,
  ): RemoveHook {
    return this.#withHooks().afterLoad.add(hook as unknown as LoadHook);
  }

  /** Whether some hook is registered: it may keep the output of a call. */
  get isHooked(): boolean {
    return this.#hooks !== null || everywhere.count > 0;
  }

  // ---- Printing ----

  /** What stands between the parentheses when the module is printed. */
  extraRepr(): string {
    return "";
  }

  /** The module as PyTorch prints it. */
  override toString(): string {
    const extra = this.extraRepr();
    const lines = extra === "" ? [] : extra.split("\n");
    const children = [...this.namedChildren()].map(([name, child]) =>
      indented(`(${name}): ${child.toString()}`)
    );
    if (lines.length <= 1 && children.length === 0) return `${this.typeName()}(${extra})`;
    return `${this.typeName()}(\n  ${[...lines, ...children].join("\n  ")}\n)`;
  }
}

const EXTRA_STATE = "_extra_state";
const NAMES = "prefix, recurse, removeDuplicate";

// The name of what holds it, and its own.
function splitName(target: string, op: string): [owner: string, name: string] {
  if (typeof target !== "string") {
    throw new TypeError(`${op}(): argument 'target' must be a string, but got ${describe(target)}`);
  }
  const at = target.lastIndexOf(".");
  return [target.slice(0, Math.max(at, 0)), target.slice(at + 1)];
}

function join(prefix: string, name: string): string {
  return prefix === "" ? name : `${prefix}.${name}`;
}

function dotted(path: string): string {
  return path === "" ? "" : `${path}.`;
}

function isSaved(tensor: Parameter | Buffer | null): tensor is Parameter | Buffer {
  return tensor !== null && !(tensor instanceof Buffer && !tensor.persistent);
}

// The dict's tensor as what the module's is: both share the memory.
function likewise(tensor: Parameter | Buffer, value: Tensor): Parameter | Buffer {
  return tensor instanceof Buffer
    ? new Buffer(value, tensor.persistent)
    : new Parameter(value, tensor.requiresGrad);
}
