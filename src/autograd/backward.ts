/**
 * Passes over the graph: `backward`, which adds to the leaves, and `grad`, which returns.
 *
 * @module
 */

import { context, native, noticeWarnings, scratch, TorchError } from "../../ffi/mod.ts";
import { zerosLike } from "../ops/mod.ts";
import { Arguments } from "../ops/_call.ts";
import { collectGraph } from "../memory/graph_garbage.ts";
import { applyMode, asTensor, begin, putNumber, putTensors } from "../tensor/call.ts";
import { describe, handleOf, isTensor, type Tensor } from "../tensor/tensor.ts";
import { edgeHandle, GradientEdge } from "./gradient_edge.ts";
import { passError } from "./anomaly.ts";
import { releaseKept, tensorsAt } from "./_host.ts";
import { refuseInTransform, transformServices } from "./_transforms.ts";

/** One tensor, or several. */
export type Tensors = Tensor | readonly Tensor[];
/** A tensor, or the place in the graph where a tensor's gradient arrives. */
export type GraphEnd = Tensor | GradientEdge;
/** One of those, or several. */
export type GraphEnds = GraphEnd | readonly GraphEnd[];
/** One gradient, or several; `null` for none. */
export type Gradients = Tensor | null | readonly (Tensor | null)[];

/** What a pass does with the graph. */
export interface GraphOptions {
  /** Keep the graph for another pass; default: the value of `createGraph`. */
  retainGraph?: boolean;
  /** Record the pass itself, for derivatives of higher order; default `false`. */
  createGraph?: boolean;
}

/** Options of {@linkcode backward}. */
export interface BackwardAllOptions extends GraphOptions {
  /** The leaves, or other tensors, to whose `grad` is added, or edges to leaves; default: all leaves that the graph leads to. */
  inputs?: GraphEnds;
}

/** Options of {@linkcode grad}. */
export interface GradOptions extends GraphOptions {
  /** The gradients of the outputs, as many as those; default: ones, for outputs of one element. */
  gradOutputs?: Gradients;
  /** Whether an input may take no part, whose gradient is then `null`; default: the value of `materializeGrads`. */
  allowUnused?: boolean;
  /** Zeros in place of `null`; default `false`. */
  materializeGrads?: boolean;
  /**
   * Whether each of `gradOutputs` holds several gradients along a first dimension more: the pass runs once for all, by vmap, and the
   * results have that dimension too. Default `false`.
   */
  isGradsBatched?: boolean;
}

const GRAD_OPTIONS =
  "gradOutputs, retainGraph, createGraph, allowUnused, materializeGrads, isGradsBatched";

/** A list of tensors from one, or several. */
export function tensorList(value: unknown, op: string, argument: string): Tensor[] {
  if (isTensor(value)) return [value];
  if (Array.isArray(value)) {
    return Array.from(value, (one, i) => asTensor(one, op, `${argument}[${i}]`));
  }
  throw new TypeError(
    `${op}(): argument '${argument}' must be a Tensor or an array of them, but got ${
      describe(value)
    }`,
  );
}

function endList(value: unknown, op: string, argument: string): GraphEnd[] {
  if (isTensor(value) || value instanceof GradientEdge) return [value];
  if (!Array.isArray(value)) return tensorList(value, op, argument);
  return Array.from(
    value,
    (one, i) => one instanceof GradientEdge ? one : asTensor(one, op, `${argument}[${i}]`),
  );
}

function areTensors(ends: readonly GraphEnd[]): ends is readonly Tensor[] {
  return !ends.some((one) => one instanceof GradientEdge);
}

function gradientList(
  value: unknown,
  count: number,
  op: string,
  argument: string,
): (Tensor | null)[] {
  if (value === null || value === undefined) return new Array(count).fill(null);
  if (isTensor(value) && count === 1) return [value];
  if (!Array.isArray(value)) {
    const expected = count === 1 ? "a Tensor, null or an array of them" : "an array";
    throw new TypeError(
      `${op}(): argument '${argument}' must be ${expected}, but got ${describe(value)}`,
    );
  }
  if (value.length !== count) {
    throw new TorchError(
      `${op}(): got ${count} tensors and ${value.length} gradients`,
      { op, kind: "value" },
    );
  }
  return Array.from(
    value,
    (one, i) => one === null || one === undefined ? null : asTensor(one, op, `${argument}[${i}]`),
  );
}

