/**
 * Spectral normalization by a hook: PyTorch's older form.
 *
 * @module
 */

import { asModule } from "./_module.ts";
import { asOptions } from "../../_arguments.ts";
import { noGrad } from "../../autograd/modes.ts";
import { Temporaries } from "../../ops/_call.ts";
import { shapeOf, type Tensor } from "../../tensor/tensor.ts";
import type { AnyModule, RemoveHook } from "../module.ts";
import { Parameter } from "../parameter.ts";
import {
  checkModule,
  HookedMembers,
  isTransposed,
  parameterOf,
  register,
  removeMember,
  setPlain,
  tensorAt,
} from "./_members.ts";
import {
  advance,
  asMatrix,
  checkIterations,
  divided,
  outputDim,
  randomDirection,
} from "./_power.ts";

/** Options of `spectralNorm`, of both forms. */
export interface SpectralNormOptions {
  /** The parameter's name; default `"weight"`. */
  name?: string;
  /** Power iterations for each call in training mode; default `1`. */
  nPowerIterations?: number;
  /** The least norm that is divided by; default `1e-12`. */
  eps?: number;
  /** The dimension of outputs; default `0`, for transposed convolutions `1`. */
  dim?: number | null;
}

interface Hooked {
  dim: number;
  iterations: number;
  eps: number;
  remove: RemoveHook;
}

const hooked = new HookedMembers<Hooked>();

function weightOf(
  module: AnyModule,
  name: string,
  { dim, iterations, eps }: Hooked,
  iterate: boolean,
): Tensor {
  using t = new Temporaries();
  const weight = tensorAt(module, `${name}_orig`);
  const matrix = asMatrix(weight, dim, t);
  const [u, v] = [tensorAt(module, `${name}_u`), tensorAt(module, `${name}_v`)];
  if (!iterate) return divided(weight, matrix, u, v);
  noGrad(() => {
    for (let i = 0; i < iterations; i++) {
      advance(t.note(matrix.t()), u, v, eps);
      advance(matrix, v, u, eps);
    }
  });
  // Copies, since the next call changes both in place.
  return divided(weight, matrix, t.note(u.clone()), t.note(v.clone()));
}

/**
 * Divides a weight by its largest singular value (Miyato et al. 2018) before each call, which power iteration follows while
 * training. `parametrizations.spectralNorm` is the newer form.
 *
 * @param module The module of the weight, which is returned.
 *
 * @example
 * ```ts
 * import * as torch from "flambeau";
 * import { assertEquals } from "@std/assert";
 *
 * const layer = torch.nn.utils.spectralNorm(new torch.nn.Linear(4, 2));
 * assertEquals(Object.keys(layer.stateDict()), ["bias", "weight_orig", "weight_u", "weight_v"]);
 * ```
 */
export function spectralNorm<M extends AnyModule>(module: M, options: SpectralNormOptions = {}): M {
  const { name = "weight", nPowerIterations: iterations = 1, eps = 1e-12 } = asOptions(
    options,
    "spectralNorm",
    "name, nPowerIterations, eps, dim",
  );
  checkModule(module, "spectralNorm");
  if (hooked.get(module, name)) {
    throw new TypeError(`spectralNorm(): '${name}' of ${module.typeName()} is normalized already`);
  }
  checkIterations(iterations);
  const weight = parameterOf(module, name, "spectralNorm");
  const dim = outputDim(options.dim ?? (isTransposed(module) ? 1 : 0), weight);
  using t = new Temporaries();
  const [rows, columns] = shapeOf(asMatrix(weight, dim, t)) as [number, number];
  const u = t.note(noGrad(() => randomDirection(weight, rows, eps)));
  const v = t.note(noGrad(() => randomDirection(weight, columns, eps)));
  removeMember(module, name);
  module.registerParameter(`${name}_orig`, weight);
  setPlain(module, name, weight.detach());
  module.registerBuffer(`${name}_u`, u);
  module.registerBuffer(`${name}_v`, v);
  const settings: Hooked = { dim, iterations, eps, remove: () => {} };
  settings.remove = module.registerForwardPreHook((self) => {
    setPlain(self, name, weightOf(self, name, settings, self.training));
  });
  hooked.set(module, name, settings);
  return module;
}

/**
 * Makes a weight that {@linkcode spectralNorm} divides a plain parameter again, of the value that it has.
 *
 * @throws {TypeError} If it is not normalized.
 */
export function removeSpectralNorm<M extends AnyModule>(module: M, name: string = "weight"): M {
  const found = hooked.get(asModule(module, "removeSpectralNorm"), name);
  if (!found) {
    throw new TypeError(
      `removeSpectralNorm(): '${name}' of ${module.typeName()} is not normalized by spectralNorm()`,
    );
  }
  found.remove();
  hooked.delete(module, name);
  using weight = noGrad(() => weightOf(module, name, found, false));
  for (const suffix of ["_u", "_v", "_orig"]) removeMember(module, name + suffix);
  register(module, name, new Parameter(weight));
  return module;
}
