/**
 * Parametrizations put on a module's tensors, and taken off.
 *
 * @module
 */

import { asOptions } from "../../../_arguments.ts";
import { asModule } from "../_module.ts";
import { noGrad } from "../../../autograd/modes.ts";
import { describe, isTensor, type Tensor } from "../../../tensor/tensor.ts";
import { type AnyModule, Module } from "../../module.ts";
import { type Buffer, Parameter } from "../../parameter.ts";
import { checkModule, memberOf, register, removeMember, tensorAt } from "../_members.ts";
import { setData } from "../convert_parameters.ts";
import { throughCache } from "./cache.ts";
import { checkAlike, inverted, type Parametrization, ParametrizationList } from "./list.ts";

const PREFIX = "Parametrized";

/** The parametrizations of a module by the name of the tensor; PyTorch keeps them in a dict. */
class Parametrizations extends Module<[], void> {
  override typeName(): string {
    return "ModuleDict";
  }
}

function listsOf(module: AnyModule): Parametrizations | null {
  const found = (module as { parametrizations?: unknown }).parametrizations;
  return found instanceof Parametrizations ? found : null;
}

function listOf(module: AnyModule, name: string): ParametrizationList | null {
  const found: unknown = (listsOf(module) as Record<string, unknown> | null)?.[name];
  return found instanceof ParametrizationList ? found : null;
}

/**
 * Whether a tensor of a module, or without a name any of its own, is parametrized.
 *
 * @example
 * ```ts
 * import * as torch from "flambeau";
 * import { assertEquals } from "@std/assert";
 *
 * const { parametrizations, parametrize } = torch.nn.utils;
 * const layer = parametrizations.weightNorm(new torch.nn.Linear(2, 2));
 * assertEquals(parametrize.isParametrized(layer, "weight"), true);
 * assertEquals(parametrize.isParametrized(layer, "bias"), false);
 * ```
 */
export function isParametrized(module: AnyModule, name?: string): boolean {
  checkModule(module, "isParametrized");
  return name === undefined ? listsOf(module) !== null : listOf(module, name) !== null;
}

// The accessors ask their own module, so that a copy of it computes from its own tensors.
function inject(module: AnyModule, name: string): void {
  Object.defineProperty(module, name, {
    get(this: AnyModule): Tensor {
      const list = listOf(this, name)!;
      return throughCache(this, name, () => list());
    },
    set(this: AnyModule, value: Tensor) {
      if (!isTensor(value)) {
        throw new TypeError(`parametrize: '${name}' must be a Tensor, but got ${describe(value)}`);
      }
      listOf(this, name)!.rightInverse(value);
    },
    enumerable: false,
    configurable: true,
  });
}

function markParametrized(module: AnyModule): void {
  const type = PREFIX + module.typeName();
  const how = { value: () => type, enumerable: false, configurable: true };
  Object.defineProperty(module, "typeName", how);
  module.registerModule("parametrizations", new Parametrizations());
}

function checkFurther(module: AnyModule, name: string, parametrization: Parametrization): void {
  noGrad(() => {
    using before = tensorAt(module, name);
    const after: unknown = parametrization(before);
    checkAlike(after, before, `what ${parametrization.typeName()} gives`);
    const origin = inverted(parametrization, after);
    checkAlike(origin, before, `what 'rightInverse' of ${parametrization.typeName()} gives`);
  });
}

/**
 * Computes a tensor of a module by another module from now on: `module.name` is what `parametrization` gives for
 * `module.parametrizations.name.original`, which learns in its place. A further parametrization is given what the one before gave.
 *
 * @param module The module of the tensor, which is returned.
 * @param name The name of a parameter or buffer.
 * @param parametrization A module that gives a tensor for a tensor. With a method `rightInverse` the tensor keeps its value, as far as
 * it can, and can be assigned.
 * @param options `unsafe` (default `false`): whether dtype and shape may change.
 * @throws {TypeError} If there is no such tensor, or dtype or shape would change.
 *
 * @example
 * ```ts
 * import * as torch from "flambeau";
 * import { assertEquals } from "@std/assert";
 *
 * class Symmetric extends torch.nn.Module<[torch.Tensor], torch.Tensor> {
 *   override forward(x: torch.Tensor): torch.Tensor {
 *     return x.triu().add(x.triu(1).mT);
 *   }
 * }
 * const layer = new torch.nn.Linear(3, 3);
 * torch.nn.utils.parametrize.registerParametrization(layer, "weight", new Symmetric());
 * assertEquals(layer.weight.toArray(), layer.weight.t().toArray());
 * assertEquals(Object.keys(layer.stateDict()), ["bias", "parametrizations.weight.original"]);
 * ```
 */
