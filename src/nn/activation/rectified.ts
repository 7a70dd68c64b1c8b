/**
 * Activations that are straight in parts: `ReLU` and its kind.
 *
 * @module
 */

import { noGrad } from "../../autograd/modes.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import * as F from "../functional.ts";
import { LayerArguments } from "../_layer.ts";
import * as python from "../_python.ts";
import { emptyParameter, type FactoryOptions } from "../layer_options.ts";
import { Module } from "../module.ts";
import type { Parameter } from "../parameter.ts";

/** Options of layers that can work in place. */
export interface InplaceOptions {
  /** Whether the input itself is changed; default `false`. */
  inplace?: boolean;
}

/**
 * `max(x, 0)`, element by element.
 *
 * @example
 * ```ts
 * import * as torch from "flambeau";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(new torch.nn.ReLU()(torch.tensor([-1, 2])).toArray(), [0, 2]);
 * assertEquals(String(new torch.nn.ReLU({ inplace: true })), "ReLU(inplace=True)");
 * ```
 */
export class ReLU extends Module<[input: Tensor], Tensor> {
  /** Whether the input itself is changed. */
  readonly inplace: boolean;

  /** Makes the layer. */
  constructor(options?: InplaceOptions);
  constructor(...args: unknown[]) {
    super();
    const a = new LayerArguments("ReLU", "inplace", args);
    this.inplace = a.bool("inplace", false);
  }

  /** Applies it. */
  override forward(input: Tensor): Tensor {
    return F.relu(input, this.inplace);
  }

  /** As PyTorch prints it. */
  override extraRepr(): string {
    return this.inplace ? "inplace=True" : "";
  }
}

/**
 * `min(max(x, 0), 6)`, element by element.
 *
 * @example
 * ```ts
 * import * as torch from "flambeau";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(new torch.nn.ReLU6()(torch.tensor([-1.5, 2.5, 8])).toArray(), [0, 2.5, 6]);
 * ```
 */
export class ReLU6 extends Module<[input: Tensor], Tensor> {
  /** Whether the input itself is changed. */
  readonly inplace: boolean;

  /** Makes the layer. */
  constructor(options?: InplaceOptions);
  constructor(...args: unknown[]) {
    super();
    const a = new LayerArguments("ReLU6", "inplace", args);
    this.inplace = a.bool("inplace", false);
  }

  /** Applies it. */
  override forward(input: Tensor): Tensor {
    return F.relu6(input, this.inplace);
  }

  /** As PyTorch prints it. */
  override extraRepr(): string {
    return this.inplace ? "inplace=True" : "";
  }
}

/** Options of {@linkcode LeakyReLU}. */
export interface LeakyReLUOptions {
  /** The factor of negative values; default `0.01`. */
  negativeSlope?: number;
  /** Whether the input itself is changed; default `false`. */
  inplace?: boolean;
}

/**
 * `x` where it is positive, else `negativeSlope · x`.
 *
 * @example
 * ```ts
 * import * as torch from "flambeau";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(new torch.nn.LeakyReLU(0.5)(torch.tensor([-1.5, 2])).toArray(), [-0.75, 2]);
 * ```
 */
export class LeakyReLU extends Module<[input: Tensor], Tensor> {
  /** The factor of negative values. */
  readonly negativeSlope: number;
  /** Whether the input itself is changed. */
  readonly inplace: boolean;

  /** Makes the layer. */
  constructor(negativeSlope: number, options?: LeakyReLUOptions);
  /** The same by name. */
  constructor(options?: LeakyReLUOptions);
  constructor(...args: unknown[]) {
    super();
    const a = new LayerArguments("LeakyReLU", "negativeSlope, inplace", args);
    this.negativeSlope = a.float("negativeSlope", 0.01);
    this.inplace = a.bool("inplace", false);
  }

  /** Applies it. */
  override forward(input: Tensor): Tensor {
    return F.leakyRelu(input, this.negativeSlope, this.inplace);
  }

  /** As PyTorch prints it. */
  override extraRepr(): string {
    return `negative_slope=${python.float(this.negativeSlope)}${
      this.inplace ? ", inplace=True" : ""
    }`;
  }
}

/** Options of {@linkcode RReLU}. */
export interface RReLUOptions {
  /** The smallest slope; default `1 / 8`. */
  lower?: number;
  /** The largest slope; default `1 / 3`. */
  upper?: number;
  /** Whether the input itself is changed; default `false`. */
  inplace?: boolean;
}

/**
 * {@linkcode LeakyReLU} with a slope that is drawn at random for each negative value while training; the mean of both bounds in evaluation
 * (Xu et al. 2015).
 *
 * @example
 * ```ts
 * import * as torch from "flambeau";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(new torch.nn.RReLU(0.25, 0.75).eval()(torch.tensor([-1.5, 2])).toArray(), [-0.75, 2]);
 * ```
 */
export class RReLU extends Module<[input: Tensor], Tensor> {
  /** The smallest slope. */
  readonly lower: number;
  /** The largest slope. */
  readonly upper: number;
  /** Whether the input itself is changed. */
  readonly inplace: boolean;

  /** Makes the layer. */
  constructor(lower: number, upper: number, options?: RReLUOptions);
  /** The same by name. */
  constructor(options?: RReLUOptions);
  constructor(...args: unknown[]) {
    super();
    const a = new LayerArguments("RReLU", "lower, upper, inplace", args);
    this.lower = a.float("lower", 1 / 8);
    this.upper = a.float("upper", 1 / 3);
    this.inplace = a.bool("inplace", false);
  }

