/**
 * The methods that ops give a tensor. Generated: see tools/generate.
 *
 * @module
 */

/** Ops as methods of a tensor. */
// deno-lint-ignore no-empty-interface
export interface TensorOps<T> {}
