/**
 * The parameters of a group that have gradients, as lists for ops over lists.
 *
 * @module
 */

import { viewAsReal } from "../ops/mod.ts";
import { dtypeCode } from "../tensor/dtype.ts";
import { gradsOf } from "../tensor/grads.ts";
import { describe, isTensor, type Tensor } from "../tensor/tensor.ts";

/** What an optimizer keeps of a parameter, under PyTorch's names; numbers for what PyTorch keeps as tensors of one number. */
export type ParamState = Record<string, unknown>;

// LibTorch's: work on fewer elements stays on one thread.
const GRAIN_SIZE = 32768;
const COMPLEX = new Set(
  (["complex32", "complex64", "complex128"] as const).map((one) => dtypeCode(one, "step", "grad")),
);

/** Parameters that have made the same number of steps, with their gradients and their states. */
export class Batch implements Disposable {
  /** How many steps they will have made after this one. */
  readonly step: number;
  /** The parameters; complex ones as their real and imaginary parts. */
  readonly params: Tensor[] = [];
  /** The gradients, likewise. */
  grads: Tensor[] = [];
  /** The states. */
  readonly states: ParamState[] = [];
  /** Whether they are large enough to be worth several threads; fused kernels want them apart. */
  readonly large: boolean;
  readonly #complex: boolean[] = [];
  readonly #temporary: Tensor[] = [];

  /** An empty one. */
  constructor(step: number, large: boolean) {
    this.step = step;
    this.large = large;
  }

  /** Adds a parameter, and takes over its gradient. */
  push(param: Tensor, grad: Tensor, dtype: number, state: ParamState): void {
    const isComplex = COMPLEX.has(dtype);
    this.#complex.push(isComplex);
    this.#temporary.push(grad);
    this.params.push(this.#real(param, isComplex));
    this.grads.push(this.#real(grad, isComplex));
    this.states.push(state);
  }

  #real(tensor: Tensor, isComplex: boolean): Tensor {
    return isComplex ? this.own(viewAsReal(tensor)) : tensor;
  }

  /** A tensor that is freed with the batch. */
  own(tensor: Tensor): Tensor {
    this.#temporary.push(tensor);
    return tensor;
  }

  /** Tensors that are freed with the batch. */
  ownAll(tensors: Tensor[]): Tensor[] {
    for (const tensor of tensors) this.#temporary.push(tensor);
    return tensors;
  }

  /** A tensor of each state. */
  list(name: string): Tensor[] {
    const tensors: Tensor[] = [];
    const { states } = this;
    for (let i = 0; i < states.length; i++) {
      const tensor = states[i]![name];
      if (!isTensor(tensor)) throw lacking(name);
      tensors.push(this.#real(tensor, this.#complex[i]!));
    }
    return tensors;
  }

  /** Frees gradients and temporary tensors. */
  [Symbol.dispose](): void {
    // Backwards, so that each slot of a page serves again.
    for (let i = this.#temporary.length - 1; i >= 0; i--) this.#temporary[i]!.dispose();
  }
}

function lacking(name: string): TypeError {
  return new TypeError(
    `step(): the state of a parameter has no '${name}': an option that needs it was switched on after the first step`,
  );
}

/** Makes the state of a parameter that takes its first step; without one, no state is kept. */
export type MakeState = (param: Tensor, grad: Tensor) => ParamState;

/** A number that tells batches apart. */
type KeyOf = (state: ParamState) => number;

function nextStep(state: ParamState): number {
  return (state.step as number) + 1;
}

function stateFor(
  states: Map<Tensor, ParamState>,
  param: Tensor,
  grad: Tensor,
  make: MakeState | null,
  counted: boolean,
): ParamState {
  const known = states.get(param);
  if (known !== undefined && (!counted || "step" in known)) return known;
  if (make === null) return {};
  const state = { ...known, ...(counted ? { step: 0 } : {}), ...make(param, grad) };
  states.set(param, state);
  return state;
}

/**
 * Puts parameters that have gradients into batches, by how many steps they will have made after this one, which their
 * states count; or, uncounted, by `keyOf` their states.
 */
export function collect(
  name: string,
  params: readonly Tensor[],
  states: Map<Tensor, ParamState>,
  make: MakeState | null,
  keyOf?: KeyOf,
): Batch[] {
  const counted = keyOf === undefined;
  const stepOf = keyOf ?? nextStep;
  for (const param of params) {
    if (isTensor(param)) continue;
    throw new TypeError(
      `${name}.step(): a parameter group must hold tensors, but has ${describe(param)}`,
    );
  }
  const batches: Batch[] = [];
  let small: Batch | undefined;
  const { tensors: grads, dtypes, layouts, counts } = gradsOf(params, "step", "params");
  try {
    for (let i = 0; i < grads.length; i++) {
      const [param, grad] = [params[i]!, grads[i]!];
      if (grad === null) continue;
      if (layouts[i] !== 0) {
        throw new TypeError(`${name}.step(): sparse gradients are not supported`);
      }
      const large = counts[i]! >= GRAIN_SIZE;
      const state = stateFor(states, param, grad, make, counted);
      const step = stepOf(state);
      // A large one by itself, as PyTorch steps: the memory of one's temporary tensors serves the next.
      let batch = large ? undefined : small;
      if (batch?.step !== step) {
        batch = large ? undefined : batches.find((one) => one.step === step && !one.large);
        if (batch === undefined) batches.push(batch = new Batch(step, large));
        if (!large) small = batch;
      }
      batch.push(param, grad, dtypes[i]!, state);
    }
  } catch (error) {
    for (const batch of batches) batch[Symbol.dispose]();
    for (const grad of grads) grad?.dispose();
    throw error;
  }
  if (counted) { for (const batch of batches) count(batch); }
  return batches;
}

function count(batch: Batch): void {
  for (const state of batch.states) state.step = batch.step;
}
