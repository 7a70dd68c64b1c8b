/**
 * Pooling layers.
 *
 * @module
 */

export * from "./adaptive.ts";
export * from "./avg.ts";
export * from "./fractional.ts";
export * from "./lp.ts";
export * from "./max.ts";
export * from "./unpool.ts";
