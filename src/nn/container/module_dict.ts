import { describe } from "../../tensor/tensor.ts";
import { type AnyModule, Module } from "../module.ts";
import { pairsOf } from "./_pairs.ts";
import { checkModule } from "./_sequence.ts";

/** Modules by name: an object, a Map, pairs, or another dict. */
export type NamedModules<M> = Record<string, M> | Iterable<readonly [string, M]>;

/**
 * Modules by name, in the order in which they were added, each a submodule. It is used like a `Map`, and not called: the module
 * that holds it calls what it has.
 *
 * @example
 * ```ts
 * import * as torch from "flambeau";
 * import { assertEquals } from "@std/assert";
 *
 * const heads = new torch.nn.ModuleDict({ small: new torch.nn.Linear(2, 1), large: new torch.nn.Linear(2, 8) });
 * assertEquals(heads.get("large")(torch.ones([1, 2])).shape, [1, 8]);
 * assertEquals([...heads.keys()], ["small", "large"]);
 * assertEquals(Object.keys(heads.stateDict())[0], "small.weight");
 * ```
 */
export class ModuleDict<M extends AnyModule = AnyModule> extends Module<never, never> {
  private readonly _modules: Map<string, M> = new Map();

  /** Takes the modules. */
  constructor(modules: NamedModules<M> = {}) {
    super();
    this.update(modules);
  }

  /** How many modules there are. */
  get size(): number {
    return this._modules.size;
  }

  /** The names and modules, in order. */
  [Symbol.iterator](): IterableIterator<[string, M]> {
    return this._modules.entries();
  }

  /** The names, in order. */
  keys(): IterableIterator<string> {
    return this._modules.keys();
  }

  /** The modules, in order. */
  values(): IterableIterator<M> {
    return this._modules.values();
  }

  /** The names and modules, in order. */
  entries(): IterableIterator<[string, M]> {
    return this._modules.entries();
  }

  /** The same under Python's name. */
  items(): IterableIterator<[string, M]> {
    return this._modules.entries();
  }

  /** Whether there is a module of a name. */
  has(name: string): boolean {
    return this._modules.has(name);
  }

  /** The module of a name. Throws a `RangeError` if there is none. */
  get(name: string): M {
    const found = this._modules.get(name);
    if (found !== undefined) return found;
    throw new RangeError(`get(): nn.ModuleDict has no module ${describe(name)}`);
  }

  /** Adds a module, or replaces the one of that name. */
  set(name: string, module: M): this {
    this.registerModule(name, module);
    return this;
  }

  /** Adds modules, or replaces those of the same names. */
  update(modules: NamedModules<M>): this {
    const { pairs } = pairsOf<M>(modules, "ModuleDict", "modules");
    for (const [name, module] of pairs) this.set(name, module);
    return this;
  }

  /** Takes out a module; whether there was one. */
  delete(name: string): boolean {
    return this._modules.delete(name);
  }

  /** Takes out a module, and returns it. */
  pop(name: string): M {
    const found = this.get(name);
    this._modules.delete(name);
    return found;
  }

  /** Takes out all. */
  clear(): void {
    this._modules.clear();
  }

  /** {@linkcode set}. */
  override registerModule(name: string, module: AnyModule): void {
    checkModule(module, "set");
    if (typeof name !== "string" || name === "" || name.includes(".")) this.checkName(name);
    this._modules.set(name, module as M);
  }

  /** The modules by name, and those in fields of a subclass. */
  override *namedChildren(): Generator<[string, AnyModule]> {
    yield* this._modules;
    yield* super.namedChildren();
  }
}
