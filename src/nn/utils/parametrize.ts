/**
 * `torch.nn.utils.parametrize`: parameters that are computed from others at each use.
 *
 * @module
 */

export { cached } from "./parametrize/cache.ts";
export { type Parametrization, ParametrizationList } from "./parametrize/list.ts";
export {
  isParametrized,
  registerParametrization,
  removeParametrizations,
  transferParametrizationsAndParams,
  typeBeforeParametrizations,
} from "./parametrize/register.ts";
