/**
 * `torch.nn.init`: initial values of parameters, as PyTorch draws them. The same seed gives the same weights.
 *
 * @module
 */

export { constant_, type InitOptions, normal_, ones_, uniform_, zeros_ } from "./init/fill.ts";
export { calculateGain, type FanMode, fans, type Nonlinearity } from "./init/fans.ts";
export { dirac_, eye_ } from "./init/identity.ts";
export { xavierNormal_, type XavierOptions, xavierUniform_ } from "./init/xavier.ts";
export { kaimingNormal_, type KaimingOptions, kaimingUniform_ } from "./init/kaiming.ts";
export { truncNormal_, type TruncNormalOptions } from "./init/truncated.ts";
export { orthogonal_, type OrthogonalOptions } from "./init/orthogonal.ts";
export { sparse_, type SparseOptions } from "./init/sparse.ts";
