/**
 * Derivatives held against finite differences: `gradcheck`, and `gradgradcheck` for those of second order.
 *
 * @module
 */

import { asOptions } from "../_arguments.ts";
import { imag, randn, real, zeros, zerosLike } from "../ops/mod.ts";
import { tensor } from "../tensor/create.ts";
import { describe, isTensor, shapeOf, type Tensor } from "../tensor/tensor.ts";
import { grad, type Tensors } from "./backward.ts";
import { dualLevel, makeDual, unpackDual } from "./forward_ad.ts";
import { enableGrad, noGrad } from "./modes.ts";

/** A derivative that is not what finite differences say. */
export class GradcheckError extends Error {
  /** The name of the class. */
  override readonly name: string = "GradcheckError";
}

/** Options of {@linkcode gradcheck}. */
export interface GradcheckOptions {
  /** The step of the finite differences; default 1e-6. */
  eps?: number;
  /** The absolute tolerance; default 1e-5. */
  atol?: number;
  /** The relative tolerance; default 1e-3. */
  rtol?: number;
  /** Whether to throw a {@linkcode GradcheckError}, rather than return `false`; default `true`. */
  raiseException?: boolean;
  /** By how much two runs of the same pass may differ; default 0. */
  nondetTol?: number;
  /** Whether gradients must have the dtype of their inputs; default `false`. */
  checkGradDtypes?: boolean;
  /** Whether to check forward mode; default `false`. */
  checkForwardAd?: boolean;
  /** Whether to check reverse mode; default `true`. */
  checkBackwardAd?: boolean;
}

/** What is checked: takes the inputs one by one, returns a tensor or an array. */
// deno-lint-ignore no-explicit-any -- as many inputs as there are, tensors or not
export type CheckedFunction = (...inputs: any[]) => Tensor | readonly Tensor[];

interface Settings extends Required<GradcheckOptions> {
  op: string;
}

// A Jacobian by columns: one an element of the input, with an entry an element of the output.
type Entry = { re: number; im: number };
type Jacobian = Entry[][];

const isComplex = (one: Tensor) => one.dtype.startsWith("complex");
const isFloating = (one: Tensor) => /^(float|bfloat|complex)/.test(one.dtype);
const sizeOf = (one: Tensor) => shapeOf(one).reduce((product, size) => product * size, 1);

function fail(message: string): never {
  throw new GradcheckError(message);
}

const OPTIONS =
  "eps, atol, rtol, raiseException, nondetTol, checkGradDtypes, checkForwardAd, checkBackwardAd";

function settings(options: GradcheckOptions, op: string): Settings {
  return {
    eps: 1e-6,
    atol: 1e-5,
    rtol: 1e-3,
    raiseException: true,
    nondetTol: 0,
    checkGradDtypes: false,
    checkForwardAd: false,
    checkBackwardAd: true,
    ...asOptions(options, op, OPTIONS),
    op,
  };
}

function inputList(inputs: unknown, op: string): unknown[] {
  if (isTensor(inputs)) return [inputs];
  if (Array.isArray(inputs)) return [...inputs];
  throw new TypeError(
    `${op}(): argument 'inputs' must be a Tensor or an array, but got ${describe(inputs)}`,
  );
}

function checkInputs(inputs: unknown[], op: string): number[] {
  const wanted = inputs.flatMap((one, i) => isTensor(one) && one.requiresGrad ? [i] : []);
  if (wanted.length === 0) {
    throw new TypeError(
      `${op}(): expects at least one input tensor to require gradient, but none of them have requiresGrad=true`,
    );
  }
  for (const i of wanted) {
    const input = inputs[i] as Tensor;
    if (input.dtype !== "float64" && input.dtype !== "complex128") {
      console.warn(
        `Input #${i} requires gradient and is not a double precision floating point or complex. ` +
          "This check will likely fail if all the inputs are not of double precision floating point or complex.",
      );
    }
    const shape = shapeOf(input);
    if (!input.stride().every((stride, d) => stride > 0 || shape[d]! <= 1)) {
      throw new RangeError(
        `${op}(): The ${i}th input has a dimension with stride 0. gradcheck only supports inputs that are ` +
          "non-overlapping to be able to compute the numerical gradients correctly. Call contiguous() on it first",
      );
    }
  }
  return wanted;
}

