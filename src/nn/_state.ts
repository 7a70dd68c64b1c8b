/**
 * Loading of a state dict: what fits, what is missing, and what is wrong.
 *
 * @module
 */

import { noGrad } from "../autograd/modes.ts";
import { describe, isTensor, shapeOf, type Tensor } from "../tensor/tensor.ts";
import type { IncompatibleKeys, StateDict } from "./module.ts";

/** What came of holding a dict against a module's own tensors. */
export interface Comparison extends IncompatibleKeys {
  /** Tensors of the dict that cannot be taken, each with its reason. */
  readonly problems: string[];
}

/** The entries of a dict that is an object or a `Map`, as an object of our own. */
export function copyOfDict(dict: StateDict | ReadonlyMap<string, Tensor>): StateDict {
  if (typeof dict !== "object" || dict === null || isTensor(dict)) {
    throw new TypeError(
      `loadStateDict(): argument 'dict' must be an object of tensors, but got ${describe(dict)}`,
    );
  }
  return dict instanceof Map ? Object.fromEntries(dict) : { ...dict as StateDict };
}

/** Holds a dict against a module's tensors, and against the names of what else modules keep. */
export function compare(
  own: Iterable<[string, Tensor]>,
  dict: StateDict,
  extras: readonly string[] = [],
): Comparison {
  const missingKeys: string[] = [];
  const problems: string[] = [];
  const keys = new Set<string>();
  for (const [key, tensor] of own) {
    keys.add(key);
    if (!Object.hasOwn(dict, key)) missingKeys.push(key);
    else problems.push(...mismatch(key, tensor, dict[key]));
  }
  for (const key of extras) {
    keys.add(key);
    if (!Object.hasOwn(dict, key)) missingKeys.push(key);
  }
  const unexpectedKeys = Object.keys(dict).filter((key) => !keys.has(key));
  return { missingKeys, unexpectedKeys, problems };
}

function mismatch(key: string, own: Tensor, given: unknown): string[] {
  if (!isTensor(given)) return [`'${key}' must be a Tensor, but is ${describe(given)}`];
  const [expected, got] = [shapeOf(own), shapeOf(given)];
  if (expected.join() === got.join() || isOldScalar(expected, got)) return [];
  return [`'${key}' has shape [${expected.join(", ")}] here but [${got.join(", ")}] in the dict`];
}

// Before PyTorch 0.4 there were no tensors without dimensions: files of that time have one of one element.
function isOldScalar(expected: readonly number[], got: readonly number[]): boolean {
  return expected.length === 0 && got.length === 1 && got[0] === 1;
}

/** Refuses a dict, with all that is wrong with it, a line each. */
export function refuse(typeName: string, found: Comparison, strict: boolean): void {
  const lines = [...found.problems];
  if (strict) {
    lines.unshift(
      ...listed("missing", found.missingKeys),
      ...listed("unexpected", found.unexpectedKeys),
    );
  }
  if (lines.length === 0) return;
  throw new TypeError(
    `loadStateDict(): ${typeName} cannot take this dict:\n${
      lines.map((line) => `  ${line}`).join("\n")
    }`,
  );
}

function listed(kind: string, keys: string[]): string[] {
  return keys.length === 0 ? [] : [`${kind}: ${keys.map((key) => `'${key}'`).join(", ")}`];
}

/** What a dict has for a tensor, in its shape. */
export function fitted(target: Tensor, source: Tensor): Tensor {
  if (!isOldScalar(shapeOf(target), shapeOf(source))) return source;
  return noGrad(() => source.detach().select(0, 0));
}

/** Copies values, whatever their dtype and device, into a tensor that optimizers and graphs go on with. */
export function copyInto(target: Tensor, source: Tensor): void {
  noGrad(() => target.copy_(fitted(target, source)));
}

/** Copies a dict into tensors that share a module's memory, and frees them. */
export function loadInto(
  typeName: string,
  own: StateDict,
  dict: StateDict,
  strict: boolean,
): IncompatibleKeys {
  try {
    const found = compare(Object.entries(own), dict);
    refuse(typeName, found, strict);
    for (const [key, target] of Object.entries(own)) {
      if (Object.hasOwn(dict, key)) copyInto(target, dict[key]!);
    }
    return { missingKeys: found.missingKeys, unexpectedKeys: found.unexpectedKeys };
  } finally {
    for (const target of Object.values(own)) target.dispose();
  }
}
