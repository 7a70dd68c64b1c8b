/**
 * Images in another size.
 *
 * @module
 */

import type { Tensor } from "../tensor/tensor.ts";
import type { Size } from "../ops/_call.ts";
import { asFloats } from "../tensor/call.ts";
import * as F from "./functional.ts";
import { LayerArguments } from "./_layer.ts";
import * as python from "./_python.ts";
import { Module } from "./module.ts";
import type { InterpolateMode, UpsampleOptions } from "./functional.ts";

const MODES: readonly InterpolateMode[] = [
  "nearest",
  "linear",
  "bilinear",
  "bicubic",
  "trilinear",
  "area",
  "nearest-exact",
  "lanczos",
];

function readSize(a: LayerArguments): Size | null {
  if (!a.has("size")) return null;
  return typeof a.get("size") === "number" ? a.int("size") : a.ints("size");
}

function readFactor(a: LayerArguments): number | number[] | null {
  const given = a.get("scaleFactor") ?? null;
  if (given === null) return null;
  return typeof given === "number" ? given : asFloats(given, a.op, "scaleFactor");
}

/** Options of {@linkcode Upsample}. */
export interface UpsampleLayerOptions {
  /** The output's spatial size; this or `scaleFactor` is required. */
  size?: Size | null;
  /** The output's spatial size as a multiple of the input's; this or `size` is required. */
  scaleFactor?: number | readonly number[] | null;
  /** How values between are found; default `"nearest"`. */
  mode?: InterpolateMode;
  /** Whether the corners of input and output are the same points; default `null`. */
  alignCorners?: boolean | null;
  /** Whether the factor follows from the rounded size; default `null`. */
  recomputeScaleFactor?: boolean | null;
}

/**
 * The input in another spatial size: `[N, C, L]`, `[N, C, H, W]` or `[N, C, D, H, W]`.
 *
 * @example
 * ```ts
 * import * as torch from "flambeau";
 * import { assertEquals } from "@std/assert";
 *
 * const layer = new torch.nn.Upsample({ scaleFactor: 2, mode: "bilinear" });
 * assertEquals(layer(torch.rand([1, 1, 3, 3])).shape, [1, 1, 6, 6]);
 * ```
 */
export class Upsample extends Module<[input: Tensor], Tensor> {
  /** The output's spatial size. */
  readonly size: Size | null;
  /** The output's spatial size as a multiple of the input's. */
  readonly scaleFactor: number | readonly number[] | null;
  /** How values between are found. */
  readonly mode: InterpolateMode;
  /** Whether the corners of input and output are the same points. */
  readonly alignCorners: boolean | null;
  /** Whether the factor follows from the rounded size. */
  readonly recomputeScaleFactor: boolean | null;

  /** Makes the layer. */
  constructor(options?: UpsampleLayerOptions);
  constructor(...args: unknown[]) {
    super();
    const a = new LayerArguments(
      "Upsample",
      "size, scaleFactor, mode, alignCorners, recomputeScaleFactor",
      args,
    );
    this.size = readSize(a);
    this.scaleFactor = readFactor(a);
    this.mode = a.choice("mode", MODES, "nearest");
    this.alignCorners = a.has("alignCorners") ? a.bool("alignCorners", false) : null;
    this.recomputeScaleFactor = a.has("recomputeScaleFactor")
      ? a.bool("recomputeScaleFactor", false)
      : null;
  }

  /** Applies it. */
  override forward(input: Tensor): Tensor {
    const { size, scaleFactor, mode, alignCorners, recomputeScaleFactor } = this;
    return F.interpolate(input, size, scaleFactor, mode, alignCorners, recomputeScaleFactor);
  }

  /** As PyTorch prints it. */
  override extraRepr(): string {
    return `${
      this.scaleFactor === null
        ? `size=${python.size(this.size as Size)}`
        : `scale_factor=${python.floats(this.scaleFactor)}`
    }, mode='${this.mode}'`;
  }
}

/**
 * {@linkcode Upsample} with mode `"nearest"`. Input `[N, C, H, W]`.
 *
 * @example
 * ```ts
 * import * as torch from "flambeau";
 * import { assertEquals } from "@std/assert";
 *
 * const layer = new torch.nn.UpsamplingNearest2d({ scaleFactor: 2 });
 * assertEquals(layer(torch.rand([1, 1, 3, 3])).shape, [1, 1, 6, 6]);
 * ```
 */
export class UpsamplingNearest2d extends Upsample {
  /** Makes the layer; `size` or `scaleFactor` is required. */
  constructor(options?: UpsampleOptions);
  constructor(...args: unknown[]) {
    const a = new LayerArguments("UpsamplingNearest2d", "size, scaleFactor", args);
    super({ size: readSize(a), scaleFactor: readFactor(a), mode: "nearest" });
  }
}

/**
 * {@linkcode Upsample} with mode `"bilinear"` and aligned corners. Input `[N, C, H, W]`.
 *
 * @example
 * ```ts
 * import * as torch from "flambeau";
 * import { assertEquals } from "@std/assert";
 *
 * const layer = new torch.nn.UpsamplingBilinear2d({ scaleFactor: 2 });
 * assertEquals(layer(torch.rand([1, 1, 3, 3])).shape, [1, 1, 6, 6]);
 * ```
 */
export class UpsamplingBilinear2d extends Upsample {
  /** Makes the layer; `size` or `scaleFactor` is required. */
  constructor(options?: UpsampleOptions);
  constructor(...args: unknown[]) {
    const a = new LayerArguments("UpsamplingBilinear2d", "size, scaleFactor", args);
    super({ size: readSize(a), scaleFactor: readFactor(a), mode: "bilinear", alignCorners: true });
  }
}
