/**
 * The base class of optimizers: parameter groups, state, hooks and state dicts.
 *
 * @module
 */

import { asOptions, notTheBase } from "../_arguments.ts";
import { showAsText } from "../inspect.ts";
import { currentScope, keep } from "../memory/scope.ts";
import { enableGrad, noGrad, withoutGrad } from "../autograd/modes.ts";
import { gradsOf } from "../tensor/grads.ts";
import { describe, isTensor, type Tensor } from "../tensor/tensor.ts";
import { type Batch, collect, type MakeState, type ParamState } from "./batch.ts";
import { zero_ } from "./foreach.ts";
import { checkAlive, explained } from "./explain.ts";
import { type GroupOptions, makeGroup, type ParamGroup, type Params } from "./param_group.ts";
import { checkBoolean, checkTypes } from "./options.ts";
import { withLr } from "./tensor_lr.ts";
import { type OptimizerStateDict, packState, unpackState } from "./state_dict.ts";

/** An optimizer of any options. */
// deno-lint-ignore no-explicit-any -- options differ by optimizer
export type AnyOptimizer = Optimizer<any>;

/** Computes the loss anew, with its gradients, and returns it. */
export type Closure<L = unknown> = () => L;

/** Called before a step. */
export type StepHook = (optimizer: AnyOptimizer, closure: Closure | undefined) => void;

/** Called after a state dict is made, or before one is loaded; what it returns, if anything, takes the dict's place. */
export type StateDictHook = (
  optimizer: AnyOptimizer,
  dict: OptimizerStateDict,
) => OptimizerStateDict | void;

/** Called before a state dict is made, or after one was loaded. */
export type OptimizerHook = (optimizer: AnyOptimizer) => void;

/** Options of a hook of state dicts. */
export interface StateDictHookOptions {
  /** Whether it is called before those that were registered already; default `false`. */
  prepend?: boolean;
}

/** Removes a hook when called. */
export type RemoveHook = () => void;

const everyPreHook = new Set<StepHook>();
const everyPostHook = new Set<StepHook>();

function added<T>(hooks: Set<T>, hook: T): RemoveHook {
  if (typeof hook !== "function") {
    throw new TypeError(`A hook must be a function, but got ${describe(hook)}`);
  }
  hooks.add(hook);
  return () => void hooks.delete(hook);
}

function addedTo<T>(hooks: Set<T>, hook: T, options: StateDictHookOptions, op: string): RemoveHook {
  const { prepend = false } = asOptions(options, op, "prepend");
  checkBoolean(`${op}()`, "prepend", prepend);
  const before = [...hooks];
  const remove = added(hooks, hook);
  if (!prepend) return remove;
  for (const one of before) {
    hooks.delete(one);
    hooks.add(one);
  }
  return remove;
}

/** Calls `hook(optimizer, closure)` before each step of every optimizer. */
export function registerOptimizerStepPreHook(hook: StepHook): RemoveHook {
  return added(everyPreHook, hook);
}

/** Calls `hook(optimizer, closure)` after each step of every optimizer. */
export function registerOptimizerStepPostHook(hook: StepHook): RemoveHook {
  return added(everyPostHook, hook);
}

/**
 * What all optimizers share. Make an {@linkcode SGD} or another of its subclasses.
 *
 * A step changes the parameters in place, without being recorded for gradients. Parameters without a gradient are passed over.
 *
 * @typeParam O The options that a parameter group has.
 */
export abstract class Optimizer<O extends object = Record<string, unknown>> implements Disposable {
  /** The options of groups that say nothing else. */
  readonly defaults: Readonly<O>;
  /** The groups; a group's options may be changed between steps. */
  readonly paramGroups: ParamGroup<O>[] = [];
  /** What is kept of each parameter, under PyTorch's names. */
  readonly state: Map<Tensor, ParamState> = new Map();
  /** How many steps were made since the optimizer was made. */
  stepCount = 0;
  #name = "";
  readonly #preHooks = new Set<StepHook>();
  readonly #postHooks = new Set<StepHook>();
  readonly #beforeDict = new Set<OptimizerHook>();
  readonly #dictHooks = new Set<StateDictHook>();
  readonly #loadHooks = new Set<StateDictHook>();
  readonly #afterLoad = new Set<OptimizerHook>();

  /** `defaults` are all options; each group is checked when it is added. */
  constructor(params: Params<O>, defaults: O) {
    notTheBase(new.target, Optimizer, "optim.Optimizer", "optim.SGD, optim.Adam and their kin");
    this.defaults = withLr(this.name, { ...defaults }, (defaults as { lr?: unknown }).lr);
    this.check(this.defaults);
    for (const group of groupsOf(this.name, params)) this.addParamGroup(group);
  }

  /** The class's name, for errors. */
  get name(): string {
    return this.#name ||= this.constructor.name;
  }

  /** Refuses options that make no sense. */
  protected abstract check(options: O): void;

