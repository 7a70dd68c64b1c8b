/**
 * Neural networks: modules, their layers, and functions without state.
 *
 * @module
 */

export {
  type AnyModule,
  type ForwardHookOptions,
  type HookOptions,
  type IncompatibleKeys,
  type LoadStateDictOptions,
  Module,
  type ModuleGradients,
  type ModuleToOptions,
  type NamesOptions,
  type RemoveHook,
  type StateDict,
  type StateDictOptions,
} from "./module.ts";
export {
  registerModuleForwardHook,
  registerModuleForwardPreHook,
  registerModuleFullBackwardHook,
  registerModuleFullBackwardPreHook,
} from "./global_hooks.ts";
export { Buffer, Parameter } from "./parameter.ts";
export type { FactoryOptions } from "./layer_options.ts";
export * from "./container/mod.ts";
export { Bilinear, type BilinearOptions, Identity, Linear, type LinearOptions } from "./linear.ts";
export * from "./conv/mod.ts";
export * from "./pooling/mod.ts";
export * from "./padding/mod.ts";
export * from "./activation/mod.ts";
export * from "./norm/mod.ts";
export * from "./dropout.ts";
export * from "./flatten.ts";
export * from "./fold.ts";
export * from "./pixels.ts";
export * from "./upsample.ts";
export * from "./distance.ts";
export * from "./loss/mod.ts";
export * as functional from "./functional.ts";
export * as init from "./init.ts";
export {
  Embedding,
  type EmbeddingLayerOptions,
  type EmbeddingLookupOptions,
  type GivenTable,
} from "./embedding.ts";
export {
  EmbeddingBag,
  type EmbeddingBagInputs,
  type EmbeddingBagLayerOptions,
  type EmbeddingBagLookupOptions,
} from "./embedding_bag.ts";
export * from "./rnn/mod.ts";
export {
  type AttentionInputs,
  type AttentionOptions,
  MultiheadAttention,
  type MultiheadAttentionOptions,
} from "./attention.ts";
export * as attention from "./sdpa_kernel.ts";
export * from "./transformer/mod.ts";
export * as utils from "./utils/mod.ts";
