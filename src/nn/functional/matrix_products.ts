/**
 * Products of matrices in groups, and of scaled ones. PyTorch's `scaled_grouped_mm`, which is both, has no kernel for the CPU in 2.13
 * ("Could not run 'aten::_scaled_grouped_mm_v2' …"), so it is not here.
 *
 * @module
 */

import { Arguments } from "../../ops/_call.ts";
import {
  asDType,
  begin,
  Op,
  putBool,
  putNumbers,
  putOptionalNumber,
  putOptionalTensor,
  putTensor,
  putTensors,
  runTensor,
} from "../../tensor/call.ts";
import type { DType } from "../../tensor/dtype.ts";
import { describe, isTensor, type Tensor } from "../../tensor/tensor.ts";

const grouped = new Op("aten::_grouped_mm", "groupedMm");
const scaled = new Op("aten::_scaled_mm_v2", "scaledMm");

/** Options of {@linkcode groupedMm}. */
export interface GroupedMmOptions {
  /** Where each group ends in the dimension that is split, int32 `[groups]`; needed where an operand has two dimensions. */
  offs?: Tensor | null;
  /** Added to the product; LibTorch has none yet. */
  bias?: Tensor | null;
  /** The result's dtype; default: that of the operands. */
  outDtype?: DType | null;
}

/**
 * The products of groups of matrices, as mixtures of experts use them.
 *
 * ATen: `aten::_grouped_mm`
 *
 * @param matA `[groups, M, K]`, or `[M, K]` whose rows or columns `offs` splits.
 * @param matB `[groups, K, N]`, or `[K, N]` likewise.
 *
 * @example
 * ```ts
 * import * as torch from "flambeau";
 * import { assertEquals } from "@std/assert";
 *
 * const tokens = torch.ones([8, 16]).bfloat16();
 * const experts = torch.ones([2, 16, 8]).bfloat16();
 * const offs = torch.tensor([3, 8], { dtype: "int32" });
 * assertEquals(torch.nn.functional.groupedMm(tokens, experts, { offs }).shape, [8, 8]);
 * ```
 */
export function groupedMm(matA: Tensor, matB: Tensor, options?: GroupedMmOptions): Tensor;
export function groupedMm(...args: unknown[]): Tensor {
  const op = "groupedMm";
  const a = new Arguments(op, "matA, matB", args, "matA, matB, offs, bias, outDtype");
  const [first, second] = [a.tensor("matA"), a.tensor("matB")];
  a.rank("matA", first, 2, 3);
  a.rank("matB", second, 2, 3);
  const [offs, bias] = [a.optionalTensor("offs"), a.optionalTensor("bias")];
  const dtype = a.has("outDtype") ? asDType(a.get("outDtype"), op, "outDtype") : null;
  if (offs !== null) checkOffsets(a, first, second, offs);
  begin();
  putTensor(first, op, "matA");
  putTensor(second, op, "matB");
  putOptionalTensor(offs, op, "offs");
  putOptionalTensor(bias, op, "bias");
  putOptionalNumber(dtype);
  return runTensor(grouped);
}

/** Offsets must rise, and stay within what they split: LibTorch reads them unchecked. */
function checkOffsets(a: Arguments, first: Tensor, second: Tensor, offs: Tensor): void {
  if (offs.dtype !== "int32" || offs.dim() !== 1) {
    throw a.wrong("offs", "int32 of one dimension", `${offs.dtype} of ${offs.dim()}`);
  }
  const length = first.dim() === 2
    ? first.shape[second.dim() === 2 ? 1 : 0]!
    : second.shape.at(-1)!;
  const ends = offs.toArray() as number[];
  if (ends.every((end, i) => end >= (ends[i - 1] ?? 0) && end <= length)) return;
  throw a.wrong("offs", `rising, from 0 to ${length}`, ends.join(", "));
}

const SCALINGS = [
  "TensorWise",
  "RowWise",
  "BlockWise1x16",
  "BlockWise1x32",
  "BlockWise1x128",
  "BlockWise128x128",
] as const;

const SWIZZLES = ["NO_SWIZZLE", "SWIZZLE_32_4_4"] as const;

/** What each scale of a matrix is for. */
export type ScalingType = (typeof SCALINGS)[number];

/** How the scales lie in memory. */
export type SwizzleType = (typeof SWIZZLES)[number];

