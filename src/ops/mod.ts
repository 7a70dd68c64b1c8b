/**
 * Ops: as functions, in PyTorch's namespaces, and (by importing this module) as methods of a tensor.
 *
 * @module
 */

import "./generated/methods.ts";
import "./indexing.ts";

export * from "./generated/torch.ts";
export type { Reduction } from "./_arguments.ts";
export { to } from "./convert.ts";
export {
  einsum,
  tensordot,
  unique,
  uniqueConsecutive,
  type UniqueConsecutiveOptions,
  type UniqueOptions,
  type UniqueResult,
} from "./companions.ts";
export { cdist, type CdistMode, nonzero, norm, type NormOptions } from "./python_forms.ts";
export { indexPut } from "./indexing.ts";
export * as fft from "./fft.ts";
export * as linalg from "./linalg.ts";
export * as special from "./special.ts";
