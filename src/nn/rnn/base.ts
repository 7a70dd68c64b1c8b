/**
 * What recurrent layers of several steps share: options, parameters, packed and padded inputs.
 *
 * @module
 */

import { notTheBase } from "../../_arguments.ts";
import { native } from "../../../ffi/mod.ts";
import { zeros } from "../../ops/mod.ts";
import { Arguments, Temporaries } from "../../ops/_call.ts";
import { readElements } from "../../tensor/read.ts";
import { describe, isTensor, shapeOf, type Tensor } from "../../tensor/tensor.ts";
import { isTracing } from "../../tensor/trace_guard.ts";
import { sizeOf, TracedSize } from "../../tensor/traced_size.ts";
import type { LayerArguments } from "../_layer.ts";
import { uniform_ } from "../init.ts";
import { emptyParameter, type FactoryOptions } from "../layer_options.ts";
import { Module } from "../module.ts";
import type { Parameter } from "../parameter.ts";
import { PackedSequence } from "../utils/rnn/packed_sequence.ts";

/** Options of recurrent layers. */
export interface RecurrentOptions extends FactoryOptions {
  /** How many layers lie one over the other; default `1`. */
  numLayers?: number;
  /** Whether biases are added; default `true`. */
  bias?: boolean;
  /** Whether inputs and outputs are `[batch, length, *]`, not `[length, batch, *]`; default `false`. */
  batchFirst?: boolean;
  /** The chance of an output of a layer, but the last, to be zeroed while training; default `0`. */
  dropout?: number;
  /** Whether a second run goes from the end to the start; default `false`. */
  bidirectional?: boolean;
}

/** PyTorch's name of what a layer computes. */
export type RecurrentMode = "RNN_TANH" | "RNN_RELU" | "LSTM" | "GRU";

const gates: Record<RecurrentMode, number> = { RNN_TANH: 1, RNN_RELU: 1, LSTM: 4, GRU: 3 };

// More take longer to make than anyone waits, and no network has them.
const MOST_LAYERS = 1 << 16;

function layerCount(a: LayerArguments): number {
  const count = a.positive("numLayers", 1);
  if (count > MOST_LAYERS) throw a.wrong("numLayers", `at most ${MOST_LAYERS}`, count);
  return count;
}

function checkDropout(a: LayerArguments, dropout: number, numLayers: number): void {
  if (dropout === 0 || numLayers > 1) return;
  console.warn(
    `${a.op}: option 'dropout' drops outputs of all layers but the last, so ${dropout} has no effect with one layer`,
  );
}

/** One run of a layer's op: its input, padded or packed, and the states that it begins with. */
export interface Run {
  /** The input, `[length, batch, *]`, or the packed data. */
  data: Tensor;
  /** The batch sizes of a packed input. */
  batchSizes: Tensor | null;
  /** The hidden state, and for an LSTM the cell state. */
  states: Tensor[];
  /** Parameters, layer by layer. */
  weights: Tensor[];
}

/** A recurrent layer of several steps. */
export abstract class RNNBase<A extends unknown[], R> extends Module<A, R> {
  /** What it computes. */
  readonly mode: RecurrentMode;
  /** The size of each element of a sequence. */
  readonly inputSize: number;
  /** The size of the state. */
  readonly hiddenSize: number;
  /** How many layers lie one over the other. */
  readonly numLayers: number;
  /** Whether biases are added. */
  readonly bias: boolean;
  /** Whether inputs and outputs are `[batch, length, *]`. */
  readonly batchFirst: boolean;
  /** The chance of dropout between layers. */
  readonly dropout: number;
  /** Whether there is a second run from the end to the start. */
  readonly bidirectional: boolean;
  /** The size that outputs of an LSTM are projected to, `0` for none. */
  readonly projSize: number;

  /** Makes a layer with random weights, of the arguments of its class. */
  protected constructor(mode: RecurrentMode, a: LayerArguments) {
    notTheBase(new.target, RNNBase, "nn.RNNBase", "nn.RNN, nn.GRU and nn.LSTM");
    super();
    this.mode = mode;
    this.inputSize = a.positive("inputSize");
    this.hiddenSize = a.positive("hiddenSize");
    this.numLayers = layerCount(a);
    this.bias = a.bool("bias", true);
    this.batchFirst = a.bool("batchFirst", false);
    this.dropout = a.probability("dropout", 0);
    this.bidirectional = a.bool("bidirectional", false);
    this.projSize = a.count("projSize", 0);
    checkDropout(a, this.dropout, this.numLayers);
    if (this.projSize >= this.hiddenSize) {
      throw a.wrong("projSize", `less than 'hiddenSize' (${this.hiddenSize})`, this.projSize);
    }
    for (const shapes of shapesOf(this)) {
      for (const [name, shape] of Object.entries(shapes)) {
        this.registerParameter(name, emptyParameter(shape, a.factory()));
      }
    }
    this.resetParameters();
  }

