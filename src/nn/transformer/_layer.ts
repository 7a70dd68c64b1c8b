/**
 * What the layers of a transformer share: options, masks, activations.
 *
 * @module
 */

import { Temporaries } from "../../ops/_call.ts";
import { eq, full, zerosLike } from "../../ops/mod.ts";
import type { DType } from "../../tensor/dtype.ts";
import { describe, shapeOf, type Tensor } from "../../tensor/tensor.ts";
import { isTracing } from "../../tensor/trace_guard.ts";
import { MultiheadAttention } from "../attention.ts";
import { isUntouched } from "../_passing.ts";
import { Dropout } from "../dropout.ts";
import { gelu, relu } from "../functional.ts";
import type { FactoryOptions } from "../layer_options.ts";
import { Linear } from "../linear.ts";
import { type AnyModule, Module } from "../module.ts";
import { LayerNorm } from "../norm/layer.ts";

/** What an activation is given as: its name, a function, or a module. */
export type TransformerActivation =
  | "relu"
  | "gelu"
  | ((input: Tensor) => Tensor)
  | Module<[input: Tensor], Tensor>;

/** Options of the layers of a transformer. */
export interface TransformerLayerOptions extends FactoryOptions {
  /** The size between the two affine maps; default `2048`. */
  dimFeedforward?: number;
  /** The chance of dropout; default `0.1`. */
  dropout?: number;
  /** What stands between the two affine maps; default `"relu"`. */
  activation?: TransformerActivation;
  /** What the normalizations add to the variance; default `1e-5`. */
  layerNormEps?: number;
  /** Whether inputs and outputs are `[batch, length, size]`, not `[length, batch, size]`; default `false`. */
  batchFirst?: boolean;
  /** Whether each block normalizes its input, not what it gave; default `false`. */
  normFirst?: boolean;
  /** Whether the affine maps and normalizations have biases; default `true`. */
  bias?: boolean;
}

/** Names of the masks of a decoder. */
export const DECODER_MASKS =
  "tgtMask, memoryMask, tgtKeyPaddingMask, memoryKeyPaddingMask, tgtIsCausal, memoryIsCausal";

/** Names of the options of a layer, in PyTorch's order. */
export const LAYER_NAMES: string =
  "dModel, nhead, dimFeedforward, dropout, activation, layerNormEps, " +
  "batchFirst, normFirst, bias, device, dtype";

/** The function of an activation's name; functions and modules are themselves. */
export function activationOf(
  given: unknown,
  layer: string,
): ((input: Tensor) => Tensor) | Module<[input: Tensor], Tensor> {
  if (given === undefined || given === "relu") return relu;
  if (given === "gelu") return gelu;
  if (typeof given === "function") return given as (input: Tensor) => Tensor;
  throw new TypeError(
    `nn.${layer}: option 'activation' must be "relu", "gelu", a function or a module, but got ${
      describe(given)
    }`,
  );
}

// deno-lint-ignore no-explicit-any -- a class of any arguments
const passing: ReadonlySet<new (...args: any[]) => AnyModule> = new Set([
  Linear,
  Dropout,
  LayerNorm,
  MultiheadAttention,
] as never[]);

/**
 * Notes the output of a submodule as one that nobody else keeps, to be freed at the end: of those that are the library's own, and have
 * no hook or other `forward` that may keep it. They are fewer than a Sequential's: an Identity gives back what the caller has.
 */
export function passed(t: Temporaries, module: AnyModule, output: Tensor): Tensor {
  const own = passing.has(module.constructor as never) && isUntouched(module);
  return own ? t.note(output) : output;
}

/** The same for a submodule of one class. */
export function passedOf(
  t: Temporaries,
  // deno-lint-ignore no-explicit-any -- a class of any arguments
  type: new (...args: any[]) => AnyModule,
  module: AnyModule,
  output: Tensor,
): Tensor {
  return module.constructor === type && isUntouched(module) ? t.note(output) : output;
}

/** Refuses what is no stack of layers. */
export function checkLayers(count: number, module: AnyModule, stack: string): void {
  if (!(module instanceof Module)) {
    throw new TypeError(`nn.${stack}: the layer must be a Module, but got ${describe(module)}`);
  }
  if (Number.isSafeInteger(count) && count >= 1) return;
  throw new RangeError(
    `nn.${stack}: argument 'numLayers' must be an integer of at least 1, but got ${
      describe(count)
    }`,
  );
}

/**
 * A square mask, `-Infinity` above the diagonal: no place sees those after it.
 */
export function causalMask(
  size: number,
  options: { dtype?: DType; device?: string } = {},
): Tensor {
  using whole = full([size, size], options.dtype === "bool" ? true : -Infinity, options);
  return whole.triu(1);
}

/** Whether a mask is the causal one; as it was said, where it was. */
export function isCausalMask(
  mask: Tensor | null | undefined,
  said: boolean | null | undefined,
  length: number,
): boolean {
  if (said === true || said === false || !mask) return said === true;
  // What a mask holds would be frozen into a trace. The mask itself serves as well, if slower.
  if (isTracing()) return false;
  const shape = shapeOf(mask);
  if (shape.length !== 2 || shape[0] !== length || shape[1] !== length) return false;
  const { dtype, device } = mask;
  using t = new Temporaries();
  const causal = t.note(causalMask(length, { dtype, device }));
  return t.note(t.note(eq(mask, causal)).all()).item() === true;
}

/** A mask as what is added to scores: `-Infinity` where a boolean one is true. */
export function additive(
  mask: Tensor | null | undefined,
  dtype: DType,
  t: Temporaries,
): Tensor | null {
  if (!mask) return null;
  if (mask.dtype !== "bool") return mask;
  return t.note(t.note(zerosLike(mask, { dtype })).maskedFill(mask, -Infinity));
}

/** The length of sequences. */
export function lengthOf(sequences: Tensor, batchFirst: boolean): number {
  const shape = shapeOf(sequences);
  return shape[shape.length === 3 && batchFirst ? 1 : 0]!;
}

/** The output of an activation, freed at the end where it is one of the library's functions. */
export function activated(
  t: Temporaries,
  activation: ((input: Tensor) => Tensor) | Module<[input: Tensor], Tensor>,
  input: Tensor,
): Tensor {
  const output = activation(input);
  return activation === relu || activation === gelu ? t.note(output) : output;
}
