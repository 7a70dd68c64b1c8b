import { gru } from "../../ops/mod.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { asTuple } from "../../tensor/tuple.ts";
import { LayerArguments } from "../_layer.ts";
import type { PackedSequence } from "../utils/rnn/packed_sequence.ts";
import { oneState, type RecurrentOptions, RNNBase, type Run } from "./base.ts";
import type { RecurrentInputs, RecurrentOutputs } from "./rnn.ts";

const NAMES =
  "inputSize, hiddenSize, numLayers, bias, batchFirst, dropout, bidirectional, device, dtype";

/** A GRU is called like the function that it is. */
export interface GRU {
  /** Runs it on a tensor. */
  (input: Tensor, hx?: Tensor | null): [output: Tensor, state: Tensor];
  /** Runs it on packed sequences. */
  (input: PackedSequence, hx?: Tensor | null): [output: PackedSequence, state: Tensor];
}

/**
 * Gated recurrent units (Cho et al. 2014), of one or more layers.
 *
 * Input `[length, batch, inputSize]` (`batchFirst`: `[batch, length, inputSize]`; one sequence: `[length, inputSize]`) or a
 * `PackedSequence`, and a state `[numLayers * directions, batch, hiddenSize]`, zeros by default. Gives the output of each step
 * in the last layer, `[length, batch, directions * hiddenSize]`, and the last state. Weights are drawn evenly from ±1/√hiddenSize;
 * the gates in their rows are reset, update, new.
 *
 * ATen: `aten::gru`
 *
 * @example
 * ```ts
 * import * as torch from "flambeau";
 * import { assertEquals } from "@std/assert";
 *
 * const gru = new torch.nn.GRU(10, 20, { batchFirst: true, bidirectional: true });
 * const [output, state] = gru(torch.randn([3, 5, 10]));
 * assertEquals([output.shape, state.shape], [[3, 5, 40], [2, 3, 20]]);
 * ```
 */
export class GRU extends RNNBase<RecurrentInputs, RecurrentOutputs> {
  /** Makes a layer with random weights; the number of layers may stand before the options. */
  constructor(inputSize: number, hiddenSize: number, numLayers: number, options?: RecurrentOptions);
  /** The same by name. */
  constructor(inputSize: number, hiddenSize: number, options?: RecurrentOptions);
  constructor(...args: unknown[]) {
    super("GRU", new LayerArguments("GRU", NAMES, args));
  }

  /** Runs the op of the layer. */
  protected override compute({ data, batchSizes, states, weights }: Run): Tensor[] {
    const { bias, numLayers, dropout, training, bidirectional, batchFirst } = this;
    const [hx] = states as [Tensor];
    return batchSizes
      ? gru(data, batchSizes, hx, weights, bias, numLayers, dropout, training, bidirectional)
      : gru(data, hx, weights, bias, numLayers, dropout, training, bidirectional, batchFirst);
  }

  /** Runs all steps. */
  override forward(input: Tensor | PackedSequence, hx?: Tensor | null): RecurrentOutputs {
    const [output, states] = this.runLayers(input, oneState(hx, "GRU"));
    return asTuple([output, states[0]!]);
  }
}
