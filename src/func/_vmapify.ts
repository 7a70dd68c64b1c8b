/**
 * The rule for vmap that is made of a function's own `forward`, `setupContext`, `backward` and `jvp`: each runs on all of the batch
 * within a vmap of its own.
 *
 * @module
 */

import { TorchError } from "../../ffi/mod.ts";
import {
  type AnyClass,
  FunctionContext,
  type GradientResult,
  marksOf,
} from "../autograd/function.ts";
import { isTensor, shapeOf, type Tensor } from "../tensor/tensor.ts";
import { type BatchInfo, type Dim, restoreVmap } from "./_restore_vmap.ts";
import { vmap } from "./vmap.ts";

type Values = readonly (Tensor | null | undefined)[];

// What belongs to one context: the one that the user's functions see, and where the batch lies in what was saved.
interface Inner {
  readonly ctx: FunctionContext;
  readonly savedDims: Dim[];
  readonly jvpDims: Dim[];
}

function listOf(value: unknown): unknown[] {
  return Array.isArray(value) ? [...value] : [value];
}

/** A class that does for a whole batch what `type` does for one example; `dims`: where the batch lies in its arguments. */
export function vmapify(
  type: AnyClass,
  dims: readonly Dim[],
  size: number,
  randomness: number,
): { type: AnyClass; outDims(): Dim[] } {
  const info: BatchInfo = { size, randomness, op: `${type.name}.apply` };
  const inners = new WeakMap<FunctionContext, Inner>();
  let outDims: Dim[] = [];
  let shapes: (readonly number[] | null)[] = [];

  function forward(...operands: unknown[]): unknown {
    let isList = false;
    const [results, found] = restoreVmap(
      (...values) => {
        const output = (type.forward as unknown as (...values: unknown[]) => unknown)(...values);
        isList = Array.isArray(output);
        return listOf(output);
      },
      operands,
      dims,
      info,
    );
    // An output that is the same for all of the batch is repeated: its gradient comes an example at a time then. PyTorch leaves it as it
    // is, and counts its gradient once for each example.
    outDims = found.map((dim, i) => dim === null && isTensor(results[i]) ? 0 : dim);
    const outputs = results.map((one, i) =>
      isTensor(one) && found[i] === null ? one.expand([size, ...shapeOf(one)]) : one
    );
    return isList ? outputs : outputs[0];
  }

  function setupContext(ctx: FunctionContext, inputs: unknown[], output: unknown): void {
    const inner = new FunctionContext();
    inner.needsInputGrad = ctx.needsInputGrad;
    const outputs = listOf(output);
    let constant: Tensor[] = [];
    let savedCount = 0;
    const [kept, keptDims] = restoreVmap(
      (...values) => {
        const own = values.slice(inputs.length);
        shapes = values.slice(0, inputs.length).map((one) => isTensor(one) ? shapeOf(one) : null);
        type.setupContext!(
          inner,
          values.slice(0, inputs.length),
          Array.isArray(output) ? own : own[0],
        );
        const marks = marksOf(inner);
        if (marks.dirty.length > 0) {
          throw new TorchError(`${info.op}(): markDirty() is not supported with generateVmapRule`, {
            op: info.op,
            kind: "notImplemented",
          });
        }
        constant = marks.constant.map((one) => outputs[own.indexOf(one)] as Tensor);
        savedCount = marks.saved.length;
        return [...marks.saved, ...marks.forJvp ?? []];
      },
      [...inputs, ...outputs],
      [...dims, ...outDims],
      info,
    );
    const marks = marksOf(inner);
    ctx.saveForBackward(...kept.slice(0, savedCount) as Tensor[]);
    if (marks.forJvp !== null) ctx.saveForForward(...kept.slice(savedCount) as Tensor[]);
    ctx.markNonDifferentiable(...constant);
    ctx.setMaterializeGrads(marks.materialize);
    const [savedDims, jvpDims] = [keptDims.slice(0, savedCount), keptDims.slice(savedCount)];
    inners.set(ctx, {
      ctx: inner,
      savedDims,
      jvpDims: marks.forJvp === null ? savedDims : jvpDims,
    });
    // What they were is of no use after the vmap.
    setSaved(inner, []);
  }

  // Runs one of the user's functions on a batch of what was saved, and of gradients or tangents.
  function run(
    which: "backward" | "jvp",
    ctx: FunctionContext,
    given: Values,
    givenDims: readonly Dim[],
  ): [Values, Dim[]] {
    const inner = inners.get(ctx)!;
    const saved = ctx.savedTensors;
    inner.ctx.needsInputGrad = ctx.needsInputGrad;
    const savedDims = which === "backward" ? inner.savedDims : inner.jvpDims;
    try {
      const [results, found] = restoreVmap(
        (...values) => {
          setSaved(inner.ctx, values.slice(0, saved.length) as (Tensor | null)[]);
          return listOf(type[which]!(inner.ctx, ...values.slice(saved.length)));
        },
        [...saved, ...given],
        [...savedDims, ...givenDims],
        info,
      );
      return [results as Values, found];
    } finally {
      setSaved(inner.ctx, []);
    }
  }

  const made = {
    name: type.name,
    generateVmapRule: true,
    forward,
    setupContext,
    ...(type.backward === undefined ? {} : {
      backward(ctx: FunctionContext, ...gradients: Values): GradientResult {
        const [results, found] = run("backward", ctx, gradients, outDims);
        return dims.map((dim, i) =>
          reduced(results[i], found[i] ?? null, dim, size, shapes[i] ?? null)
        );
      },
    }),
    ...(type.jvp === undefined ? {} : {
      jvp(ctx: FunctionContext, ...tangents: Values): GradientResult {
        const tangentDims = tangents.map((one, i) => isTensor(one) ? dims[i]! : null);
        const [results, found] = run("jvp", ctx, tangents, tangentDims);
        return outDims.map((dim, i) => reduced(results[i], found[i] ?? null, dim, size, null));
      },
    }),
  };
  return { type: made as unknown as AnyClass, outDims: () => outDims };
}

function setSaved(ctx: FunctionContext, saved: (Tensor | null)[]): void {
  const marks = marksOf(ctx);
  marks.saved = saved;
  marks.forJvp = null;
}

// A gradient with its batch where the argument has it: summed where the argument has none, repeated where it has none itself.
function reduced(
  gradient: Tensor | null | undefined,
  dim: Dim,
  wanted: Dim,
  size: number,
  shape: readonly number[] | null,
): Tensor | null {
  if (gradient === null || gradient === undefined) return null;
  if (wanted === null) return dim === null ? gradient : gradient.sum([dim]);
  let batched = gradient;
  let at = dim;
  if (at === null) {
    const sizes = [...gradient.shape];
    sizes.splice(wanted, 0, size);
    batched = gradient.unsqueeze(wanted).expand(sizes);
    at = wanted;
  }
  if (shape !== null) {
    const toShape = vmap((one: Tensor) => one.sumToSize(shape), { inDims: at, outDims: wanted });
    return toShape(batched);
  }
  return at === wanted ? batched : batched.movedim(at, wanted);
}
