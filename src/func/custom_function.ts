/**
 * Functions of one's own inside of the transforms: each transform, the innermost first, does its part and applies the function one
 * level further down. After PyTorch's `torch/_functorch/autograd_function.py`.
 *
 * @module
 */

import { native, TorchError } from "../../ffi/mod.ts";
import { type Level, provideTransforms } from "../autograd/_transforms.ts";
import {
  type AnyClass,
  applyFunction,
  applyHere,
  type FunctionContext,
} from "../autograd/function.ts";
import { enableGrad } from "../autograd/modes.ts";
import { describe, isTensor, shapeOf, type Tensor } from "../tensor/tensor.ts";
import {
  batchTensor,
  lowered,
  Transform,
  unbatchTensor,
  unwrapTensor,
  wrapTensor,
} from "./_level.ts";
import type { Dim } from "./_restore_vmap.ts";
import { vmapify } from "./_vmapify.ts";
import { vmap } from "./vmap.ts";

const randomnessNames = ["error", "same", "different"] as const;

function applyInTransform(type: AnyClass, args: unknown[], level: Level): unknown {
  if (typeof type.setupContext !== "function") {
    throw new TorchError(
      `${type.name}.apply(): within torch.func's transforms (vmap, grad, vjp, jvp, jacrev, …) a function of one's own must ` +
        "have a static setupContext(ctx, inputs, output), and a forward() without the context",
      { op: `${type.name}.apply`, kind: "notImplemented" },
    );
  }
  return level.what === Transform.vmap
    ? applyInVmap(type, args, level)
    : applyInLevel(type, args, level.level);
}

// ---- grad and jvp: the function takes part in the graph of the level, and runs below it -----------------------------------

function applyInLevel(type: AnyClass, args: unknown[], level: number): unknown {
  const op = `${type.name}.apply`;
  const wrapped = args.map((arg) =>
    isTensor(arg) && unwrapTensor(arg, level, op) === arg ? wrapTensor(arg, level, false, op) : arg
  );
  const single = {
    name: type.name,
    forward: (...operands: unknown[]) => runBelow(type, operands, level, op),
    setupContext: (ctx: FunctionContext, inputs: unknown[], output: unknown) =>
      type.setupContext!(ctx, inputs, output),
    ...(type.backward === undefined
      ? {}
      : { backward: (ctx: FunctionContext, ...rest: unknown[]) => type.backward!(ctx, ...rest) }),
    ...(type.jvp === undefined
      ? {}
      : { jvp: (ctx: FunctionContext, ...rest: unknown[]) => type.jvp!(ctx, ...rest) }),
  };
  return applyHere(single as unknown as AnyClass, wrapped);
}

function runBelow(type: AnyClass, operands: unknown[], level: number, op: string): unknown {
  const plain = operands.map((one) => isTensor(one) ? unwrapTensor(one, level, op) : one);
  const forward = native.fb_forward_enabled(1);
  let result: unknown;
  try {
    result = enableGrad(() => lowered(op, () => applyFunction(type, plain)));
  } finally {
    native.fb_forward_enabled(forward);
  }
  // What was changed in place, or given back, stays the object that the level knows.
  const lift = (one: unknown) => {
    if (!isTensor(one)) return one;
    const place = plain.indexOf(one);
    return place >= 0 ? operands[place] : wrapTensor(one, level, false, op);
  };
  return Array.isArray(result) ? result.map(lift) : lift(result);
}

// ---- vmap: by the rule of the class, or by one that is made of its functions -------------------------------------------------

function applyInVmap(
  type: AnyClass,
  args: unknown[],
  { level, batch, randomness }: Level,
): unknown {
  const op = `${type.name}.apply`;
  const pairs = args.map((arg): [unknown, Dim] =>
    isTensor(arg) ? unbatchTensor(arg, level, op) : [arg, null]
  );
  const values = pairs.map(([value]) => value);
  const dims = pairs.map(([, dim]) => dim);
  if (dims.every((dim) => dim === null)) return lowered(op, () => applyFunction(type, args));
  const generate = type.generateVmapRule === true;
  const hasRule = typeof type.vmap === "function";
  if (generate === hasRule) {
    throw new TorchError(
      generate
        ? `${op}(): the class has both generateVmapRule = true and a static vmap(): leave one of them out`
        : `${op}(): the class does not say what vmap does: set static generateVmapRule = true, or write a static ` +
          "vmap(info, inDims, ...args)",
      { op, kind: generate ? "value" : "notImplemented" },
    );
  }
  const [result, outDims] = lowered(op, () => {
    if (generate) {
      const made = vmapify(type, dims, batch, randomness);
      return [applyFunction(made.type, values), made.outDims()] as const;
    }
    const info = { batchSize: batch, randomness: randomnessNames[randomness]! };
    return checkRule(type.vmap!(info, dims, ...values), op);
  });
  const lift = (one: unknown, dim: unknown) =>
    isTensor(one) && dim !== null && dim !== undefined
      ? batchTensor(one, dim as number, level, op)
      : one;
  if (!Array.isArray(result)) return lift(result, Array.isArray(outDims) ? outDims[0] : outDims);
  return result.map((one, i) => lift(one, Array.isArray(outDims) ? outDims[i] : outDims));
}

function checkRule(answer: unknown, op: string): readonly [unknown, unknown] {
  if (!Array.isArray(answer) || answer.length !== 2) {
    throw new TypeError(
      `${op}(): the static vmap() must return [output, outDims], but it returned ${
        describe(answer)
      }`,
    );
  }
  const [output, outDims] = answer;
  const outputs: unknown[] = Array.isArray(output) ? output : [output];
  const dims: unknown[] = Array.isArray(outDims) ? outDims : outputs.map(() => outDims);
  if (dims.length !== outputs.length) {
    throw new TypeError(
      `${op}(): the static vmap() returned ${outputs.length} outputs and ${dims.length} outDims`,
    );
  }
  outputs.forEach((one, i) => {
    const dim = dims[i] ?? null;
    if (dim === null) return;
    const rank = isTensor(one) ? shapeOf(one).length : 0;
    if (typeof dim === "number" && Number.isInteger(dim) && dim >= 0 && dim < rank) return;
    throw new TypeError(
      `${op}(): the static vmap() returned outDims ${
        describe(dim)
      } for an output of ${rank} dimensions: it must be a ` +
        "dimension of it, or null",
    );
  });
  return [output, outDims];
}

// ---- A backward pass for many gradients at once -------------------------------------------------------------------------------

function batchedPass(
  pass: (gradients: (Tensor | null)[]) => (Tensor | null)[],
  gradients: readonly (Tensor | null)[],
): (Tensor | null)[] {
  const given = gradients.filter((one) => one !== null);
  let found: boolean[] = [];
  const run = vmap((...slices: Tensor[]): Tensor[] => {
    let next = 0;
    const results = pass(gradients.map((one) => one === null ? null : slices[next++]!));
    found = results.map((one) => one !== null);
    return results.filter((one) => one !== null);
  });
  const results = run(...given);
  let next = 0;
  return found.map((is) => is ? results[next++]! : null);
}

provideTransforms({ applyFunction: applyInTransform, batched: batchedPass });
