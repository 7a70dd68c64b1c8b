/**
 * Losses.
 *
 * @module
 */

export * from "./adaptive.ts";
export * from "./class.ts";
export * from "./margin.ts";
export * from "./number.ts";
