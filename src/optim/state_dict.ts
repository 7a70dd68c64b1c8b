/**
 * An optimizer's state in PyTorch's layout.
 *
 * @module
 */

import { noGrad } from "../autograd/modes.ts";
import { getDefaultDtype } from "../tensor/state.ts";
import { tensor } from "../tensor/create.ts";
import { describe, isTensor, shapeOf, type Tensor } from "../tensor/tensor.ts";
import type { ParamState } from "./batch.ts";
import type { AnyOptimizer } from "./optimizer.ts";
import { givenLr } from "./tensor_lr.ts";

/** A group in a state dict: PyTorch's option names, and the numbers of its parameters. */
export interface GroupStateDict {
  /** The parameters' numbers, counted through all groups. */
  params: number[];
  /** Options, such as `lr` and `weight_decay`. */
  [option: string]: unknown;
}

/** An optimizer's state in PyTorch's layout. */
export interface OptimizerStateDict {
  /** What is kept of each parameter, by the parameters' numbers. */
  state: Map<number, ParamState>;
  /** The groups. */
  param_groups: GroupStateDict[];
  /** The same groups; not a key of its own, so that a saved dict is PyTorch's. */
  readonly paramGroups: GroupStateDict[];
}

function snake(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

function camel(name: string): string {
  return name.replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
}

function copied(value: unknown): unknown {
  return Array.isArray(value) ? [...value] : value;
}

// ---- Out -----------------------------------------------------------------------------------------------------

function packGroup(group: object, numbers: Map<Tensor, number>): GroupStateDict {
  const { params, ...options } = group as { params: Tensor[] } & Record<string, unknown>;
  const packed: GroupStateDict = { params: [] };
  for (const [key, value] of Object.entries(options)) packed[snake(key)] = copied(value);
  const lr = givenLr(group);
  if (lr !== undefined) packed.lr = lr.detach();
  packed.params = params.map((param) => numbers.get(param)!);
  return packed;
}

function packValue(value: unknown, key: string, scalars: readonly string[]): unknown {
  if (isTensor(value)) return value.detach();
  if (typeof value === "number" && scalars.includes(key)) {
    return tensor(value, { dtype: scalarDtype() });
  }
  return Array.isArray(value) ? value.map((one) => packValue(one, key, scalars)) : value;
}

/** The dtype of numbers that PyTorch keeps in tensors. */
export function scalarDtype(): "float32" | "float64" {
  return getDefaultDtype() === "float64" ? "float64" : "float32";
}

/** A number as it is after being kept in such a tensor. */
export function roundScalar(value: number): number {
  return scalarDtype() === "float64" ? value : Math.fround(value);
}

/** The state dict of an optimizer. */
export function packState(optimizer: AnyOptimizer): OptimizerStateDict {
  const numbers = new Map<Tensor, number>();
  for (const { params } of optimizer.paramGroups) {
    for (const param of params) numbers.set(param, numbers.size);
  }
  const state = new Map<number, ParamState>();
  for (const [param, one] of optimizer.state) {
    const packed: ParamState = {};
    for (const key of Object.keys(one)) {
      packed[key] = packValue(one[key], key, optimizer.scalarNames);
    }
    state.set(numbers.get(param)!, packed);
  }
  const groups = optimizer.paramGroups.map((group) => packGroup(group, numbers));
  const dict = { state, param_groups: groups };
  Object.defineProperty(dict, "paramGroups", { value: groups, enumerable: false });
  return dict as unknown as OptimizerStateDict;
}

// ---- In ------------------------------------------------------------------------------------------------------

function refused(name: string, what: string): TypeError {
  return new TypeError(`${name}.loadStateDict(): ${what}`);
}

// Keys of numbers may have become strings, as in JSON.
function entriesOf(value: unknown): [string, unknown][] {
  if (value instanceof Map) return [...value].map(([key, one]) => [String(key), one]);
  return Object.entries(value as object);
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null && !Array.isArray(value) && !isTensor(value);
}

function groupsIn(name: string, dict: unknown): Map<string, unknown>[] {
  if (!isObject(dict)) {
    throw refused(name, `a state dict is an object, but got ${describe(dict)}`);
  }
  const entries = new Map(entriesOf(dict));
  const groups = entries.get("param_groups") ?? entries.get("paramGroups");
  if (!Array.isArray(groups) || !isObject(entries.get("state"))) {
    throw refused(name, "a state dict has 'state' and 'param_groups', and this has not");
  }
  return groups.map((group: unknown) => {
    const options = new Map(isObject(group) ? entriesOf(group) : []);
    if (!Array.isArray(options.get("params"))) {
      throw refused(name, "a group of the state dict has no list 'params'");
    }
    return options;
  });
}

function matchParams(optimizer: AnyOptimizer, groups: Map<string, unknown>[]): Map<string, Tensor> {
  const { name, paramGroups } = optimizer;
  const sizes = (counts: number[]) => `[${counts.join(", ")}]`;
  const own = paramGroups.map(({ params }) => params.length);
  const given = groups.map((group) => (group.get("params") as unknown[]).length);
  if (sizes(own) !== sizes(given)) {
    throw refused(
      name,
      `the groups have ${sizes(own)} parameters here, but ${sizes(given)} in the dict`,
    );
  }
  const byNumber = new Map<string, Tensor>();
  groups.forEach((group, i) => {
    (group.get("params") as unknown[]).forEach((number, j) =>
      byNumber.set(String(number), paramGroups[i]!.params[j]!)
    );
  });
  return byNumber;
}

function unpackOption(value: unknown): unknown {
  if (isTensor(value) && value.numel() === 1) return Number(value.item());
  return Array.isArray(value) ? value.map(unpackOption) : value;
}

function unpackGroup(group: Map<string, unknown>, known: object): Record<string, unknown> {
  const options: Record<string, unknown> = {};
  for (const [key, value] of group) {
    const name = camel(key);
    if (name === "params") continue;
    // What is no option of the optimizer's is the user's own, such as a name: it goes on with the group.
    const isOption = Object.hasOwn(known, name) || isSchedulers(name);
    options[name] = isOption ? unpackOption(value) : value;
  }
  return options;
}

function isSchedulers(name: string): boolean {
  return ["initialLr", "maxLr", "minLr", "maxMomentum", "baseMomentum", "swaLr", "paramNames"]
    .includes(name);
}

function unpackValue(value: unknown, key: string, param: Tensor, optimizer: AnyOptimizer): unknown {
  if (Array.isArray(value)) {
    return value.map((one) => unpackValue(one, key, param, optimizer));
  }
  if (!isTensor(value)) return value;
  if (optimizer.numberNames.includes(key)) return Number(value.item());
  const { dtype, device } = param;
  return noGrad(() => value.to({ dtype, device, copy: true }));
}

function checkShape(optimizer: AnyOptimizer, key: string, value: unknown, param: Tensor): void {
  if (!isTensor(value) || !optimizer.elementNames.includes(key)) return;
  const [expected, got] = [shapeOf(param), shapeOf(value)];
  if (expected.join() === got.join()) return;
  throw refused(
    optimizer.name,
    `'${key}' has shape [${got.join(", ")}] in the dict, but its parameter [${
      expected.join(", ")
    }]`,
  );
}

/** State and options of a state dict, for an optimizer that has as many parameters in its groups. */
export function unpackState(
  optimizer: AnyOptimizer,
  dict: unknown,
): { state: Map<Tensor, ParamState>; groups: Record<string, unknown>[] } {
  const { name } = optimizer;
  const given = groupsIn(name, dict);
  const params = matchParams(optimizer, given);
  const all = new Map(entriesOf(dict as object)).get("state") as object;
  const entries = entriesOf(all).filter(([number]) => params.has(number));
  for (const [number, one] of entries) {
    if (!isObject(one)) throw refused(name, `the state of parameter ${number} is no object`);
    for (const [key, value] of entriesOf(one)) {
      checkShape(optimizer, key, value, params.get(number)!);
    }
  }
  const groups = given.map((group) => unpackGroup(group, optimizer.defaults));
  optimizer.checkLoaded(groups);
  const state = new Map<Tensor, ParamState>();
  for (const [number, one] of entries) {
    const param = params.get(number)!;
    const unpacked: ParamState = {};
    for (const [key, value] of entriesOf(one as object)) {
      unpacked[key] = unpackValue(value, key, param, optimizer);
    }
    state.set(param, unpacked);
  }
  return { state, groups };
}
