/**
 * Hooks of modules in the backward pass: identities before and after `forward`, whose nodes see the gradients.
 *
 * @module
 */

import { AutogradFunction, type FunctionContext } from "../autograd/function.ts";
import { isGradEnabled } from "../autograd/modes.ts";
import { isTensor, type Tensor } from "../tensor/tensor.ts";

/** Gradients of a module's inputs or outputs, `null` for what takes none. */
export type ModuleGradients = (Tensor | null)[];

/** A hook on the gradients of inputs and outputs. */
export type BackwardHook = (
  module: object,
  gradInputs: ModuleGradients,
  gradOutputs: ModuleGradients,
) => unknown;

/** A hook on the gradients of outputs. */
export type BackwardPreHook = (module: object, gradOutputs: ModuleGradients) => unknown;

// The identity. One node for all its tensors: its hooks see all gradients at once.
class BackwardHookFunction extends AutogradFunction {
  static forward(ctx: FunctionContext, ...tensors: Tensor[]): Tensor[] {
    ctx.markNonDifferentiable(...tensors.filter((one) => !one.requiresGrad));
    return tensors;
  }

  static backward(_: FunctionContext, ...gradients: Tensor[]): Tensor[] {
    return gradients;
  }
}

/** The hooks of one call of a module. */
export class BackwardCall {
  readonly #module: object;
  readonly #hooks: readonly BackwardHook[];
  readonly #preHooks: readonly BackwardPreHook[];
  #gradOutputs: ModuleGradients | null = null;
  #inputs = 0;
  #inputPlaces: readonly number[] | null = null;

  /** Notes the hooks as they are now. */
  constructor(
    module: object,
    hooks: Iterable<BackwardHook>,
    preHooks: Iterable<BackwardPreHook>,
  ) {
    this.#module = module;
    this.#hooks = [...hooks];
    this.#preHooks = [...preHooks];
  }

  /** The arguments with the identity in their graph. */
  inputs<A extends unknown[]>(args: A): A {
    const [passed, places] = pass(args, (node) => {
      node.registerHook((gradients) => this.#atInputs(gradients));
    });
    this.#inputs = args.length;
    this.#inputPlaces = places;
    return passed as A;
  }

  #atInputs(gradients: ModuleGradients): ModuleGradients | undefined {
    // The gradient came past the module's output: in a second backward pass, say.
    if (this.#gradOutputs === null) return undefined;
    const places = this.#inputPlaces!;
    let all = spread(places, gradients, this.#inputs);
    for (const hook of this.#hooks) {
      all = replaced(hook(this.#module, all, this.#gradOutputs), all, "backward hook");
    }
    this.#gradOutputs = null;
    return places.map((place) => all[place]!);
  }

  /** The output with the identity in its graph: a tensor, or an array with tensors in it. */
  output<R>(output: R): R {
    const list: unknown[] = Array.isArray(output) ? output : [output];
    const [passed, places] = pass(list, (node) => {
      node.registerPrehook((gradients) => this.#atOutputs(gradients, places!, list.length));
    });
    return (Array.isArray(output) ? passed : passed[0]) as R;
  }

  #atOutputs(
    gradients: ModuleGradients,
    places: readonly number[],
    count: number,
  ): ModuleGradients {
    let all = spread(places, gradients, count);
    for (const hook of this.#preHooks) {
      all = replaced(hook(this.#module, all), all, "backward pre-hook");
    }
    this.#gradOutputs = all;
    if (this.#inputPlaces === null) this.#withoutInputs(all);
    return places.map((place) => all[place]!);
  }

  // No input takes a gradient: the hooks are called with those of the outputs only.
  #withoutInputs(gradOutputs: ModuleGradients): void {
    this.#gradOutputs = null;
    for (const hook of this.#hooks) {
      const given = hook(this.#module, new Array(this.#inputs).fill(null), gradOutputs);
      if ((given ?? null) === null) continue;
      if (Array.isArray(given) && given.every((one) => one === null)) continue;
      throw new TypeError(
        "A backward hook must return nothing where no input of the module takes a gradient",
      );
    }
  }
}

type Node = NonNullable<Tensor["gradFn"]>;

function pass(
  values: unknown[],
  attach: (node: Node) => void,
): [unknown[], readonly number[] | null] {
  const places = values.flatMap((one, i) => isTensor(one) ? [i] : []);
  const tensors = places.map((i) => values[i] as Tensor);
  if (!isGradEnabled() || !tensors.some((one) => one.requiresGrad)) return [values, null];
  const passed: Tensor[] = BackwardHookFunction.apply(...tensors);
  using node = passed.find((one) => one.requiresGrad)!.gradFn!;
  attach(node);
  const all = values.slice();
  places.forEach((place, i) => all[place] = passed[i]);
  return [all, places];
}

function spread(
  places: readonly number[],
  gradients: ModuleGradients,
  count: number,
): ModuleGradients {
  const all: ModuleGradients = new Array(count).fill(null);
  places.forEach((place, i) => all[place] = gradients[i] ?? null);
  return all;
}

function replaced(given: unknown, gradients: ModuleGradients, what: string): ModuleGradients {
  if (given === undefined || given === null) return gradients;
  const list = isTensor(given) ? [given] : given as ModuleGradients;
  if (Array.isArray(list) && list.length === gradients.length) return list;
  throw new TypeError(
    `A ${what} must return nothing or ${gradients.length} gradients, but it returned ${
      Array.isArray(list) ? list.length : typeof list
    }`,
  );
}
