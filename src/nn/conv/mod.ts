/**
 * Convolutions.
 *
 * @module
 */

export {
  Convolution,
  type ConvOptions,
  type ConvTransposeOptions,
  type PaddingMode,
} from "./_convolution.ts";
export * from "./plain.ts";
export * from "./transposed.ts";
