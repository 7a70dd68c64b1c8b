/**
 * Gradients: the modes in which ops record them, or do not.
 *
 * @module
 */

export {
  enableGrad,
  inferenceMode,
  isGradEnabled,
  isInferenceModeEnabled,
  type ModeGuard,
  noGrad,
} from "./modes.ts";
