/**
 * The ways of pruning as functions.
 *
 * @module
 */

import { asIterable, asOptions } from "../../../_arguments.ts";
import { noGrad } from "../../../autograd/modes.ts";
import { Temporaries } from "../../../ops/_call.ts";
import { onesLike } from "../../../ops/mod.ts";
import { describe, type Tensor } from "../../../tensor/tensor.ts";
import type { AnyModule } from "../../module.ts";
import { checkModule, memberOf, tensorAt } from "../_members.ts";
import { parametersToVector } from "../convert_parameters.ts";
import {
  BasePruningMethod,
  hasPruned,
  methodOf,
  type PruningApplyOptions,
  PruningContainer,
  unprune,
} from "./method.ts";
import {
  CustomFromMask,
  Identity,
  L1Unstructured,
  LnStructured,
  RandomStructured,
  RandomUnstructured,
} from "./methods.ts";

/** Prunes nothing yet, in form only: `name_orig` and `name_mask` are there. */
export function identity<M extends AnyModule>(module: M, name: string): M {
  new Identity().apply(module, name);
  return module;
}

/**
 * Sets elements of a parameter to zero at random.
 *
 * @param amount A share below 1, or a whole number of elements.
 *
 * @example
 * ```ts
 * import * as torch from "flambeau";
 * import { assertEquals } from "@std/assert";
 *
 * const layer = torch.nn.utils.prune.randomUnstructured(new torch.nn.Linear(4, 3), "weight", 5);
 * assertEquals(layer.weight.eq(0).sum().item(), 5);
 * ```
 */
export function randomUnstructured<M extends AnyModule>(
  module: M,
  name: string,
  amount: number,
): M {
  new RandomUnstructured(amount).apply(module, name);
  return module;
}

/**
 * Sets the smallest elements of a parameter to zero.
 *
 * @param amount A share below 1, or a whole number of elements.
 *
 * @example
 * ```ts
 * import * as torch from "flambeau";
 * import { assertEquals } from "@std/assert";
 *
 * const { prune } = torch.nn.utils;
 * const layer = prune.l1Unstructured(new torch.nn.Linear(4, 2), "weight", 0.25);
 * assertEquals(Object.keys(layer.stateDict()), ["bias", "weight_orig", "weight_mask"]);
 * assertEquals(layer.weight.eq(0).sum().item(), 2);
 * prune.remove(layer, "weight");
 * assertEquals(Object.keys(layer.stateDict()), ["bias", "weight"]);
 * ```
 */
export function l1Unstructured<M extends AnyModule>(
  module: M,
  name: string,
  amount: number,
  options: PruningApplyOptions = {},
): M {
  new L1Unstructured(amount).apply(module, name, options);
  return module;
}

/** Sets whole channels of a parameter, indices of the dimension `dim`, to zero at random. */
export function randomStructured<M extends AnyModule>(
  module: M,
  name: string,
  amount: number,
  dim: number,
): M {
  new RandomStructured(amount, dim).apply(module, name);
  return module;
}

/**
 * Sets the channels of a parameter, indices of the dimension `dim`, whose norm is smallest to zero.
 *
 * @param n Which norm.
 *
 * @example
 * ```ts
 * import * as torch from "flambeau";
 * import { assertEquals } from "@std/assert";
 *
 * const layer = new torch.nn.Linear(4, 3);
 * torch.nn.utils.prune.lnStructured(layer, "weight", 1, 2, 0);
 * assertEquals(layer.weight.eq(0).all(1).sum().item(), 1);
 * ```
 */
export function lnStructured<M extends AnyModule>(
  module: M,
  name: string,
  amount: number,
  n: number | "fro" | "nuc",
  dim: number,
  options: PruningApplyOptions = {},
): M {
  new LnStructured(amount, n, dim).apply(module, name, options);
  return module;
}

/** Keeps the elements of a parameter where a mask is one. */
export function customFromMask<M extends AnyModule>(module: M, name: string, mask: Tensor): M {
  new CustomFromMask(mask).apply(module, name);
  return module;
}

