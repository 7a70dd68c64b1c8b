/**
 * Gradients: passes over the graph, hooks, functions of one's own, and the modes in which ops record.
 *
 * @module
 */

import "./attach.ts";

export {
  type AnomalyOptions,
  detectAnomaly,
  isAnomalyEnabled,
  setDetectAnomaly,
} from "./anomaly.ts";
export {
  backward,
  type BackwardAllOptions,
  grad,
  type Gradients,
  type GradOptions,
  type GraphEnd,
  type GraphEnds,
  type GraphOptions,
  type Tensors,
} from "./backward.ts";
export {
  AutogradFunction as Function,
  type FunctionClass,
  FunctionContext,
  type GradientResult,
  type SetupFunctionClass,
  type VmapInfo,
} from "./function.ts";
export {
  enableGrad,
  inferenceMode,
  isGradEnabled,
  isInferenceModeEnabled,
  type ModeGuard,
  noGrad,
  setGradEnabled,
} from "./modes.ts";
export type { GradFn, HookHandle } from "../tensor/grad_types.ts";
export * as graph from "./graph.ts";
export { onceDifferentiable } from "./once.ts";
export type { SavedTensorsHooks } from "./saved_hooks.ts";
export * as forwardAd from "./forward_ad_public.ts";
export * as functional from "./functional.ts";
export {
  type CheckedFunction,
  gradcheck,
  GradcheckError,
  type GradcheckOptions,
  gradgradcheck,
} from "./gradcheck.ts";
