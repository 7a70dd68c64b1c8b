/**
 * Freeing what a call gave.
 *
 * @module
 */

import { Module } from "../nn/module.ts";
import { isTensor } from "../tensor/tensor.ts";

/** Frees the tensors of a value, however deep. */
export function disposeDeep(value: unknown): void {
  if (isTensor(value)) value.dispose();
  else if (Array.isArray(value)) value.forEach(disposeDeep);
  else if (value instanceof Map) value.forEach(disposeDeep);
  else if (typeof value === "object" && value !== null && !(value instanceof Module)) {
    Object.values(value).forEach(disposeDeep);
  }
}