/** Options of {@linkcode globalUnstructured}. */
export interface GlobalUnstructuredOptions {
  /** A share below 1, or a whole number of elements, of all parameters together. */
  amount: number;
  /** What says which elements matter, one for each parameter; default: the parameters themselves. */
  importanceScores?: readonly (Tensor | null)[];
}

/**
 * Sets elements of several parameters to zero as though they were one.
 *
 * @param parameters Modules, each with the name of a parameter.
 * @param method A class of methods that act on elements, such as `prune.L1Unstructured`.
 *
 * @example
 * ```ts
 * import * as torch from "flambeau";
 * import { assertEquals } from "@std/assert";
 *
 * const { prune } = torch.nn.utils;
 * const [one, two] = [new torch.nn.Linear(4, 2), new torch.nn.Linear(2, 4)];
 * prune.globalUnstructured([[one, "weight"], [two, "weight"]], prune.L1Unstructured, { amount: 6 });
 * const zeros = [one, two].map((layer) => Number(layer.weight.eq(0).sum().item()));
 * assertEquals(zeros[0]! + zeros[1]!, 6);
 * ```
 */
export function globalUnstructured(
  parameters: Iterable<readonly [AnyModule, string]>,
  method: new (amount: number) => BasePruningMethod,
  options: GlobalUnstructuredOptions,
): void {
  const list = [...asIterable(parameters, "globalUnstructured", "parameters")];
  if (typeof method !== "function") {
    throw new TypeError(
      `globalUnstructured(): argument 'method' must be a class, but got ${describe(method)}`,
    );
  }
  const own = new method(
    asOptions(options, "globalUnstructured", "amount, importanceScores").amount,
  );
  if (!(own instanceof BasePruningMethod) || own.pruningType !== "unstructured") {
    throw new TypeError(
      `globalUnstructured(): argument 'method' must be a class of methods that act on elements, but got ${
        describe(method)
      }`,
    );
  }
  using t = new Temporaries();
  const weights = list.map(([module, name]) => weightAt(module, name));
  const masks = list.map(([module, name], i) =>
    methodOf(module, name) ? tensorAt(module, `${name}_mask`) : t.note(onesLike(weights[i]!))
  );
  const scores = weights.map((weight, i) => options.importanceScores?.[i] ?? weight);
  const mask = noGrad(() => {
    const before = t.note(parametersToVector(masks));
    return t.note(
      new PruningContainer(own).computeMask(t.note(parametersToVector(scores)), before),
    );
  });
  let start = 0;
  list.forEach(([module, name], i) => {
    const count = weights[i]!.numel();
    using part = mask.narrow(0, start, count);
    using shaped = part.viewAs(weights[i]!);
    customFromMask(module, name, shaped.clone());
    start += count;
  });
}

function weightAt(module: AnyModule, name: string): Tensor {
  checkModule(module, "globalUnstructured");
  if (methodOf(module, name)) return tensorAt(module, name);
  return memberOf(module, name, "globalUnstructured");
}

/**
 * Makes a pruned parameter a plain one, of the value that it has.
 *
 * @throws {TypeError} If it is not pruned.
 */
export function remove<M extends AnyModule>(module: M, name: string): M {
  checkModule(module, "prune.remove");
  unprune(module, name);
  return module;
}

/**
 * Whether some parameter of a module, or of one below it, is pruned.
 *
 * @example
 * ```ts
 * import * as torch from "flambeau";
 * import { assertEquals } from "@std/assert";
 *
 * const { prune } = torch.nn.utils;
 * const net = new torch.nn.Sequential(new torch.nn.Linear(2, 2));
 * assertEquals(prune.isPruned(net), false);
 * prune.identity([...net.children()][0]!, "weight");
 * assertEquals(prune.isPruned(net), true);
 * ```
 */
export function isPruned(module: AnyModule): boolean {
  checkModule(module, "prune.isPruned");
  return [...module.modules()].some(hasPruned);
}
