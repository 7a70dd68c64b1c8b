/**
 * Modules as functions of their parameters.
 *
 * @module
 */

import { asOptions } from "../_arguments.ts";
import { TorchError } from "../../ffi/mod.ts";
import { type AnyModule, Module } from "../nn/module.ts";
import { Parameter } from "../nn/parameter.ts";
import { stack } from "../ops/mod.ts";
import { describe, isTensor, type Tensor } from "../tensor/tensor.ts";
import { isPlainObject } from "./_tree.ts";

/** Tensors by dotted name, as `namedParameters()` and `namedBuffers()` have them. */
export type NamedTensors = Readonly<Record<string, Tensor>>;

/** Options of {@linkcode functionalCall}. */
export interface FunctionalCallOptions {
  /** Whether tensors that the module has under several names are replaced under all of them; default `true`. */
  tieWeights?: boolean;
  /** Whether all parameters and buffers must be given, and no others; default `false`. */
  strict?: boolean;
}

interface Place {
  owner: Record<string, Tensor | null>;
  name: string;
  before: Tensor;
  path: string;
}

const op = "functionalCall";

function places(module: AnyModule): Place[] {
  const found: Place[] = [];
  for (const [prefix, part] of module.namedModules()) {
    for (const [name, before] of part.ownTensors()) {
      if (before === null) continue;
      const path = prefix === "" ? name : `${prefix}.${name}`;
      found.push({
        owner: part as unknown as Record<string, Tensor | null>,
        name,
        before,
        path,
      });
    }
  }
  return found;
}

function merged(tensors: NamedTensors | readonly NamedTensors[]): Map<string, Tensor> {
  const all = new Map<string, Tensor>();
  for (const dict of Array.isArray(tensors) ? tensors : [tensors]) {
    if (!isPlainObject(dict)) {
      throw new TypeError(
        `${op}(): argument 'tensors' must be an object of tensors or an array of them, but got ${
          describe(dict)
        }`,
      );
    }
    for (const [name, tensor] of Object.entries(dict)) {
      if (!isTensor(tensor)) {
        throw new TypeError(`${op}(): '${name}' must be a Tensor, but got ${describe(tensor)}`);
      }
      if (all.has(name)) throw new TypeError(`${op}(): '${name}' appears in several dictionaries`);
      all.set(name, tensor);
    }
  }
  return all;
}

function checkNames(own: Place[], given: Map<string, Tensor>, strict: boolean): void {
  const paths = new Set(own.map(({ path }) => path));
  const unexpected = [...given.keys()].filter((name) => !paths.has(name));
  const missing = strict ? [...paths].filter((path) => !given.has(path)) : [];
  if (unexpected.length === 0 && missing.length === 0) return;
  const parts = [
    ...(unexpected.length > 0 ? [`the module has no ${unexpected.join(", ")}`] : []),
    ...(missing.length > 0 ? [`missing: ${missing.join(", ")}`] : []),
  ];
  throw new TorchError(`${op}(): ${parts.join("; ")}`, { op, kind: "value" });
}

/**
 * Calls a module with other tensors in place of its parameters and buffers, which it has back afterwards. So a module is a
 * function that `torch.func` can transform.
 *
 * @param module Whose `forward` runs, with its hooks.
 * @param tensors By dotted name, an object or an array of them; what is not named stays.
 * @param args The arguments: an array, or the only one.
 * @throws {TorchError} If the module has no tensor of a name; with `strict`, if one is missing.
 *
 * @example
 * ```ts
 * import * as torch from "flambeau";
 * import { assertEquals } from "@std/assert";
 *
 * const net = new torch.nn.Linear(2, 1, { bias: false });
 * const weight = torch.tensor([[1, 2]], { dtype: "float32" });
 * const x = torch.ones([1, 2]);
 * assertEquals(torch.func.functionalCall(net, { weight }, x).toArray(), [[3]]);
 * const loss = (weight: torch.Tensor) => torch.func.functionalCall(net, { weight }, x).sum();
 * assertEquals(torch.func.grad(loss)(weight).toArray(), [[1, 1]]);
 * ```
 */
