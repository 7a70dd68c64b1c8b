/**
 * Pooling, in all its forms.
 *
 * @module
 */

export * from "./adaptive_pool.ts";
export {
  fractionalMaxPool2d,
  fractionalMaxPool2dWithIndices,
  fractionalMaxPool3d,
  fractionalMaxPool3dWithIndices,
  type FractionalMaxPoolOptions,
} from "./fractional_pool.ts";
export * from "./lp_pool.ts";
export {
  maxPool1d,
  maxPool1dWithIndices,
  maxPool2d,
  maxPool2dWithIndices,
  maxPool3d,
  maxPool3dWithIndices,
  type MaxPoolOptions,
  type Pooled,
} from "./max_pool.ts";
export * from "./max_unpool.ts";
