/**
 * Weight normalization by a hook: PyTorch's older form.
 *
 * @module
 */

import { asModule } from "./_module.ts";
import { noGrad } from "../../autograd/modes.ts";
import type { AnyModule, RemoveHook } from "../module.ts";
import { Parameter } from "../parameter.ts";
import {
  checkModule,
  HookedMembers,
  parameterOf,
  register,
  removeMember,
  setPlain,
  tensorAt,
} from "./_members.ts";
import { magnitude, normalized, normDim } from "./_weight_norm.ts";

interface Hooked {
  dim: number;
  remove: RemoveHook;
}

const hooked = new HookedMembers<Hooked>();

function weightOf(module: AnyModule, name: string, dim: number): ReturnType<typeof normalized> {
  return normalized(tensorAt(module, `${name}_v`), tensorAt(module, `${name}_g`), dim);
}

/**
 * Splits a weight into its length `name_g` and its direction `name_v` (Salimans and Kingma 2016); before each call the weight is
 * computed from them. `parametrizations.weightNorm` is the newer form, which PyTorch recommends.
 *
 * ATen: `aten::_weight_norm`
 *
 * @param module The module of the weight, which is returned.
 * @param name The parameter's name; default `"weight"`.
 * @param dim The dimension that has a length for each of its indices, `null` for one of all; default `0`.
 *
 * @example
 * ```ts
 * import * as torch from "flambeau";
 * import { assertEquals } from "@std/assert";
 *
 * const layer = torch.nn.utils.weightNorm(new torch.nn.Linear(4, 2));
 * assertEquals(Object.keys(layer.stateDict()), ["bias", "weight_g", "weight_v"]);
 * torch.nn.utils.removeWeightNorm(layer);
 * assertEquals(Object.keys(layer.stateDict()), ["bias", "weight"]);
 * ```
 */
export function weightNorm<M extends AnyModule>(
  module: M,
  name: string = "weight",
  dim: number | null = 0,
): M {
  checkModule(module, "weightNorm");
  if (hooked.get(module, name)) {
    throw new TypeError(`weightNorm(): '${name}' of ${module.typeName()} is normalized already`);
  }
  const weight = parameterOf(module, name, "weightNorm");
  const at = normDim(dim, weight);
  using length = noGrad(() => magnitude(weight, at));
  removeMember(module, name);
  module.registerParameter(`${name}_g`, new Parameter(length));
  module.registerParameter(`${name}_v`, new Parameter(weight));
  setPlain(module, name, weightOf(module, name, at));
  const remove = module.registerForwardPreHook((self) => {
    setPlain(self, name, weightOf(self, name, at));
  });
  hooked.set(module, name, { dim: at, remove });
  return module;
}

/**
 * Makes a weight that {@linkcode weightNorm} split one parameter again.
 *
 * @throws {TypeError} If it is not split.
 */
export function removeWeightNorm<M extends AnyModule>(module: M, name: string = "weight"): M {
  const found = hooked.get(asModule(module, "removeWeightNorm"), name);
  if (!found) {
    throw new TypeError(
      `removeWeightNorm(): '${name}' of ${module.typeName()} is not normalized by weightNorm()`,
    );
  }
  found.remove();
  hooked.delete(module, name);
  using weight = noGrad(() => weightOf(module, name, found.dim));
  for (const suffix of ["_g", "_v"]) removeMember(module, name + suffix);
  register(module, name, new Parameter(weight));
  return module;
}
