/**
 * Neural networks: modules, their layers, and functions without state.
 *
 * @module
 */

export {
  type AnyModule,
  type IncompatibleKeys,
  Module,
  type RemoveHook,
  type StateDict,
} from "./module.ts";
export { Buffer, Parameter } from "./parameter.ts";
export { Linear, type LinearOptions } from "./linear.ts";
export { Conv2d, type Conv2dOptions } from "./conv.ts";
export { BatchNorm, BatchNorm1d, BatchNorm2d, type BatchNormLayerOptions } from "./batch_norm.ts";
export { Dropout, Flatten, ReLU } from "./activation.ts";
export { Sequential } from "./container.ts";
export type { FactoryOptions, Pair } from "./layer_options.ts";
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
export * as utils from "./utils/mod.ts";