function outputList(fn: CheckedFunction, inputs: unknown[], op: string): Tensor[] {
  const result = fn(...inputs);
  const list: unknown[] = Array.isArray(result) ? result : [result];
  list.forEach((one) => {
    if (isTensor(one)) return;
    throw new TypeError(`${op}(): fn must return tensors, but got ${describe(one)}`);
  });
  return list as Tensor[];
}

// The elements, complex or not, in row-major order.
function elements(one: Tensor): Entry[] {
  const flat: unknown = one.detach().reshape([-1]).toArray();
  return (flat as (number | Entry)[]).map((value) =>
    typeof value === "object" ? value : { re: Number(value), im: 0 }
  );
}

function* positions(shape: readonly number[]): Generator<number[]> {
  if (shape.length === 0) {
    yield [];
    return;
  }
  for (let i = 0; i < shape[0]!; i++) {
    for (const rest of positions(shape.slice(1))) yield [i, ...rest];
  }
}

/** Central differences of all outputs by each element of an input, moved along `direction`. */
function differences(
  fn: CheckedFunction,
  inputs: unknown[],
  index: number,
  direction: Entry,
  { eps, op }: Settings,
): Entry[][][] {
  return noGrad(() => {
    const input = inputs[index] as Tensor;
    // A copy in place of the input: changing that would spoil what its graph has saved.
    const moved = input.detach().clone();
    const step = direction.im === 0 ? direction.re * eps : {
      re: direction.re * eps,
      im: direction.im * eps,
    };
    const back = direction.im === 0 ? -direction.re * eps : {
      re: -direction.re * eps,
      im: -direction.im * eps,
    };
    const given = inputs.map((one, i) => i === index ? moved : one);
    const columns: Entry[][][] = [];
    for (const position of positions(shapeOf(input))) {
      const element = position.length === 0 ? moved : moved.index(...position);
      const before = element.clone();
      element.copy_(before.add(back));
      const low = outputList(fn, given, op);
      const lows = low.map(elements);
      element.copy_(before.add(step));
      const high = outputList(fn, given, op);
      high.forEach((one, o) => {
        if (shapeOf(one).join() === shapeOf(low[o]!).join() && one.dtype === low[o]!.dtype) return;
        fail(
          `Expected \`func\` to return outputs with the same shape and dtype when inputs are perturbed on index ` +
            `[${position}] by ${eps}, but got: ${low[o]!.dtype} [${
              shapeOf(low[o]!)
            }] and ${one.dtype} [${shapeOf(one)}].`,
        );
      });
      const highs = high.map(elements);
      element.copy_(before);
      columns.push(highs.map((values, o) =>
        values.map((value, i) => ({
          re: (value.re - lows[o]![i]!.re) / (2 * eps),
          im: (value.im - lows[o]![i]!.im) / (2 * eps),
        }))
      ));
    }
    return columns;
  });
}

/** The numerical Jacobian of every output by one input; for a complex input conjugated, as gradients are. */
function numerical(
  fn: CheckedFunction,
  inputs: unknown[],
  index: number,
  count: number,
  config: Settings,
): Jacobian[] {
  const along = differences(fn, inputs, index, { re: 1, im: 0 }, config);
  const across = isComplex(inputs[index] as Tensor)
    ? differences(fn, inputs, index, { re: 0, im: 1 }, config)
    : null;
  return Array.from(
    { length: count },
    (_, o) =>
      along.map((column, c) =>
        column[o]!.map((value, i) =>
          across === null ? value : { re: value.re, im: across[c]![o]![i]!.re }
        )
      ),
  );
}

