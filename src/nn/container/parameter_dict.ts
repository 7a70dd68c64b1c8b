import { asIterable } from "../../_arguments.ts";
import { describe, type Tensor } from "../../tensor/tensor.ts";
import type { Parameter } from "../parameter.ts";
import { pairsOf } from "./_pairs.ts";
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

  /** The same under Python's name. */
  items(): IterableIterator<[string, Parameter]> {
    return this.held.entries();
  }

  /** The names, the last first: Python's `reversed(dict)`. */
  reversed(): IterableIterator<string> {
    return [...this.held.keys()].reverse().values();
  }

  /** Whether there is a parameter of a name. */
  has(name: string): boolean {
    return this.held.has(name);
  }

  /**
   * The parameter of a name.
   *
   * @throws {RangeError} If there is none; with a second argument that is given back instead.
   */
  get(name: string): Parameter;
  /** The parameter of a name, or what else is given. */
  get<D>(name: string, otherwise: D): Parameter | D;
  get(name: string, ...otherwise: unknown[]): unknown {
    const found = this.held.get(name);
    if (found !== undefined) return found;
    if (otherwise.length > 0) return otherwise[0];
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
    const { pairs, ordered } = pairsOf<Tensor>(parameters, "ParameterDict", "parameters");
    if (!ordered) pairs.sort(byName);
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

  /**
   * Takes out the parameter that was added last, and returns its name and it.
   *
   * @throws {RangeError} If there is none.
   *
   * @example
   * ```ts
   * import * as torch from "flambeau";
   * import { assertEquals } from "@std/assert";
   *
   * const dict = new torch.nn.ParameterDict([["b", torch.zeros([2])], ["a", torch.ones([3])]]);
   * const [name, parameter] = dict.popitem();
   * assertEquals([name, parameter.shape, dict.size], ["a", [3], 1]);
   * ```
   */
  popitem(): [string, Parameter] {
    const last = [...this.held].at(-1);
    if (last === undefined) throw new RangeError("popitem(): nn.ParameterDict is empty");
    this.held.delete(last[0]);
    return last;
  }

  /**
   * The parameter of a name, which is added first where there is none.
   *
   * @param value Becomes the parameter where the name is new; otherwise it is not looked at.
   * @throws {TypeError} If the name is new and `value` no tensor.
   *
   * @example
   * ```ts
   * import * as torch from "flambeau";
   * import { assertEquals } from "@std/assert";
   *
   * const dict = new torch.nn.ParameterDict();
   * const scale = dict.setdefault("scale", torch.ones([2]));
   * assertEquals(dict.setdefault("scale", torch.zeros([5])) === scale, true);
   * ```
   */
  setdefault(name: string, value: Tensor): Parameter {
    return this.held.get(name) ?? this.set(name, value).held.get(name)!;
  }

  /**
   * A new dict of these names, each with a parameter of the same value: the very same one where `value` is a `Parameter`, else
   * parameters of their own that share its memory.
   *
   * @throws {TypeError} If `value` is no tensor, or `names` cannot be looped over.
   *
   * @example
   * ```ts
   * import * as torch from "flambeau";
   * import { assertEquals } from "@std/assert";
   *
   * const dict = new torch.nn.ParameterDict().fromkeys(["a", "b"], torch.zeros([2]));
   * assertEquals([...dict.keys()], ["a", "b"]);
   * ```
   */
  fromkeys(names: Iterable<string>, value: Tensor): ParameterDict {
    const made = new ParameterDict();
    for (const name of asIterable(names, "fromkeys", "names")) made.set(name, value);
    return made;
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
