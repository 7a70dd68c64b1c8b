/**
 * Normalization layers.
 *
 * @module
 */

export { RunningNorm } from "./_norm.ts";
export * from "./batch.ts";
export * from "./instance.ts";
export * from "./layer.ts";
export * from "./response.ts";
