/**
 * Derivatives of functions of tensors, by passes over the graph: `jacobian`, `hessian`, and their products with vectors.
 *
 * Inputs are a tensor or an array of them, which `fn` takes one by one; results have the same form. `torch.func` does the
 * same by transforms, which is faster and composes.
 *
 * @module
 */

import { asOptions } from "../_arguments.ts";
import { TorchError } from "../../ffi/mod.ts";
import { onesLike, stack, zeros, zerosLike } from "../ops/mod.ts";
import { describe, isTensor, shapeOf, type Tensor } from "../tensor/tensor.ts";
import { grad, type Tensors } from "./backward.ts";
import { enableGrad } from "./modes.ts";

/** What a function derived here takes and returns. */
// deno-lint-ignore no-explicit-any -- as many tensors as there are inputs
export type TensorFunction = (...inputs: any[]) => Tensor | readonly Tensor[];

/** A tensor where a tensor was given, an array of them where an array was. */
export type Like<I extends Tensors> = I extends Tensor ? Tensor : Tensor[];

/** Options of the functions of `autograd.functional`. */
export interface FunctionalOptions {
  /** Whether the result can be derived itself; default `false`. */
  createGraph?: boolean;
  /** Whether an output that does not depend on an input is an error, rather than zeros; default `false`. */
  strict?: boolean;
}

const OPTIONS = "createGraph, strict";

function asList(value: unknown, name: string, op: string): [many: boolean, tensors: Tensor[]] {
  if (isTensor(value)) return [false, [value]];
  if (Array.isArray(value) && value.every(isTensor)) return [true, [...value]];
  throw new TypeError(
    `${op}(): argument '${name}' must be a Tensor or an array of them, but got ${describe(value)}`,
  );
}

// Tensors of the graph to come: connected to those given if that is to be recorded, copies otherwise.
function prepare(inputs: Tensor[], createGraph: boolean): Tensor[] {
  return inputs.map((one) => createGraph ? one.viewAs(one) : one.detach().requiresGrad_()).map((
    one,
  ) => one.requiresGrad ? one : one.requiresGrad_());
}

function run(fn: TensorFunction, inputs: Tensor[], op: string): [boolean, Tensor[]] {
  if (typeof fn !== "function") {
    throw new TypeError(`${op}(): argument 'fn' must be a function, but got ${describe(fn)}`);
  }
  return asList(fn(...inputs), "fn's result", op);
}

function finish<I extends Tensors>(
  results: Tensor[],
  many: boolean,
  createGraph: boolean,
): Like<I> {
  const plain = createGraph ? results : results.map((one) => one.detach());
  return (many ? plain : plain[0]!) as Like<I>;
}

function strictly(ok: boolean, strict: boolean, message: string, op: string): void {
  if (strict && !ok) {
    throw new TorchError(`${op}(): ${message}. This is not allowed in strict mode`, { op });
  }
}

// Gradients, zeros where an input took no part.
function gradients(
  outputs: Tensor[],
  inputs: Tensor[],
  vectors: Tensor[] | null,
  options: FunctionalOptions & { record: boolean },
  op: string,
): Tensor[] {
  const { strict = false, record } = options;
  outputs.forEach((output, i) =>
    strictly(
      output.requiresGrad,
      strict,
      `Output ${i} of the user-provided function does not require gradients`,
      op,
    )
  );
  const live = outputs.flatMap((output, i) => output.requiresGrad ? [i] : []);
  const found = live.length === 0 ? inputs.map(() => null) : grad(
    live.map((i) => outputs[i]!),
    inputs,
    {
      gradOutputs: vectors === null ? null : live.map((i) => vectors[i]!),
      createGraph: record,
      retainGraph: true,
      allowUnused: true,
    },
  );
  return found.map((one, i) => {
    strictly(
      one !== null,
      strict,
      `The output of the user-provided function is independent of input ${i}`,
      op,
    );
    return one ?? zerosLike(inputs[i]!);
  });
}

function asVectors(given: Tensors | null | undefined, like: Tensor[], name: string, op: string) {
  if (given === null || given === undefined) {
    if (like.length === 1 && shapeOf(like[0]!).every((size) => size === 1)) {
      return [onesLike(like[0]!)];
    }
    throw new TorchError(
      `${op}(): The vector ${name} can only be null if it stands for a single element`,
      { op },
    );
  }
  const [, vectors] = asList(given, name, op);
  if (vectors.length !== like.length) {
    throw new TorchError(
      `${op}(): ${name} is a tuple of invalid length: should be ${like.length} but got ${vectors.length}`,
      { op },
    );
  }
  vectors.forEach((vector, i) => {
    const [got, expected] = [shapeOf(vector), shapeOf(like[i]!)];
    if (got.join() === expected.join()) return;
    throw new TorchError(
      `${op}(): Entry ${i} in ${name} has invalid size: should be [${expected}] but got [${got}]`,
      { op },
    );
  });
  return vectors;
}