  /** Draws all weights anew, evenly from ±1/√hiddenSize. */
  resetParameters(): void {
    const bound = 1 / Math.sqrt(this.hiddenSize);
    for (const weight of this.parameters()) uniform_(weight, -bound, bound);
  }

  /** The parameters of each layer and direction: `weight_ih`, `weight_hh`, the biases, and the projection. */
  get allWeights(): Parameter[][] {
    const fields = this as unknown as Record<string, Parameter>;
    return namesOf(this).map((names) => names.map((name) => fields[name]!));
  }

  /** Runs the op of the layer. */
  protected abstract compute(run: Run): Tensor[];

  /** Runs the layer: the output, in the form of the input, and the states. */
  protected runLayers(
    input: Tensor | PackedSequence,
    given: readonly Tensor[] | null,
  ): [Tensor | PackedSequence, Tensor[]] {
    const a = new Arguments(this.typeName(), "input, hx", [input, given]);
    using t = new Temporaries();
    const call = { layer: this, compute: (run: Run) => this.compute(run), a, t };
    return input instanceof PackedSequence
      ? runPacked(call, input, given)
      : runPadded(call, a.tensor("input"), given);
  }

  /** As PyTorch prints it. */
  override extraRepr(): string {
    const { projSize, numLayers, dropout } = this;
    const parts = [`${this.inputSize}`, `${this.hiddenSize}`];
    if (projSize !== 0) parts.push(`proj_size=${projSize}`);
    if (numLayers !== 1) parts.push(`num_layers=${numLayers}`);
    if (!this.bias) parts.push("bias=False");
    if (this.batchFirst) parts.push("batch_first=True");
    if (dropout !== 0) parts.push(`dropout=${Number.isInteger(dropout) ? "1.0" : dropout}`);
    if (this.bidirectional) parts.push("bidirectional=True");
    return parts.join(", ");
  }
}

// Functions, not private methods: those would keep a layer from being copied (src/nn/copy.ts).

// deno-lint-ignore no-explicit-any -- a layer of any inputs and outputs
type Layer = RNNBase<any, any>;

function directionsOf({ bidirectional }: Layer): number {
  return bidirectional ? 2 : 1;
}

/** The size of the hidden state, which is the output's. */
function outputSizeOf({ projSize, hiddenSize }: Layer): number {
  return projSize > 0 ? projSize : hiddenSize;
}

const names: WeakMap<Layer, string[][]> = new WeakMap();

/** The names of the parameters of each layer and direction, worked out once. */
function namesOf(layer: Layer): string[][] {
  const known = names.get(layer);
  if (known) return known;
  const made = shapesOf(layer).map((shapes) => Object.keys(shapes));
  names.set(layer, made);
  return made;
}

/** The parameters of each layer and direction, in order. */
function shapesOf(layer: Layer): Record<string, number[]>[] {
  const suffixes = layer.bidirectional ? ["", "_reverse"] : [""];
  return Array.from({ length: layer.numLayers }, (_, index) => {
    const columns = index === 0 ? layer.inputSize : outputSizeOf(layer) * directionsOf(layer);
    return suffixes.map((suffix) => layerShapes(layer, `_l${index}${suffix}`, columns));
  }).flat();
}

function layerShapes(layer: Layer, suffix: string, columns: number): Record<string, number[]> {
  const { mode, hiddenSize, bias, projSize } = layer;
  const rows = gates[mode] * hiddenSize;
  return {
    [`weight_ih${suffix}`]: [rows, columns],
    [`weight_hh${suffix}`]: [rows, outputSizeOf(layer)],
    ...(bias ? { [`bias_ih${suffix}`]: [rows], [`bias_hh${suffix}`]: [rows] } : {}),
    ...(projSize > 0 ? { [`weight_hr${suffix}`]: [projSize, hiddenSize] } : {}),
  };
}

/** A call on its way. */
interface Call {
  layer: Layer;
  compute: (run: Run) => Tensor[];
  a: Arguments;
  t: Temporaries;
}

