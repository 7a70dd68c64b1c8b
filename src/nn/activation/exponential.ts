/**
 * Smooth activations: `ELU`, `GELU` and their kind.
 *
 * @module
 */

import type { Tensor } from "../../tensor/tensor.ts";
import * as F from "../functional.ts";
import { LayerArguments } from "../_layer.ts";
import * as python from "../_python.ts";
import { Module } from "../module.ts";
import type { InplaceOptions } from "./rectified.ts";

/** Options of {@linkcode ELU}. */
export interface ELUOptions {
  /** What negative values tend to, negated; default `1`. */
  alpha?: number;
  /** Whether the input itself is changed; default `false`. */
  inplace?: boolean;
}

/**
 * `x` where it is positive, else `alpha · (exp(x) - 1)` (Clevert et al. 2016).
 *
 * @example
 * ```ts
 * import * as torch from "flambeau";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(new torch.nn.ELU()(torch.tensor([0, 2.5])).toArray(), [0, 2.5]);
 * assertEquals(String(new torch.nn.ELU(0.5)), "ELU(alpha=0.5)");
 * ```
 */
export class ELU extends Module<[input: Tensor], Tensor> {
  /** What negative values tend to, negated. */
  readonly alpha: number;
  /** Whether the input itself is changed. */
  readonly inplace: boolean;

  /** Makes the layer. */
  constructor(alpha: number, options?: ELUOptions);
  /** The same by name. */
  constructor(options?: ELUOptions);
  constructor(...args: unknown[]) {
    super();
    const a = new LayerArguments("ELU", "alpha, inplace", args);
    this.alpha = a.float("alpha", 1);
    this.inplace = a.bool("inplace", false);
  }

  /** Applies it. */
  override forward(input: Tensor): Tensor {
    return F.elu(input, this.alpha, this.inplace);
  }

  /** As PyTorch prints it. */
  override extraRepr(): string {
    return `alpha=${python.float(this.alpha)}${this.inplace ? ", inplace=True" : ""}`;
  }
}

/** Options of {@linkcode CELU}. */
export interface CELUOptions {
  /** What negative values tend to, negated; default `1`. */
  alpha?: number;
  /** Whether the input itself is changed; default `false`. */
  inplace?: boolean;
}

/**
 * `max(0, x) + min(0, alpha · (exp(x / alpha) - 1))` (Barron 2017).
 *
 * @example
 * ```ts
 * import * as torch from "flambeau";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(new torch.nn.CELU()(torch.tensor([0, 2.5])).toArray(), [0, 2.5]);
 * ```
 */
export class CELU extends Module<[input: Tensor], Tensor> {
  /** What negative values tend to, negated. */
  readonly alpha: number;
  /** Whether the input itself is changed. */
  readonly inplace: boolean;

  /** Makes the layer. */
  constructor(alpha: number, options?: CELUOptions);
  /** The same by name. */
  constructor(options?: CELUOptions);
  constructor(...args: unknown[]) {
    super();
    const a = new LayerArguments("CELU", "alpha, inplace", args);
    this.alpha = a.float("alpha", 1);
    this.inplace = a.bool("inplace", false);
  }

  /** Applies it. */
  override forward(input: Tensor): Tensor {
    return F.celu(input, this.alpha, this.inplace);
  }

  /** As PyTorch prints it. */
  override extraRepr(): string {
    return `alpha=${python.float(this.alpha)}${this.inplace ? ", inplace=True" : ""}`;
  }
}

/**
 * {@linkcode ELU} with the scale and alpha that keep mean 0 and variance 1 (Klambauer et al. 2017).
 *
 * @example
 * ```ts
 * import * as torch from "flambeau";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(new torch.nn.SELU()(torch.zeros([1])).toArray(), [0]);
 * ```
 */
export class SELU extends Module<[input: Tensor], Tensor> {
  /** Whether the input itself is changed. */
  readonly inplace: boolean;

  /** Makes the layer. */
  constructor(options?: InplaceOptions);
  constructor(...args: unknown[]) {
    super();
    const a = new LayerArguments("SELU", "inplace", args);
    this.inplace = a.bool("inplace", false);
  }

  /** Applies it. */
  override forward(input: Tensor): Tensor {
    return F.selu(input, this.inplace);
  }

  /** As PyTorch prints it. */
  override extraRepr(): string {
    return this.inplace ? "inplace=True" : "";
  }
}

/** Options of {@linkcode GELU}. */
export interface GELUOptions {
  /** Whether Φ is approximated by tanh; default `"none"`. */
  approximate?: "none" | "tanh";
}

/**
 * `x · Φ(x)`, where Φ is the distribution function of the normal distribution (Hendrycks and Gimpel 2016).
 *
 * @example
 * ```ts
 * import * as torch from "flambeau";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(new torch.nn.GELU({ approximate: "tanh" })(torch.zeros([1])).toArray(), [0]);
 * assertEquals(String(new torch.nn.GELU()), "GELU(approximate='none')");
 * ```
 */
