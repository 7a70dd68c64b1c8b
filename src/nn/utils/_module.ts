import { describe } from "../../tensor/tensor.ts";
import { type AnyModule, Module } from "../module.ts";

/** A module, or the TypeError that says what was given instead. */
export function asModule<M extends AnyModule>(value: M, op: string, argument = "module"): M {
  if (value instanceof Module) return value;
  throw new TypeError(
    `${op}(): argument '${argument}' must be a Module, but got ${describe(value)}`,
  );
}
