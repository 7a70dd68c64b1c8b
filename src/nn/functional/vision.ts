/**
 * Images: windows, sizes and places.
 *
 * @module
 */

export * from "./fold.ts";
export * from "./grid.ts";
export * from "./interpolate.ts";