export class GELU extends Module<[input: Tensor], Tensor> {
  /** Whether Φ is approximated by tanh. */
  readonly approximate: "none" | "tanh";

  /** Makes the layer. */
  constructor(approximate: "none" | "tanh", options?: GELUOptions);
  /** The same by name. */
  constructor(options?: GELUOptions);
  constructor(...args: unknown[]) {
    super();
    const a = new LayerArguments("GELU", "approximate", args);
    this.approximate = a.choice("approximate", ["none", "tanh"], "none");
  }

  /** Applies it. */
  override forward(input: Tensor): Tensor {
    return F.gelu(input, { approximate: this.approximate });
  }

  /** As PyTorch prints it. */
  override extraRepr(): string {
    return `approximate='${this.approximate}'`;
  }
}

/** Options of {@linkcode GLU}. */
export interface GLUOptions {
  /** The dimension that is halved; default `-1`. */
  dim?: number;
}

/**
 * The first half of a dimension times the sigmoid of the second (Dauphin et al. 2017).
 *
 * @example
 * ```ts
 * import * as torch from "flambeau";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(new torch.nn.GLU(0)(torch.tensor([2.5, 0])).toArray(), [1.25]);
 * ```
 */
export class GLU extends Module<[input: Tensor], Tensor> {
  /** The dimension that is halved. */
  readonly dim: number;

  /** Makes the layer. */
  constructor(dim: number, options?: GLUOptions);
  /** The same by name. */
  constructor(options?: GLUOptions);
  constructor(...args: unknown[]) {
    super();
    const a = new LayerArguments("GLU", "dim", args);
    this.dim = a.int("dim", -1);
  }

  /** Applies it. */
  override forward(input: Tensor): Tensor {
    return F.glu(input, this.dim);
  }

  /** As PyTorch prints it. */
  override extraRepr(): string {
    return `dim=${this.dim}`;
  }
}

/**
 * `x · sigmoid(x)`, also known as swish.
 *
 * @example
 * ```ts
 * import * as torch from "flambeau";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(new torch.nn.SiLU()(torch.zeros([1])).toArray(), [0]);
 * ```
 */
export class SiLU extends Module<[input: Tensor], Tensor> {
  /** Whether the input itself is changed. */
  readonly inplace: boolean;

  /** Makes the layer. */
  constructor(options?: InplaceOptions);
  constructor(...args: unknown[]) {
    super();
    const a = new LayerArguments("SiLU", "inplace", args);
    this.inplace = a.bool("inplace", false);
  }

  /** Applies it. */
  override forward(input: Tensor): Tensor {
    return F.silu(input, this.inplace);
  }

  /** As PyTorch prints it. */
  override extraRepr(): string {
    return this.inplace ? "inplace=True" : "";
  }
}

/**
 * `x · tanh(softplus(x))` (Misra 2019).
 *
 * @example
 * ```ts
 * import * as torch from "flambeau";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(new torch.nn.Mish()(torch.zeros([1])).toArray(), [0]);
 * ```
 */
export class Mish extends Module<[input: Tensor], Tensor> {
  /** Whether the input itself is changed. */
  readonly inplace: boolean;

  /** Makes the layer. */
  constructor(options?: InplaceOptions);
  constructor(...args: unknown[]) {
    super();
    const a = new LayerArguments("Mish", "inplace", args);
    this.inplace = a.bool("inplace", false);
  }

  /** Applies it. */
  override forward(input: Tensor): Tensor {
    return F.mish(input, this.inplace);
  }

  /** As PyTorch prints it. */
  override extraRepr(): string {
    return this.inplace ? "inplace=True" : "";
  }
}

/** Options of {@linkcode Softplus}. */
export interface SoftplusOptions {
  /** How sharp the bend is; default `1`. */
  beta?: number;
  /** Where the line begins; default `20`. */
  threshold?: number;
}

/**
 * `log(1 + exp(beta · x)) / beta`, and `x` itself where `beta · x` is above `threshold`.
 *
 * @example
 * ```ts
 * import * as torch from "flambeau";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(new torch.nn.Softplus()(torch.tensor([30.5])).toArray(), [30.5]);
 * ```
 */
export class Softplus extends Module<[input: Tensor], Tensor> {
  /** How sharp the bend is. */
  readonly beta: number;
  /** Where the line begins. */
  readonly threshold: number;

  /** Makes the layer. */
  constructor(beta: number, threshold: number, options?: SoftplusOptions);
  /** The same by name. */
  constructor(options?: SoftplusOptions);
  constructor(...args: unknown[]) {
    super();
    const a = new LayerArguments("Softplus", "beta, threshold", args);
    this.beta = a.float("beta", 1);
    this.threshold = a.float("threshold", 20);
  }

  /** Applies it. */
  override forward(input: Tensor): Tensor {
    return F.softplus(input, this.beta, this.threshold);
  }

  /** As PyTorch prints it. */
  override extraRepr(): string {
    return `beta=${python.float(this.beta)}, threshold=${python.float(this.threshold)}`;
  }
}
