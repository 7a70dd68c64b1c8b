/**
 * What layers check about their options.
 *
 * @module
 */

import { empty } from "../ops/mod.ts";
import type { DType } from "../tensor/dtype.ts";
import { describe } from "../tensor/tensor.ts";
import { Parameter } from "./parameter.ts";

/** Where a layer's parameters are made. */
export interface FactoryOptions {
  /** The dtype of the parameters; default: the default dtype. */
  dtype?: DType;
  /** The device; default `"cpu"`. */
  device?: string;
}

/** Where parameters are made, out of a layer's options. */
export function factoryOf({ dtype, device }: FactoryOptions): FactoryOptions {
  return {
    ...(dtype === undefined ? {} : { dtype }),
    ...(device === undefined ? {} : { device }),
  };
}

/** A parameter of uninitialised memory. */
export function emptyParameter(shape: readonly number[], options: FactoryOptions): Parameter {
  using data = empty(shape, factoryOf(options));
  return new Parameter(data);
}

/** Refuses what is not a count of features or channels. */
export function checkCount(value: unknown, layer: string, name: string): asserts value is number {
  if (typeof value === "number" && Number.isSafeInteger(value) && value >= 0) return;
  throw new RangeError(
    `nn.${layer}: argument '${name}' must be an integer of at least 0, but got ${describe(value)}`,
  );
}
