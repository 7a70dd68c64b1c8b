/**
 * `torch.nn.utils.parametrizations`: weights that keep a property while they learn.
 *
 * @module
 */

export { weightNorm, type WeightNormOptions } from "./parametrizations/weight_norm.ts";
export { spectralNorm } from "./parametrizations/spectral_norm.ts";
export {
  orthogonal,
  type OrthogonalMap,
  type OrthogonalParametrizationOptions,
} from "./parametrizations/orthogonal.ts";
