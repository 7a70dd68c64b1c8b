/**
 * Deep copies of modules.
 *
 * @module
 */

import { isTensor, type Tensor } from "../tensor/tensor.ts";
import { type AnyModule, Module } from "./module.ts";
import { Buffer, Parameter } from "./parameter.ts";

/** What was copied, by what it was copied from: what is shared stays shared. */
type Copies = Map<object, unknown>;

/**
 * A copy of a module with copies of all that it holds: parameters, buffers, submodules, tensors, arrays, maps and plain objects.
 * Hooks are not copied. A class with private members (`#name`), which no one but its constructor can make, says by a method
 * `clone()` how it is copied.
 */
export function copyModule<M extends AnyModule>(module: M, copies: Copies = new Map()): M {
  const { clone } = module as unknown as { clone?: unknown };
  if (typeof clone === "function") return noted(copies, module, clone.call(module)) as M;
  // Only the base class's constructor runs: that of the class would draw random numbers, and needs arguments.
  const made: M = Reflect.construct(Module, [], module.constructor);
  copies.set(module, made);
  const own = new Map(module.ownTensors());
  for (const name of Reflect.ownKeys(module)) {
    const descriptor = Object.getOwnPropertyDescriptor(module, name)!;
    if (descriptor.get !== undefined && typeof name === "string" && own.has(name)) {
      copyRegistered(made, name, own.get(name)!, copies);
    } else {
      if ("value" in descriptor) descriptor.value = copyValue(descriptor.value, copies);
      Object.defineProperty(made, name, descriptor);
    }
  }
  made.training = module.training;
  return made;
}

function copyRegistered(
  made: AnyModule,
  name: string,
  tensor: Parameter | Buffer | null,
  copies: Copies,
): void {
  if (tensor === null) return made.registerParameter(name, null);
  const copy = copyValue(tensor, copies);
  if (copy instanceof Parameter) return made.registerParameter(name, copy);
  const { persistent } = copy as Buffer;
  using data = copy as Buffer;
  made.registerBuffer(name, data, { persistent });
}

function copyValue(value: unknown, copies: Copies): unknown {
  if (typeof value !== "object" && typeof value !== "function") return value;
  if (value === null) return null;
  if (copies.has(value)) return copies.get(value);
  if (value instanceof Module) return copyModule(value, copies);
  if (isTensor(value)) return noted(copies, value, copyTensor(value));
  if (Array.isArray(value)) return value.map((one) => copyValue(one, copies));
  if (value instanceof Map) {
    return new Map([...value].map(([key, one]) => [key, copyValue(one, copies)]));
  }
  const prototype = Object.getPrototypeOf(value);
  if (typeof value === "function" || prototype !== Object.prototype) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, one]) => [key, copyValue(one, copies)]),
  );
}

function noted<T>(copies: Copies, from: object, copy: T): T {
  copies.set(from, copy);
  return copy;
}

function copyTensor(tensor: Tensor): Tensor {
  const { requiresGrad } = tensor;
  using detached = tensor.detach();
  const data = detached.clone();
  if (tensor instanceof Parameter) {
    using values = data;
    return new Parameter(values, requiresGrad);
  }
  if (tensor instanceof Buffer) {
    using values = data;
    return new Buffer(values, tensor.persistent);
  }
  data.requiresGrad = requiresGrad;
  return data;
}
