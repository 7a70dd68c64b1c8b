import { asOptions } from "../../../_arguments.ts";
import { TorchError } from "../../../../ffi/mod.ts";
import { noGrad } from "../../../autograd/modes.ts";
import { Temporaries } from "../../../ops/_call.ts";
import * as ops from "../../../ops/mod.ts";
import { describe, shapeOf, type Tensor } from "../../../tensor/tensor.ts";
import { type AnyModule, Module } from "../../module.ts";
import { checkModule, memberOf, tensorAt } from "../_members.ts";
import { isParametrized, registerParametrization } from "../parametrize/register.ts";

/** How an orthogonal matrix is computed: as an exponential, by Cayley's map, or from Householder reflections. */
export type OrthogonalMap = "matrix_exp" | "cayley" | "householder";

/** Options of {@linkcode orthogonal}. */
export interface OrthogonalParametrizationOptions {
  /** The parameter's name; default `"weight"`. */
  name?: string;
  /** The map; default: `"matrix_exp"` for square and complex matrices, otherwise `"householder"`. */
  orthogonalMap?: OrthogonalMap | null;
  /** Whether learning starts from the matrix that there is, by a factor in a buffer `base`; default `true`. */
  useTrivialization?: boolean;
}

const MAPS = ["matrix_exp", "cayley", "householder"];

/** The orthogonal matrix of a QR factorization. */
function madeOrthogonal(matrix: Tensor, t: Temporaries): Tensor {
  const [x, tau] = ops.geqrf(matrix);
  const q = t.note(ops.linalg.householderProduct(t.note(x), t.note(tau)));
  const signs = t.note(t.note(x.diagonal({ dim1: -2, dim2: -1 })).sgn());
  return q.mul(t.note(signs.unsqueeze(-2)));
}

function isOrthogonal(q: Tensor, t: Temporaries): boolean {
  const [rows, columns] = shapeOf(q).slice(-2) as [number, number];
  const { dtype, device } = q;
  const one = t.note(ops.eye(columns, { dtype, device }));
  const precision = /^(float64|complex128)$/.test(dtype) ? 2 ** -52 : 2 ** -23;
  // 10 machine epsilons for each row, as PyTorch allows.
  return ops.allclose(t.note(t.note(q.mH).matmul(q)), one, { atol: 10 * rows * precision });
}

class Orthogonal extends Module<[x: Tensor], Tensor> {
  readonly shape: readonly number[];
  readonly orthogonalMap: OrthogonalMap;
  readonly useTrivialization: boolean;

  constructor(weight: Tensor, map: OrthogonalMap, useTrivialization: boolean) {
    super();
    if (weight.dtype.startsWith("complex") && map === "householder") {
      throw new TypeError("orthogonal(): the map householder does not take complex tensors");
    }
    this.shape = shapeOf(weight);
    this.orthogonalMap = map;
    this.useTrivialization = useTrivialization;
    if (useTrivialization) this.registerBuffer("base", null);
  }

  override typeName(): string {
    return "_Orthogonal";
  }

  override forward(x: Tensor): Tensor {
    using t = new Temporaries();
    const [n, k] = shapeOf(x).slice(-2) as [number, number];
    const tall = n < k ? t.note(x.mT) : x;
    const [rows, columns] = [Math.max(n, k), Math.min(n, k)];
    const q = this.orthogonalMap === "householder"
      ? reflected(tall, t)
      : mapped(tall, rows, columns, this.orthogonalMap, t);
    const base = this.useTrivialization ? tensorAt(this, "base") : null;
    const moved = base ? t.note(base.matmul(q)) : q;
    return n < k ? moved.mT : moved.viewAs(moved);
  }

  rightInverse(given: Tensor): Tensor {
    if (shapeOf(given).join() !== this.shape.join()) {
      throw new RangeError(
        `orthogonal(): the tensor must have the shape [${this.shape.join(", ")}], but has [${
          shapeOf(given).join(", ")
        }]`,
      );
    }
    return noGrad(() => {
      using t = new Temporaries();
      const [n, k] = shapeOf(given).slice(-2) as [number, number];
      const tall = n < k ? t.note(given.mT) : given;
      if (!this.useTrivialization) return this.origin(tall, n < k, t);
      this.registerBuffer("base", t.note(completed(tall, t)));
      const negative = ops.zerosLike(given);
      t.note(negative.diagonal({ dim1: -2, dim2: -1 })).fill_(-1);
      return negative;
    });
  }

