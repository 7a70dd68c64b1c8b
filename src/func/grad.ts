/**
 * Reverse-mode transforms: `grad`, `gradAndValue`, `vjp`.
 *
 * @module
 */

import { asOptions } from "../_arguments.ts";
import { grad as gradOf } from "../autograd/backward.ts";
import { enableGrad, isGradEnabled } from "../autograd/modes.ts";
import { zerosLike } from "../ops/mod.ts";
import { describe, isTensor, shapeOf, type Tensor } from "../tensor/tensor.ts";
import { isDifferentiable } from "./_dtype.ts";
import {
  type Argnums,
  asArgnums,
  asFunction,
  callSync,
  disposeLevel,
  sliceArgs,
  splitAux,
  tensorLeaves,
  Transform,
  unwrapTensor,
  unwrapTree,
  within,
  wrapTree,
} from "./_level.ts";
import { flatten, isPlainObject } from "./_tree.ts";

/** Options of {@linkcode grad} and {@linkcode gradAndValue}. */
export interface FuncGradOptions {
  /** The position of the argument to derive by, or an array of them; default 0. */
  argnums?: Argnums;
  /** Whether `fn` returns `[output, aux]`, of which `aux` is passed on; default `false`. */
  hasAux?: boolean;
}

const OPTIONS = "argnums, hasAux";

/** Arguments as a transform's level sees them: those that are derived by are tracked. */
function wrapArgs(args: unknown[], argnums: number | number[], level: number, op: string) {
  const tracked = new Set([argnums].flat());
  return args.map((arg, i) => {
    if (tracked.has(i)) tensorLeaves(arg, op, "the arguments to derive by");
    return wrapTree(arg, level, tracked.has(i), op);
  });
}

/** Gradients of several outputs, zeros for inputs that took no part. */
function gradients(
  outputs: Tensor[],
  inputs: Tensor[],
  gradOutputs: Tensor[] | null,
  createGraph: boolean,
): Tensor[] {
  const live = outputs.flatMap((output, i) => output.requiresGrad ? [i] : []);
  if (live.length === 0) return inputs.map((input) => zerosLike(input));
  const results = gradOf(live.map((i) => outputs[i]!), inputs, {
    gradOutputs: gradOutputs === null ? null : live.map((i) => gradOutputs[i]!),
    retainGraph: true,
    createGraph,
    allowUnused: true,
  });
  return results.map((one, i) => one ?? zerosLike(inputs[i]!));
}

function asScalarOutput(output: unknown, op: string): Tensor {
  if (!isTensor(output)) {
    throw new TypeError(`${op}(): the function must return a Tensor, but got ${describe(output)}`);
  }
  const rank = shapeOf(output).length;
  if (rank !== 0) {
    throw new TypeError(
      `${op}(): the function must return a scalar Tensor, got tensor with ${rank} dims. Maybe you wanted ` +
        "to use the vjp or jacrev APIs instead?",
    );
  }
  return output;
}

interface GradResult {
  gradient: unknown;
  value: Tensor;
  aux: unknown;
}

function runGrad(
  fn: (...args: never[]) => unknown,
  args: unknown[],
  options: FuncGradOptions,
  op: string,
): GradResult {
  const { hasAux = false } = options;
  const argnums = asArgnums(options.argnums ?? 0, args.length, op);
  return within(Transform.grad, op, (level) =>
    enableGrad(() => {
      const wrapped = wrapArgs(args, argnums, level, op);
      const [result, aux] = splitAux(callSync(fn, wrapped, op), hasAux, op);
      const output = asScalarOutput(result, op);
      const inputs = flatten(sliceArgs(wrapped, argnums));
      const found = gradients([output], inputs.leaves as Tensor[], null, true);
      const gradient = inputs.build(found.map((one) => {
        const plain = unwrapTensor(one, level, op);
        if (plain !== one) one.dispose();
        return plain;
      }));
      const answer = {
        gradient,
        value: unwrapTensor(output, level, op),
        aux: unwrapTree(aux, level, op),
      };
      disposeLevel([wrapped, output, aux], level, op);
      return answer;
    }));
}

/**
 * Makes a function that computes the gradient of `fn`, which returns a tensor without dimensions.
 *
 * @returns A function of the same arguments: the gradient by the argument at `argnums` (a tree of tensors gives a tree), an
 * array of them for several; with `hasAux` an array of that and `aux`. Nested, it gives derivatives of higher order.
 * @throws {TypeError} If `fn` returns anything else, or is asynchronous.
 *
 * @example
 * ```ts
 * import * as torch from "flambeau";
 * import { assertEquals } from "@std/assert";
 *
 * const cube = (x: torch.Tensor) => x.pow(3);
 * const x = torch.tensor(2, { dtype: "float64" });
 * assertEquals(torch.func.grad(cube)(x).item(), 12);
 * assertEquals(torch.func.grad(torch.func.grad(cube))(x).item(), 12);
 * ```
 */
export function grad<A extends [Tensor, ...unknown[]]>(
  fn: (...args: A) => Tensor,
  options?: { argnums?: number; hasAux?: false },
): (...args: A) => Tensor;
/** The same by several arguments, by trees of tensors, or with what else the function returns. */
export function grad<A extends unknown[]>(
  fn: (...args: A) => unknown,
  options?: FuncGradOptions,
  // deno-lint-ignore no-explicit-any -- the structure of the arguments
): (...args: A) => any;
export function grad(
  fn: (...args: never[]) => unknown,
  options: FuncGradOptions = {},
): (...args: unknown[]) => unknown {
  asFunction(fn, "grad");
  asOptions(options, "grad", OPTIONS);
  return (...args) => {
    const { gradient, value, aux } = runGrad(fn, args, options, "grad");
    value.dispose();
    return options.hasAux ? [gradient, aux] : gradient;
  };
}

