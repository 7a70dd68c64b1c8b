/**
 * The base class of models and their layers.
 *
 * @module
 */

import { check, native } from "../../ffi/mod.ts";
import { Callable } from "../callable.ts";
import { convert } from "../tensor/convert.ts";
import { type DType, dtypeCode } from "../tensor/dtype.ts";
import { describe, handleOf, isTensor, shapeOf, type Tensor } from "../tensor/tensor.ts";
import { Buffer, Parameter } from "./parameter.ts";
import { inScope } from "./trace_scope.ts";

/** Tensors by name: `stateDict()`'s result. */
export type StateDict = Record<string, Tensor>;

/** What `loadStateDict` left aside when it is not strict. */
export interface IncompatibleKeys {
  /** Keys of the module that the dict lacks. */
  missingKeys: string[];
  /** Keys of the dict that the module lacks. */
  unexpectedKeys: string[];
}

/** Removes a hook when called. */
export type RemoveHook = () => void;

// deno-lint-ignore no-explicit-any -- a module of any inputs and output
export type AnyModule = Module<any, any>;

type Hook = (module: AnyModule, args: unknown[], output: unknown) => unknown;
type PreHook = (module: AnyModule, args: unknown[]) => unknown;

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
  readonly #named: Map<string, Parameter | Buffer | null> = new Map();
  readonly #forwardHooks = new Set<Hook>();
  readonly #preHooks = new Set<PreHook>();

  /** Makes an empty module, in training mode. */
  constructor() {
    super((self, args) => (self as Module<A, R>).#call(args as A));
  }

  #call(args: A): R {
    return inScope(this, () => {
      let given = args;
      for (const hook of this.#preHooks) {
        const changed = hook(this, given);
        if (changed !== undefined) given = (Array.isArray(changed) ? changed : [changed]) as A;
      }
      let output = this.forward(...given);
      for (const hook of this.#forwardHooks) {
        const changed = hook(this, given, output);
        if (changed !== undefined) output = changed as R;
      }
      return output;
    });
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
    if (typeof first !== "string") {
      return new Buffer(
        first,
        (second as { persistent?: boolean } | undefined)?.persistent ?? true,
      );
    }
    const buffer = second == null ? null : new Buffer(second as Tensor, third?.persistent ?? true);
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
    if (typeof name !== "string" || name === "" || name.includes(".")) {
      throw new TypeError(
        `${this.typeName()}: a name must be a string without dots, but got ${describe(name)}`,
      );
    }
    if (!this.#named.has(name) && name in this) {
      throw new TypeError(`${this.typeName()} has a member '${name}' already`);
    }
    this.#named.set(name, value);
    Object.defineProperty(this, name, {
      get: () => this.#named.get(name) ?? null,
      set: (next: Parameter | Buffer | null) => this.#named.set(name, next),
      enumerable: true,
      configurable: true,
    });
  }

  /** Makes a module a submodule under a name that need not be a field's. */
  registerModule(name: string, module: AnyModule): void {
    if (!(module instanceof Module)) {
      throw new TypeError(
        `registerModule(): argument 'module' must be a Module, but got ${describe(module)}`,
      );
    }
    Object.defineProperty(this, name, {
      value: module,
      writable: true,
      enumerable: true,
      configurable: true,
    });
  }

  /** This module's own parameters and buffers, with `null` for those left out. */
  *ownTensors(): Generator<[string, Parameter | Buffer | null]> {
    for (const name of Object.keys(this)) {
      if (this.#named.has(name)) {
        yield [name, this.#named.get(name)!];
        continue;
      }
      const value: unknown = (this as unknown as Record<string, unknown>)[name];
      if (value instanceof Parameter || value instanceof Buffer) yield [name, value];
    }
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

  /** This module and all below it, each once, by dotted name. */
  *namedModules(prefix = "", seen: Set<AnyModule> = new Set()): Generator<[string, AnyModule]> {
    if (seen.has(this)) return;
    seen.add(this);
    yield [prefix, this];
    for (const [name, child] of this.namedChildren()) {
      yield* child.namedModules(join(prefix, name), seen);
    }
  }

  /** This module and all below it. */
  *modules(): Generator<AnyModule> {
    for (const [, module] of this.namedModules()) yield module;
  }

  *#tensors<T extends Tensor>(type: new (...args: never[]) => T): Generator<[string, T]> {
    const seen = new Set<Tensor>();
    for (const [prefix, module] of this.namedModules()) {
      for (const [name, tensor] of module.ownTensors()) {
        if (!(tensor instanceof type) || seen.has(tensor)) continue;
        seen.add(tensor);
        yield [join(prefix, name), tensor];
      }
    }
  }

  /** Parameters of this module and all below it, each once, by dotted name. */
  namedParameters(): Iterable<[string, Tensor]> {
    return this.#tensors(Parameter);
  }

  /** Parameters, in the order of their names' appearance: what an optimizer takes. */
  *parameters(): Generator<Tensor> {
    for (const [, parameter] of this.namedParameters()) yield parameter;
  }

  /** Buffers, likewise. */
  namedBuffers(): Iterable<[string, Tensor]> {
    return this.#tensors(Buffer);
  }

  /** Buffers. */
  *buffers(): Generator<Tensor> {
    for (const [, buffer] of this.namedBuffers()) yield buffer;
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
  stateDict(): StateDict {
    const dict: StateDict = {};
    this.#collectState(dict, "");
    return dict;
  }

  // A module that has several names is listed under each, as in PyTorch.
  #collectState(dict: StateDict, prefix: string): void {
    for (const [name, tensor] of this.ownTensors()) {
      if (tensor === null || (tensor instanceof Buffer && !tensor.persistent)) continue;
      dict[join(prefix, name)] = tensor.detach();
    }
    for (const [name, child] of this.namedChildren()) child.#collectState(dict, join(prefix, name));
  }

  /**
   * Copies values into the module's parameters and buffers.
   *
   * @param dict Tensors by name.
   * @param options `strict` (default `true`): whether both sides must have the same names.
   * @throws {TypeError} If names or shapes do not match; nothing is changed then.
   */
  loadStateDict(dict: StateDict, options: { strict?: boolean } = {}): IncompatibleKeys {
    const { strict = true } = options;
    const own = this.stateDict();
    const missingKeys = Object.keys(own).filter((key) => !Object.hasOwn(dict, key));
    const unexpectedKeys = Object.keys(dict).filter((key) => !Object.hasOwn(own, key));
    const problems = strict
      ? [...listed("missing", missingKeys), ...listed("unexpected", unexpectedKeys)]
      : [];
    for (const key of Object.keys(own)) {
      const given = Object.hasOwn(dict, key) ? dict[key] : undefined;
      if (given !== undefined) problems.push(...mismatch(key, own[key]!, given));
    }
    if (problems.length > 0) {
      throw new TypeError(
        `loadStateDict(): ${this.typeName()} cannot take this dict: ${problems.join("; ")}`,
      );
    }
    for (const key of Object.keys(own)) {
      if (Object.hasOwn(dict, key)) copyInto(own[key]!, dict[key]!);
      own[key]!.dispose();
    }
    return { missingKeys, unexpectedKeys };
  }

  /** Moves parameters and buffers: floating-point ones to `dtype`, all to `device`. */
  to(options: { dtype?: DType; device?: string }): this {
    const { dtype, device } = options;
    if (dtype !== undefined) dtypeCode(dtype, "to", "dtype");
    for (const module of this.modules()) {
      for (const [, tensor] of module.ownTensors()) {
        if (tensor !== null) move(tensor, dtype, device);
      }
    }
    return this;
  }

  /** Parameters and floating-point buffers to float32. */
  float(): this {
    return this.to({ dtype: "float32" });
  }

  /** Parameters and floating-point buffers to float64. */
  double(): this {
    return this.to({ dtype: "float64" });
  }

  /** Clears the gradients of all parameters. */
  zeroGrad(): void {
    for (const parameter of this.parameters()) parameter.grad = null;
  }

  /** Sets whether the parameters take gradients. */
  requiresGrad_(on: boolean = true): this {
    for (const parameter of this.parameters()) parameter.requiresGrad = on;
    return this;
  }

  /** Calls a function with every module below this one, and then with this one. */
  apply(fn: (module: AnyModule) => void): this {
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

  /** Calls `hook(module, args, output)` after each `forward`; what it returns, if anything, replaces the output. */
  registerForwardHook(hook: (module: this, args: A, output: R) => R | void): RemoveHook {
    return added(this.#forwardHooks, hook as unknown as Hook);
  }

  /** Calls `hook(module, args)` before each `forward`; what it returns, if anything, replaces the arguments. */
  registerForwardPreHook(hook: (module: this, args: A) => A | void): RemoveHook {
    return added(this.#preHooks, hook as unknown as PreHook);
  }

  // ---- Printing ----

  /** What stands between the parentheses when the module is printed. */
  extraRepr(): string {
    return "";
  }

  /** The module as PyTorch prints it. */
  override toString(): string {
    const lines = [...this.namedChildren()].map(([name, child]) =>
      `(${name}): ${child.toString().replaceAll("\n", "\n  ")}`
    );
    const extra = this.extraRepr();
    if (lines.length === 0) return `${this.typeName()}(${extra})`;
    return `${this.typeName()}(\n  ${[...(extra ? [extra] : []), ...lines].join("\n  ")}\n)`;
  }
}

function join(prefix: string, name: string): string {
  return prefix === "" ? name : `${prefix}.${name}`;
}

function added<T>(set: Set<T>, hook: T): RemoveHook {
  if (typeof hook !== "function") {
    throw new TypeError(`A hook must be a function, but got ${describe(hook)}`);
  }
  set.add(hook);
  return () => void set.delete(hook);
}

function listed(kind: string, keys: string[]): string[] {
  return keys.length === 0 ? [] : [`${kind} ${keys.map((key) => `'${key}'`).join(", ")}`];
}

function mismatch(key: string, own: Tensor, given: unknown): string[] {
  if (!isTensor(given)) return [`'${key}' must be a Tensor, but is ${describe(given)}`];
  const [expected, got] = [shapeOf(own), shapeOf(given)];
  if (expected.join() === got.join()) return [];
  return [`'${key}' has shape [${expected.join(", ")}] here but [${got.join(", ")}] in the dict`];
}

// set_data keeps the tensor's identity, so that optimizers and graphs go on with the same parameter.
function copyInto(target: Tensor, source: Tensor): void {
  const enabled = native.fb_grad_enabled() === 1;
  native.fb_set_grad_enabled(false);
  try {
    target.copy_(source);
  } finally {
    native.fb_set_grad_enabled(enabled);
  }
}

function move(tensor: Tensor, dtype: DType | undefined, device: string | undefined): void {
  const floating = /float|complex/.test(tensor.dtype);
  const change = { dtype: floating ? dtype : undefined, device };
  const grad = tensor.grad;
  using data = tensor.detach();
  using moved = convert(data, change);
  check(
    native.fb_tensor_set_data(handleOf(tensor, "to", "self"), handleOf(moved, "to", "self")),
    "to",
  );
  if (grad !== null) {
    using movedGrad = convert(grad, change);
    tensor.grad = movedGrad;
    grad.dispose();
  }
}