  origin(tall: Tensor, turn: boolean, t: Temporaries): Tensor {
    if (this.orthogonalMap !== "householder") {
      throw new TorchError(
        `orthogonal(): the map ${this.orthogonalMap} cannot be assigned to with useTrivialization: false`,
        { op: "orthogonal", kind: "notImplemented" },
      );
    }
    const [a, tau] = ops.geqrf(tall);
    const diagonal = t.note(t.note(a).diagonal({ dim1: -2, dim2: -1 }));
    const still = t.note(t.note(tau).eq(0));
    const turned = t.note(t.note(t.note(still.to({ dtype: a.dtype })).mul(-2)).add(1));
    const signs = t.note(t.note(diagonal.sign()).mul(turned));
    diagonal.copy_(signs);
    return turn ? a.mT : a.clone();
  }
}

/** All columns of an orthogonal matrix, of which some are given. */
function completed(tall: Tensor, t: Temporaries): Tensor {
  const shape = shapeOf(tall);
  const [rows, columns] = shape.slice(-2) as [number, number];
  if (rows === columns) return isOrthogonal(tall, t) ? tall.clone() : madeOrthogonal(tall, t);
  const { dtype, device } = tall;
  const more = t.note(ops.randn([...shape.slice(0, -2), rows, rows - columns], { dtype, device }));
  return madeOrthogonal(t.note(ops.cat([tall, more], -1)), t);
}

function reflected(tall: Tensor, t: Temporaries): Tensor {
  const a = t.note(tall.tril(-1));
  const squares = t.note(t.note(t.note(a.mul(a)).sum(-2)).add(1));
  const tau = t.note(t.note(squares.reciprocal()).mul(2));
  const q = t.note(ops.linalg.householderProduct(a, tau));
  const diagonal = t.note(tall.diagonal({ dim1: -2, dim2: -1 }));
  const signs = t.note(t.note(diagonal.to({ dtype: "int32" })).unsqueeze(-2));
  return t.note(q.mul(signs));
}

function mapped(
  tall: Tensor,
  rows: number,
  columns: number,
  map: OrthogonalMap,
  t: Temporaries,
): Tensor {
  const { dtype, device } = tall;
  const lower = t.note(tall.tril());
  const rest = t.note(
    ops.zeros([...shapeOf(tall).slice(0, -2), rows, rows - columns], { dtype, device }),
  );
  const x = rows === columns ? lower : t.note(ops.cat([lower, rest], -1));
  const skew = t.note(x.sub(t.note(x.mH)));
  const q = map === "matrix_exp" ? t.note(ops.matrixExp(skew)) : cayley(skew, rows, t);
  return rows === columns ? q : t.note(q.narrow(-1, 0, columns));
}

function cayley(skew: Tensor, rows: number, t: Temporaries): Tensor {
  const { dtype, device } = skew;
  const one = t.note(ops.eye(rows, { dtype, device }));
  const left = t.note(one.add(skew, { alpha: -0.5 }));
  return t.note(ops.linalg.solve(left, t.note(one.add(skew, { alpha: 0.5 }))));
}

/**
 * Keeps a matrix, or a batch of them, orthogonal or unitary: its columns, or where it is wide its rows, stay orthonormal.
 *
 * @param module The module of the weight, which is returned.
 * @throws {RangeError} If the tensor has fewer than 2 dimensions.
 *
 * @example
 * ```ts
 * import * as torch from "flambeau";
 * import { assert } from "@std/assert";
 *
 * const layer = torch.nn.utils.parametrizations.orthogonal(new torch.nn.Linear(4, 2));
 * assert(torch.allclose(layer.weight.matmul(layer.weight.mT), torch.eye(2), { atol: 1e-5 }));
 * ```
 */
export function orthogonal<M extends AnyModule>(
  module: M,
  options: OrthogonalParametrizationOptions = {},
): M {
  checkModule(module, "orthogonal");
  const { name = "weight", useTrivialization = true } = asOptions(
    options,
    "orthogonal",
    "name, orthogonalMap, useTrivialization",
  );
  const weight = isParametrized(module, name)
    ? tensorAt(module, name)
    : memberOf(module, name, "orthogonal");
  const [rows, columns] = shapeOf(weight).slice(-2);
  if (columns === undefined) {
    throw new RangeError(
      `orthogonal(): the tensor must have at least 2 dimensions, but has ${weight.ndim}`,
    );
  }
  const plain = rows === columns || weight.dtype.startsWith("complex");
  const map = options.orthogonalMap ?? (plain ? "matrix_exp" : "householder");
  if (!MAPS.includes(map)) {
    throw new TypeError(
      `orthogonal(): option 'orthogonalMap' must be one of ${MAPS.join(", ")}, but got ${
        describe(map)
      }`,
    );
  }
  const parametrization = new Orthogonal(weight, map, useTrivialization);
  return registerParametrization(module, name, parametrization, { unsafe: true });
}
