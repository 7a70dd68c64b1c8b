/**
 * The way back from pooling with `returnIndices`: `maxUnpool1d` to `maxUnpool3d`.
 *
 * @module
 */

import * as native from "../../ops/native_nn.ts";
import { shapeOf, type Tensor } from "../../tensor/tensor.ts";
import { Arguments, type Size, Temporaries } from "../../ops/_call.ts";

/** Options of {@linkcode maxUnpool1d}, {@linkcode maxUnpool2d} and {@linkcode maxUnpool3d}. */
export interface MaxUnpoolOptions {
  /** The step of the window; default: the window itself. */
  stride?: Size | null;
  /** How much padding the pooling had; default `0`. */
  padding?: Size;
  /** The size to restore, with or without batch and channels; default: the smallest that fits. */
  outputSize?: readonly number[] | null;
}

const MAX_UNPOOL = "input, indices, kernelSize, stride, padding, outputSize";

interface Unpooling {
  input: Tensor;
  indices: Tensor;
  stride: number[];
  padding: number[];
  size: number[];
}

function readUnpooling(a: Arguments, rank: number): Unpooling {
  const input = a.tensor("input");
  const indices = a.tensor("indices");
  const kernel = a.sizes("kernelSize", rank);
  const stride = a.sizes("stride", rank, kernel);
  const padding = a.sizes("padding", rank, 0);
  a.rank("input", input, rank + 1, rank + 2);
  const shape = shapeOf(input).slice(-rank);
  const least = shape.map((size, i) => (size - 1) * stride[i]! + kernel[i]! - 2 * padding[i]!);
  const size = a.has("outputSize") ? givenSize(a, least, stride) : least;
  if (size.some((one) => one < 0)) throw a.wrong("outputSize", "not negative", size.join(", "));
  return { input, indices, stride, padding, size };
}

/** The size asked for, which must be one whose pooling has the input's size. */
function givenSize(a: Arguments, least: number[], stride: number[]): number[] {
  const whole = a.ints("outputSize");
  const size = whole.length === least.length + 2 ? whole.slice(2) : whole;
  if (size.length !== least.length) throw a.wrongCount("outputSize", least.length, size.length);
  size.forEach((one, i) => {
    if (Math.abs(one - least[i]!) < stride[i]!) return;
    const range = `from ${least[i]! - stride[i]! + 1} to ${least[i]! + stride[i]! - 1}`;
    throw a.wrong(`outputSize[${i}]`, range, one);
  });
  return size;
}

/**
 * Puts pooled values back to where they were found, over one spatial dimension, with zeros elsewhere.
 *
 * ATen: `aten::max_unpool2d`
 *
 * @param input `[N, C, L]`, or without `N`.
 * @param indices What pooling gave with `returnIndices`, in the shape of `input`.
 * @param kernelSize The window of the pooling.
 *
 * @example
 * ```ts
 * import * as torch from "flambeau";
 * import { assertEquals } from "@std/assert";
 *
 * const { maxPool1d, maxUnpool1d } = torch.nn.functional;
 * const x = torch.tensor([[1.5, 3.5, 2.5, 0.5]]);
 * const [y, indices] = maxPool1d(x, 2, { returnIndices: true });
 * assertEquals(maxUnpool1d(y, indices, 2).toArray(), [[0, 3.5, 2.5, 0]]);
 * ```
 */
export function maxUnpool1d(
  input: Tensor,
  indices: Tensor,
  kernelSize: Size,
  options?: MaxUnpoolOptions,
): Tensor;
/** The same by place. */
export function maxUnpool1d(
  input: Tensor,
  indices: Tensor,
  kernelSize: Size,
  stride: Size | null,
  padding?: Size,
  outputSize?: readonly number[] | null,
): Tensor;
export function maxUnpool1d(...args: unknown[]): Tensor {
  const a = new Arguments("maxUnpool1d", MAX_UNPOOL, args);
  const { input, indices, size } = readUnpooling(a, 1);
  using t = new Temporaries();
  const plane = t.note(input.unsqueeze(-1));
  const flat = t.note(indices.unsqueeze(-1));
  return t.note(native.maxUnpool2d(plane, flat, [...size, 1])).squeeze(-1);
}

/**
 * Puts pooled values back to where they were found, over two spatial dimensions, with zeros elsewhere.
 *
 * ATen: `aten::max_unpool2d`
 *
 * @param input `[N, C, H, W]`, or without `N`.
 * @param indices What pooling gave with `returnIndices`, in the shape of `input`.
 * @param kernelSize The window of the pooling.
 */
export function maxUnpool2d(
  input: Tensor,
  indices: Tensor,
  kernelSize: Size,
  options?: MaxUnpoolOptions,
): Tensor;
/** The same by place. */
export function maxUnpool2d(
  input: Tensor,
  indices: Tensor,
  kernelSize: Size,
  stride: Size | null,
  padding?: Size,
  outputSize?: readonly number[] | null,
): Tensor;
export function maxUnpool2d(...args: unknown[]): Tensor {
  const a = new Arguments("maxUnpool2d", MAX_UNPOOL, args);
  const { input, indices, size } = readUnpooling(a, 2);
  return native.maxUnpool2d(input, indices, size);
}

/**
 * Puts pooled values back to where they were found, over three spatial dimensions, with zeros elsewhere.
 *
 * ATen: `aten::max_unpool3d`
 *
 * @param input `[N, C, D, H, W]`, or without `N`.
 * @param indices What pooling gave with `returnIndices`, in the shape of `input`.
 * @param kernelSize The window of the pooling.
 */
export function maxUnpool3d(
  input: Tensor,
  indices: Tensor,
  kernelSize: Size,
  options?: MaxUnpoolOptions,
): Tensor;
/** The same by place. */
export function maxUnpool3d(
  input: Tensor,
  indices: Tensor,
  kernelSize: Size,
  stride: Size | null,
  padding?: Size,
  outputSize?: readonly number[] | null,
): Tensor;
export function maxUnpool3d(...args: unknown[]): Tensor {
  const a = new Arguments("maxUnpool3d", MAX_UNPOOL, args);
  const { input, indices, size, stride, padding } = readUnpooling(a, 3);
  return native.maxUnpool3d(input, indices, size, stride, padding);
}
