/**
 * TorchScript: trace functions and modules, compile source, look at graphs, save, load, run.
 *
 * @module
 */

import { setMakeObject } from "./decode.ts";
import { ScriptObject } from "./script_object.ts";
import { scriptModule } from "./script_module.ts";

setMakeObject((handle, isModule, type) =>
  isModule ? scriptModule(handle) : new ScriptObject(handle, type)
);

export { sizeOf } from "../tensor/traced_size.ts";
export { trace, traceModule, type TraceOptions } from "./trace_api.ts";
export type { AnyFunction } from "./trace.ts";
export { CompilationUnit, compile, type CompileOptions } from "./compile.ts";
export {
  enableOnednnFusion,
  freeze,
  type FreezeOptions,
  type FusionStrategy,
  onednnFusionEnabled,
  optimizedExecution,
  optimizeForInference,
  profilingMode,
  setFusionStrategy,
} from "./optimize.ts";
export { typesOf, type TypesOptions } from "./types_of.ts";
export { loadLibrary, type OpNamespace, ops, RegisteredOp } from "./ops.ts";
export {
  deserialize,
  load,
  loadAsync,
  type LoadOptions,
  save,
  saveAsync,
  saveForMobile,
  serialize,
} from "./files.ts";
export {
  inspect,
  type InspectedRecord,
  type InspectedTensor,
  type Inspection,
} from "./security/inspect.ts";
export type { Refusal } from "./security/policy.ts";
export { type SaveOptions, ScriptFunction, type SerializeOptions } from "./script_function.ts";
export { type LoadedModule, ScriptModule } from "./script_module.ts";
export { ScriptObject } from "./script_object.ts";
export type { ExtraFiles } from "./archive.ts";
export type { EnumValue } from "./decode.ts";
export { type Block, Graph, type Node, type Value } from "./graph.ts";
export { Schema, type SchemaArgument, type SchemaReturn, type TypeDefinition } from "./schema.ts";
export {
  bool,
  complex,
  dict,
  float,
  int,
  kwargs,
  list,
  scalar,
  str,
  tuple,
  TypedValue,
  type TypedValueContent,
} from "./typed_value.ts";
export { RunOptions, runOptions, type RunSettings } from "../jobs/mod.ts";
