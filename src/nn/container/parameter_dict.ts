import { describe, type Tensor } from "../../tensor/tensor.ts";
import type { Parameter } from "../parameter.ts";
import { ParameterContainer } from "./_parameters.ts";

/** Parameters by name: an object, a Map, pairs, or another dict. */
export type NamedTensors = Record<string, Tensor> | Iterable<readonly [string, Tensor]>;

const types: Readonly<Record<string, string>> = {
  float16: "HalfTensor",
  bfloat16: "BFloat16Tensor",
  float32: "FloatTensor",
  float64: "DoubleTensor",
  complex64: "ComplexFloatTensor",
  complex128: "ComplexDoubleTensor",
};

function byName([a]: readonly [string, Tensor], [b]: readonly [string, Tensor]): number {
  return a < b ? -1 : Number(a > b);
}

/**
 * Parameters by name, in the order in which they were added. It is used like a `Map`.
 *
 * @example
 * ```ts
 * import * as torch from "flambeau";
 * import { assertEquals } from "@std/assert";
 *
 * const dict = new torch.nn.ParameterDict({ left: torch.zeros([2]), right: torch.ones([3]) });
 * assertEquals(dict.get("right").shape, [3]);
 * assertEquals([...dict.keys()], ["left", "right"]);
 * ```
 */
export class ParameterDict extends ParameterContainer {
  /** Takes parameters; other tensors become parameters that share their memory. */
  constructor(parameters: NamedTensors = {}) {
    super();
    this.update(parameters);
  }

  /** How many there are. */
  get size(): number {
    return this.held.size;
  }

  /** The names and parameters, in order. */
  [Symbol.iterator](): IterableIterator<[string, Parameter]> {
    return this.held.entries();
  }

  /** The names, in order. */
  keys(): IterableIterator<string> {
    return this.held.keys();
  }

  /** The parameters, in order. */
  values(): IterableIterator<Parameter> {
    return this.held.values();
  }

  /** The names and parameters, in order. */
  entries(): IterableIterator<[string, Parameter]> {
    return this.held.entries();
  }

  /** Whether there is a parameter of a name. */
  has(name: string): boolean {
    return this.held.has(name);
  }

  /** The parameter of a name. Throws a `RangeError` if there is none. */
  get(name: string): Parameter {
    const found = this.held.get(name);
    if (found !== undefined) return found;
    throw new RangeError(`get(): nn.ParameterDict has no parameter ${describe(name)}`);
  }

  /** Adds a parameter, or replaces the one of that name. */
  set(name: string, value: Tensor): this {
    if (typeof name !== "string" || name === "" || name.includes(".")) this.checkName(name);
    this.held.set(name, this.parameterOf(value, "set"));
    return this;
  }

  /** Adds parameters, or replaces those of the same names; those of a plain object sorted by name, as PyTorch does with a dict. */
  update(parameters: NamedTensors): this {
    const pairs = Symbol.iterator in Object(parameters)
      ? [...parameters as Iterable<readonly [string, Tensor]>]
      : Object.entries(Object(parameters) as Record<string, Tensor>).sort(byName);
    for (const [name, value] of pairs) this.set(name, value);
    return this;
  }

  /** Takes out a parameter; whether there was one. */
  delete(name: string): boolean {
    return this.held.delete(name);
  }

  /** Takes out a parameter, and returns it. */
  pop(name: string): Parameter {
    const found = this.get(name);
    this.held.delete(name);
    return found;
  }

  /** Takes out all. */
  clear(): void {
    this.held.clear();
  }

  /** A dict of the same parameters. */
  copy(): ParameterDict {
    return new ParameterDict(this.held);
  }

  /** The type of tensor, as PyTorch prints it. */
  protected override typeOf({ dtype }: Parameter): string {
    return `torch.${types[dtype] ?? dtype}`;
  }
}