function scalarOutput([many, outputs]: [boolean, Tensor[]], op: string): Tensor {
  if (many || shapeOf(outputs[0]!).some((size) => size !== 1)) {
    throw new TorchError(
      `${op}(): The function given to ${op} should return a single Tensor with a single element`,
      { op },
    );
  }
  return outputs[0]!;
}

/**
 * The Jacobian of `fn`: for each output and each input a tensor of the output's shape and then the input's.
 *
 * @returns A tensor; an array by input, by output, or of arrays by output and then input, where there are arrays of them.
 *
 * @example
 * ```ts
 * import * as torch from "flambeau";
 * import { assertEquals } from "@std/assert";
 *
 * const x = torch.tensor([1, 2], { dtype: "float32" });
 * assertEquals(torch.autograd.functional.jacobian((x) => x.pow(3), x).toArray(), [[3, 0], [0, 12]]);
 * ```
 */
export function jacobian(
  fn: TensorFunction,
  inputs: Tensors,
  options: FunctionalOptions = {},
  // deno-lint-ignore no-explicit-any -- the structure of outputs and inputs
): any {
  const op = "jacobian";
  const { createGraph = false } = asOptions(options, op, OPTIONS);
  return enableGrad(() => {
    const [manyInputs, given] = asList(inputs, "inputs", op);
    const own = prepare(given, createGraph);
    const [manyOutputs, outputs] = run(fn, own, op);
    const rows = outputs.map((output) => {
      const parts = jacobianOf(output, own, { ...options, record: createGraph }, op);
      return finish(parts, manyInputs, createGraph);
    });
    return manyOutputs ? rows : rows[0];
  });
}

function jacobianOf(
  output: Tensor,
  inputs: Tensor[],
  options: FunctionalOptions & { record: boolean },
  op: string,
): Tensor[] {
  const shape = shapeOf(output);
  const size = shape.reduce((product, one) => product * one, 1);
  const rows = Array.from({ length: size }, (_, i) => {
    const vector = zeros([size], { dtype: output.dtype });
    vector.select(0, i).fill_(1);
    return gradients([output], inputs, [vector.view(shape)], options, op);
  });
  return inputs.map((input, i) =>
    rows.length === 0
      ? zeros([...shape, ...shapeOf(input)], { dtype: input.dtype })
      : stack(rows.map((row) => row[i]!)).reshape([...shape, ...shapeOf(input)])
  );
}

/**
 * The Hessian of `fn`, which returns a single element: for each pair of inputs a tensor of the shape of the first and then the second.
 *
 * @returns A tensor, or an array of arrays by pairs of inputs.
 *
 * @example
 * ```ts
 * import * as torch from "flambeau";
 * import { assertEquals } from "@std/assert";
 *
 * const x = torch.tensor([1, 2], { dtype: "float32" });
 * assertEquals(torch.autograd.functional.hessian((x) => x.pow(3).sum(), x).toArray(), [[6, 0], [0, 12]]);
 * ```
 */
export function hessian(
  fn: TensorFunction,
  inputs: Tensors,
  options: FunctionalOptions = {},
  // deno-lint-ignore no-explicit-any -- the structure of the inputs
): any {
  const op = "hessian";
  asOptions(options, op, OPTIONS);
  const [many] = asList(inputs, "inputs", op);
  const first = (...own: Tensor[]): Tensor | Tensor[] => {
    const output = scalarOutput(run(fn, own, op), op);
    const found = gradients([output], own, null, { ...options, record: true }, op);
    return many ? found : found[0]!;
  };
  return jacobian(first, inputs, options);
}

/**
 * The product of a vector with the Jacobian of `fn`: `[output, product]`, the product in the form of the inputs.
 *
 * @param v Of the form and shapes of the outputs; not needed for one of a single element.
 *
 * @example
 * ```ts
 * import * as torch from "flambeau";
 * import { assertEquals } from "@std/assert";
 *
 * const x = torch.tensor([1, 2], { dtype: "float32" });
 * const [output, product] = torch.autograd.functional.vjp((x) => x.mul(x), x, torch.ones([2]));
 * assertEquals([(output as torch.Tensor).toArray(), product.toArray()], [[1, 4], [2, 4]]);
 * ```
 */
export function vjp<I extends Tensors>(
  fn: TensorFunction,
  inputs: I,
  v?: Tensors | null,
  options: FunctionalOptions = {},
): [output: Tensor | Tensor[], product: Like<I>] {
  const op = "vjp";
  const { createGraph = false } = asOptions(options, op, OPTIONS);
  return enableGrad(() => {
    const [many, given] = asList(inputs, "inputs", op);
    const own = prepare(given, createGraph);
    const [manyOutputs, outputs] = run(fn, own, op);
    const vectors = asVectors(v, outputs, "v", op);
    const found = gradients(outputs, own, vectors, { ...options, record: createGraph }, op);
    return [finish(outputs, manyOutputs, createGraph), finish<I>(found, many, createGraph)];
  });
}

