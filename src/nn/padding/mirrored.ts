/**
 * Padding with what a tensor holds: reflected, repeated, or from its other edge.
 *
 * @module
 */

import { shapeOf, type Tensor } from "../../tensor/tensor.ts";
import type { Size } from "../../ops/_call.ts";
import * as F from "../functional.ts";
import { LayerArguments } from "../_layer.ts";
import { Padding } from "./_padding.ts";

/**
 * Pads the edge by reflecting the values inside it. Input `[N, C, L]`, or without `N`.
 *
 * @example
 * ```ts
 * import * as torch from "flambeau";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(new torch.nn.ReflectionPad1d(1)(torch.ones([1, 2, 8])).shape, [1, 2, 10]);
 * ```
 */
export class ReflectionPad1d extends Padding {
  /** Makes the layer. `padding`: one size for all sides, or one each for left and right. */
  constructor(padding: Size);
  constructor(...args: unknown[]) {
    super(new LayerArguments("ReflectionPad1d", "padding", args).sizes("padding", 2));
  }

  /** Applies it. */
  override forward(input: Tensor): Tensor {
    return F.pad(input, this.padding, "reflect");
  }
}

/**
 * Pads the edge by reflecting the values inside it. Input `[N, C, H, W]`, or without `N`.
 *
 * @example
 * ```ts
 * import * as torch from "flambeau";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(new torch.nn.ReflectionPad2d(1)(torch.ones([1, 2, 8, 8])).shape, [1, 2, 10, 10]);
 * ```
 */
export class ReflectionPad2d extends Padding {
  /** Makes the layer. `padding`: one size for all sides, or one each for left, right, top and bottom. */
  constructor(padding: Size);
  constructor(...args: unknown[]) {
    super(new LayerArguments("ReflectionPad2d", "padding", args).sizes("padding", 4));
  }

  /** Applies it. */
  override forward(input: Tensor): Tensor {
    return F.pad(input, this.padding, "reflect");
  }
}

/**
 * Pads the edge by reflecting the values inside it. Input `[N, C, D, H, W]`, or without `N`.
 *
 * @example
 * ```ts
 * import * as torch from "flambeau";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(new torch.nn.ReflectionPad3d(1)(torch.ones([1, 2, 8, 8, 8])).shape, [1, 2, 10, 10, 10]);
 * ```
 */
export class ReflectionPad3d extends Padding {
  /** Makes the layer. `padding`: one size for all sides, or one each for left, right, top, bottom, front and back. */
  constructor(padding: Size);
  constructor(...args: unknown[]) {
    super(new LayerArguments("ReflectionPad3d", "padding", args).sizes("padding", 6));
  }

  /** Applies it. */
  override forward(input: Tensor): Tensor {
    return F.pad(input, this.padding, "reflect");
  }
}

/**
 * Pads the edge by repeating its values. Input `[N, C, L]`, or without `N`.
 *
 * @example
 * ```ts
 * import * as torch from "flambeau";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(new torch.nn.ReplicationPad1d(1)(torch.ones([1, 2, 8])).shape, [1, 2, 10]);
 * ```
 */
export class ReplicationPad1d extends Padding {
  /** Makes the layer. `padding`: one size for all sides, or one each for left and right. */
  constructor(padding: Size);
  constructor(...args: unknown[]) {
    super(new LayerArguments("ReplicationPad1d", "padding", args).sizes("padding", 2));
  }

  /** Applies it. */
  override forward(input: Tensor): Tensor {
    return F.pad(input, this.padding, "replicate");
  }
}

/**
 * Pads the edge by repeating its values. Input `[N, C, H, W]`, or without `N`.
 *
 * @example
 * ```ts
 * import * as torch from "flambeau";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(new torch.nn.ReplicationPad2d(1)(torch.ones([1, 2, 8, 8])).shape, [1, 2, 10, 10]);
 * ```
 */
export class ReplicationPad2d extends Padding {
  /** Makes the layer. `padding`: one size for all sides, or one each for left, right, top and bottom. */
  constructor(padding: Size);
  constructor(...args: unknown[]) {
    super(new LayerArguments("ReplicationPad2d", "padding", args).sizes("padding", 4));
  }

