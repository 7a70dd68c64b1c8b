/**
 * The arguments of a layer's constructor: by place and by name, checked.
 *
 * @module
 */

import { Arguments, type OutputSize, type Size } from "../ops/_call.ts";
import type { DType } from "../tensor/dtype.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { checkCount, type FactoryOptions } from "./layer_options.ts";

/** {@linkcode Arguments} with what only layers take. */
export class LayerArguments extends Arguments {
  readonly #layer: string;

  /** `names` are the parameters in PyTorch's order, with commas between them. */
  constructor(layer: string, names: string, given: readonly unknown[]) {
    super(`nn.${layer}`, names, given);
    this.#layer = layer;
  }

  /** A number of features, channels or groups. */
  count(name: string, fallback?: number): number {
    const value = this.get(name) ?? fallback;
    checkCount(value, this.#layer, name);
    return value;
  }

  /** A size that is not 0. */
  positive(name: string, fallback?: number): number {
    const value = this.count(name, fallback);
    if (value === 0) throw this.wrong(name, "greater than 0", 0);
    return value;
  }

  /** One size for all spatial dimensions or one for each, as it was given. */
  size(name: string, rank: number, fallback?: Size): Size {
    const list = this.sizes(name, rank, fallback);
    return typeof (this.get(name) ?? fallback) === "number" ? list[0]! : list;
  }

  /** Sizes of an output, `null` for the input's own, as they were given. */
  outputSize(name: string, rank: number): OutputSize {
    const value = this.get(name) ?? null;
    if (value === null || (Array.isArray(value) && value.includes(null))) {
      return value as OutputSize;
    }
    return this.size(name, rank);
  }

  /** Where parameters are made. */
  factory(): FactoryOptions {
    const [dtype, device] = [this.get("dtype"), this.get("device")];
    return {
      ...(dtype === undefined ? {} : { dtype: dtype as DType }),
      ...(device === undefined ? {} : { device: device as string }),
    };
  }

  /** A tensor that becomes a buffer, or nothing. */
  buffer(name: string): Tensor | null {
    return this.has(name) ? this.tensor(name) : null;
  }
}
