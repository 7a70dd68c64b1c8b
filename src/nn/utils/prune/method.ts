/**
 * What ways of pruning share: the mask in a buffer, the original in a parameter, and the hook that multiplies them.
 *
 * @module
 */

import { asOptions } from "../../../_arguments.ts";
import { noGrad } from "../../../autograd/modes.ts";
import { Temporaries } from "../../../ops/_call.ts";
import { onesLike } from "../../../ops/mod.ts";
import { shapeOf, type Tensor } from "../../../tensor/tensor.ts";
import type { AnyModule, RemoveHook } from "../../module.ts";
import {
  checkModule,
  HookedMembers,
  parameterOf,
  register,
  removeMember,
  setPlain,
  tensorAt,
} from "../_members.ts";
import { setData } from "../convert_parameters.ts";

/** What a method of pruning acts on: single elements, channels of one dimension, or all at once. */
export type PruningType = "unstructured" | "structured" | "global";

/** Options of {@linkcode BasePruningMethod.apply}. */
export interface PruningApplyOptions {
  /** What says which elements matter, in the shape of the parameter; default: the parameter itself. */
  importanceScores?: Tensor | null;
}

/** Options of {@linkcode BasePruningMethod.prune}. */
export interface PruneOptions extends PruningApplyOptions {
  /** A mask that there is already; default: ones. */
  defaultMask?: Tensor | null;
}

interface Pruned {
  method: BasePruningMethod;
  remove: RemoveHook;
}

const pruned = new HookedMembers<Pruned>();

/** The method that a parameter is pruned by. */
export function methodOf(module: AnyModule, name: string): BasePruningMethod | null {
  return pruned.get(module, name)?.method ?? null;
}

/** Whether some parameter of a module itself is pruned. */
export function hasPruned(module: AnyModule): boolean {
  return pruned.has(module);
}

function checkScores(scores: Tensor | null | undefined, like: Tensor): Tensor {
  if (!scores) return like;
  const [found, expected] = [shapeOf(scores), shapeOf(like)];
  if (found.join() === expected.join()) return scores;
  throw new RangeError(
    `prune: option 'importanceScores' must have the shape [${expected.join(", ")}], but has [${
      found.join(", ")
    }]`,
  );
}

/** The masked original of a pruned parameter. */
function masked(module: AnyModule, name: string): Tensor {
  const original = tensorAt(module, `${name}_orig`);
  using mask = tensorAt(module, `${name}_mask`).to({ dtype: original.dtype, copy: true });
  return mask.mul(original);
}

/** A way of pruning. A subclass says by {@linkcode computeMask} which elements stay. */
export abstract class BasePruningMethod {
  /** What it acts on. */
  abstract readonly pruningType: PruningType;

  /**
   * The mask of what stays: ones and zeros, in the shape of the tensor.
   *
   * @param t What says which elements matter.
   * @param defaultMask The mask so far; not to be changed.
   */
  abstract computeMask(t: Tensor, defaultMask: Tensor): Tensor;

  /**
   * Prunes a parameter of a module: `name_orig` is what learns, `name_mask` a buffer, and before each call `name` is their product.
   * A parameter that is pruned already is pruned further.
   */
  apply(module: AnyModule, name: string, options: PruningApplyOptions = {}): this {
    checkModule(module, "prune");
    asOptions(options, "prune", "importanceScores");
    const before = pruned.get(module, name);
    const weight = before ? tensorAt(module, name) : parameterOf(module, name, "prune");
    const scores = checkScores(options.importanceScores, weight);
    const method = before ? PruningContainer.of(before.method, this) : this;
    noGrad(() => {
      using start = before ? tensorAt(module, `${name}_mask`).clone() : onesLike(weight);
      using mask = method.computeMask(scores, start);
      this.#hook(module, name, mask, method);
    });
    setPlain(module, name, masked(module, name));
    return this;
  }