/** Reads `retainGraph` and `createGraph`. */
function graphOptions(args: Arguments): [retain: boolean, create: boolean] {
  const create = args.bool("createGraph", false);
  return [args.bool("retainGraph", create), create];
}

interface Pass {
  readonly op: string;
  readonly roots: readonly GraphEnd[];
  readonly gradients: readonly (Tensor | null)[];
  readonly inputs: readonly GraphEnd[];
  readonly names: readonly [string, string, string];
  readonly retain: boolean;
  readonly create: boolean;
}

/** Runs a pass by `plain`, or by `edges` where it begins or ends at one. */
function runPass(
  { op, roots, gradients, inputs, names, retain, create }: Pass,
  plain: (retain: boolean, create: boolean) => number,
  edges: (retain: boolean, create: boolean) => number,
): number {
  releaseKept();
  applyMode();
  let status: number;
  if (areTensors(roots) && areTensors(inputs)) {
    begin();
    putTensors(roots, op, names[0]);
    putTensors(gradients, op, names[1]);
    putTensors(inputs, op, names[2]);
    status = plain(retain, create);
  } else {
    const ends = [roots, inputs].map((list, i) => endWords(list, op, names[i === 0 ? 0 : 2]));
    begin();
    ends[0]!.forEach(putNumber);
    putTensors(gradients, op, names[1]);
    ends[1]!.forEach(putNumber);
    status = edges(retain, create);
  }
  noticeWarnings();
  if (status < 0) throw passError(op);
  return status;
}

// A count, and then two words each. Nothing is made between this and the call, which would let a handle go stale.
function endWords(ends: readonly GraphEnd[], op: string, name: string): number[] {
  const words = [ends.length];
  ends.forEach((end, i) => {
    const argument = `${name}[${i}]`;
    if (end instanceof GradientEdge) words.push(edgeHandle(end, op, argument), end.outputNr);
    else words.push(0, handleOf(end, op, argument));
  });
  return words;
}

function runBackward(
  roots: readonly GraphEnd[],
  gradients: readonly (Tensor | null)[],
  args: Arguments,
  names: readonly [string, string, string],
): void {
  const op = "backward";
  refuseInTransform(op);
  const [retain, create] = graphOptions(args);
  const inputs = args.has("inputs") ? endList(args.get("inputs"), op, "inputs") : null;
  if (inputs?.length === 0) {
    throw new RangeError(`${op}(): argument 'inputs' must not be empty`);
  }
  runPass(
    { op, roots, gradients, inputs: inputs ?? [], names, retain, create },
    (retain, create) => native.fb_backward(context, retain, create),
    (retain, create) => native.fb_pass(context, retain, create, true, true),
  );
  if (!retain) collectGraph();
}

/**
 * Computes the derivatives of tensors, each times its gradient, and adds them to the `grad` of the leaves.
 *
 * @param tensors What is derived; an edge of the graph stands for the tensor that was made there.
 * @param gradTensors The gradient of each; not needed for a tensor of one element, where it is one.
 * @throws {TorchError} If a tensor takes no part in a graph, a gradient is missing or has another shape, or the graph was
 * freed by a pass before.
 *
 * @example
 * ```ts
 * import * as torch from "flambeau";
 * import { assertEquals } from "@std/assert";
 *
 * const x = torch.tensor([1, 2], { dtype: "float32", requiresGrad: true });
 * torch.autograd.backward([x.mul(2).sum(), x.mul(x).sum()]);
 * assertEquals(x.grad!.toArray(), [4, 6]);
 * ```
 */
export function backward(
  tensors: GraphEnds,
  gradTensors?: Gradients,
  options?: BackwardAllOptions,
): void;
/** The same with the gradients among the options. */
export function backward(
  tensors: GraphEnds,
  options: BackwardAllOptions & { gradTensors?: Gradients },
): void;
export function backward(tensors: GraphEnds, ...given: unknown[]): void {
  const args = new Arguments("backward", "gradTensors, retainGraph, createGraph, inputs", given);
  const roots = endList(tensors, "backward", "tensors");
  const gradients = gradientList(
    args.get("gradTensors"),
    roots.length,
    "backward",
    "gradTensors",
  );
  runBackward(roots, gradients, args, ["tensors", "gradTensors", "inputs"]);
}

