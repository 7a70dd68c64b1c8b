/**
 * Images in other sizes: `interpolate`.
 *
 * @module
 */

import * as ops from "../../ops/mod.ts";
import * as native from "../../ops/native_nn.ts";
import { begin, Op, putBool, putNumbers, putTensor, runTensor } from "../../tensor/call.ts";
import { shapeOf, type Tensor } from "../../tensor/tensor.ts";
import { Arguments, type Size } from "../../ops/_call.ts";

/** How values between elements are found. */
export type InterpolateMode =
  | "nearest"
  | "nearest-exact"
  | "linear"
  | "bilinear"
  | "bicubic"
  | "trilinear"
  | "area"
  | "lanczos";

/** Options of {@linkcode interpolate}. */
export interface InterpolateOptions {
  /** The output's spatial size; this or `scaleFactor` is required. */
  size?: Size | null;
  /** The output's spatial size as a multiple of the input's. */
  scaleFactor?: number | readonly number[] | null;
  /** How values are found; `"linear"` has one spatial dimension, `"bilinear"` two; default `"nearest"`. */
  mode?: InterpolateMode;
  /** Whether corners lie on corners, for modes with "linear" or "cubic" in their names; default `false`. */
  alignCorners?: boolean | null;
  /** Whether the scale is that of the rounded size; default `false`. */
  recomputeScaleFactor?: boolean | null;
  /** Whether to smooth before making an image smaller, for `"bilinear"`, `"bicubic"` and `"lanczos"`; default `false`. */
  antialias?: boolean;
}

const MODES: readonly InterpolateMode[] = [
  "nearest",
  "nearest-exact",
  "linear",
  "bilinear",
  "bicubic",
  "trilinear",
  "area",
  "lanczos",
];

/** The ops, by mode and number of spatial dimensions. */
const kernels: Record<string, Op> = Object.fromEntries([
  ["nearest1", "upsample_nearest1d"],
  ["nearest2", "upsample_nearest2d"],
  ["nearest3", "upsample_nearest3d"],
  ["nearest-exact1", "_upsample_nearest_exact1d"],
  ["nearest-exact2", "_upsample_nearest_exact2d"],
  ["nearest-exact3", "_upsample_nearest_exact3d"],
  ["linear1", "upsample_linear1d"],
  ["bilinear2", "upsample_bilinear2d"],
  ["bicubic2", "upsample_bicubic2d"],
  ["trilinear3", "upsample_trilinear3d"],
  ["bilinear2 antialias", "_upsample_bilinear2d_aa"],
  ["bicubic2 antialias", "_upsample_bicubic2d_aa"],
  ["lanczos2 antialias", "_upsample_lanczos2d_aa"],
].map(([key, name]) => [key, new Op(`aten::${name}.vec`, "interpolate")]));

/** What is asked for: a size or a scale. */
interface Target {
  size: number[] | null;
  scale: number[] | null;
}

function readTarget(a: Arguments, input: Tensor, rank: number, area: boolean): Target {
  const recompute = a.bool("recomputeScaleFactor", false);
  if (a.has("size") === a.has("scaleFactor")) {
    throw new TypeError(`${a.op}(): needs either argument 'size' or 'scaleFactor'`);
  }
  if (a.has("size")) {
    if (!recompute) return { size: a.sizes("size", rank), scale: null };
    throw new TypeError(`${a.op}(): argument 'recomputeScaleFactor' needs 'scaleFactor'`);
  }
  const scale = a.floats("scaleFactor", rank);
  if (!recompute && !area) return { size: null, scale };
  const sizes = shapeOf(input).slice(2);
  return { size: sizes.map((size, i) => Math.trunc(size * scale[i]!)), scale: null };
}

/** Whether corners lie on corners; `null` for modes where that means nothing. */
function readAlign(a: Arguments, mode: InterpolateMode): boolean | null {
  if (!["nearest", "nearest-exact", "area"].includes(mode)) return a.bool("alignCorners", false);
  if (!a.has("alignCorners")) return null;
  throw new TypeError(`${a.op}(): argument 'alignCorners' has no meaning for mode "${mode}"`);
}

function area(input: Tensor, size: number[]): Tensor {
  if (size.length === 1) return ops.adaptiveAvgPool1d(input, size);
  return size.length === 2
    ? native.adaptiveAvgPool2d(input, size)
    : native.adaptiveAvgPool3d(input, size);
}