  /** Applies it. */
  override forward(input: Tensor): Tensor {
    return F.pad(input, this.padding, "replicate");
  }
}

/**
 * Pads the edge by repeating its values. Input `[N, C, D, H, W]`, or without `N`.
 *
 * @example
 * ```ts
 * import * as torch from "flambeau";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(new torch.nn.ReplicationPad3d(1)(torch.ones([1, 2, 8, 8, 8])).shape, [1, 2, 10, 10, 10]);
 * ```
 */
export class ReplicationPad3d extends Padding {
  /** Makes the layer. `padding`: one size for all sides, or one each for left, right, top, bottom, front and back. */
  constructor(padding: Size);
  constructor(...args: unknown[]) {
    super(new LayerArguments("ReplicationPad3d", "padding", args).sizes("padding", 6));
  }

  /** Applies it. */
  override forward(input: Tensor): Tensor {
    return F.pad(input, this.padding, "replicate");
  }
}

/**
 * Pads the edge with the values of the other edge. Input `[N, C, L]`, or without `N`.
 *
 * @example
 * ```ts
 * import * as torch from "flambeau";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(new torch.nn.CircularPad1d(1)(torch.ones([1, 2, 8])).shape, [1, 2, 10]);
 * ```
 */
export class CircularPad1d extends Padding {
  /** Makes the layer. `padding`: one size for all sides, or one each for left and right. */
  constructor(padding: Size);
  constructor(...args: unknown[]) {
    super(new LayerArguments("CircularPad1d", "padding", args).sizes("padding", 2));
  }

  /** Applies it. */
  override forward(input: Tensor): Tensor {
    const { length } = shapeOf(input);
    if (length !== 2 && length !== 3) {
      throw new RangeError(
        `nn.CircularPad1d: argument 'input' must have 2 or 3 dimensions, but has ${length}`,
      );
    }
    return F.pad(input, this.padding, "circular");
  }
}

/**
 * Pads the edge with the values of the other edge. Input `[N, C, H, W]`, or without `N`.
 *
 * @example
 * ```ts
 * import * as torch from "flambeau";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(new torch.nn.CircularPad2d(1)(torch.ones([1, 2, 8, 8])).shape, [1, 2, 10, 10]);
 * ```
 */
export class CircularPad2d extends Padding {
  /** Makes the layer. `padding`: one size for all sides, or one each for left, right, top and bottom. */
  constructor(padding: Size);
  constructor(...args: unknown[]) {
    super(new LayerArguments("CircularPad2d", "padding", args).sizes("padding", 4));
  }

  /** Applies it. */
  override forward(input: Tensor): Tensor {
    const { length } = shapeOf(input);
    if (length !== 3 && length !== 4) {
      throw new RangeError(
        `nn.CircularPad2d: argument 'input' must have 3 or 4 dimensions, but has ${length}`,
      );
    }
    return F.pad(input, this.padding, "circular");
  }
}

/**
 * Pads the edge with the values of the other edge. Input `[N, C, D, H, W]`, or without `N`.
 *
 * @example
 * ```ts
 * import * as torch from "flambeau";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(new torch.nn.CircularPad3d(1)(torch.ones([1, 2, 8, 8, 8])).shape, [1, 2, 10, 10, 10]);
 * ```
 */
export class CircularPad3d extends Padding {
  /** Makes the layer. `padding`: one size for all sides, or one each for left, right, top, bottom, front and back. */
  constructor(padding: Size);
  constructor(...args: unknown[]) {
    super(new LayerArguments("CircularPad3d", "padding", args).sizes("padding", 6));
  }

  /** Applies it. */
  override forward(input: Tensor): Tensor {
    const { length } = shapeOf(input);
    if (length !== 4 && length !== 5) {
      throw new RangeError(
        `nn.CircularPad3d: argument 'input' must have 4 or 5 dimensions, but has ${length}`,
      );
    }
    return F.pad(input, this.padding, "circular");
  }
}
