/**
 * Padding layers.
 *
 * @module
 */

export { ConstantPadding, Padding } from "./_padding.ts";
export * from "./constant.ts";
export * from "./mirrored.ts";
