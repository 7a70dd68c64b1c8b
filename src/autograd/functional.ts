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
import { transformServices } from "./_transforms.ts";
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

/** How a Jacobian is computed. */
export type JacobianStrategy = "reverse-mode" | "forward-mode";

/** Options of {@linkcode jacobian}. */
export interface JacobianOptions extends FunctionalOptions {
  /** Whether all rows are computed at once, by vmap, rather than one after the other; default `false`. Not with `strict`. */
  vectorize?: boolean;
  /**
   * `"reverse-mode"` (default), or `"forward-mode"`, which is faster where there are more outputs than inputs. That needs `vectorize`, and
   * goes neither with `createGraph` nor with `strict`.
   */
  strategy?: JacobianStrategy;
}

/** Options of {@linkcode hessian}. */
export interface HessianOptions extends FunctionalOptions {
  /** Whether all rows are computed at once, by vmap, rather than one after the other; default `false`. Not with `strict`. */
  vectorize?: boolean;
  /** How the Jacobian of the gradient is computed, as `strategy` of {@linkcode jacobian}; default `"reverse-mode"`. */
  outerJacobianStrategy?: JacobianStrategy;
}

const OPTIONS = "createGraph, strict";

interface Way {
  readonly vectorize: boolean;
  readonly forward: boolean;
}

/** Whether by vmap, and whether in forward mode, once what does not go together is refused. */
function wayOf(
  op: string,
  { createGraph = false, strict = false, vectorize = false }: JacobianOptions,
  name: string,
  strategy: unknown = "reverse-mode",
): Way {
  if (strategy !== "reverse-mode" && strategy !== "forward-mode") {
    throw new RangeError(
      `${op}(): argument '${name}' must be "reverse-mode" or "forward-mode", but got ${
        describe(strategy)
      }`,
    );
  }
  for (const [key, value] of Object.entries({ createGraph, strict, vectorize })) {
    if (typeof value === "boolean") continue;
    throw new TypeError(`${op}(): argument '${key}' must be a boolean, but got ${describe(value)}`);
  }
  const forward = strategy === "forward-mode";
  const refuse = (wrong: boolean, what: string) => {
    if (wrong) throw new TorchError(`${op}(): ${what}`, { op, kind: "notImplemented" });
  };
  refuse(forward && createGraph, `'createGraph' and ${name} "forward-mode" do not go together`);
  refuse(forward && strict, `'strict' and ${name} "forward-mode" do not go together`);
  refuse(forward && !vectorize, `${name} "forward-mode" needs 'vectorize'`);
  refuse(vectorize && strict, "'strict' and 'vectorize' do not go together");
  return { vectorize, forward };
}

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
 * const { jacobian } = torch.autograd.functional;
 * assertEquals(jacobian((x) => x.pow(3), x).toArray(), [[3, 0], [0, 12]]);
 * assertEquals(jacobian((x) => x.pow(3), x, { vectorize: true }).toArray(), [[3, 0], [0, 12]]);
 * ```
 */
export function jacobian(
  fn: TensorFunction,
  inputs: Tensors,
  options: JacobianOptions = {},
  // deno-lint-ignore no-explicit-any -- the structure of outputs and inputs
): any {
  const op = "jacobian";
  const { strategy, ...rest } = asOptions(options, op, `${OPTIONS}, vectorize, strategy`);
  return jacobianBy(fn, inputs, rest, wayOf(op, rest, "strategy", strategy), op);
}

function jacobianBy(
  fn: TensorFunction,
  inputs: Tensors,
  options: FunctionalOptions,
  { vectorize, forward }: Way,
  op: string,
): unknown {
  const { createGraph = false } = options;
  const [manyInputs, given] = asList(inputs, "inputs", op);
  if (forward) return forwardJacobian(fn, given, manyInputs, false, op);
  return enableGrad(() => {
    const own = prepare(given, createGraph);
    const [manyOutputs, outputs] = run(fn, own, op);
    const all = vectorize
      ? rowsAtOnce(outputs, own, createGraph)
      : outputs.map((output) => jacobianOf(output, own, { ...options, record: createGraph }, op));
    const rows = all.map((parts) => finish(parts, manyInputs, createGraph));
    return manyOutputs ? rows : rows[0];
  });
}

function forwardJacobian(
  fn: TensorFunction,
  inputs: Tensor[],
  many: boolean,
  second: boolean,
  op: string,
): unknown {
  const checked = (...own: Tensor[]): Tensor | Tensor[] => {
    const output = run(fn, own, op);
    if (second) return scalarOutput(output, op).reshape([]);
    return output[0] ? output[1] : output[1][0]!;
  };
  // By an array of arguments, so that the innermost structure is an array of inputs.
  const found = transformServices(op).forwardJacobian(checked, inputs, second);
  if (many) return found;
  if (second) return (found as Tensor[][])[0]![0];
  const [first] = found as [Tensor | Tensor[]];
  return isTensor(first) ? first : (found as Tensor[][]).map((row) => row[0]);
}

/** The Jacobians of all outputs by all inputs, from one pass for all their elements. */
function rowsAtOnce(outputs: Tensor[], inputs: Tensor[], record: boolean): Tensor[][] {
  const sizes = outputs.map((output) => output.numel());
  const total = sizes.reduce((sum, size) => sum + size, 0);
  let start = 0;
  const bases = outputs.map((output, i) => {
    const basis = zeros([total, sizes[i]!], { dtype: output.dtype, device: output.device });
    basis.diagonal(-start).fill_(1);
    start += sizes[i]!;
    return basis;
  });
  const live = outputs.flatMap((output, i) => output.requiresGrad && total > 0 ? [i] : []);
  const found = live.length === 0 ? inputs.map(() => null) : grad(
    live.map((i) => outputs[i]!.reshape([-1])),
    inputs,
    {
      gradOutputs: live.map((i) => bases[i]!),
      createGraph: record,
      retainGraph: true,
      allowUnused: true,
      isGradsBatched: true,
    },
  );
  const parts = inputs.map((input, i) => {
    const all = found[i] ?? zeros([total, ...shapeOf(input)], {
      dtype: input.dtype,
      device: input.device,
    });
    return all.split(sizes, 0);
  });
  return outputs.map((output, i) =>
    inputs.map((input, j) => parts[j]![i]!.reshape([...shapeOf(output), ...shapeOf(input)]))
  );
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
  options: HessianOptions = {},
  // deno-lint-ignore no-explicit-any -- the structure of the inputs
): any {
  const op = "hessian";
  const { outerJacobianStrategy, ...rest } = asOptions(
    options,
    op,
    `${OPTIONS}, vectorize, outerJacobianStrategy`,
  );
  const way = wayOf(op, rest, "outerJacobianStrategy", outerJacobianStrategy);
  const [many, given] = asList(inputs, "inputs", op);
  if (way.forward) return forwardJacobian(fn, given, many, true, op);
  const first = (...own: Tensor[]): Tensor | Tensor[] => {
    const output = scalarOutput(run(fn, own, op), op);
    const found = gradients([output], own, null, { ...rest, record: true }, op);
    return many ? found : found[0]!;
  };
  return jacobianBy(first, inputs, rest, way, "jacobian");
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