interface Analytical {
  jacobians: Jacobian[];
  sizesFit: boolean;
  dtypesFit: boolean;
}

/** The Jacobian of one output by all wanted inputs, a pass an element of the output. */
function analytical(output: Tensor, wanted: Tensor[]): Analytical {
  const size = sizeOf(output);
  const jacobians: Jacobian[] = wanted.map((input) =>
    Array.from({ length: sizeOf(input) }, () => [])
  );
  let sizesFit = true;
  let dtypesFit = true;
  for (let row = 0; row < size; row++) {
    const vector = zeros([size], { dtype: output.dtype });
    vector.select(0, row).fill_(1);
    const found = grad(output, wanted, {
      gradOutputs: vector.view(shapeOf(output)),
      retainGraph: true,
      allowUnused: true,
    });
    found.forEach((one, i) => {
      if (one !== null && shapeOf(one).join() !== shapeOf(wanted[i]!).join()) sizesFit = false;
      if (one !== null && one.dtype !== wanted[i]!.dtype) dtypesFit = false;
      const values = one === null ? null : elements(one);
      jacobians[i]!.forEach((column, c) => column.push(values?.[c] ?? { re: 0, im: 0 }));
    });
  }
  return { jacobians, sizesFit, dtypesFit };
}

function entriesOf(jacobian: Jacobian): Entry[] {
  return jacobian.flat();
}

function close(a: Jacobian, b: Jacobian, atol: number, rtol: number): boolean {
  const [left, right] = [entriesOf(a), entriesOf(b)];
  return left.length === right.length && left.every((one, i) => {
    const other = right[i]!;
    const distance = Math.hypot(one.re - other.re, one.im - other.im);
    return distance <= atol + rtol * Math.hypot(other.re, other.im);
  });
}

function show(jacobian: Jacobian): string {
  const complex = entriesOf(jacobian).some(({ im }) => im !== 0);
  const rows = jacobian.map((column) => column.map((one) => complex ? one : one.re));
  return String(tensor(rows as number[][], { dtype: complex ? "complex128" : "float64" }));
}

interface Pair {
  output: number;
  input: number;
}

function mismatch(found: Jacobian, expected: Jacobian, { output, input }: Pair, note: string) {
  const mode = note === "forward" ? "computed with forward mode " : "";
  const prefix = note === "real" || note === "imaginary"
    ? `While considering the ${note} part of complex outputs only, `
    : "";
  fail(
    `${prefix}Jacobian ${mode}mismatch for output ${output} with respect to input ${input},\n` +
      `numerical:${show(expected)}\nanalytical:${show(found)}\n`,
  );
}

/** Reverse mode of a function with real outputs against finite differences. */
function checkReverse(
  fn: CheckedFunction,
  inputs: unknown[],
  indices: number[],
  note: string,
  config: Settings,
): void {
  const wanted = indices.map((i) => inputs[i] as Tensor);
  const outputs = enableGrad(() => outputList(fn, inputs, config.op));
  const numericals = indices.map((i) => numerical(fn, inputs, i, outputs.length, config));
  outputs.forEach((output, o) => {
    if (!output.requiresGrad) {
      const zero = numericals.every((one) =>
        entriesOf(one[o]!).every(({ re, im }) => re === 0 && im === 0)
      );
      if (isFloating(output) && !zero) {
        fail("Numerical gradient for function expected to be zero");
      }
      return;
    }
    const first = analytical(output, wanted);
    const second = analytical(output, wanted);
    if (!first.dtypesFit && config.checkGradDtypes) fail("Gradient has dtype mismatch");
    if (!first.sizesFit) fail("Analytical gradient has incorrect size");
    first.jacobians.forEach((jacobian, i) => {
      if (!close(jacobian, numericals[i]![o]!, config.atol, config.rtol)) {
        mismatch(jacobian, numericals[i]![o]!, { output: o, input: indices[i]! }, note);
      }
    });
    if (!first.jacobians.every((one, i) => close(one, second.jacobians[i]!, config.nondetTol, 0))) {
      fail(
        "Backward is not reentrant, i.e., running backward with same input and grad_output multiple times gives " +
          "different values, although analytical gradient matches numerical gradient. " +
          `The tolerance for nondeterminism was ${config.nondetTol}.`,
      );
    }
  });
}

