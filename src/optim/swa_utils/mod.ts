/**
 * Averages of a model's weights along its training.
 *
 * @module
 */

export { AveragedModel, type AveragedModelOptions } from "./averaged_model.ts";
export {
  type AvgFn,
  getEmaAvgFn,
  getEmaMultiAvgFn,
  getSwaAvgFn,
  getSwaMultiAvgFn,
  type MultiAvgFn,
} from "./averages.ts";
export { SWALR, type SWALROptions } from "./swalr.ts";
export { type Batch, updateBn } from "./update_bn.ts";
