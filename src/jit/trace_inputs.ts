/**
 * Example inputs as the traced function gets them: in the very containers that they were given in, over other tensors.
 *
 * @module
 */

import { begin, Op, putAbsent, putTensor, runTensor } from "../tensor/call.ts";
import { isTensor, type Tensor } from "../tensor/tensor.ts";
import { recordOf } from "./decode.ts";
import { TypedValue, type TypedValueContent } from "./typed_value.ts";

const clone = new Op("aten::clone", "jit.trace");
const detach = new Op("aten::detach", "jit.trace");

/** Copies containers, with each tensor replaced. A typed value becomes what a call would give back for it. */
function mapTensors(value: unknown, replace: (tensor: Tensor) => unknown): unknown {
  const inner = (one: unknown) => mapTensors(one, replace);
  if (isTensor(value)) return replace(value);
  if (value instanceof TypedValue) return mapTyped(value.content, inner);
  if (Array.isArray(value)) return value.map(inner);
  if (value instanceof Map) return new Map([...value].map(([key, one]) => [key, inner(one)]));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, inner(one)]));
}

function mapTyped(content: TypedValueContent, inner: (value: unknown) => unknown): unknown {
  switch (content.kind) {
    case "tuple":
    case "list":
      return content.values.map(inner);
    case "namedTuple":
      return recordOf(content.entries.map(([key, value]) => [key, inner(value)]));
    case "dict": {
      const entries = content.entries.map(([key, value]) => [key, inner(value)] as const);
      const named = entries.every(([key]) => typeof key === "string");
      return named ? Object.fromEntries(entries as [string, unknown][]) : new Map(entries);
    }
    default:
      return content;
  }
}

/** The tensors of a value, in order. */
function tensorsOf(value: unknown): Tensor[] {
  const found: Tensor[] = [];
  mapTensors(value, (tensor) => found.push(tensor));
  return found;
}

/** The inputs as they were given, over the tensors that the tracer made of them. */
export function tracedInputs(given: readonly unknown[], traced: unknown): unknown[] {
  const tensors = tensorsOf(traced);
  return given.map((input) => mapTensors(input, () => tensors.shift()));
}

/** The inputs as they were given, over copies of their tensors, so that a function may change them in place. */
export function copiedInputs(given: readonly unknown[]): unknown[] {
  return given.map((input) => mapTensors(input, copied));
}

function copied(tensor: Tensor): Tensor {
  begin();
  putTensor(tensor, "jit.trace", "exampleInputs");
  using detached = runTensor(detach);
  begin();
  putTensor(detached, "jit.trace", "exampleInputs");
  putAbsent(); // memory_format
  const copy = runTensor(clone);
  if (tensor.requiresGrad) copy.requiresGrad = true;
  return copy;
}
