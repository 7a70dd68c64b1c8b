/**
 * Activations between two bounds, and those that shrink: `Sigmoid`, `Softshrink` and their kind.
 *
 * @module
 */

import type { Tensor } from "../../tensor/tensor.ts";
import * as F from "../functional.ts";
import { LayerArguments } from "../_layer.ts";
import * as python from "../_python.ts";
import { Module } from "../module.ts";
import type { InplaceOptions } from "./rectified.ts";

/**
 * `1 / (1 + exp(-x))`, element by element.
 *
 * @example
 * ```ts
 * import * as torch from "flambeau";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(new torch.nn.Sigmoid()(torch.zeros([1])).toArray(), [0.5]);
 * ```
 */
export class Sigmoid extends Module<[input: Tensor], Tensor> {
  /** Applies it. */
  override forward(input: Tensor): Tensor {
    return F.sigmoid(input);
  }
}

/**
 * The logarithm of the sigmoid, element by element.
 *
 * @example
 * ```ts
 * import * as torch from "flambeau";
 * import { assertAlmostEquals } from "@std/assert";
 *
 * assertAlmostEquals(new torch.nn.LogSigmoid()(torch.zeros([1])).item() as number, -Math.log(2), 1e-6);
 * ```
 */
export class LogSigmoid extends Module<[input: Tensor], Tensor> {
  /** Applies it. */
  override forward(input: Tensor): Tensor {
    return F.logsigmoid(input);
  }
}

/**
 * `min(max(x / 6 + 1 / 2, 0), 1)`, element by element.
 *
 * @example
 * ```ts
 * import * as torch from "flambeau";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(new torch.nn.Hardsigmoid()(torch.tensor([-4.5, 0, 4])).toArray(), [0, 0.5, 1]);
 * ```
 */
export class Hardsigmoid extends Module<[input: Tensor], Tensor> {
  /** Whether the input itself is changed. */
  readonly inplace: boolean;

  /** Makes the layer. */
  constructor(options?: InplaceOptions);
  constructor(...args: unknown[]) {
    super();
    const a = new LayerArguments("Hardsigmoid", "inplace", args);
    this.inplace = a.bool("inplace", false);
  }

  /** Applies it. */
  override forward(input: Tensor): Tensor {
    return F.hardsigmoid(input, this.inplace);
  }
}

/**
 * `x` times {@linkcode Hardsigmoid} of it (Howard et al. 2019).
 *
 * @example
 * ```ts
 * import * as torch from "flambeau";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(new torch.nn.Hardswish()(torch.tensor([0, 4.5])).toArray(), [0, 4.5]);
 * ```
 */
export class Hardswish extends Module<[input: Tensor], Tensor> {
  /** Whether the input itself is changed. */
  readonly inplace: boolean;

  /** Makes the layer. */
  constructor(options?: InplaceOptions);
  constructor(...args: unknown[]) {
    super();
    const a = new LayerArguments("Hardswish", "inplace", args);
    this.inplace = a.bool("inplace", false);
  }

  /** Applies it. */
  override forward(input: Tensor): Tensor {
    return F.hardswish(input, this.inplace);
  }
}

/**
 * The hyperbolic tangent, element by element.
 *
 * @example
 * ```ts
 * import * as torch from "flambeau";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(new torch.nn.Tanh()(torch.zeros([1])).toArray(), [0]);
 * ```
 */
export class Tanh extends Module<[input: Tensor], Tensor> {
  /** Applies it. */
  override forward(input: Tensor): Tensor {
    return F.tanh(input);
  }
}

/**
 * `x / (1 + |x|)`, element by element.
 *
 * @example
 * ```ts
 * import * as torch from "flambeau";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(new torch.nn.Softsign()(torch.tensor([-1, 0.5])).toArray(), [-0.5, 0.3333333432674408]);
 * ```
 */
export class Softsign extends Module<[input: Tensor], Tensor> {
  /** Applies it. */
  override forward(input: Tensor): Tensor {
    return F.softsign(input);
  }
}

/**
 * `x - tanh(x)`, element by element.
 *
 * @example
 * ```ts
 * import * as torch from "flambeau";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(new torch.nn.Tanhshrink()(torch.zeros([1])).toArray(), [0]);
 * ```
 */
export class Tanhshrink extends Module<[input: Tensor], Tensor> {
  /** Applies it. */
  override forward(input: Tensor): Tensor {
    return F.tanhshrink(input);
  }
}

/** Options of {@linkcode Hardshrink}. */
export interface HardshrinkOptions {
  /** What `|x|` must be above to stay; default `0.5`. */
  lambd?: number;
}

/**
 * `x` where `|x|` is above `lambd`, else 0.
 *
 * @example
 * ```ts
 * import * as torch from "flambeau";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(new torch.nn.Hardshrink()(torch.tensor([0.25, 2.0])).toArray(), [0, 2]);
 * ```
 */
export class Hardshrink extends Module<[input: Tensor], Tensor> {
  /** What `|x|` must be above to stay. */
  readonly lambd: number;

  /** Makes the layer. */
  constructor(lambd: number, options?: HardshrinkOptions);
  /** The same by name. */
  constructor(options?: HardshrinkOptions);
  constructor(...args: unknown[]) {
    super();
    const a = new LayerArguments("Hardshrink", "lambd", args);
    this.lambd = a.float("lambd", 0.5);
  }

  /** Applies it. */
  override forward(input: Tensor): Tensor {
    return F.hardshrink(input, this.lambd);
  }

  /** As PyTorch prints it. */
  override extraRepr(): string {
    return python.float(this.lambd);
  }
}

/** Options of {@linkcode Softshrink}. */
export interface SoftshrinkOptions {
  /** How far values are moved, not negative; default `0.5`. */
  lambd?: number;
}

/**
 * `x` moved towards 0 by `lambd`, and 0 where it is nearer.
 *
 * @example
 * ```ts
 * import * as torch from "flambeau";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(new torch.nn.Softshrink()(torch.tensor([0.25, 2.0])).toArray(), [0, 1.5]);
 * ```
 */
export class Softshrink extends Module<[input: Tensor], Tensor> {
  /** How far values are moved, not negative. */
  readonly lambd: number;

  /** Makes the layer. */
  constructor(lambd: number, options?: SoftshrinkOptions);
  /** The same by name. */
  constructor(options?: SoftshrinkOptions);
  constructor(...args: unknown[]) {
    super();
    const a = new LayerArguments("Softshrink", "lambd", args);
    this.lambd = a.float("lambd", 0.5);
  }

  /** Applies it. */
  override forward(input: Tensor): Tensor {
    return F.softshrink(input, this.lambd);
  }

  /** As PyTorch prints it. */
  override extraRepr(): string {
    return python.float(this.lambd);
  }
}