/** A gradient of zeros must give zeros: backward functions that forget theirs are found so. */
function checkLinear(fn: CheckedFunction, inputs: unknown[], indices: number[], op: string): void {
  const wanted = indices.map((i) => inputs[i] as Tensor);
  const outputs = enableGrad(() => outputList(fn, inputs, op)).filter((one) => one.requiresGrad);
  if (outputs.length === 0) return;
  const found = grad(outputs, wanted, {
    gradOutputs: outputs.map((one) => zerosLike(one)),
    allowUnused: true,
  });
  if (
    found.some((one) => one !== null && elements(one).some(({ re, im }) => re !== 0 || im !== 0))
  ) {
    fail("backward not multiplied by grad_output");
  }
}

/** Forward mode, along each element of each input. */
function checkForward(
  fn: CheckedFunction,
  inputs: unknown[],
  indices: number[],
  config: Settings,
): void {
  for (const index of indices) {
    const input = (inputs[index] as Tensor).detach();
    const directions: Entry[] = isComplex(input)
      ? [{ re: 1, im: 0 }, { re: 0, im: 1 }]
      : [{ re: 1, im: 0 }];
    const plain = inputs.map((one) => isTensor(one) ? one.detach() : one);
    for (const direction of directions) {
      const expected = differences(fn, plain, index, direction, config);
      const found = [...positions(shapeOf(input))].map((position) =>
        along(fn, plain, index, position, direction, config.op)
      );
      const count = expected[0]?.length ?? 0;
      for (let o = 0; o < count; o++) {
        const [a, b] = [found.map((one) => one[o]!), expected.map((one) => one[o]!)];
        if (!close(a, b, config.atol, config.rtol)) {
          mismatch(a, b, { output: o, input: index }, "forward");
        }
      }
    }
  }
}

function along(
  fn: CheckedFunction,
  inputs: unknown[],
  index: number,
  position: number[],
  direction: Entry,
  op: string,
): Entry[][] {
  const input = inputs[index] as Tensor;
  const tangent = zerosLike(input);
  const element = position.length === 0 ? tangent : tangent.index(...position);
  element.fill_(direction.im === 0 ? direction.re : direction);
  return dualLevel(() => {
    const given = inputs.map((one, i) => i === index ? makeDual(input, tangent) : one);
    return outputList(fn, given, op).map((output) => {
      const { primal, tangent: found } = unpackDual(output);
      return elements(found ?? zerosLike(primal));
    });
  });
}

function runChecks(fn: CheckedFunction, given: unknown[], indices: number[], config: Settings) {
  const outputs = enableGrad(() => outputList(fn, given, config.op));
  const complex = outputs.map(isComplex);
  if (config.checkBackwardAd) {
    if (complex.includes(true)) {
      // Gradients are of real functions: of the real and of the imaginary part.
      for (const [part, note] of [[imag, "imaginary"], [real, "real"]] as const) {
        const parts: CheckedFunction = (...inputs) =>
          outputList(fn, inputs, config.op).filter((_, i) => complex[i]).map((one) => part(one));
        checkReverse(parts, given, indices, note, config);
      }
    }
    if (complex.includes(false)) {
      const rest: CheckedFunction = (...inputs) =>
        outputList(fn, inputs, config.op).filter((_, i) => !complex[i]);
      checkReverse(complex.includes(true) ? rest : fn, given, indices, "", config);
    }
    checkLinear(fn, given, indices, config.op);
  }
  if (config.checkForwardAd) checkForward(fn, given, indices, config);
}

