/**
 * Batch normalization made a part of the layer before it, for inference.
 *
 * @module
 */

import { asModule } from "./_module.ts";
import { noGrad } from "../../autograd/modes.ts";
import { Temporaries } from "../../ops/_call.ts";
import { onesLike, zerosLike } from "../../ops/mod.ts";
import { shapeOf, type Tensor } from "../../tensor/tensor.ts";
import { copyModule } from "../copy.ts";
import type { AnyModule } from "../module.ts";
import { Parameter } from "../parameter.ts";

/** A layer with a weight and perhaps a bias. */
export type WeightedModule = AnyModule & { weight: Parameter; bias: Parameter | null };

/** A batch normalization. */
export type NormalizingModule = AnyModule & {
  running_mean: Tensor | null;
  running_var: Tensor | null;
  weight: Tensor | null;
  bias: Tensor | null;
  readonly eps: number;
  readonly numFeatures: number;
};

/** What is known of a batch normalization: `[C]` each, a scale and a shift perhaps. */
interface Statistics {
  mean: Tensor;
  variance: Tensor;
  eps: number;
  weight: Tensor | null;
  bias: Tensor | null;
}

function statisticsOf(layer: AnyModule, norm: NormalizingModule, op: string): Statistics {
  asModule(layer, op);
  asModule(norm as unknown as AnyModule, op, "bn");
  if (layer.training || norm.training) {
    throw new TypeError(`${op}(): both modules must be in evaluation mode: call eval() first`);
  }
  const { running_mean: mean, running_var: variance, eps, weight, bias } = norm;
  if (mean !== null && variance !== null) return { mean, variance, eps, weight, bias };
  throw new TypeError(`${op}(): the normalization has no running statistics`);
}

function fuse(
  weight: Tensor,
  bias: Tensor | null,
  { mean, variance, eps, weight: scale, bias: shift }: Statistics,
  shape: number[],
): [Parameter, Parameter] {
  using t = new Temporaries();
  return noGrad(() => {
    const old = bias ?? t.note(zerosLike(mean));
    const root = t.note(t.note(variance.add(eps)).rsqrt());
    const factor = scale ?? t.note(onesLike(mean));
    const wide = t.note(t.note(factor.mul(root)).reshape(shape));
    const fused = t.note(t.note(weight.mul(wide)).to({ dtype: weight.dtype }));
    const centred = t.note(t.note(t.note(old.sub(mean)).mul(root)).mul(factor));
    const moved = t.note(centred.add(shift ?? t.note(zerosLike(mean))));
    const added = t.note(moved.to({ dtype: (bias ?? weight).dtype }));
    return [
      new Parameter(fused, weight.requiresGrad),
      new Parameter(added, bias?.requiresGrad ?? false),
    ];
  });
}

/**
 * Weight and bias of a convolution with the normalization that follows it.
 *
 * @param convWeight The convolution's weight.
 * @param convBias Its bias, or `null`.
 * @param mean The normalization's running mean, `[C]`.
 * @param variance Its running variance.
 * @param eps What it adds to the variance.
 * @param scale Its weight, or `null`.
 * @param shift Its bias, or `null`.
 * @param transpose Whether the convolution is a transposed one; default `false`.
 */
export function fuseConvBnWeights(
  convWeight: Tensor,
  convBias: Tensor | null,
  mean: Tensor,
  variance: Tensor,
  eps: number,
  scale: Tensor | null,
  shift: Tensor | null,
  transpose: boolean = false,
): [Parameter, Parameter] {
  const field = shapeOf(convWeight).slice(2).map(() => 1);
  const shape = transpose ? [1, -1, ...field] : [-1, 1, ...field];
  return fuse(convWeight, convBias, { mean, variance, eps, weight: scale, bias: shift }, shape);
}

/**
 * One convolution that computes what a convolution and the batch normalization after it do, both in evaluation mode.
 *
 * @param conv A convolution.
 * @param bn A batch normalization with running statistics.
 * @param transpose Whether the convolution is a transposed one; default `false`.
 * @throws {TypeError} If one of them is in training mode, or there are no running statistics.
 *
 * @example
 * ```ts
 * import * as torch from "flambeau";
 * import { assert } from "@std/assert";
 *
 * const [conv, norm] = [new torch.nn.Conv2d(3, 4, 3).eval(), new torch.nn.BatchNorm2d(4).eval()];
 * const fused = torch.nn.utils.fuseConvBnEval(conv, norm);
 * const x = torch.randn([1, 3, 5, 5]);
 * assert(torch.allclose(fused(x), norm(conv(x)), { atol: 1e-5 }));
 * ```
 */
export function fuseConvBnEval<M extends WeightedModule>(
  conv: M,
  bn: NormalizingModule,
  transpose: boolean = false,
): M {
  const found = statisticsOf(conv, bn, "fuseConvBnEval");
  const { mean, variance, eps, weight, bias } = found;
  const fused = copyModule(conv);
  [fused.weight, fused.bias] = fuseConvBnWeights(
    conv.weight,
    conv.bias,
    mean,
    variance,
    eps,
    weight,
    bias,
    transpose,
  );
  return fused;
}

/** Weight and bias of an affine map with the normalization that follows it. See {@linkcode fuseConvBnWeights}. */
export function fuseLinearBnWeights(
  linearWeight: Tensor,
  linearBias: Tensor | null,
  mean: Tensor,
  variance: Tensor,
  eps: number,
  scale: Tensor | null,
  shift: Tensor | null,
): [Parameter, Parameter] {
  return fuse(linearWeight, linearBias, { mean, variance, eps, weight: scale, bias: shift }, [
    -1,
    1,
  ]);
}

/**
 * One affine map that computes what an affine map and the batch normalization after it do, both in evaluation mode.
 *
 * @throws {TypeError} If one of them is in training mode, or there are no running statistics.
 * @throws {RangeError} If the normalization has neither as many features as the map has outputs, nor one.
 *
 * @example
 * ```ts
 * import * as torch from "flambeau";
 * import { assert } from "@std/assert";
 *
 * const [linear, norm] = [new torch.nn.Linear(3, 4).eval(), new torch.nn.BatchNorm1d(4).eval()];
 * const fused = torch.nn.utils.fuseLinearBnEval(linear, norm);
 * const x = torch.randn([2, 3]);
 * assert(torch.allclose(fused(x), norm(linear(x)), { atol: 1e-5 }));
 * ```
 */
export function fuseLinearBnEval<M extends WeightedModule & { readonly outFeatures: number }>(
  linear: M,
  bn: NormalizingModule,
): M {
  const { mean, variance, eps, weight, bias } = statisticsOf(linear, bn, "fuseLinearBnEval");
  if (bn.numFeatures !== linear.outFeatures && bn.numFeatures !== 1) {
    throw new RangeError(
      `fuseLinearBnEval(): the normalization must have ${linear.outFeatures} features or one, but has ${bn.numFeatures}`,
    );
  }
  const fused = copyModule(linear);
  [fused.weight, fused.bias] = fuseLinearBnWeights(
    linear.weight,
    linear.bias,
    mean,
    variance,
    eps,
    weight,
    bias,
  );
  return fused;
}
