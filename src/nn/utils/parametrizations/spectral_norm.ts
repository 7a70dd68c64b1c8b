import { asOptions } from "../../../_arguments.ts";
import { noGrad } from "../../../autograd/modes.ts";
import { Temporaries } from "../../../ops/_call.ts";
import { shapeOf, type Tensor } from "../../../tensor/tensor.ts";
import { normalize } from "../../functional.ts";
import { type AnyModule, Module } from "../../module.ts";
import type { Buffer } from "../../parameter.ts";
import { checkModule, isTransposed, memberOf, tensorAt } from "../_members.ts";
import {
  advance,
  asMatrix,
  checkIterations,
  divided,
  outputDim,
  randomDirection,
} from "../_power.ts";
import { isParametrized, registerParametrization } from "../parametrize/register.ts";
import type { SpectralNormOptions } from "../spectral_norm.ts";

class SpectralNorm extends Module<[weight: Tensor], Tensor> {
  readonly dim: number;
  readonly iterations: number;
  readonly eps: number;
  declare _u: Buffer;
  declare _v: Buffer;

  constructor(weight: Tensor, iterations: number, dim: number, eps: number) {
    super();
    this.dim = dim;
    this.iterations = iterations;
    this.eps = eps;
    if (weight.ndim < 2) return;
    using t = new Temporaries();
    noGrad(() => {
      const matrix = asMatrix(weight, dim, t);
      const [rows, columns] = shapeOf(matrix) as [number, number];
      this.registerBuffer("_u", t.note(randomDirection(weight, rows, eps)));
      this.registerBuffer("_v", t.note(randomDirection(weight, columns, eps)));
      this.iterate(matrix, 15);
    });
  }

  override typeName(): string {
    return "_SpectralNorm";
  }

  iterate(matrix: Tensor, count: number): void {
    using adjoint = matrix.mH;
    for (let i = 0; i < count; i++) {
      advance(matrix, this._v, this._u, this.eps);
      advance(adjoint, this._u, this._v, this.eps);
    }
  }

  override forward(weight: Tensor): Tensor {
    if (shapeOf(weight).length < 2) return normalize(weight, { dim: 0, eps: this.eps });
    using t = new Temporaries();
    const matrix = asMatrix(weight, this.dim, t);
    if (this.training) noGrad(() => this.iterate(matrix, this.iterations));
    // Copies, since the next call changes both in place.
    return divided(weight, matrix, t.note(this._u.clone()), t.note(this._v.clone()));
  }

  rightInverse(value: Tensor): Tensor {
    return value;
  }
}

/**
 * Divides a weight by its largest singular value (Miyato et al. 2018), which power iteration follows at each use while training.
 *
 * @param module The module of the weight, which is returned.
 *
 * @example
 * ```ts
 * import * as torch from "flambeau";
 * import { assertAlmostEquals } from "@std/assert";
 *
 * const layer = torch.nn.utils.parametrizations.spectralNorm(new torch.nn.Linear(4, 3)).eval();
 * assertAlmostEquals(torch.linalg.matrixNorm(layer.weight, 2).item() as number, 1, 0.05);
 * ```
 */
export function spectralNorm<M extends AnyModule>(module: M, options: SpectralNormOptions = {}): M {
  checkModule(module, "spectralNorm");
  const { name = "weight", nPowerIterations = 1, eps = 1e-12, dim = null } = asOptions(
    options,
    "spectralNorm",
    "name, nPowerIterations, eps, dim",
  );
  const weight = isParametrized(module, name)
    ? tensorAt(module, name)
    : memberOf(module, name, "spectralNorm");
  checkIterations(nPowerIterations);
  const at = outputDim(dim ?? (isTransposed(module) ? 1 : 0), weight);
  const norm = new SpectralNorm(weight, nPowerIterations, at, eps);
  return registerParametrization(module, name, norm);
}
