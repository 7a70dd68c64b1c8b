/**
 * What layers share that pad.
 *
 * @module
 */

import { notTheBase } from "../../_arguments.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import * as F from "../functional.ts";
import * as python from "../_python.ts";
import { Module } from "../module.ts";

/** What layers share that pad the edges of a tensor. */
export abstract class Padding extends Module<[input: Tensor], Tensor> {
  /** How much is added on each side, the last dimension first. */
  readonly padding: readonly number[];

  /** Takes the checked sizes. */
  constructor(padding: readonly number[]) {
    notTheBase(new.target, Padding, "nn.Padding", "nn.ReflectionPad2d, nn.ZeroPad2d and their kin");
    super();
    this.padding = padding;
  }

  /** As PyTorch prints it. */
  override extraRepr(): string {
    return python.size(this.padding);
  }
}

/** What layers share that pad with one value. */
export abstract class ConstantPadding extends Padding {
  /** The value that is added. */
  readonly value: number;

  /** Takes the checked sizes and the value. */
  constructor(padding: readonly number[], value: number) {
    notTheBase(
      new.target,
      ConstantPadding,
      "nn.ConstantPadding",
      "nn.ConstantPad2d, nn.ZeroPad2d and their kin",
    );
    super(padding);
    this.value = value;
  }

  /** Applies it. */
  override forward(input: Tensor): Tensor {
    return F.pad(input, this.padding, "constant", this.value);
  }
}
