/**
 * `torch.autograd.graph`: edges of the graph, hooks, and what ops save for their backward pass.
 *
 * @module
 */

export { getGradientEdge, GradientEdge } from "./gradient_edge.ts";
export { type MultiGradHook, type MultiGradMode, registerMultiGradHook } from "./multi_hook.ts";
export { allowMutationOnSavedTensors } from "./saved_mutation.ts";
export { incrementVersion } from "./version.ts";
export {
  disableSavedTensorsHooks,
  type SavedTensorsHooks,
  savedTensorsHooks,
  saveOnCpu,
} from "./saved_hooks.ts";
