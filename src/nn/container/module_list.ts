import { indented } from "../_python.ts";
import type { AnyModule } from "../module.ts";
import { ModuleSequence } from "./_sequence.ts";

/**
 * Modules in a list, each a submodule under its place. It is not called: the module that holds it calls what it has.
 *
 * @example
 * ```ts
 * import * as torch from "flambeau";
 * import { assertEquals } from "@std/assert";
 *
 * const layers = new torch.nn.ModuleList([new torch.nn.Linear(2, 3), new torch.nn.Linear(3, 1)]);
 * let x = torch.ones([1, 2]);
 * for (const layer of layers) x = layer(x);
 * assertEquals(x.shape, [1, 1]);
 * assertEquals([layers.length, layers.at(-1).outFeatures], [2, 1]);
 * assertEquals(Object.keys(layers.stateDict()), ["0.weight", "0.bias", "1.weight", "1.bias"]);
 * ```
 */
export class ModuleList<M extends AnyModule = AnyModule> extends ModuleSequence<M, never, never> {
  /** Takes the modules. */
  constructor(modules: Iterable<M> = []) {
    super();
    this.extend(modules);
  }

  /** A list of the modules from a place to before another; the modules are shared. */
  slice(start?: number, end?: number): ModuleList<M> {
    return new ModuleList(this.entries(start, end).map(([, module]) => module));
  }

  /** A list of these modules and then others; the modules are shared. */
  concat(others: Iterable<M>): ModuleList<M> {
    return new ModuleList([...this, ...others]);
  }

  /** As PyTorch prints it: modules in a row that print alike are one line. */
  override toString(): string {
    const runs: { text: string; first: number; last: number }[] = [];
    [...this].forEach((module, i) => {
      const text = module.toString();
      const run = runs.at(-1);
      if (run?.text === text) run.last = i;
      else runs.push({ text, first: i, last: i });
    });
    if (runs.length === 0) return `${this.typeName()}()`;
    const lines = runs.map(({ text, first, last }) =>
      first === last
        ? indented(`(${first}): ${text}`)
        : indented(`(${first}-${last}): ${last - first + 1} x ${text}`)
    );
    return `${this.typeName()}(\n  ${lines.join("\n  ")}\n)`;
  }
}