/**
 * Checks the derivatives of a function against finite differences, element by element. Inputs that take gradients should
 * be float64 or complex128.
 *
 * @param fn Takes the inputs one by one, and returns a tensor or an array.
 * @param inputs A tensor or an array; those that require gradients are derived by.
 * @returns `true`, or `false` where a derivative is wrong and `raiseException` is off.
 * @throws {GradcheckError} If a derivative is wrong, with both Jacobians.
 *
 * @example
 * ```ts
 * import * as torch from "flambeau";
 * import { assert } from "@std/assert";
 *
 * const x = torch.tensor([0.5, 1.5], { dtype: "float64", requiresGrad: true });
 * assert(torch.autograd.gradcheck((x) => x.sin().mul(x), x));
 * ```
 */
export function gradcheck(
  fn: CheckedFunction,
  inputs: Tensors | readonly unknown[],
  options: GradcheckOptions = {},
): boolean {
  return checked(fn, inputs, settings(options, "gradcheck"));
}

function checked(fn: CheckedFunction, inputs: unknown, config: Settings): boolean {
  if (typeof fn !== "function") {
    throw new TypeError(
      `${config.op}(): argument 'fn' must be a function, but got ${describe(fn)}`,
    );
  }
  if (!config.checkBackwardAd && !config.checkForwardAd) {
    throw new TypeError(
      `${config.op}(): Expected either checkForwardAd or checkBackwardAd to be true`,
    );
  }
  const given = inputList(inputs, config.op);
  const indices = checkInputs(given, config.op);
  try {
    runChecks(fn, given, indices, config);
    return true;
  } catch (error) {
    if (error instanceof GradcheckError && !config.raiseException) return false;
    throw error;
  }
}

/**
 * Checks derivatives of second order: {@linkcode gradcheck} of the function that computes the gradients.
 *
 * @param gradOutputs What the gradients are taken with; default: random tensors of the outputs' shapes.
 *
 * @example
 * ```ts
 * import * as torch from "flambeau";
 * import { assert } from "@std/assert";
 *
 * const x = torch.tensor([0.5, 1.5], { dtype: "float64", requiresGrad: true });
 * assert(torch.autograd.gradgradcheck((x) => x.sin().mul(x), x));
 * ```
 */
export function gradgradcheck(
  fn: CheckedFunction,
  inputs: Tensors | readonly unknown[],
  gradOutputs?: Tensors | null,
  options: GradcheckOptions = {},
): boolean {
  const config = settings(options, "gradgradcheck");
  const given = inputList(inputs, config.op);
  checkInputs(given, config.op);
  const vectors = gradOutputs == null
    ? randomLike(enableGrad(() => outputList(fn, given, config.op)))
    : inputList(gradOutputs, config.op);
  const first: CheckedFunction = (...all) =>
    enableGrad(() => {
      const own = all.slice(0, given.length);
      // Finite differences move copies of the inputs, which take no gradients yet.
      const args = own.map((one, i) =>
        isTensor(one) && (given[i] as Tensor).requiresGrad && !one.requiresGrad
          ? one.detach().requiresGrad_()
          : one
      );
      const outputs = outputList(fn, args, config.op);
      const live = outputs.flatMap((one, i) => one.requiresGrad ? [i] : []);
      const wanted = args.filter((one): one is Tensor => isTensor(one) && one.requiresGrad);
      const found = grad(live.map((i) => outputs[i]!), wanted, {
        gradOutputs: live.map((i) => all[given.length + i] as Tensor),
        createGraph: true,
        allowUnused: true,
      });
      return found.filter((one) => one !== null);
    });
  return checked(first, [...given, ...vectors], config);
}

function randomLike(outputs: Tensor[]): Tensor[] {
  return outputs.map((one) => {
    const random = randn(shapeOf(one), { dtype: one.dtype });
    return isFloating(one) ? random.requiresGrad_() : random;
  });
}
