/**
 * Gradients kept from growing too large.
 *
 * @module
 */

import { noGrad } from "../../autograd/modes.ts";
import { linalg, stack, zeros } from "../../ops/mod.ts";
import { Arguments, Temporaries } from "../../ops/_call.ts";
import {
  begin,
  Op,
  putAbsent,
  putScalar,
  putTensor,
  putTensors,
  run,
  takeTensors,
} from "../../tensor/call.ts";
import { gradsOf } from "../../tensor/grads.ts";
import { describe, isTensor, type Tensor } from "../../tensor/tensor.ts";

/** Options of {@linkcode clipGradNorm_} and {@linkcode getTotalNorm}. */
export interface TotalNormOptions {
  /** Which norm; `Infinity` for the largest element. Default `2`. */
  normType?: number;
  /** Whether a norm that is not finite is an error; default `false`. */
  errorIfNonfinite?: boolean;
  /** Whether LibTorch's ops on lists of tensors are used; default: where they are, which is everywhere. */
  foreach?: boolean | null;
}

const foreachNorm = new Op("aten::_foreach_norm.Scalar", "getTotalNorm");
const foreachMul = new Op("aten::_foreach_mul_.Tensor", "clipGradsWithNorm_");
const foreachMin = new Op("aten::_foreach_clamp_min_.Scalar", "clipGradValue_");
const foreachMax = new Op("aten::_foreach_clamp_max_.Scalar", "clipGradValue_");

function tensorsOf(value: unknown, op: string, name: string): Tensor[] {
  if (isTensor(value)) return [value];
  const iterable = typeof value === "object" && value !== null && Symbol.iterator in value;
  const list = iterable ? [...value as Iterable<unknown>] : null;
  if (list !== null && list.every(isTensor)) return list;
  throw new TypeError(
    `${op}(): argument '${name}' must be a Tensor or an iterable of tensors, but got ${
      list ? "an iterable of other values" : describe(value)
    }`,
  );
}

/** The gradients that there are. */
function gradientsOf(parameters: readonly Tensor[], t: Temporaries): Tensor[] {
  const grads = gradsOf(parameters, "grad", "parameters").tensors.filter((grad) => grad !== null);
  for (const grad of grads) t.note(grad);
  return grads;
}

/** Tensors of the same device and dtype together. */
function groups(tensors: readonly Tensor[]): Tensor[][] {
  return [...Map.groupBy(tensors, ({ device, dtype }) => `${device} ${dtype}`).values()];
}

function norms(tensors: Tensor[], order: number, foreach: boolean): Tensor[] {
  if (!foreach) return tensors.map((one) => linalg.vectorNorm(one, order));
  begin();
  putTensors(tensors, "getTotalNorm", "tensors");
  putScalar(order);
  putAbsent();
  run(foreachNorm);
  return takeTensors();
}

function totalNorm(a: Arguments, tensors: Tensor[], t: Temporaries): Tensor {
  const order = a.float("normType", 2);
  const foreach = a.bool("foreach", true);
  if (tensors.length === 0) return zeros([]);
  const { device } = tensors[0]!;
  const each = groups(tensors).flatMap((group) => norms(group, order, foreach)).map((norm) => {
    t.note(norm);
    return norm.device === device ? norm : t.note(norm.to({ device }));
  });
  const total = linalg.vectorNorm(t.note(stack(each)), order);
  if (a.bool("errorIfNonfinite", false) && !Number.isFinite(Number(total.item()))) {
    total.dispose();
    throw new RangeError(
      `${a.op}(): the norm of order ${order} of the gradients is not finite, so they cannot be clipped; ` +
        "errorIfNonfinite: false scales them by it nevertheless",
    );
  }
  return total;
}

/**
 * The norm of all elements of some tensors, as though they were one.
 *
 * ATen: `aten::_foreach_norm`, `aten::linalg_vector_norm`
 *
 * @param tensors A tensor, or an iterable of some.
 * @throws {RangeError} If the norm is not finite, with `errorIfNonfinite`.
 *
 * @example
 * ```ts
 * import * as torch from "flambeau";
 * import { assertEquals } from "@std/assert";
 *
 * const list = [torch.tensor([3, 0], { dtype: "float32" }), torch.tensor([4], { dtype: "float32" })];
 * assertEquals(torch.nn.utils.getTotalNorm(list).item(), 5);
 * ```
 */
export function getTotalNorm(
  tensors: Tensor | Iterable<Tensor>,
  options: TotalNormOptions = {},
): Tensor {
  const names = "tensors, normType, errorIfNonfinite, foreach";
  const a = new Arguments("getTotalNorm", names, [undefined, options]);
  using t = new Temporaries();
  return noGrad(() => totalNorm(a, tensorsOf(tensors, a.op, "tensors"), t));
}