  /** Makes a step of the parameters of one group. */
  protected abstract update(group: ParamGroup<O>): void;

  /** The names of what the state dict has as tensors of one number, and the state as numbers. */
  get scalarNames(): readonly string[] {
    return ["step"];
  }

  /** The names of what a state dict may have as tensors of one number, and the state as numbers. */
  get numberNames(): readonly string[] {
    return this.scalarNames;
  }

  /** The names of the state's tensors that have a number for each of the parameter's. */
  get elementNames(): readonly string[] {
    return [];
  }

  /** Refuses options of a state dict that make no sense. */
  checkLoaded(groups: readonly object[]): void {
    groups.forEach((group, i) => this.check({ ...this.paramGroups[i]!, ...group }));
  }

  /** The parameters of a group that have gradients. */
  protected batches(group: ParamGroup<O>, make: MakeState): Batch[] {
    return collect(this.name, group.params, this.state, make);
  }

  /**
   * Adds parameters with options of their own: `{ params, lr: 0.01 }`. What is left out is as in {@linkcode defaults}.
   *
   * @throws {TypeError} If a parameter is no tensor, or an option is unknown.
   * @throws {RangeError} If a parameter is no leaf, or is in a group already, or an option is out of range.
   */
  addParamGroup(group: GroupOptions<O>): void {
    const made = makeGroup(this.name, group, this.defaults, this.paramGroups);
    this.check(made);
    this.paramGroups.push(made);
    this.#keepState();
  }

