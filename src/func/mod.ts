/**
 * Function transforms: gradients, Jacobians and batches of functions, composed at will.
 *
 * @module
 */

import "./custom_function.ts";

export { type Dims, vmap, type VmapOptions } from "./vmap.ts";
export { type FuncGradOptions, grad, gradAndValue, vjp, type VjpFunction } from "./grad.ts";
export { jvp, type JvpOptions } from "./jvp.ts";
export { linearize } from "./linearize.ts";
export { hessian, jacfwd, type JacfwdOptions, jacrev, type JacrevOptions } from "./jacobian.ts";
export {
  functionalCall,
  type FunctionalCallOptions,
  type NamedTensors,
  stackModuleState,
} from "./functional_call.ts";
export type { Argnums } from "./_level.ts";
