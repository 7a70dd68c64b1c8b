/**
 * Parameter groups: parameters that share options.
 *
 * @module
 */

import { describe, isTensor, type Tensor } from "../tensor/tensor.ts";
import { withDefaults } from "./options.ts";
import { givenLr, withLr } from "./tensor_lr.ts";

/** All options of an optimizer, as its groups have them: a learning rate is read as a number, also where it was given as a tensor. */
export type AllOptions<O> = Required<Omit<O, "lr">> & {
  /** The learning rate; setting it fills the tensor that was given, if one was. */
  lr: number;
};

/** Parameters, in an order that stays the same from run to run; or their names with them. */
export type ParamList = Iterable<Tensor> | Iterable<readonly [name: string, param: Tensor]>;

/** Parameters with options of their own. */
export type GroupOptions<O> = Partial<Omit<O, "lr">> & {
  /** The parameters, or a single one. */
  params: ParamList | Tensor;
  /** The learning rate, where the optimizer has one. */
  lr?: number | Tensor;
  /** What the user calls the group; it goes into the state dict. */
  name?: string;
};

/** What an optimizer takes: parameters, or groups of them. */
export type Params<O> = ParamList | Iterable<GroupOptions<O>>;

/** A group with all its options. */
export type ParamGroup<O> = O & {
  /** The parameters. */
  params: Tensor[];
  /** Their names, where they were given. */
  paramNames?: string[];
  /** What the user calls the group. */
  name?: string;
  /** The learning rate that schedulers go out from. */
  initialLr?: number;
  /** Where a cyclic scheduler puts the largest learning rate. */
  maxLr?: number;
  /** Where a cyclic scheduler puts the least learning rate. */
  minLr?: number;
  /** Where a cyclic scheduler puts the largest momentum. */
  maxMomentum?: number;
  /** Where a cyclic scheduler puts the least momentum. */
  baseMomentum?: number;
  /** The learning rate that `SWALR` goes to. */
  swaLr?: number;
};

/** Entries of a group that are no options of the optimizer's: the user's name for it, and what schedulers put there. */
const ENTRIES = ["name", "initialLr", "maxLr", "minLr", "maxMomentum", "baseMomentum", "swaLr"];

// PyTorch keeps entries that it does not know. A misspelt option would go unheard, so here they are refused.
const OWN = "what is your own, set on 'optimizer.paramGroups[i]' afterwards";

function paramsOf(name: string, params: unknown): { params: Tensor[]; names: string[] } {
  if (isTensor(params)) return { params: [params], names: [] };
  if (typeof (params as Iterable<unknown>)?.[Symbol.iterator] !== "function") {
    throw new TypeError(
      `${name}: argument 'params' must be a tensor or an iterable of tensors, but got ${
        describe(params)
      }`,
    );
  }
  const tensors: Tensor[] = [];
  const names: string[] = [];
  for (const one of params as Iterable<unknown>) {
    const named = Array.isArray(one) && one.length === 2 && typeof one[0] === "string";
    if (named) names.push(one[0]);
    tensors.push(checkParam(name, named ? one[1] : one, tensors.length));
  }
  if (names.length > 0 && names.length < tensors.length) {
    throw new TypeError(`${name}: either all parameters have names or none`);
  }
  return { params: tensors, names };
}

function checkParam(name: string, param: unknown, index: number): Tensor {
  if (!isTensor(param)) {
    throw new TypeError(
      `${name}: argument 'params[${index}]' must be a Tensor, but got ${describe(param)}`,
    );
  }
  if (!param.isLeaf) {
    throw new RangeError(
      `${name}: argument 'params[${index}]' must be a leaf, but it was computed by an op`,
    );
  }
  return param;
}

/** A group with all options, checked against the groups that are there. */
export function makeGroup<O extends object>(
  name: string,
  given: GroupOptions<O>,
  defaults: Readonly<O>,
  others: readonly ParamGroup<O>[],
): ParamGroup<O> {
  if (typeof given !== "object" || given === null) {
    throw new TypeError(
      `${name}: a parameter group must be an object with 'params', but got ${describe(given)}`,
    );
  }
  const { params: list, ...options } = given as GroupOptions<O> & Record<string, unknown>;
  const kept: Record<string, unknown> = {};
  for (const key of ENTRIES) {
    if (Object.hasOwn(options, key)) kept[key] = options[key];
    delete options[key];
  }
  const { params, names } = paramsOf(name, list);
  const taken = new Set(others.flatMap((group) => group.params));
  for (const param of params) {
    if (taken.has(param)) {
      throw new RangeError(`${name}: a parameter appears more than once in the parameter groups`);
    }
    taken.add(param);
  }
  if (others.length > 0 && (others[0]!.paramNames !== undefined) !== names.length > 0) {
    throw new TypeError(`${name}: either all parameter groups have names or none`);
  }
  if (kept.name !== undefined && typeof kept.name !== "string") {
    throw new TypeError(
      `${name}: 'name' of a parameter group must be a string, but got ${describe(kept.name)}`,
    );
  }
  const all = withDefaults(name, defaults, options, OWN);
  const made = {
    params,
    ...(names.length > 0 ? { paramNames: names } : {}),
    ...all,
    ...kept,
  } as ParamGroup<O>;
  const { lr } = options as { lr?: unknown };
  return withLr(name, made, lr ?? givenLr(defaults));
}