/**
 * The product of the Jacobian of `fn` with a vector, by deriving twice: `[output, product]`, the product in the form of the outputs.
 * `torch.func.jvp` does it in one forward pass.
 *
 * @param v Of the form and shapes of the inputs; not needed for one of a single element.
 *
 * @example
 * ```ts
 * import * as torch from "flambeau";
 * import { assertEquals } from "@std/assert";
 *
 * const x = torch.tensor([1, 2], { dtype: "float32" });
 * const [, product] = torch.autograd.functional.jvp((x) => x.mul(x), x, torch.ones([2]));
 * assertEquals((product as torch.Tensor).toArray(), [2, 4]);
 * ```
 */
export function jvp(
  fn: TensorFunction,
  inputs: Tensors,
  v?: Tensors | null,
  options: FunctionalOptions = {},
): [output: Tensor | Tensor[], product: Tensor | Tensor[]] {
  const op = "jvp";
  const { createGraph = false } = asOptions(options, op, OPTIONS);
  return enableGrad(() => {
    const [, given] = asList(inputs, "inputs", op);
    const vectors = asVectors(v, given, "v", op);
    const own = prepare(given, createGraph);
    const [manyOutputs, outputs] = run(fn, own, op);
    // The gradient is linear in these: deriving it by them gives the product from the other side.
    const zero = outputs.map((output) => zerosLike(output).requiresGrad_());
    const first = gradients(outputs, own, zero, { ...options, record: true }, op);
    const found = gradients(first, zero, vectors, {
      strict: false,
      record: createGraph,
    }, op);
    return [finish(outputs, manyOutputs, createGraph), finish(found, manyOutputs, createGraph)];
  });
}

/**
 * The product of a vector with the Hessian of `fn`, which returns a single element: `[output, product]`.
 *
 * @param v Of the form and shapes of the inputs; not needed for one of a single element.
 *
 * @example
 * ```ts
 * import * as torch from "flambeau";
 * import { assertEquals } from "@std/assert";
 *
 * const x = torch.tensor([1, 2], { dtype: "float32" });
 * const [, product] = torch.autograd.functional.vhp((x) => x.pow(3).sum(), x, torch.ones([2]));
 * assertEquals(product.toArray(), [6, 12]);
 * ```
 */
export function vhp<I extends Tensors>(
  fn: TensorFunction,
  inputs: I,
  v?: Tensors | null,
  options: FunctionalOptions = {},
): [output: Tensor, product: Like<I>] {
  const op = "vhp";
  const { createGraph = false } = asOptions(options, op, OPTIONS);
  return enableGrad(() => {
    const [many, given] = asList(inputs, "inputs", op);
    const vectors = asVectors(v, given, "v", op);
    const own = prepare(given, createGraph);
    const output = scalarOutput(run(fn, own, op), op);
    const first = gradients([output], own, null, { ...options, record: true }, op);
    const found = gradients(first, own, vectors, { ...options, record: createGraph }, op);
    return [finish<Tensor>([output], false, createGraph), finish<I>(found, many, createGraph)];
  });
}

/**
 * The product of the Hessian of `fn` with a vector, which is {@linkcode vhp} the other way round: `[output, product]`. The
 * Hessian is symmetric, so `vhp` gives the same, and faster.
 *
 * @example
 * ```ts
 * import * as torch from "flambeau";
 * import { assertEquals } from "@std/assert";
 *
 * const x = torch.tensor([1, 2], { dtype: "float32" });
 * const [, product] = torch.autograd.functional.hvp((x) => x.pow(3).sum(), x, torch.ones([2]));
 * assertEquals(product.toArray(), [6, 12]);
 * ```
 */
export function hvp<I extends Tensors>(
  fn: TensorFunction,
  inputs: I,
  v?: Tensors | null,
  options: FunctionalOptions = {},
): [output: Tensor, product: Like<I>] {
  const op = "hvp";
  const { createGraph = false } = asOptions(options, op, OPTIONS);
  return enableGrad(() => {
    const [many, given] = asList(inputs, "inputs", op);
    const vectors = asVectors(v, given, "v", op);
    const own = prepare(given, createGraph);
    const output = scalarOutput(run(fn, own, op), op);
    const first = gradients([output], own, null, { ...options, record: true }, op);
    const zero = own.map((one) => zerosLike(one).requiresGrad_());
    const double = gradients(first, own, zero, { ...options, record: true }, op);
    const found = gradients(double, zero, vectors, { strict: false, record: createGraph }, op);
    return [finish<Tensor>([output], false, createGraph), finish<I>(found, many, createGraph)];
  });
}