function scale(gradients: Tensor[], maxNorm: number, total: Tensor, foreach: boolean): void {
  using t = new Temporaries();
  const factor = t.note(t.note(t.note(total.add(1e-6)).reciprocal()).mul(maxNorm));
  const clamped = t.note(factor.clamp({ max: 1 }));
  for (const group of groups(gradients)) {
    const { device } = group[0]!;
    const here = clamped.device === device ? clamped : t.note(clamped.to({ device }));
    if (!foreach) group.forEach((gradient) => gradient.mul_(here));
    else {
      begin();
      putTensors(group, "clipGradsWithNorm_", "parameters");
      putTensor(here, "clipGradsWithNorm_", "totalNorm");
      run(foreachMul);
    }
  }
}

/**
 * Scales the gradients of parameters by `maxNorm / totalNorm`, where that is less than 1, in place.
 *
 * ATen: `aten::_foreach_mul_`
 *
 * @param totalNorm What {@linkcode getTotalNorm} gave.
 *
 * @example
 * ```ts
 * import * as torch from "flambeau";
 * import { assertAlmostEquals } from "@std/assert";
 *
 * const x = torch.ones([1], { requiresGrad: true });
 * x.mul(10).sum().backward();
 * torch.nn.utils.clipGradsWithNorm_([x], 1, torch.tensor(20));
 * assertAlmostEquals(x.grad!.item() as number, 0.5, 1e-6);
 * ```
 */
export function clipGradsWithNorm_(
  parameters: Tensor | Iterable<Tensor>,
  maxNorm: number,
  totalNorm: Tensor,
  options: { foreach?: boolean | null } = {},
): void {
  const names = "parameters, maxNorm, totalNorm, foreach";
  const a = new Arguments("clipGradsWithNorm_", names, [undefined, maxNorm, totalNorm, options]);
  using t = new Temporaries();
  const gradients = gradientsOf(tensorsOf(parameters, a.op, "parameters"), t);
  const [limit, total] = [a.float("maxNorm"), a.tensor("totalNorm")];
  noGrad(() => scale(gradients, limit, total, a.bool("foreach", true)));
}

/**
 * Scales the gradients of parameters, in place, so that the norm of all together is at most `maxNorm`.
 *
 * ATen: `aten::_foreach_norm`, `aten::_foreach_mul_`
 *
 * @param parameters A tensor, or an iterable of some, such as `net.parameters()`.
 * @returns The norm that they had together.
 * @throws {RangeError} If that is not finite, with `errorIfNonfinite`.
 *
 * @example
 * ```ts
 * import * as torch from "flambeau";
 * import { assertAlmostEquals, assertEquals } from "@std/assert";
 *
 * const net = new torch.nn.Linear(2, 1, { bias: false });
 * net(torch.tensor([[3, 4]], { dtype: "float32" })).sum().backward();
 * assertEquals(torch.nn.utils.clipGradNorm_(net.parameters(), 1).item(), 5);
 * assertAlmostEquals(net.weight.grad!.norm().item() as number, 1, 1e-5);
 * ```
 */
export function clipGradNorm_(
  parameters: Tensor | Iterable<Tensor>,
  maxNorm: number,
  options: TotalNormOptions = {},
): Tensor {
  const names = "parameters, maxNorm, normType, errorIfNonfinite, foreach";
  const a = new Arguments("clipGradNorm_", names, [undefined, maxNorm, options]);
  using t = new Temporaries();
  const gradients = gradientsOf(tensorsOf(parameters, a.op, "parameters"), t);
  const limit = a.float("maxNorm");
  return noGrad(() => {
    const total = totalNorm(a, gradients, t);
    scale(gradients, limit, total, a.bool("foreach", true));
    return total;
  });
}

/**
 * Cuts each element of the gradients of parameters to `[-clipValue, clipValue]`, in place.
 *
 * ATen: `aten::_foreach_clamp_min_`, `aten::_foreach_clamp_max_`
 *
 * @param parameters A tensor, or an iterable of some, such as `net.parameters()`.
 *
 * @example
 * ```ts
 * import * as torch from "flambeau";
 * import { assertEquals } from "@std/assert";
 *
 * const x = torch.ones([2], { requiresGrad: true });
 * x.mul(torch.tensor([0.25, -3])).sum().backward();
 * torch.nn.utils.clipGradValue_(x, 0.5);
 * assertEquals(x.grad!.toArray(), [0.25, -0.5]);
 * ```
 */
export function clipGradValue_(
  parameters: Tensor | Iterable<Tensor>,
  clipValue: number,
  options: { foreach?: boolean | null } = {},
): void {
  const names = "parameters, clipValue, foreach";
  const a = new Arguments("clipGradValue_", names, [undefined, clipValue, options]);
  using t = new Temporaries();
  const gradients = gradientsOf(tensorsOf(parameters, a.op, "parameters"), t);
  const limit = a.float("clipValue");
  const foreach = a.bool("foreach", true);
  noGrad(() => {
    for (const group of groups(gradients)) {
      if (foreach) clampAll(group, limit);
      else group.forEach((gradient) => gradient.clamp_({ min: -limit, max: limit }));
    }
  });
}

function clampAll(group: Tensor[], limit: number): void {
  for (const [op, bound] of [[foreachMin, -limit], [foreachMax, limit]] as const) {
    begin();
    putTensors(group, "clipGradValue_", "parameters");
    putScalar(bound);
    run(op);
  }
}
