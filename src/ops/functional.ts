/**
 * The part of `torch.nn.functional` that is an op of LibTorch each.
 *
 * @module
 */

export * from "./generated/functional_index.ts";