function resize(a: Arguments, input: Tensor, mode: InterpolateMode, corners?: true): Tensor {
  const rank = shapeOf(input).length - 2;
  a.rank("input", input, 3, 4, 5);
  const align = corners ?? readAlign(a, mode);
  const antialias = a.bool("antialias", false);
  const { size, scale } = readTarget(a, input, rank, mode === "area");
  if (mode === "area" && !antialias) return area(input, size!);
  const op = kernels[`${mode}${rank}${antialias ? " antialias" : ""}`];
  if (!op) {
    throw new RangeError(
      `${a.op}(): argument 'mode' ${JSON.stringify(mode)} does not fit ${rank} spatial dimensions${
        antialias ? " with antialias" : ""
      }`,
    );
  }
  begin();
  putTensor(input, a.op, "input");
  putNumbers(size);
  if (align !== null) putBool(align);
  putNumbers(scale);
  return runTensor(op);
}

/**
 * The input in another spatial size.
 *
 * ATen: `aten::upsample_nearest1d` and the like
 *
 * @param input `[N, C, L]`, `[N, C, H, W]` or `[N, C, D, H, W]`.
 * @param options `size` or `scaleFactor` is required.
 *
 * @example
 * ```ts
 * import * as torch from "flambeau";
 * import { assertEquals } from "@std/assert";
 *
 * const x = torch.tensor([[[1.5, 2.5]]]);
 * const y = torch.nn.functional.interpolate(x, { scaleFactor: 2 });
 * assertEquals(y.toArray(), [[[1.5, 1.5, 2.5, 2.5]]]);
 * ```
 */
export function interpolate(input: Tensor, options: InterpolateOptions): Tensor;
/** The same by place. */
export function interpolate(
  input: Tensor,
  size: Size | null,
  scaleFactor?: number | readonly number[] | null,
  mode?: InterpolateMode,
  alignCorners?: boolean | null,
  recomputeScaleFactor?: boolean | null,
  antialias?: boolean,
): Tensor;
export function interpolate(...args: unknown[]): Tensor {
  const names = "input, size, scaleFactor, mode, alignCorners, recomputeScaleFactor, antialias";
  const a = new Arguments("interpolate", names, args);
  return resize(a, a.tensor("input"), a.choice("mode", MODES, "nearest"));
}

/** Options of {@linkcode upsampleNearest} and {@linkcode upsampleBilinear}. */
export interface UpsampleOptions {
  /** The output's spatial size; this or `scaleFactor` is required. */
  size?: Size | null;
  /** The output's spatial size as a multiple of the input's. */
  scaleFactor?: number | readonly number[] | null;
}

/**
 * {@linkcode interpolate} by its old name.
 *
 * ATen: `aten::upsample_nearest1d` and the like
 *
 * @param input `[N, C, ...]`.
 * @param options `size` or `scaleFactor` is required.
 */
export function upsample(
  input: Tensor,
  options: Omit<InterpolateOptions, "recomputeScaleFactor" | "antialias">,
): Tensor;
export function upsample(...args: unknown[]): Tensor {
  const a = new Arguments("upsample", "input, size, scaleFactor, mode, alignCorners", args);
  return resize(a, a.tensor("input"), a.choice("mode", MODES, "nearest"));
}

/**
 * {@linkcode interpolate} with mode `"nearest"`.
 *
 * ATen: `aten::upsample_nearest1d` and the like
 *
 * @param input `[N, C, ...]`.
 * @param options `size` or `scaleFactor` is required.
 */
export function upsampleNearest(input: Tensor, options: UpsampleOptions): Tensor;
export function upsampleNearest(...args: unknown[]): Tensor {
  const a = new Arguments("upsampleNearest", "input, size, scaleFactor", args);
  return resize(a, a.tensor("input"), "nearest");
}

/**
 * {@linkcode interpolate} with mode `"bilinear"` and aligned corners.
 *
 * ATen: `aten::upsample_bilinear2d`
 *
 * @param input `[N, C, H, W]`.
 * @param options `size` or `scaleFactor` is required.
 */
export function upsampleBilinear(input: Tensor, options: UpsampleOptions): Tensor;
export function upsampleBilinear(...args: unknown[]): Tensor {
  const a = new Arguments("upsampleBilinear", "input, size, scaleFactor", args);
  return resize(a, a.tensor("input"), "bilinear", true);
}
