/**
 * Tells the tracer which submodule is running, so that it keeps calls between modules as calls.
 *
 * @module
 */

import { check, encode, native } from "../../ffi/mod.ts";

let paths: Map<object, string> | null = null;

/** Sets the path of each submodule of the module being traced; `null` when tracing ends. */
export function setTracedModules(traced: Map<object, string> | null): void {
  paths = traced;
}

/** Whether a module is being traced. */
export function isTracing(): boolean {
  return paths !== null;
}

/** Runs a module's forward within its scope of the graph, where one is being traced. */
export function inScope<R>(module: object, run: () => R): R {
  const path = paths?.get(module);
  if (path === undefined) return run();
  const bytes = encode(path);
  check(native.fb_trace_push_scope(bytes, bytes.length), "trace");
  try {
    return run();
  } finally {
    native.fb_trace_pop_scope();
  }
}