  #hook(module: AnyModule, name: string, mask: Tensor, method: BasePruningMethod): void {
    const before = pruned.get(module, name);
    before?.remove();
    if (!before) {
      const original = parameterOf(module, name, "prune");
      removeMember(module, name);
      module.registerParameter(`${name}_orig`, original);
    }
    module.registerBuffer(`${name}_mask`, mask);
    const remove = module.registerForwardPreHook((self) => {
      setPlain(self, name, masked(self, name));
    });
    pruned.set(module, name, { method, remove });
  }

  /** A tensor with the mask on it, without a module. */
  prune(t: Tensor, options: PruneOptions = {}): Tensor {
    asOptions(options, "prune", "importanceScores, defaultMask");
    const scores = checkScores(options.importanceScores, t);
    using ones = onesLike(t);
    using mask = noGrad(() => this.computeMask(scores, options.defaultMask ?? ones));
    return t.mul(mask);
  }
}

/** Ways of pruning one after the other: each acts on what those before left. */
export class PruningContainer extends BasePruningMethod {
  /** It acts on what its methods act on. */
  override readonly pruningType: PruningType = "global";
  /** The methods, in order. */
  readonly methods: readonly BasePruningMethod[];

  /** Takes methods in order. */
  constructor(...methods: BasePruningMethod[]) {
    super();
    this.methods = methods;
  }

  /** A method, or several, and one more. */
  static of(first: BasePruningMethod, next: BasePruningMethod): PruningContainer {
    const before = first instanceof PruningContainer ? first.methods : [first];
    return new PruningContainer(...before, next);
  }

  /** What the last method leaves of the mask. */
  override computeMask(t: Tensor, defaultMask: Tensor): Tensor {
    const method = this.methods.at(-1);
    if (!method) return defaultMask.clone();
    switch (method.pruningType) {
      case "unstructured":
        return amongElements(method, t, defaultMask);
      case "structured":
        return amongChannels(method, t, defaultMask);
      default:
        return method.computeMask(t, defaultMask);
    }
  }
}

function amongElements(method: BasePruningMethod, t: Tensor, mask: Tensor): Tensor {
  using temporaries = new Temporaries();
  const kept = temporaries.note(mask.eq(1));
  const [values, before] = [t, mask].map((one) => temporaries.note(one.index(kept))) as [
    Tensor,
    Tensor,
  ];
  const part = temporaries.note(method.computeMask(values, before));
  return mask.to({ dtype: t.dtype, copy: true }).maskedScatter_(
    kept,
    temporaries.note(part.to({ dtype: t.dtype, copy: true })),
  );
}

function amongChannels(method: BasePruningMethod, t: Tensor, mask: Tensor): Tensor {
  using temporaries = new Temporaries();
  const given = (method as { dim?: number }).dim ?? -1;
  const dim = given < 0 ? given + t.ndim : given;
  const others = shapeOf(t).map((_, i) => i).filter((i) => i !== dim);
  const sums = temporaries.note(mask.sum(others));
  const places = temporaries.note(temporaries.note(sums.ne(0)).nonzero()).reshape([-1]);
  temporaries.note(places);
  const [values, before] = [t, mask].map((one) =>
    temporaries.note(one.indexSelect(dim, places))
  ) as [Tensor, Tensor];
  const part = temporaries.note(method.computeMask(values, before));
  return mask.to({ dtype: t.dtype, copy: true }).indexCopy_(
    dim,
    places,
    temporaries.note(part.to({ dtype: t.dtype, copy: true })),
  );
}

/** Makes a pruned parameter a plain one, of the value that it has. */
export function unprune(module: AnyModule, name: string): void {
  const found = pruned.get(module, name);
  if (!found) {
    throw new TypeError(`prune.remove(): '${String(name)}' of ${module.typeName()} is not pruned`);
  }
  found.remove();
  pruned.delete(module, name);
  const original = parameterOf(module, `${name}_orig`, "prune.remove");
  using weight = noGrad(() => masked(module, name));
  for (const suffix of ["_orig", "_mask"]) removeMember(module, name + suffix);
  setData(original, weight, "prune.remove");
  register(module, name, original);
}
