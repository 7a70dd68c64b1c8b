/**
 * Members of a module that other tensors take the place of: what parametrizations, norms and pruning share.
 *
 * @module
 */

import { describe, type Tensor } from "../../tensor/tensor.ts";
import { type AnyModule, Module } from "../module.ts";
import { type Buffer, Parameter } from "../parameter.ts";

/** Refuses what is not a module. */
export function checkModule(module: unknown, op: string): void {
  if (module instanceof Module) return;
  throw new TypeError(`${op}(): argument 'module' must be a Module, but got ${describe(module)}`);
}

/** A parameter or buffer of a module itself; refuses a name that none has. */
export function memberOf(module: AnyModule, name: string, op: string): Parameter | Buffer {
  checkModule(module, op);
  for (const [key, tensor] of module.ownTensors()) {
    if (key === name && tensor !== null) return tensor;
  }
  throw new TypeError(
    `${op}(): ${module.typeName()} has no parameter or buffer '${String(name)}'`,
  );
}

/** A parameter of a module itself. */
export function parameterOf(module: AnyModule, name: string, op: string): Parameter {
  const found = memberOf(module, name, op);
  if (found instanceof Parameter) return found;
  throw new TypeError(`${op}(): '${name}' of ${module.typeName()} is a buffer, not a parameter`);
}

/** Takes a member away. The tensor lives on. */
export function removeMember(module: AnyModule, name: string): void {
  delete (module as unknown as Record<string, unknown>)[name];
}

/** Puts a tensor in the place of a member: it is no longer the module's to save or to learn, hence not enumerable. */
export function setPlain(module: AnyModule, name: string, value: Tensor): void {
  const how = { value, writable: true, enumerable: false, configurable: true };
  Object.defineProperty(module, name, how);
}

/** Registers a parameter or a buffer, whichever it is, at the end. */
export function register(module: AnyModule, name: string, tensor: Parameter | Buffer): void {
  removeMember(module, name);
  if (tensor instanceof Parameter) module.registerParameter(name, tensor);
  else module.registerBuffer(name, tensor, { persistent: (tensor as Buffer).persistent });
}

/** A tensor that a module has under a name, whatever it is: registered, computed or a plain field. */
export function tensorAt(module: AnyModule, name: string): Tensor {
  return (module as unknown as Record<string, Tensor>)[name]!;
}

/** Whether a module is a transposed convolution, whose outputs are the second dimension of its weight. */
export function isTransposed(module: AnyModule): boolean {
  for (let type = module.constructor; type !== Module; type = Object.getPrototypeOf(type)) {
    if (/^ConvTranspose[123]d$/.test(type.name)) return true;
  }
  return false;
}

/** What is hooked to members of modules, by kind of hook and name of the member. */
export class HookedMembers<H> {
  readonly #hooks: WeakMap<object, Map<string, H>> = new WeakMap();

  /** What is hooked to a member. */
  get(module: AnyModule, name: string): H | undefined {
    return this.#hooks.get(module)?.get(name);
  }

  /** All that is hooked to members of a module. */
  has(module: AnyModule): boolean {
    return (this.#hooks.get(module)?.size ?? 0) > 0;
  }

  /** Hooks something to a member. */
  set(module: AnyModule, name: string, hook: H): void {
    const own = this.#hooks.get(module) ?? new Map<string, H>();
    own.set(name, hook);
    this.#hooks.set(module, own);
  }

  /** Forgets what is hooked to a member. */
  delete(module: AnyModule, name: string): void {
    this.#hooks.get(module)?.delete(name);
  }
}