  // The state lasts as long as the optimizer, whatever scope it was made in.
  #keepState(): void {
    if (currentScope() !== undefined) keep(this.state);
  }

  /**
   * Makes a step.
   *
   * @param closure If given, called first, with gradients recorded: it computes the loss and calls `backward()`.
   * @returns What the closure returned.
   * @throws {DisposedError} If a parameter was disposed.
   * @throws {TorchError} If parameters were converted to another dtype since their state was made, where the optimizer's
   * ops do not mix dtypes: `optimizer.loadStateDict(optimizer.stateDict())` converts the state too.
   */
  step(): undefined;
  /** Makes a step after computing the loss anew. */
  step<L>(closure: Closure<L>): L;
  step<L>(closure?: Closure<L>): L | undefined {
    checkClosure(this.name, closure);
    for (const hook of everyPreHook) hook(this, closure);
    for (const hook of this.#preHooks) hook(this, closure);
    for (const group of this.paramGroups) checkTypes(this.name, group, this.defaults);
    checkAlive(this, "step");
    const loss = this.run(closure);
    this.stepCount++;
    for (const hook of this.#postHooks) hook(this, closure);
    for (const hook of everyPostHook) hook(this, closure);
    return loss;
  }

  /** A step without its hooks. */
  protected run<L>(closure: Closure<L> | undefined): L | undefined {
    const loss = closure === undefined ? undefined : enableGrad(closure);
    checkLoss(this.name, loss);
    try {
      withoutGrad(() => {
        for (const group of this.paramGroups) this.update(group);
      });
    } catch (error) {
      throw explained(this, error);
    }
    this.#keepState();
    return loss;
  }

  /**
   * Clears the gradients of all parameters.
   *
   * @param options `setToNone` (default `true`): whether they become `null`, which is faster, rather than zeros.
   */
  zeroGrad(options: { setToNone?: boolean } = {}): void {
    const { setToNone = true } = asOptions(options, "zeroGrad", "setToNone");
    if (typeof setToNone !== "boolean") {
      throw new TypeError(
        `zeroGrad(): argument 'setToNone' must be a boolean, but got ${describe(setToNone)}`,
      );
    }
    checkAlive(this, "zeroGrad");
    for (const { params } of this.paramGroups) {
      if (setToNone) { for (const param of params) param.grad = null; }
      else zeroGradients(params);
    }
  }

  // ---- State ----

  /**
   * The optimizer's state as PyTorch lays it out, under PyTorch's names, so that `io.save` of it is what
   * `torch.optim.Optimizer.load_state_dict` takes in Python: `state` by the parameters' numbers, and `param_groups` (also as
   * `paramGroups`). The tensors share the optimizer's memory.
   */
  stateDict(): OptimizerStateDict {
    for (const hook of this.#beforeDict) hook(this);
    let dict = packState(this);
    for (const hook of this.#dictHooks) dict = hook(this, dict) ?? dict;
    return dict;
  }

  /**
   * Takes over a state dict of this class's, made here or by PyTorch. Tensors are copied, to dtype and device of their parameters.
   *
   * @throws {TypeError} If it is no state dict, or its groups are not of the same sizes; nothing is changed then.
   */
  loadStateDict(dict: OptimizerStateDict | object): void {
    let given = dict as OptimizerStateDict;
    for (const hook of this.#loadHooks) given = hook(this, given) ?? given;
    checkAlive(this, "loadStateDict");
    const { state, groups } = unpackState(this, given);
    this.#freeState();
    for (const [param, one] of state) this.state.set(param, one);
    groups.forEach((group, i) => Object.assign(this.paramGroups[i]!, group));
    this.#keepState();
    for (const hook of this.#afterLoad) hook(this);
  }

  #freeState(): void {
    for (const state of this.state.values()) disposeTensors(state);
    this.state.clear();
  }

  /** Frees the state. Parameters are the module's. */
  dispose(): void {
    this.#freeState();
  }

  /** {@linkcode dispose}, for `using`. */
  [Symbol.dispose](): void {
    this.dispose();
  }

  // ---- Hooks ----

  /** Calls `hook(optimizer, closure)` before each step. */
  registerStepPreHook(hook: StepHook): RemoveHook {
    return added(this.#preHooks, hook);
  }

  /** Calls `hook(optimizer, closure)` after each step. */
  registerStepPostHook(hook: StepHook): RemoveHook {
    return added(this.#postHooks, hook);
  }

  /** Calls `hook(optimizer)` before each state dict is made. */
  registerStateDictPreHook(hook: OptimizerHook, options: StateDictHookOptions = {}): RemoveHook {
    return addedTo(this.#beforeDict, hook, options, "registerStateDictPreHook");
  }

  /** Calls `hook(optimizer, dict)` with each state dict that is made; what it returns, if anything, takes its place. */
  registerStateDictPostHook(hook: StateDictHook, options: StateDictHookOptions = {}): RemoveHook {
    return addedTo(this.#dictHooks, hook, options, "registerStateDictPostHook");
  }

  /** Calls `hook(optimizer, dict)` with each state dict to be loaded; what it returns, if anything, takes its place. */
  registerLoadStateDictPreHook(
    hook: StateDictHook,
    options: StateDictHookOptions = {},
  ): RemoveHook {
    return addedTo(this.#loadHooks, hook, options, "registerLoadStateDictPreHook");
  }

  /** Calls `hook(optimizer)` after each state dict that was loaded. */
  registerLoadStateDictPostHook(
    hook: OptimizerHook,
    options: StateDictHookOptions = {},
  ): RemoveHook {
    return addedTo(this.#afterLoad, hook, options, "registerLoadStateDictPostHook");
  }

  /** The groups with their options, as PyTorch prints them. */
  toString(): string {
    const groups = this.paramGroups.map((group, i) => {
      const lines = Object.keys(group).filter((key) => key !== "params").sort().map((key) =>
        `    ${key}: ${JSON.stringify((group as Record<string, unknown>)[key])}\n`
      );
      return `Parameter Group ${i}\n${lines.join("")}`;
    });
    return `${this.name} (\n${groups.join("\n")})`;
  }
}

showAsText(Optimizer);

function groupsOf<O extends object>(name: string, params: Params<O>): GroupOptions<O>[] {
  if (isTensor(params) || typeof (params as Iterable<unknown>)?.[Symbol.iterator] !== "function") {
    throw new TypeError(
      `${name}: argument 'params' must be an iterable of tensors or of groups such as { params, lr }, but got ${
        describe(params)
      }`,
    );
  }
  const list = [...params] as unknown[];
  if (list.length === 0) {
    throw new RangeError(`${name}: argument 'params' has no parameters: an optimizer needs one`);
  }
  const first = list[0];
  const areGroups = typeof first === "object" && first !== null && !isTensor(first) &&
    !Array.isArray(first);
  return (areGroups ? list : [{ params: list }]) as GroupOptions<O>[];
}

function checkClosure(name: string, closure: unknown): void {
  if (closure === undefined || typeof closure === "function") return;
  throw new TypeError(
    `${name}.step(): argument 'closure' must be a function, but got ${describe(closure)}`,
  );
}

function checkLoss(name: string, loss: unknown): void {
  if (!(loss instanceof Promise)) return;
  // Its rejection, if any, is the user's: this error says what to mend first.
  loss.catch(() => {});
  throw new TypeError(
    `${name}.step(): argument 'closure' must be synchronous: the gradients are needed when it returns`,
  );
}

function zeroGradients(params: readonly Tensor[]): void {
  const grads = gradsOf(params, "zeroGrad", "params").tensors.filter((grad) => grad !== null);
  try {
    for (const grad of grads) {
      // A gradient that is itself part of a graph (createGraph) is cut from it.
      if (grad.gradFn !== null) grad.detach_();
      if (grad.requiresGrad) grad.requiresGrad = false;
    }
    if (grads.length > 0) noGrad(() => zero_(grads));
  } finally {
    for (const grad of grads) grad.dispose();
  }
}

function disposeTensors(value: unknown): void {
  if (isTensor(value)) value.dispose();
  else if (Array.isArray(value)) value.forEach(disposeTensors);
  else if (typeof value === "object" && value !== null) {
    Object.values(value).forEach(disposeTensors);
  }
}
