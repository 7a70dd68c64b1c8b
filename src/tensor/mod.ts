/**
 * Tensors: the class, dtypes and devices, creation, reading, printing, and how an op is called.
 *
 * @module
 */

import "./attach.ts";
import "./properties.ts";
import "./syntax.ts";

export { Tensor } from "./tensor.ts";
export type {
  BackwardOptions,
  IndexArray,
  TensorCompanions,
  TensorIndex,
  ToOptions,
} from "./companions.ts";
export type { GradFn, HookHandle } from "./grad_types.ts";
export type { TensorOps } from "./methods.ts";
export type { Complex, Scalar } from "./complex.ts";
export type { DType } from "./dtype.ts";
export { Slice } from "./slice.ts";
export type { Layout, MemoryFormat } from "./call.ts";
export type { Float16ArrayLike, TensorData, TypedArray } from "./typed_array.ts";
export { fromTypedArray, tensor, type TensorOptions } from "./create.ts";
export {
  getPrintOptions,
  type PrintOptionChanges,
  type PrintOptions,
  type PrintProfile,
  setPrintOptions,
} from "./print.ts";
export { Generator } from "./generator.ts";
export type { GeneratorLike } from "./generator_like.ts";
export {
  areDeterministicAlgorithmsEnabled,
  getDefaultDtype,
  getNumThreads,
  getRngState,
  manualSeed,
  setDefaultDtype,
  setNumThreads,
  setRngState,
  useDeterministicAlgorithms,
} from "./state.ts";