function runPadded(
  call: Call,
  input: Tensor,
  given: readonly Tensor[] | null,
): [Tensor, Tensor[]] {
  const { layer, compute, a, t } = call;
  a.rank("input", input, 2, 3);
  const batched = shapeOf(input).length === 3;
  const batchDim = layer.batchFirst ? 0 : 1;
  const data = batched ? input : t.note(input.unsqueeze(batchDim));
  checkInput(call, data);
  const states = given?.map((state, i) => {
    a.rank(`hx[${i}]`, state, batched ? 3 : 2);
    return batched ? state : t.note(state.unsqueeze(1));
  });
  const begin = states ?? zeroStates(call, data, sizeOf(data, batchDim));
  checkStates(call, begin, shapeOf(data)[batchDim]!);
  const weights = layer.allWeights.flat();
  const found = compute({ data, batchSizes: null, states: begin, weights });
  if (batched) return [found[0]!, found.slice(1)];
  const [output, ...ends] = found.map((one) => t.note(one)) as [Tensor, ...Tensor[]];
  return [output.squeeze(batchDim), ends.map((state) => state.squeeze(1))];
}

function runPacked(
  call: Call,
  input: PackedSequence,
  given: readonly Tensor[] | null,
): [PackedSequence, Tensor[]] {
  const { layer, compute, a, t } = call;
  const { data, batchSizes, sortedIndices, unsortedIndices } = input;
  a.rank("input", data, 2);
  checkInput(call, data);
  const batch = firstSize(t, batchSizes);
  const states = given?.map((state, i) => {
    a.rank(`hx[${i}]`, state, 3);
    return sortedIndices ? t.note(state.indexSelect(1, sortedIndices)) : state;
  });
  const begin = states ?? zeroStates(call, data, batch.traced);
  checkStates(call, begin, batch.value);
  const weights = layer.allWeights.flat();
  const [output, ...ends] = compute({ data, batchSizes, states: begin, weights });
  const packed = new PackedSequence(output!, batchSizes, { sortedIndices, unsortedIndices });
  if (!unsortedIndices) return [packed, ends];
  return [packed, ends.map((state) => t.note(state).indexSelect(1, unsortedIndices))];
}

function checkInput({ layer, a }: Call, data: Tensor): void {
  const last = shapeOf(data).at(-1)!;
  if (last !== layer.inputSize) {
    throw a.wrong("input", `of size ${layer.inputSize} in its last dimension`, `${last}`);
  }
  const expected = (layer as unknown as { weight_ih_l0: Tensor }).weight_ih_l0.dtype;
  if (data.dtype === expected) return;
  throw new TypeError(
    `${a.op}(): argument 'input' must have the dtype ${expected} of the weights, but has ${data.dtype}`,
  );
}

function stateSizes(layer: Layer): number[] {
  return layer.mode === "LSTM" ? [outputSizeOf(layer), layer.hiddenSize] : [layer.hiddenSize];
}

function zeroStates({ layer, t }: Call, data: Tensor, batch: number): Tensor[] {
  const { dtype, device } = data;
  const layers = layer.numLayers * directionsOf(layer);
  return stateSizes(layer).map((size) => t.note(zeros([layers, batch, size], { dtype, device })));
}

function checkStates({ layer, a }: Call, states: readonly Tensor[], batch: number): void {
  const layers = layer.numLayers * directionsOf(layer);
  stateSizes(layer).forEach((size, i) => {
    const shape = shapeOf(states[i]!);
    if (shape[0] === layers && shape[1] === batch && shape[2] === size) return;
    const expected = `of shape [${layers}, ${batch}, ${size}]`;
    throw a.wrong(states.length > 1 ? `hx[${i}]` : "hx", expected, `[${shape.join(", ")}]`);
  });
}

/** The first of the batch sizes: its value, and while tracing what keeps it a variable of the graph. */
function firstSize(t: Temporaries, sizes: Tensor): { value: number; traced: number } {
  const first = t.note(sizes.select(0, 0));
  if (!isTracing()) {
    const value = first.item() as number;
    return { value, traced: value };
  }
  native.fb_trace_pause(true);
  try {
    const value = Number(readElements(first, "PackedSequence")[0]);
    return { value, traced: new TracedSize(first, value) as unknown as number };
  } finally {
    native.fb_trace_pause(false);
  }
}

/** Refuses a state that is not a tensor. */
export function oneState(hx: unknown, layer: string): Tensor[] | null {
  if (hx === null || hx === undefined) return null;
  if (isTensor(hx)) return [hx];
  throw new TypeError(`${layer}(): argument 'hx' must be a Tensor, but got ${describe(hx)}`);
}

/** Refuses states that are not a hidden one and a cell's. */
export function twoStates(hx: unknown, layer: string): Tensor[] | null {
  if (hx === null || hx === undefined) return null;
  if (Array.isArray(hx) && hx.length === 2 && hx.every(isTensor)) return [...hx];
  throw new TypeError(
    `${layer}(): argument 'hx' must be an array of two tensors, [h, c], but got ${describe(hx)}`,
  );
}
