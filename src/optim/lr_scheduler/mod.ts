/**
 * Schedules of learning rates.
 *
 * @module
 */

export {
  LRScheduler,
  type ScheduledGroup,
  type SchedulerOptions,
  type SchedulerStateDict,
} from "./scheduler.ts";
export { FunctionLR, LambdaLR, type LrLambda } from "./lambda_lr.ts";
export { MultiplicativeLR } from "./multiplicative_lr.ts";
export { StepLR, type StepLROptions } from "./step_lr.ts";
export { MultiStepLR, type MultiStepLROptions } from "./multi_step_lr.ts";
export { ConstantLR, type ConstantLROptions } from "./constant_lr.ts";
export { LinearLR, type LinearLROptions } from "./linear_lr.ts";
export { ExponentialLR } from "./exponential_lr.ts";
export { PolynomialLR, type PolynomialLROptions } from "./polynomial_lr.ts";
export { CosineAnnealingLR, type CosineAnnealingLROptions } from "./cosine_annealing_lr.ts";
export {
  CosineAnnealingWarmRestarts,
  type CosineAnnealingWarmRestartsOptions,
} from "./cosine_annealing_warm_restarts.ts";
export { CyclicLR, type CyclicLROptions } from "./cyclic_lr.ts";
export { OneCycleLR, type OneCycleLROptions } from "./one_cycle_lr.ts";
export { SequentialLR } from "./sequential_lr.ts";
export { ChainedScheduler } from "./chained_scheduler.ts";
export { ReduceLROnPlateau, type ReduceLROnPlateauOptions } from "./reduce_lr_on_plateau.ts";
