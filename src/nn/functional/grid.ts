/**
 * Images read at other places: `gridSample` and `affineGrid`.
 *
 * @module
 */

import * as ops from "../../ops/mod.ts";
import { shapeOf, type Tensor } from "../../tensor/tensor.ts";
import { Arguments } from "../../ops/_call.ts";

/** Options of {@linkcode gridSample}. */
export interface GridSampleOptions {
  /** How values between elements are found; default `"bilinear"`. */
  mode?: "bilinear" | "nearest" | "bicubic";
  /** What lies outside of the image; default `"zeros"`. */
  paddingMode?: "zeros" | "border" | "reflection";
  /** Whether -1 and 1 are the centers of the corners' elements, not their edges; default `false`. */
  alignCorners?: boolean | null;
}

const MODES = ["bilinear", "nearest", "bicubic"] as const;
const PADDINGS = ["zeros", "border", "reflection"] as const;

/**
 * Reads an image at the places of a grid.
 *
 * ATen: `aten::grid_sampler`
 *
 * @param input `[N, C, H, W]` or `[N, C, D, H, W]`.
 * @param grid Places from -1 to 1, x first: `[N, outH, outW, 2]` or `[N, outD, outH, outW, 3]`.
 *
 * @example
 * ```ts
 * import * as torch from "flambeau";
 * import { assertEquals } from "@std/assert";
 *
 * const { affineGrid, gridSample } = torch.nn.functional;
 * const x = torch.tensor([[[[1.5, 2.5]]]]);
 * const mirrored = torch.tensor([[[-1, 0, 0], [0, 1, 0]]]).float();
 * assertEquals(gridSample(x, affineGrid(mirrored, [1, 1, 1, 2])).toArray(), [[[[2.5, 1.5]]]]);
 * ```
 */
export function gridSample(input: Tensor, grid: Tensor, options?: GridSampleOptions): Tensor;
/** The same by place. */
export function gridSample(
  input: Tensor,
  grid: Tensor,
  mode: "bilinear" | "nearest" | "bicubic",
  paddingMode?: "zeros" | "border" | "reflection",
  alignCorners?: boolean | null,
): Tensor;
export function gridSample(...args: unknown[]): Tensor {
  const a = new Arguments("gridSample", "input, grid, mode, paddingMode, alignCorners", args);
  return ops.gridSampler(
    a.tensor("input"),
    a.tensor("grid"),
    MODES.indexOf(a.choice("mode", MODES, "bilinear")),
    PADDINGS.indexOf(a.choice("paddingMode", PADDINGS, "zeros")),
    a.bool("alignCorners", false),
  );
}

/**
 * The grid of an affine map, for {@linkcode gridSample}.
 *
 * ATen: `aten::affine_grid_generator`
 *
 * @param theta Maps of output to input places, `[N, 2, 3]` or `[N, 3, 4]`.
 * @param size The size of the output image, `[N, C, H, W]` or `[N, C, D, H, W]`.
 */
export function affineGrid(
  theta: Tensor,
  size: readonly number[],
  options?: { alignCorners?: boolean | null },
): Tensor;
/** The same by place. */
export function affineGrid(
  theta: Tensor,
  size: readonly number[],
  alignCorners: boolean | null,
): Tensor;
export function affineGrid(...args: unknown[]): Tensor {
  const a = new Arguments("affineGrid", "theta, size, alignCorners", args);
  const theta = a.tensor("theta");
  const size = a.ints("size");
  if (size.length !== 4 && size.length !== 5) throw a.wrongCount("size", 4, size.length);
  if (size.some((one) => one <= 0)) throw a.wrong("size", "above 0", size.find((one) => one <= 0));
  const [, rows, columns] = shapeOf(theta);
  a.rank("theta", theta, 3);
  if (rows !== size.length - 2 || columns !== size.length - 1) {
    const expected = `of shape [N, ${size.length - 2}, ${size.length - 1}]`;
    throw a.wrong("theta", expected, `[${shapeOf(theta).join(", ")}]`);
  }
  return ops.affineGridGenerator(theta, size, a.bool("alignCorners", false));
}
