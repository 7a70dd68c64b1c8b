/**
 * Activations.
 *
 * @module
 */

export * from "./rectified.ts";
export * from "./exponential.ts";
export * from "./sigmoid.ts";
export * from "./softmax.ts";
