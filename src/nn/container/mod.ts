/**
 * Modules that hold modules and parameters.
 *
 * @module
 */

export { ModuleSequence } from "./_sequence.ts";
export { ParameterContainer } from "./_parameters.ts";
export { ModuleDict, type NamedModules } from "./module_dict.ts";
export { ModuleList } from "./module_list.ts";
export { type NamedTensors, ParameterDict } from "./parameter_dict.ts";
export { ParameterList } from "./parameter_list.ts";
export { Sequential } from "./sequential.ts";