export function functionalCall<A extends unknown[], R>(
  module: Module<A, R>,
  tensors: NamedTensors | readonly NamedTensors[],
  args: A | A[0],
  options: FunctionalCallOptions = {},
): R {
  if (!(module instanceof Module)) {
    throw new TypeError(`${op}(): argument 'module' must be a Module, but got ${describe(module)}`);
  }
  const { tieWeights = true, strict = false } = asOptions(options, op, "tieWeights, strict");
  const given = merged(tensors);
  const own = places(module as AnyModule);
  checkNames(own, given, strict);
  const byTensor = new Map<Tensor, Tensor>();
  for (const { path, before } of own) {
    const tensor = given.get(path);
    if (tensor !== undefined && tieWeights) byTensor.set(before, tensor);
  }
  const swaps = own.flatMap((place) => {
    const tensor = given.get(place.path) ?? byTensor.get(place.before);
    return tensor === undefined ? [] : [{ ...place, tensor }];
  });
  try {
    for (const { owner, name, tensor } of swaps) owner[name] = tensor;
    const result = module(...(Array.isArray(args) ? args : [args]) as A);
    if (!(result instanceof Promise)) return result;
    result.catch(() => {});
    throw new TypeError(`${op}(): forward() must be synchronous, but it returned a Promise`);
  } finally {
    for (const { owner, name, before } of swaps) owner[name] = before;
  }
}

/**
 * Stacks the parameters and the buffers of modules of one kind: what `vmap` over {@linkcode functionalCall} takes.
 *
 * @returns `[parameters, buffers]`, each by dotted name; the parameters are leaves that take gradients if the modules' do.
 *
 * @example
 * ```ts
 * import * as torch from "flambeau";
 * import { assertEquals } from "@std/assert";
 *
 * const nets = [1, 2, 3].map(() => new torch.nn.Linear(4, 2));
 * const [parameters, buffers] = torch.func.stackModuleState(nets);
 * assertEquals(parameters.weight!.shape, [3, 2, 4]);
 * const run = (p: Record<string, torch.Tensor>, x: torch.Tensor) =>
 *   torch.func.functionalCall(nets[0]!, [p, buffers], x);
 * const ys = torch.func.vmap(run, { inDims: [0, null] })(parameters, torch.ones([5, 4]));
 * assertEquals(ys.shape, [3, 5, 2]);
 * ```
 */
export function stackModuleState(
  modules: readonly AnyModule[],
): [parameters: Record<string, Tensor>, buffers: Record<string, Tensor>] {
  if (!Array.isArray(modules) || modules.length === 0) {
    throw new TypeError("stackModuleState(): Expected at least one model, got none");
  }
  const states = modules.map((module) =>
    places(module).map(({ path, before }) => [path, before] as const)
  );
  const names = states.map((state) => state.map(([name]) => name).join());
  if (
    modules.some((one) => one.constructor !== modules[0]!.constructor) || new Set(names).size > 1
  ) {
    throw new TypeError("stackModuleState(): Expected models to be of the same type");
  }
  if (new Set(modules.map((one) => one.training)).size > 1) {
    throw new TypeError("stackModuleState(): Expected all models to have the same training mode");
  }
  const result: [Record<string, Tensor>, Record<string, Tensor>] = [{}, {}];
  states[0]!.forEach(([name, first], i) => {
    const all = states.map((state) => state[i]![1]);
    const joined = stack(all.map((one) => one.detach()));
    const learned = first instanceof Parameter;
    if (learned && all.every((one) => one.requiresGrad)) joined.requiresGrad = true;
    result[learned ? 0 : 1][name] = joined;
  });
  return result;
}