  /** Applies it. */
  override forward(input: Tensor): Tensor {
    return F.rrelu(input, this.lower, this.upper, this.training, this.inplace);
  }

  /** As PyTorch prints it. */
  override extraRepr(): string {
    return `lower=${python.float(this.lower)}, upper=${python.float(this.upper)}${
      this.inplace ? ", inplace=True" : ""
    }`;
  }
}

/** Options of {@linkcode PReLU}. */
export interface PReLUOptions extends FactoryOptions {
  /** The number of slopes: 1, or the number of channels; default `1`. */
  numParameters?: number;
  /** What each slope is at first; default `0.25`. */
  init?: number;
}

/**
 * {@linkcode LeakyReLU} with a slope that is learned, one for all channels or one for each (He et al. 2015). Input `[N, C, ...]`.
 *
 * @example
 * ```ts
 * import * as torch from "flambeau";
 * import { assertEquals } from "@std/assert";
 *
 * const layer = new torch.nn.PReLU();
 * assertEquals(layer(torch.tensor([-2.0, 1.5])).toArray(), [-0.5, 1.5]);
 * assertEquals(Object.keys(layer.stateDict()), ["weight"]);
 * ```
 */
export class PReLU extends Module<[input: Tensor], Tensor> {
  /** The number of slopes: 1, or the number of channels. */
  readonly numParameters: number;
  /** What each slope is at first. */
  readonly init: number;
  /** The slopes, `[numParameters]`. */
  declare weight: Parameter;

  /** Makes the layer. */
  constructor(numParameters: number, options?: PReLUOptions);
  /** The same by name. */
  constructor(options?: PReLUOptions);
  constructor(...args: unknown[]) {
    super();
    const a = new LayerArguments("PReLU", "numParameters, init, device, dtype", args);
    this.numParameters = a.count("numParameters", 1);
    this.init = a.float("init", 0.25);
    this.registerParameter("weight", emptyParameter([this.numParameters], a.factory()));
    this.resetParameters();
  }

  /** Sets the slopes to `init`. */
  resetParameters(): void {
    noGrad(() => this.weight.fill_(this.init));
  }

  /** Applies it. */
  override forward(input: Tensor): Tensor {
    return F.prelu(input, this.weight);
  }

  /** As PyTorch prints it. */
  override extraRepr(): string {
    return `num_parameters=${this.numParameters}`;
  }
}

/**
 * `x` where it is above `threshold`, else `value`.
 *
 * @example
 * ```ts
 * import * as torch from "flambeau";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(new torch.nn.Threshold(1.5, 0.5)(torch.tensor([1, 2.5])).toArray(), [0.5, 2.5]);
 * ```
 */
export class Threshold extends Module<[input: Tensor], Tensor> {
  /** What a value must be above to stay. */
  readonly threshold: number;
  /** What the others become. */
  readonly value: number;
  /** Whether the input itself is changed. */
  readonly inplace: boolean;

  /** Makes the layer. `threshold`: What a value must be above to stay. `value`: What the others become. */
  constructor(threshold: number, value: number, options?: InplaceOptions);
  constructor(...args: unknown[]) {
    super();
    const a = new LayerArguments("Threshold", "threshold, value, inplace", args);
    this.threshold = a.float("threshold");
    this.value = a.float("value");
    this.inplace = a.bool("inplace", false);
  }

  /** Applies it. */
  override forward(input: Tensor): Tensor {
    return F.threshold(input, this.threshold, this.value, this.inplace);
  }

  /** As PyTorch prints it. */
  override extraRepr(): string {
    return `threshold=${python.float(this.threshold)}, value=${python.float(this.value)}${
      this.inplace ? ", inplace=True" : ""
    }`;
  }
}

/** Options of {@linkcode Hardtanh}. */
export interface HardtanhOptions {
  /** The smallest value; default `-1`. */
  minVal?: number;
  /** The largest value; default `1`. */
  maxVal?: number;
  /** Whether the input itself is changed; default `false`. */
  inplace?: boolean;
}

/**
 * `x`, but not below `minVal` nor above `maxVal`.
 *
 * @example
 * ```ts
 * import * as torch from "flambeau";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(new torch.nn.Hardtanh(-2, 2)(torch.tensor([-3.5, 0.5])).toArray(), [-2, 0.5]);
 * ```
 */
export class Hardtanh extends Module<[input: Tensor], Tensor> {
  /** The smallest value. */
  readonly minVal: number;
  /** The largest value. */
  readonly maxVal: number;
  /** Whether the input itself is changed. */
  readonly inplace: boolean;

  /** Makes the layer. */
  constructor(minVal: number, maxVal: number, options?: HardtanhOptions);
  /** The same by name. */
  constructor(options?: HardtanhOptions);
  constructor(...args: unknown[]) {
    super();
    const a = new LayerArguments("Hardtanh", "minVal, maxVal, inplace", args);
    this.minVal = a.float("minVal", -1);
    this.maxVal = a.float("maxVal", 1);
    this.inplace = a.bool("inplace", false);
    if (this.maxVal <= this.minVal) {
      throw a.wrong("maxVal", `above minVal (${this.minVal})`, this.maxVal);
    }
  }

  /** Applies it. */
  override forward(input: Tensor): Tensor {
    return F.hardtanh(input, this.minVal, this.maxVal, this.inplace);
  }

  /** As PyTorch prints it. */
  override extraRepr(): string {
    return `min_val=${python.float(this.minVal)}, max_val=${python.float(this.maxVal)}${
      this.inplace ? ", inplace=True" : ""
    }`;
  }
}
