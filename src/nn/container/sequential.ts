import { describe, isTensor, type Tensor } from "../../tensor/tensor.ts";
import { type AnyModule, Module } from "../module.ts";
import { keepsNothing } from "../_passing.ts";
import { ModuleSequence } from "./_sequence.ts";

/**
 * Modules one after the other, each called with what the one before gave.
 *
 * @example
 * ```ts
 * import * as torch from "flambeau";
 * import { assertEquals } from "@std/assert";
 *
 * const net = new torch.nn.Sequential(new torch.nn.Linear(4, 8), new torch.nn.ReLU(), new torch.nn.Linear(8, 2));
 * assertEquals(net(torch.ones([1, 4])).shape, [1, 2]);
 * assertEquals(Object.keys(net.stateDict()), ["0.weight", "0.bias", "2.weight", "2.bias"]);
 * assertEquals(net.slice(0, 2).append(new torch.nn.Linear(8, 3))(torch.ones([1, 4])).shape, [1, 3]);
 * ```
 */
// deno-lint-ignore no-explicit-any -- the first module decides what goes in, the last what comes out
export class Sequential extends ModuleSequence<AnyModule, any[], Tensor> {
  /** Takes modules, which are named by number, or one object of modules by name. */
  constructor(...modules: AnyModule[] | [Record<string, AnyModule>]) {
    super();
    const [first] = modules;
    const named = modules.length === 1 && typeof first === "object" && first !== null &&
      !(first instanceof Module);
    const entries = named
      ? Object.entries(first as Record<string, AnyModule>)
      : modules.map((m, i) => [`${i}`, m]);
    for (const [name, module] of entries as [string, AnyModule][]) {
      if (!(module instanceof Module)) {
        throw new TypeError(
          `nn.Sequential(): '${name}' must be a Module, but is ${describe(module)}`,
        );
      }
      this.registerModule(name, module);
    }
  }

  /** Runs the modules in order. What one layer of this library's makes for another is freed once that has run. */
  override forward(...inputs: unknown[]): Tensor {
    let values = inputs;
    // Whether the value is the last layer's alone.
    let passing = false;
    for (const child of this.children()) {
      const [given] = values;
      const made = child(...values);
      values = [made];
      const own = keepsNothing(child);
      // A layer may give back what it was given.
      if (made === given) {
        passing &&= own;
        continue;
      }
      if (passing && own) (given as Tensor).dispose();
      passing = own && isTensor(made);
    }
    return values[0] as Tensor;
  }

  /** A network of the modules from a place to before another, under their names; the modules are shared. */
  slice(start?: number, end?: number): Sequential {
    return new Sequential(Object.fromEntries(this.entries(start, end)));
  }

  /** A network of these modules and then the others'; the modules are shared. */
  concat(other: Sequential): Sequential {
    return new Sequential(...this, ...other);
  }

  /** A network of these modules `count` times in a row; the modules are shared. */
  repeat(count: number): Sequential {
    if (!Number.isInteger(count) || count < 1) {
      throw new RangeError(
        `repeat(): argument 'count' must be at least 1, but got ${describe(count)}`,
      );
    }
    return new Sequential(...Array.from({ length: count }, () => [...this]).flat());
  }
}
