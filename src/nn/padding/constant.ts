/**
 * Padding with a value.
 *
 * @module
 */

import type { Size } from "../../ops/_call.ts";
import { LayerArguments } from "../_layer.ts";
import * as python from "../_python.ts";
import { ConstantPadding } from "./_padding.ts";

/**
 * Pads the edge with a value. Input `[N, C, L]`, or without `N`.
 *
 * @example
 * ```ts
 * import * as torch from "flambeau";
 * import { assertEquals } from "@std/assert";
 *
 * const layer = new torch.nn.ConstantPad1d(1, 0.5);
 * assertEquals(layer(torch.ones([1, 2, 8])).shape, [1, 2, 10]);
 * ```
 */
export class ConstantPad1d extends ConstantPadding {
  /** Makes the layer. `padding`: one size for all sides, or one each for left and right. */
  constructor(padding: Size, value: number);
  constructor(...args: unknown[]) {
    const a = new LayerArguments("ConstantPad1d", "padding, value", args);
    super(a.sizes("padding", 2), a.float("value"));
  }

  /** As PyTorch prints it. */
  override extraRepr(): string {
    return `padding=${python.size(this.padding)}, value=${python.float(this.value)}`;
  }
}

/**
 * Pads the edge with a value. Input `[N, C, H, W]`, or without `N`.
 *
 * @example
 * ```ts
 * import * as torch from "flambeau";
 * import { assertEquals } from "@std/assert";
 *
 * const layer = new torch.nn.ConstantPad2d(1, 0.5);
 * assertEquals(layer(torch.ones([1, 2, 8, 8])).shape, [1, 2, 10, 10]);
 * ```
 */
export class ConstantPad2d extends ConstantPadding {
  /** Makes the layer. `padding`: one size for all sides, or one each for left, right, top and bottom. */
  constructor(padding: Size, value: number);
  constructor(...args: unknown[]) {
    const a = new LayerArguments("ConstantPad2d", "padding, value", args);
    super(a.sizes("padding", 4), a.float("value"));
  }

  /** As PyTorch prints it. */
  override extraRepr(): string {
    return `padding=${python.size(this.padding)}, value=${python.float(this.value)}`;
  }
}

/**
 * Pads the edge with a value. Input `[N, C, D, H, W]`, or without `N`.
 *
 * @example
 * ```ts
 * import * as torch from "flambeau";
 * import { assertEquals } from "@std/assert";
 *
 * const layer = new torch.nn.ConstantPad3d(1, 0.5);
 * assertEquals(layer(torch.ones([1, 2, 8, 8, 8])).shape, [1, 2, 10, 10, 10]);
 * ```
 */
export class ConstantPad3d extends ConstantPadding {
  /** Makes the layer. `padding`: one size for all sides, or one each for left, right, top, bottom, front and back. */
  constructor(padding: Size, value: number);
  constructor(...args: unknown[]) {
    const a = new LayerArguments("ConstantPad3d", "padding, value", args);
    super(a.sizes("padding", 6), a.float("value"));
  }

  /** As PyTorch prints it. */
  override extraRepr(): string {
    return `padding=${python.size(this.padding)}, value=${python.float(this.value)}`;
  }
}

/**
 * Pads the edge with zeros. Input `[N, C, L]`, or without `N`.
 *
 * @example
 * ```ts
 * import * as torch from "flambeau";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(new torch.nn.ZeroPad1d(1)(torch.ones([1, 2, 8])).shape, [1, 2, 10]);
 * ```
 */
export class ZeroPad1d extends ConstantPadding {
  /** Makes the layer. `padding`: one size for all sides, or one each for left and right. */
  constructor(padding: Size);
  constructor(...args: unknown[]) {
    super(new LayerArguments("ZeroPad1d", "padding", args).sizes("padding", 2), 0);
  }
}

/**
 * Pads the edge with zeros. Input `[N, C, H, W]`, or without `N`.
 *
 * @example
 * ```ts
 * import * as torch from "flambeau";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(new torch.nn.ZeroPad2d(1)(torch.ones([1, 2, 8, 8])).shape, [1, 2, 10, 10]);
 * ```
 */
export class ZeroPad2d extends ConstantPadding {
  /** Makes the layer. `padding`: one size for all sides, or one each for left, right, top and bottom. */
  constructor(padding: Size);
  constructor(...args: unknown[]) {
    super(new LayerArguments("ZeroPad2d", "padding", args).sizes("padding", 4), 0);
  }
}

/**
 * Pads the edge with zeros. Input `[N, C, D, H, W]`, or without `N`.
 *
 * @example
 * ```ts
 * import * as torch from "flambeau";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(new torch.nn.ZeroPad3d(1)(torch.ones([1, 2, 8, 8, 8])).shape, [1, 2, 10, 10, 10]);
 * ```
 */
export class ZeroPad3d extends ConstantPadding {
  /** Makes the layer. `padding`: one size for all sides, or one each for left, right, top, bottom, front and back. */
  constructor(padding: Size);
  constructor(...args: unknown[]) {
    super(new LayerArguments("ZeroPad3d", "padding", args).sizes("padding", 6), 0);
  }
}
