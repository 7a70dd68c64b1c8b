/**
 * Optimizers, and the schedules of their learning rates.
 *
 * @module
 */

export { SGD, type SGDOptions } from "./sgd.ts";
export { Adam, type AdamOptions } from "./adam.ts";
export { AdamW, type AdamWOptions } from "./adamw.ts";
export { RMSprop, type RMSpropOptions } from "./rmsprop.ts";
export { Adagrad, type AdagradOptions } from "./adagrad.ts";
export { Adadelta, type AdadeltaOptions } from "./adadelta.ts";
export { Adamax, type AdamaxOptions } from "./adamax.ts";
export { NAdam, type NAdamOptions } from "./nadam.ts";
export { RAdam, type RAdamOptions } from "./radam.ts";
export { Rprop, type RpropOptions } from "./rprop.ts";
export { ASGD, type ASGDOptions } from "./asgd.ts";
export { Adafactor, type AdafactorOptions } from "./adafactor.ts";
export { Muon, type MuonOptions } from "./muon.ts";
export { LBFGS, type LBFGSOptions } from "./lbfgs.ts";
export {
  type AnyOptimizer,
  type Closure,
  Optimizer,
  type OptimizerHook,
  registerOptimizerStepPostHook,
  registerOptimizerStepPreHook,
  type RemoveHook,
  type StateDictHook,
  type StateDictHookOptions,
  type StepHook,
} from "./optimizer.ts";
export * as lrScheduler from "./lr_scheduler/mod.ts";
export * as swaUtils from "./swa_utils/mod.ts";
export type { AllOptions, GroupOptions, ParamGroup, ParamList, Params } from "./param_group.ts";
export type { GroupStateDict, OptimizerStateDict } from "./state_dict.ts";
export type { ParamState } from "./batch.ts";
export type { FusedSwitches, StepSwitches } from "./options.ts";
