/**
 * Functions of one's own: a forward pass in ops or plain JavaScript, and the backward pass that belongs to it.
 *
 * @module
 */

import { check, context, native, nativeError, scratch, TorchError } from "../../ffi/mod.ts";
import { begin, putString, putTensors } from "../tensor/call.ts";
import { describe, isTensor, type Tensor } from "../tensor/tensor.ts";
import { answer, Call, forget, keepForNative, serve, tensorAt, tensorsAt } from "./_host.ts";
import { isGradEnabled, noGrad } from "./modes.ts";
import { currentTransform, transformServices } from "./_transforms.ts";

type MaybeTensor = Tensor | null;

/** What a context was told. */
export interface Marks {
  saved: MaybeTensor[];
  forJvp: MaybeTensor[] | null;
  dirty: Tensor[];
  constant: Tensor[];
  materialize: boolean;
}

/** What a context was told, until its function is in the graph. */
export let marksOf: (ctx: FunctionContext) => Marks;
let seal: (ctx: FunctionContext, id: number) => void;

/**
 * What `forward` and `backward` of one application share: saved tensors, marks, and whatever else is put on it.
 *
 * Save tensors by {@linkcode FunctionContext.saveForBackward}: an output that is kept as a plain property keeps its own
 * graph alive, and nothing can free the two.
 */
export class FunctionContext {
  /** Anything that `backward` needs beside tensors. */
  // deno-lint-ignore no-explicit-any -- the user's own properties
  [property: string]: any;
  /** For each argument, whether its gradient is needed: in `backward`, by the pass that is running. */
  needsInputGrad: boolean[] = [];
  #marks: Marks = { saved: [], forJvp: null, dirty: [], constant: [], materialize: true };
  #id = 0;

  static {
    marksOf = (ctx) => ctx.#marks;
    seal = (ctx, id) => {
      ctx.#id = id;
      ctx.#marks = { ...ctx.#marks, saved: [], forJvp: null, dirty: [], constant: [] };
    };
  }

  /** Keeps tensors (or `null`) for `backward`; those changed in place since are refused there. To be called once. */
  saveForBackward(...tensors: MaybeTensor[]): void {
    this.#marks.saved = tensors.map((one, i) => asMaybeTensor(one, "saveForBackward", i));
  }

  /** Keeps tensors for `jvp`; default: those of {@linkcode FunctionContext.saveForBackward}. */
  saveForForward(...tensors: MaybeTensor[]): void {
    this.#marks.forJvp = tensors.map((one, i) => asMaybeTensor(one, "saveForForward", i));
  }