export function registerParametrization<M extends AnyModule>(
  module: M,
  name: string,
  parametrization: Parametrization,
  options: { unsafe?: boolean } = {},
): M {
  const { unsafe = false } = asOptions(options, "registerParametrization", "unsafe");
  checkModule(module, "registerParametrization");
  if (!(parametrization instanceof Module)) {
    throw new TypeError(
      `registerParametrization(): argument 'parametrization' must be a Module, but got ${
        describe(parametrization)
      }`,
    );
  }
  parametrization.train(module.training);
  const list = listOf(module, name);
  if (list !== null) {
    if (!unsafe) checkFurther(module, name, parametrization);
    list.append(parametrization).unsafe ||= unsafe;
    return module;
  }
  const original = memberOf(module, name, "registerParametrization");
  const made = new ParametrizationList([parametrization], original, unsafe);
  made.train(module.training);
  removeMember(module, name);
  if (listsOf(module) === null) markParametrized(module);
  inject(module, name);
  listsOf(module)!.registerModule(name, made);
  return module;
}

function settled(list: ParametrizationList, value: Tensor, leave: boolean): Parameter | Buffer {
  const [original] = list.originals();
  if (list.isTensor) {
    if (leave) setData(original!, value.detach(), "removeParametrizations");
    return original!;
  }
  if (leave) return new Parameter(value, value.requiresGrad);
  throw new TypeError(
    "removeParametrizations(): a tensor that is computed from several cannot be left unparametrized",
  );
}

/**
 * Makes a parametrized tensor a plain one again.
 *
 * @param options `leaveParametrized` (default `true`): whether it keeps the value that was computed, not that of `original`.
 * @throws {TypeError} If it is not parametrized, or computed from several tensors and not to keep its value.
 */
export function removeParametrizations<M extends AnyModule>(
  module: M,
  name: string,
  options: { leaveParametrized?: boolean } = {},
): M {
  checkModule(module, "removeParametrizations");
  const { leaveParametrized = true } = asOptions(
    options,
    "removeParametrizations",
    "leaveParametrized",
  );
  const list = listOf(module, name);
  if (list === null) {
    throw new TypeError(
      `removeParametrizations(): '${String(name)}' of ${module.typeName()} is not parametrized`,
    );
  }
  const value = list.isTensor ? noGrad(() => list()) : list();
  const tensor = settled(list, value, leaveParametrized);
  value.dispose();
  register(module, name, tensor);
  const lists = listsOf(module)!;
  removeMember(lists, name);
  if ([...lists.children()].length > 0) return module;
  removeMember(module, "parametrizations");
  removeMember(module, "typeName");
  return module;
}

/** The name of a module's class without its parametrizations. */
export function typeBeforeParametrizations(module: AnyModule): string {
  const type = asModule(module, "typeBeforeParametrizations").typeName();
  return isParametrized(module) ? type.slice(PREFIX.length) : type;
}

/**
 * Puts the parametrizations of a module's tensors, or of the one of a name, on another module, with the originals: both share them.
 *
 * @returns The other module.
 */
export function transferParametrizationsAndParams<M extends AnyModule>(
  fromModule: AnyModule,
  toModule: M,
  name?: string,
): M {
  checkModule(fromModule, "transferParametrizationsAndParams");
  checkModule(toModule, "transferParametrizationsAndParams");
  const names = [...listsOf(fromModule)?.namedChildren() ?? []].map(([key]) => key);
  for (const key of name === undefined ? names : names.filter((one) => one === name)) {
    const list = listOf(fromModule, key)!;
    if (!(key in toModule)) {
      using value = tensorAt(fromModule, key);
      toModule.registerParameter(key, new Parameter(value));
    }
    for (const one of list) registerParametrization(toModule, key, one, { unsafe: list.unsafe });
    const own = listOf(toModule, key)!;
    for (const [part, tensor] of list.ownTensors()) register(own, part, tensor!);
  }
  return toModule;
}
