/**
 * `torch.autograd.graph`: what ops save for their backward pass.
 *
 * @module
 */

export {
  disableSavedTensorsHooks,
  type SavedTensorsHooks,
  savedTensorsHooks,
  saveOnCpu,
} from "./saved_hooks.ts";