  /** What was saved. In `backward` new tensor objects at each read. */
  get savedTensors(): MaybeTensor[] {
    if (this.#id === 0) return [...this.#marks.forJvp ?? this.#marks.saved];
    const op = "savedTensors";
    scratch.receive(check(native.fb_function_saved(this.#id, context), op));
    return tensorsAt(0)[0];
  }

  /** Says which arguments `forward` changed in place; each is to be returned too. */
  markDirty(...tensors: Tensor[]): void {
    this.#marks.dirty = tensors.map((one, i) => asMarked(one, "markDirty", i));
  }

  /** Says which outputs take no gradient. */
  markNonDifferentiable(...tensors: Tensor[]): void {
    this.#marks.constant = tensors.map((one, i) => asMarked(one, "markNonDifferentiable", i));
  }

  /** Whether `backward` gets zeros (default) or `null` for an output that no gradient came to. */
  setMaterializeGrads(value: boolean): void {
    if (typeof value !== "boolean") {
      throw new TypeError(
        `setMaterializeGrads(): argument 'value' must be a boolean, but got ${describe(value)}`,
      );
    }
    this.#marks.materialize = value;
  }
}

function asMarked(value: unknown, op: string, i: number): Tensor {
  if (isTensor(value)) return value;
  throw new TypeError(`${op}(): argument ${i} must be a Tensor, but got ${describe(value)}`);
}

function asMaybeTensor(value: unknown, op: string, i: number): MaybeTensor {
  return value === null || value === undefined ? null : asMarked(value, op, i);
}

/** What `backward` and `jvp` may return. */
export type GradientResult = MaybeTensor | undefined | readonly (MaybeTensor | undefined)[];

/** A class that {@linkcode AutogradFunction.apply} can be called on. */
export interface FunctionClass<A extends unknown[], R> {
  /** The class's name. */
  readonly name: string;
  /** Computes the outputs from the arguments. */
  forward(ctx: FunctionContext, ...args: A): R;
  /** Computes the gradients of the arguments from those of the outputs. */
  // deno-lint-ignore no-explicit-any -- gradients are tensors, or null once setMaterializeGrads(false) was called
  backward?(ctx: FunctionContext, ...gradients: any[]): GradientResult;
  /** Computes the tangents of the outputs from those of the arguments. */
  // deno-lint-ignore no-explicit-any -- tangents are tensors, or null
  jvp?(ctx: FunctionContext, ...tangents: any[]): GradientResult;
  /** Whether vmap may run `forward`, `backward` and `jvp` on all of a batch at once, since they consist of ops that it knows. */
  readonly generateVmapRule?: boolean;
  /**
   * What vmap does: computes the outputs of all of a batch. `inDims` tells the mapped dimension of each argument (`null`: none);
   * the arguments are whole. Returns `[output, outDims]`.
   */
  // deno-lint-ignore no-explicit-any -- the arguments, whatever they are
  vmap?(info: VmapInfo, inDims: (number | null)[], ...args: any[]): readonly [unknown, unknown];
}

/** What a static `vmap` is told beside the arguments. */
export interface VmapInfo {
  /** The size of the batch. */
  readonly batchSize: number;
  /** What random ops do. */
  readonly randomness: "error" | "same" | "different";
}

/** A class whose `forward` takes the arguments only, and which prepares the context afterwards. */
export interface SetupFunctionClass<A extends unknown[], R>
  extends Omit<FunctionClass<A, R>, "forward"> {
  /** Computes the outputs from the arguments. */
  forward(...args: A): R;
  /** Saves what `backward` needs. */
  setupContext(ctx: FunctionContext, inputs: A, output: R): void;
}

/** Any class that can be applied. */
export type AnyClass = FunctionClass<unknown[], unknown> & {
  setupContext?(ctx: FunctionContext, inputs: unknown[], output: unknown): void;
};

// One application, as native code keeps it by its id.
interface Application {
  readonly type: AnyClass;
  readonly ctx: FunctionContext;
  // For each argument, its place among the tensors, or -1.
  readonly places: readonly number[];
  // For each output, whether it is a tensor.
  readonly outputs: readonly boolean[];
}

/**
 * A function with a derivative of one's own. Extend it with static `forward` and `backward`, and call it by `apply`.
 *
 * `forward(ctx, ...args)` runs without recording gradients and returns a tensor or an array; `backward(ctx, ...gradients)` gets
 * a gradient an output and returns one an argument, `null` for what takes none. With `createGraph` the ops of `backward`
 * are recorded, so that derivatives of higher order work. `jvp(ctx, ...tangents)` serves forward mode. With a static
 * `setupContext(ctx, inputs, output)`, `forward` takes the arguments only. That form works inside of `torch.func`'s transforms;
 * `vmap` needs `static generateVmapRule = true`, or a static `vmap(info, inDims, ...args)`, too.
 *
 * Backward runs on the thread that applied the function: not in `runAsync`. While tracing, the ops of `forward` are recorded.
 *
 * @example
 * ```ts
 * import * as torch from "flambeau";
 * import { assertEquals } from "@std/assert";
 *
 * class Cube extends torch.autograd.Function {
 *   static forward(ctx: torch.autograd.FunctionContext, x: torch.Tensor): torch.Tensor {
 *     ctx.saveForBackward(x);
 *     return x.pow(3);
 *   }
 *   static backward(ctx: torch.autograd.FunctionContext, gradient: torch.Tensor): torch.Tensor {
 *     const [x] = ctx.savedTensors;
 *     return gradient.mul(x!.pow(2)).mul(3);
 *   }
 * }
 *
 * const x = torch.tensor([2], { dtype: "float32", requiresGrad: true });
 * Cube.apply(x).backward();
 * assertEquals(x.grad!.toArray(), [12]);
 * ```
 */
export class AutogradFunction {
  /** Runs `forward` on the arguments, and puts the function in the graph. Tensors are found among the arguments themselves only. */
  static apply<A extends unknown[], R>(this: SetupFunctionClass<A, R>, ...args: A): R;
  /** The same for a class whose `forward` takes the context. */
  static apply<A extends unknown[], R>(this: FunctionClass<A, R>, ...args: A): R;
  static apply(this: unknown, ...args: unknown[]): unknown {
    return applyFunction(this as AnyClass, args);
  }
}

function runForward(type: AnyClass, ctx: FunctionContext, args: unknown[]): unknown {
  if (typeof type.forward !== "function") {
    throw new TypeError(`${type.name}.apply(): the class has no static forward()`);
  }
  // Neither gradients nor tangents are those of the ops inside: backward and jvp say them.
  const forwardMode = native.fb_forward_enabled(0);
  try {
    return noGrad(() => {
      if (typeof type.setupContext !== "function") return type.forward(ctx, ...args);
      const forward = type.forward as unknown as (...args: unknown[]) => unknown;
      const output = forward.call(type, ...args);
      type.setupContext(ctx, args, output);
      return output;
    });
  } finally {
    native.fb_forward_enabled(forwardMode);
  }
}

function outputList(type: AnyClass, output: unknown): unknown[] {
  if (output instanceof Promise) {
    output.catch(() => {});
    throw new TypeError(`${type.name}.apply(): forward must be synchronous: it returned a Promise`);
  }
  return Array.isArray(output) ? [...output] : [output];
}

/** `type.apply(...args)`. */
export function applyFunction(type: AnyClass, args: unknown[]): unknown {
  const level = currentTransform();
  if (level === null) return applyHere(type, args);
  return transformServices(`${type.name}.apply`).applyFunction(type, args, level);
}

/** Applies a function without a look at transforms. */
export function applyHere(type: AnyClass, args: unknown[]): unknown {
  const ctx = new FunctionContext();
  const inputs = args.filter(isTensor);
  const record = isGradEnabled();
  ctx.needsInputGrad = args.map((one) => isTensor(one) && one.requiresGrad);
  const result = runForward(type, ctx, args);
  const outputs = outputList(type, result);
  let place = 0;
  const application: Application = {
    type,
    ctx,
    places: args.map((one) => isTensor(one) ? place++ : -1),
    outputs: outputs.map(isTensor),
  };
  const wrapped = wrap(application, inputs, outputs, record);
  return Array.isArray(result) ? wrapped : wrapped[0];
}

// Puts the outputs in the graph, and gives those that are other objects now.
function wrap(
  application: Application,
  inputs: Tensor[],
  outputs: unknown[],
  record: boolean,
): unknown[] {
  const { type, ctx } = application;
  const op = `${type.name}.apply`;
  const { saved, dirty, constant, materialize } = marksOf(ctx);
  const tensors = outputs.map((one) => isTensor(one) ? one : null);
  const id = keepForNative(application);
  try {
    begin();
    putString(`${type.name}Backward`);
    putTensors(inputs, op, "args");
    putTensors(tensors, op, "output");
    putTensors(constant, op, "markNonDifferentiable");
    putTensors(dirty, op, "markDirty");
    putTensors(saved, op, "saveForBackward");
  } catch (error) {
    forget(id);
    throw error;
  }
  const count = native.fb_function_wrap(context, id, materialize, record);
  seal(ctx, id);
  if (count < 0) throw nativeError(op);
  scratch.receive(count);
  const replaced = outputs.map((_, i) => tensorAt(2 * i));
  return outputs.map((one, i) => replaced[i] ?? one);
}

// A result of the user's as a list with an entry for each of `count` places; more are fine if they are null.
function gradientsOf(result: unknown, count: number, name: string): MaybeTensor[] {
  if (result instanceof Promise) {
    result.catch(() => {});
    throw new TypeError(`${name}: must be synchronous, but it returned a Promise`);
  }
  const list: unknown[] = Array.isArray(result) ? [...result] : [result];
  while (list.length > count && (list.at(-1) ?? null) === null) list.pop();
  if (list.length !== count) {
    throw new TorchError(
      `function ${name} returned an incorrect number of gradients (expected ${count}, got ${list.length})`,
      { op: name, kind: "value" },
    );
  }
  return list.map((one, i) => {
    if (one === null || one === undefined) return null;
    if (isTensor(one)) return one;
    throw new TypeError(
      `function ${name} must return tensors or null, but at position ${i} it returned ${
        describe(one)
      }`,
    );
  });
}

function checkPlaces(gradients: MaybeTensor[], places: readonly number[], name: string): Tensor[] {
  gradients.forEach((one, i) => {
    if (places[i] !== -1 || one === null) return;
    throw new TorchError(
      `function ${name} returned a gradient different than null at position ${
        i + 1
      }, but the corresponding forward input was not a Tensor`,
      { op: name, kind: "value" },
    );
  });
  return gradients.filter((_, i) => places[i] !== -1) as Tensor[];
}

function runBackward({ type, ctx, places }: Application): void {
  const count = scratch.words[0]!;
  const needed = Array.from(scratch.words.subarray(1, 1 + count), (flag) => flag === 1);
  const [gradients] = tensorsAt(1 + count);
  const name = `${type.name}Backward`;
  if (typeof type.backward !== "function") {
    throw new TorchError(
      `You must implement static backward() in ${type.name} to use it with backward mode AD`,
      { op: name, kind: "notImplemented" },
    );
  }
  ctx.needsInputGrad = places.map((place) => place !== -1 && needed[place]!);
  const result = type.backward(ctx, ...gradients);
  const given = checkPlaces(gradientsOf(result, places.length, name), places, name);
  answer(given, name, given.length);
}

function runJvp({ type, ctx, places, outputs }: Application): void {
  const [tangents] = tensorsAt(0);
  const name = `${type.name}.jvp`;
  if (typeof type.jvp !== "function") {
    throw new TorchError(
      `You must implement static jvp() in ${type.name} to use it with forward mode AD`,
      { op: name, kind: "notImplemented" },
    );
  }
  const result = type.jvp(ctx, ...places.map((place) => place === -1 ? null : tangents[place]!));
  const given = gradientsOf(result, outputs.length, name);
  answer(given, name, given.length);
}

serve<Application>(Call.backward, runBackward);
serve<Application>(Call.jvp, runJvp);