/** `tensor.backward()`. */
export function backwardOne(self: Tensor, given: readonly unknown[]): void {
  const args = new Arguments("backward", "gradient, retainGraph, createGraph, inputs", given);
  const gradient = args.optionalTensor("gradient");
  // Checked here, where they have their own names: in the pass they are elements of lists.
  handleOf(self, "backward", "self");
  if (gradient !== null) handleOf(gradient, "backward", "gradient");
  runBackward([self], [gradient], args, ["self", "gradient", "inputs"]);
}

/**
 * Computes and returns the derivatives of the sum of `outputs`, each times its gradient, by each of `inputs`. No `grad` changes.
 *
 * @param outputs What is derived: tensors, or edges of the graph, which stand for the tensors that were made there.
 * @param inputs By what: leaves, tensors within the graph, or edges of it.
 * @returns A gradient an input; `null` where one took no part and `allowUnused` is on.
 * @throws {TorchError} If an input took no part or takes no gradient, or as {@linkcode backward} does.
 *
 * @example
 * ```ts
 * import * as torch from "flambeau";
 * import { assertEquals } from "@std/assert";
 *
 * const x = torch.tensor(3, { dtype: "float64", requiresGrad: true });
 * const [first] = torch.autograd.grad(x.pow(3), x, { createGraph: true });
 * const [second] = torch.autograd.grad(first!, x);
 * assertEquals([first!.item(), second!.item()], [27, 18]);
 * ```
 */
export function grad(
  outputs: GraphEnds,
  inputs: GraphEnds,
  options?: GradOptions & { allowUnused?: false; materializeGrads?: false },
): Tensor[];
/** The same, where an input may have taken no part. */
export function grad(
  outputs: GraphEnds,
  inputs: GraphEnds,
  options: GradOptions & { materializeGrads: true },
): Tensor[];
/** The same, where an input may have taken no part. */
export function grad(
  outputs: GraphEnds,
  inputs: GraphEnds,
  options?: GradOptions,
): (Tensor | null)[];
/** The same with the gradients by place. */
export function grad(
  outputs: GraphEnds,
  inputs: GraphEnds,
  gradOutputs: Gradients,
  options?: Omit<GradOptions, "gradOutputs">,
): (Tensor | null)[];
export function grad(
  outputs: GraphEnds,
  inputs: GraphEnds,
  ...given: unknown[]
): (Tensor | null)[] {
  const op = "grad";
  const args = new Arguments(op, "gradOutputs, retainGraph, createGraph", given, GRAD_OPTIONS);
  const roots = endList(outputs, op, "outputs");
  const wanted = endList(inputs, op, "inputs");
  if (wanted.length === 0) throw new RangeError(`${op}(): argument 'inputs' must not be empty`);
  const [retain, create] = graphOptions(args);
  const fill = args.bool("materializeGrads", false);
  if (fill && args.get("allowUnused") === false) {
    throw new TypeError(
      `${op}(): argument 'allowUnused' must be true or left out with materializeGrads, but got false`,
    );
  }
  const unused = args.bool("allowUnused", fill);
  const gradients = gradientList(args.get("gradOutputs"), roots.length, op, "gradOutputs");
  const batched = args.bool("isGradsBatched", false);
  if (batched && gradients.every((one) => one === null)) {
    throw new TypeError(
      `${op}(): argument 'gradOutputs' must be given where isGradsBatched is true`,
    );
  }
  const pass = (given: readonly (Tensor | null)[]) => {
    const count = runPass(
      {
        op,
        roots,
        gradients: given,
        inputs: wanted,
        names: ["outputs", "gradOutputs", "inputs"],
        retain,
        create,
      },
      (retain, create) => native.fb_grad(context, retain, create, unused),
      (retain, create) => native.fb_pass(context, retain, create, unused, false),
    );
    scratch.receive(count);
    return tensorsAt(0)[0];
  };
  const results = batched ? transformServices(op).batched(pass, gradients) : pass(gradients);
  return fill ? results.map((one, i) => one ?? zerosFor(wanted[i]!, op)) : results;
}

function zerosFor(input: GraphEnd, op: string): Tensor {
  if (!(input instanceof GradientEdge)) return zerosLike(input);
  throw new TorchError(
    `${op}(): 'materializeGrads' cannot be used where an input is a GradientEdge that took no part`,
    { op, kind: "value" },
  );
}
