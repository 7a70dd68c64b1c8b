import { asOptions } from "../../../_arguments.ts";
import type { Tensor } from "../../../tensor/tensor.ts";
import { type AnyModule, Module, type StateDict } from "../../module.ts";
import { memberOf } from "../_members.ts";
import { magnitude, normalized, normDim } from "../_weight_norm.ts";
import { registerParametrization } from "../parametrize/register.ts";

/** Options of {@linkcode weightNorm}. */
export interface WeightNormOptions {
  /** The parameter's name; default `"weight"`. */
  name?: string;
  /** The dimension that has a length for each of its indices, `null` for one of all; default `0`. */
  dim?: number | null;
}

class WeightNorm extends Module<[g: Tensor, v: Tensor], Tensor> {
  readonly dim: number;

  constructor(dim: number) {
    super();
    this.dim = dim;
  }

  override typeName(): string {
    return "_WeightNorm";
  }

  override forward(g: Tensor, v: Tensor): Tensor {
    return normalized(v, g, this.dim);
  }

  rightInverse(weight: Tensor): [Tensor, Tensor] {
    return [magnitude(weight, this.dim), weight];
  }
}

/** Takes a state dict of the older `nn.utils.weightNorm` for one of this. */
function takeOlder(dict: StateDict, prefix: string, name: string): void {
  const [g, v] = [`${prefix}${name}_g`, `${prefix}${name}_v`];
  if (!Object.hasOwn(dict, g) || !Object.hasOwn(dict, v)) return;
  [g, v].forEach((key, i) => {
    dict[`${prefix}parametrizations.${name}.original${i}`] = dict[key]!;
    delete dict[key];
  });
}

/**
 * Splits a weight into its length, `parametrizations.weight.original0`, and its direction, `original1` (Salimans and Kingma 2016).
 *
 * ATen: `aten::_weight_norm`
 *
 * @param module The module of the weight, which is returned.
 *
 * @example
 * ```ts
 * import * as torch from "flambeau";
 * import { assertEquals } from "@std/assert";
 *
 * const { parametrizations, parametrize } = torch.nn.utils;
 * const layer = parametrizations.weightNorm(new torch.nn.Linear(4, 2));
 * assertEquals(Object.keys(layer.stateDict()), [
 *   "bias",
 *   "parametrizations.weight.original0",
 *   "parametrizations.weight.original1",
 * ]);
 * parametrize.removeParametrizations(layer, "weight");
 * assertEquals(Object.keys(layer.stateDict()), ["bias", "weight"]);
 * ```
 */
export function weightNorm<M extends AnyModule>(module: M, options: WeightNormOptions = {}): M {
  const { name = "weight", dim = 0 } = asOptions(options, "weightNorm", "name, dim");
  const weight = memberOf(module, name, "weightNorm");
  const norm = new WeightNorm(normDim(dim, weight));
  registerParametrization(module, name, norm, { unsafe: true });
  module.registerLoadStateDictPreHook((_, dict, prefix) => takeOlder(dict, prefix, name));
  return module;
}
