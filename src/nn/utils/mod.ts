/**
 * `torch.nn.utils`: what is done to parameters and modules around training.
 *
 * @module
 */

export {
  clipGradNorm_,
  clipGradsWithNorm_,
  clipGradValue_,
  getTotalNorm,
  type TotalNormOptions,
} from "./clip_grad.ts";
export { parametersToVector, vectorToParameters } from "./convert_parameters.ts";
export {
  fuseConvBnEval,
  fuseConvBnWeights,
  fuseLinearBnEval,
  fuseLinearBnWeights,
  type NormalizingModule,
  type WeightedModule,
} from "./fusion.ts";
export {
  convertConv2dWeightMemoryFormat,
  convertConv3dWeightMemoryFormat,
} from "./memory_format.ts";
export * as rnn from "./rnn.ts";
export * as parametrizations from "./parametrizations.ts";
export * as parametrize from "./parametrize.ts";
export * as prune from "./prune.ts";
export { skipInit } from "./skip_init.ts";
export { removeSpectralNorm, spectralNorm, type SpectralNormOptions } from "./spectral_norm.ts";
export { removeWeightNorm, weightNorm } from "./weight_norm.ts";