/** Options of {@linkcode scaledMm}. */
export interface ScaledMmOptions {
  /** How the scales of the first matrix lie in memory; default: in order. */
  swizzleA?: SwizzleType | readonly SwizzleType[] | null;
  /** How the scales of the second matrix lie in memory; default: in order. */
  swizzleB?: SwizzleType | readonly SwizzleType[] | null;
  /** Added to the product. */
  bias?: Tensor | null;
  /** The result's dtype; default `"bfloat16"`. */
  outputDtype?: DType | null;
  /** The dimensions that are summed over; default: those of a matrix product. */
  contractionDim?: readonly number[];
  /** Whether sums may be less exact on some GPUs; default `false`. */
  useFastAccum?: boolean;
}

/**
 * The product of two scaled matrices, of 8-bit floats for example.
 *
 * ATen: `aten::_scaled_mm_v2`
 *
 * @param matA `[M, K]`, in rows.
 * @param matB `[K, N]`, in columns.
 * @param scaleA What to multiply the first by.
 * @param scaleRecipeA What each of these scales is for.
 * @param scaleB What to multiply the second by.
 * @param scaleRecipeB What each of these scales is for.
 *
 * @example
 * ```ts
 * import * as torch from "flambeau";
 * import { assertEquals } from "@std/assert";
 *
 * const x = torch.ones([16, 16]).to("float8_e4m3fn");
 * const half = torch.tensor(0.5);
 * const y = torch.nn.functional.scaledMm(x, x.t(), half, "TensorWise", half, "TensorWise");
 * assertEquals([y.dtype, y.max().item()], ["bfloat16", 4]);
 * ```
 */
export function scaledMm(
  matA: Tensor,
  matB: Tensor,
  scaleA: Tensor | readonly Tensor[],
  scaleRecipeA: ScalingType | readonly ScalingType[],
  scaleB: Tensor | readonly Tensor[],
  scaleRecipeB: ScalingType | readonly ScalingType[],
  options?: ScaledMmOptions,
): Tensor;
export function scaledMm(...args: unknown[]): Tensor {
  const op = "scaledMm";
  const names =
    "matA, matB, scaleA, scaleRecipeA, scaleB, scaleRecipeB, swizzleA, swizzleB, bias, " +
    "outputDtype, contractionDim, useFastAccum";
  const a = new Arguments(op, names, args);
  const [first, second] = [a.tensor("matA"), a.tensor("matB")];
  a.rank("matA", first, 2);
  a.rank("matB", second, 2);
  const [scaleA, scaleB] = [readScales(a, "scaleA"), readScales(a, "scaleB")];
  const recipeA = readWords(a, "scaleRecipeA", SCALINGS);
  const recipeB = readWords(a, "scaleRecipeB", SCALINGS);
  const swizzleA = a.has("swizzleA") ? readWords(a, "swizzleA", SWIZZLES) : [];
  const swizzleB = a.has("swizzleB") ? readWords(a, "swizzleB", SWIZZLES) : [];
  const bias = a.optionalTensor("bias");
  const dtype = a.isNull("outputDtype")
    ? null
    : asDType(a.get("outputDtype") ?? "bfloat16", op, "outputDtype");
  const dims = a.has("contractionDim") ? a.ints("contractionDim") : [];
  const fast = a.bool("useFastAccum", false);
  begin();
  putTensor(first, op, "matA");
  putTensor(second, op, "matB");
  putTensors(scaleA, op, "scaleA");
  putNumbers(recipeA);
  putNumbers(swizzleA);
  putTensors(scaleB, op, "scaleB");
  putNumbers(recipeB);
  putNumbers(swizzleB);
  putOptionalTensor(bias, op, "bias");
  putOptionalNumber(dtype);
  putNumbers(dims);
  putBool(fast);
  return runTensor(scaled);
}

function readScales(a: Arguments, name: string): Tensor[] {
  const value = a.get(name);
  return isTensor(value) ? [value] : a.tensors(name);
}

function readWords(a: Arguments, name: string, words: readonly string[]): number[] {
  const value = a.get(name);
  return (Array.isArray(value) ? value : [value]).map((word) => {
    const place = words.indexOf(word);
    if (place >= 0) return place;
    throw new TypeError(
      `${a.op}(): argument '${name}' must be one of ${words.join(", ")}, but got ${describe(word)}`,
    );
  });
}
