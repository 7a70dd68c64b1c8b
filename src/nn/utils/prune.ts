/**
 * `torch.nn.utils.prune`: weights set to zero by a mask, one by one or by channels.
 *
 * @module
 */

export {
  BasePruningMethod,
  type PruneOptions,
  type PruningApplyOptions,
  PruningContainer,
  type PruningType,
} from "./prune/method.ts";
export {
  CustomFromMask,
  Identity,
  L1Unstructured,
  LnStructured,
  RandomStructured,
  RandomUnstructured,
} from "./prune/methods.ts";
export {
  customFromMask,
  globalUnstructured,
  type GlobalUnstructuredOptions,
  identity,
  isPruned,
  l1Unstructured,
  lnStructured,
  randomStructured,
  randomUnstructured,
  remove,
} from "./prune/functions.ts";