/**
 * Makes a function that computes the gradient of `fn` and its value: `[gradient, value]`, with `hasAux`
 * `[gradient, [value, aux]]`.
 *
 * @example
 * ```ts
 * import * as torch from "flambeau";
 * import { assertEquals } from "@std/assert";
 *
 * const run = torch.func.gradAndValue((x: torch.Tensor) => x.mul(x).sum());
 * const [gradient, value] = run(torch.tensor([1, 2], { dtype: "float32" }));
 * assertEquals([gradient.toArray(), value.item()], [[2, 4], 5]);
 * ```
 */
export function gradAndValue<A extends [Tensor, ...unknown[]]>(
  fn: (...args: A) => Tensor,
  options?: { argnums?: number; hasAux?: false },
): (...args: A) => [gradient: Tensor, value: Tensor];
/** The same by several arguments, by trees of tensors, or with what else the function returns. */
export function gradAndValue<A extends unknown[]>(
  fn: (...args: A) => unknown,
  options?: FuncGradOptions,
  // deno-lint-ignore no-explicit-any -- the structure of the arguments
): (...args: A) => [gradient: any, value: any];
export function gradAndValue(
  fn: (...args: never[]) => unknown,
  options: FuncGradOptions = {},
): (...args: unknown[]) => [unknown, unknown] {
  asFunction(fn, "gradAndValue");
  asOptions(options, "gradAndValue", OPTIONS);
  return (...args) => {
    const { gradient, value, aux } = runGrad(fn, args, options, "gradAndValue");
    return [gradient, options.hasAux ? [value, aux] : value];
  };
}

/** What {@linkcode vjp} gives beside the output: cotangents, shaped as the output, to a gradient for each primal. */
export interface VjpFunction {
  /** The vector-Jacobian product. Can be called again and again. */
  // deno-lint-ignore no-explicit-any -- the structure of output and primals
  (cotangents: any): any;
}

/** `vjp` by some of the arguments, or (`null`) by all, whose gradients are then an array. */
export function vjpBy(
  fn: (...args: never[]) => unknown,
  primals: unknown[],
  argnums: number | number[] | null,
  hasAux: boolean,
  op: string,
): [output: unknown, pull: VjpFunction, aux: unknown] {
  const by = argnums ?? primals.map((_, i) => i);
  return within(Transform.grad, op, (level) =>
    enableGrad(() => {
      const wrapped = wrapArgs(primals, by, level, op);
      const [result, aux] = splitAux(callSync(fn, wrapped, op), hasAux, op);
      const outputs = tensorLeaves(result, op, "the outputs of the function");
      for (const output of outputs) {
        if (isDifferentiable(output)) continue;
        throw new TypeError(
          `${op}(): all outputs of the function must be floating-point or complex tensors, got one of dtype ${output.dtype}`,
        );
      }
      const inputs = flatten(sliceArgs(wrapped, by));
      const { shape } = flatten(result);
      const pull = (cotangents: unknown): unknown => {
        const given = flatten(cotangents);
        if (given.shape !== shape) {
          throw new TypeError(
            `${op}(): cotangents must have the structure of the outputs, ${shape}, but got ${given.shape}`,
          );
        }
        const vectors = tensorLeaves(cotangents, op, "cotangents");
        return inputs.build(
          gradients(outputs, inputs.leaves as Tensor[], vectors, isGradEnabled()),
        );
      };
      return [unwrapTree(result, level, op), pull, unwrapTree(aux, level, op)];
    }));
}

/**
 * Runs `fn`, and makes the function that multiplies a vector with its Jacobian from the left.
 *
 * @param fn Takes tensors or trees of them, and returns a tensor or a tree.
 * @param primals Its arguments; a last one of `{ hasAux: true }` says that it returns `[output, aux]`.
 * @returns The output, and a function from cotangents (shaped as the output) to an array with a gradient for each primal;
 * then `aux`, if there is one.
 *
 * @example
 * ```ts
 * import * as torch from "flambeau";
 * import { assertEquals } from "@std/assert";
 *
 * const x = torch.tensor([1, 2], { dtype: "float32" });
 * const [output, pull] = torch.func.vjp((x: torch.Tensor) => x.mul(x), x);
 * assertEquals(output.toArray(), [1, 4]);
 * assertEquals(pull(torch.ones([2]))[0].toArray(), [2, 4]);
 * ```
 */
export function vjp<A extends unknown[], R>(
  fn: (...args: A) => R,
  ...primals: A
): [output: R, pull: VjpFunction];
/** The same for a function that returns `[output, aux]`. */
export function vjp<A extends unknown[], R, X>(
  fn: (...args: A) => readonly [R, X],
  ...primals: [...A, { hasAux: true }]
): [output: R, pull: VjpFunction, aux: X];
export function vjp(fn: (...args: never[]) => unknown, ...primals: unknown[]): unknown {
  asFunction(fn, "vjp");
  const hasAux = takeHasAux(primals);
  const [output, pull, aux] = vjpBy(fn, primals, null, hasAux, "vjp");
  return hasAux ? [output, pull, aux] : [output, pull];
}

/** Takes a trailing `{ hasAux }` off a list of arguments. */
export function takeHasAux(args: unknown[]): boolean {
  const last = args.at(-1);
  if (!isPlainObject(last) || Object.keys(last).join() !== "hasAux") return false;
  if (typeof last.hasAux !== "boolean") {
    throw new TypeError(`option 'hasAux' must be a boolean, but got ${describe(last.hasAux)}`);
  }
  args.pop();
  return last.hasAux;
}
