import { asIterable } from "../../_arguments.ts";
import { describe, type Tensor } from "../../tensor/tensor.ts";
import type { Parameter } from "../parameter.ts";
import { ParameterContainer } from "./_parameters.ts";

/**
 * Parameters in a list, each under its place.
 *
 * @example
 * ```ts
 * import * as torch from "flambeau";
 * import { assertEquals } from "@std/assert";
 *
 * const list = new torch.nn.ParameterList([torch.zeros([2]), torch.ones([3])]);
 * assertEquals([list.length, list.at(-1).shape], [2, [3]]);
 * assertEquals(Object.keys(list.stateDict()), ["0", "1"]);
 * ```
 */
export class ParameterList extends ParameterContainer {
  /** Takes parameters; other tensors become parameters that share their memory. */
  constructor(values: Iterable<Tensor> = []) {
    super();
    this.extend(values);
  }

  /** How many there are. */
  override get length(): number {
    return this.held.size;
  }

  /** The parameters, in order. */
  [Symbol.iterator](): IterableIterator<Parameter> {
    return this.held.values();
  }

  /** The parameter at a place; negative places count from the end. */
  at(index: number): Parameter {
    return this.held.get(this._name(index, "at"))!;
  }

  private _name(index: number, op: string): string {
    const { length } = this;
    if (Number.isInteger(index) && index >= -length && index < length) {
      return `${index < 0 ? index + length : index}`;
    }
    throw new RangeError(
      `${op}(): argument 'index' must be an integer from ${-length} to ${length - 1}, but got ${
        describe(index)
      }`,
    );
  }

  /** Replaces the parameter at a place. */
  set(index: number, value: Tensor): this {
    this.held.set(this._name(index, "set"), this.parameterOf(value, "set"));
    return this;
  }

  /** Adds a parameter at the end. */
  append(value: Tensor): this {
    this.held.set(`${this.length}`, this.parameterOf(value, "append"));
    return this;
  }

  /** Adds parameters at the end. */
  extend(values: Iterable<Tensor>): this {
    for (const value of [...asIterable(values, "nn.ParameterList", "values")]) this.append(value);
    return this;
  }

  /** A list of the parameters from a place to before another; the parameters are shared. */
  slice(start?: number, end?: number): ParameterList {
    return new ParameterList([...this].slice(start, end));
  }

  /** The dtype, as PyTorch prints it. */
  protected override typeOf(parameter: Parameter): string {
    return `torch.${parameter.dtype}`;
  }
}
