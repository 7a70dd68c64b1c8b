/**
 * What containers share that hold modules in an order.
 *
 * @module
 */

import { describe } from "../../tensor/tensor.ts";
import { type AnyModule, Module } from "../module.ts";

/** Modules in an order, named by their places or by names of their own. */
export abstract class ModuleSequence<M extends AnyModule, A extends unknown[], R>
  extends Module<A, R> {
  private _modules: Map<string, M> = new Map();

  /** How many modules there are. */
  override get length(): number {
    return this._modules.size;
  }

  /** The modules, in order. */
  [Symbol.iterator](): IterableIterator<M> {
    return this._modules.values();
  }

  /** The module at a place; negative places count from the end. */
  at(index: number): M {
    return [...this._modules.values()][this._place(index, "at")]!;
  }

  private _place(index: number, op: string, end: number = this.length): number {
    if (Number.isInteger(index) && index >= -this.length && index < end) {
      return index < 0 ? index + this.length : index;
    }
    throw new RangeError(
      `${op}(): argument 'index' must be an integer from ${-this.length} to ${end - 1}, but got ${
        describe(index)
      }`,
    );
  }

  /** Replaces the module at a place. */
  set(index: number, module: M): this {
    const name = [...this._modules.keys()][this._place(index, "set")]!;
    this.registerModule(name, module);
    return this;
  }

  /** Adds a module at the end. */
  append(module: M): this {
    this.registerModule(`${this.length}`, module);
    return this;
  }

  /** Adds modules at the end. */
  extend(modules: Iterable<M>): this {
    if (
      typeof (modules as { [Symbol.iterator]?: unknown } | null)?.[Symbol.iterator] !== "function"
    ) {
      throw new TypeError(
        `extend(): argument 'modules' must be a list of modules, but got ${describe(modules)}`,
      );
    }
    for (const module of [...modules]) this.append(module);
    return this;
  }

  /** Adds a module before a place. */
  insert(index: number, module: M): this {
    const place = this._place(index, "insert", this.length + 1);
    const list = [...this._modules.values()];
    checkModule(module, "insert");
    this._number(list.toSpliced(place, 0, module));
    return this;
  }

  /** Takes out the module at a place, by default the last, and returns it; those behind it move up. */
  pop(index: number = -1): M {
    const place = this._place(index, "pop");
    const list = [...this._modules.values()];
    this._number(list.toSpliced(place, 1));
    return list[place]!;
  }

  private _number(list: readonly M[]): void {
    this._modules = new Map(list.map((module, i) => [`${i}`, module]));
  }

  /** The modules with their names, from a place to before another. */
  protected entries(start: number = 0, end: number = this.length): [string, M][] {
    return [...this._modules].slice(start, end);
  }

  /** Makes a module one of these, or replaces the one of that name. */
  override registerModule(name: string, module: AnyModule): void {
    checkModule(module, "registerModule");
    if (typeof name !== "string" || name === "" || name.includes(".")) this.checkName(name);
    this._modules.set(name, module as M);
  }

  /** The modules by name, and those in fields of a subclass. */
  override *namedChildren(): Generator<[string, AnyModule]> {
    yield* this._modules;
    yield* super.namedChildren();
  }
}

/** Refuses what is no module. */
export function checkModule(module: unknown, op: string): void {
  if (module instanceof Module) return;
  throw new TypeError(`${op}(): argument 'module' must be a Module, but got ${describe(module)}`);
}
