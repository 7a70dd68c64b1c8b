import { lstm } from "../../ops/mod.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { asTuple } from "../../tensor/tuple.ts";
import { LayerArguments } from "../_layer.ts";
import type { PackedSequence } from "../utils/rnn/packed_sequence.ts";
import { type RecurrentOptions, RNNBase, type Run, twoStates } from "./base.ts";

const NAMES =
  "inputSize, hiddenSize, numLayers, bias, batchFirst, dropout, bidirectional, projSize, " +
  "device, dtype";

/** Options of {@linkcode LSTM}. */
export interface LSTMOptions extends RecurrentOptions {
  /** The size that outputs, and with them the hidden state, are projected to; default `0`: they are not. */
  projSize?: number;
}

/** The hidden state and the cell state. */
export type LSTMState = [h: Tensor, c: Tensor];

/** What {@linkcode LSTM} is called with: a sequence, and the states that it begins with. */
export type LSTMInputs = [input: Tensor | PackedSequence, hx?: Readonly<LSTMState> | null];

/** What {@linkcode LSTM} gives: the output of each step, and the last states. */
export type LSTMOutputs = [output: Tensor | PackedSequence, states: LSTMState];

/** An LSTM is called like the function that it is. */
export interface LSTM {
  /** Runs it on a tensor. */
  (input: Tensor, hx?: Readonly<LSTMState> | null): [output: Tensor, states: LSTMState];
  /** Runs it on packed sequences. */
  (
    input: PackedSequence,
    hx?: Readonly<LSTMState> | null,
  ): [output: PackedSequence, states: LSTMState];
}

/**
 * Long short-term memory (Hochreiter and Schmidhuber 1997), of one or more layers.
 *
 * Input `[length, batch, inputSize]` (`batchFirst`: `[batch, length, inputSize]`; one sequence: `[length, inputSize]`) or a
 * `PackedSequence`, and states `[h, c]`, each `[numLayers * directions, batch, hiddenSize]` (`h` of size `projSize`, where there is
 * one), zeros by default. Gives the output of each step in the last layer, `[length, batch, directions * hiddenSize]`, and the
 * last states. Weights are drawn evenly from ±1/√hiddenSize; the gates in their rows are input, forget, cell, output.
 *
 * ATen: `aten::lstm`
 *
 * @example
 * ```ts
 * import * as torch from "flambeau";
 * import { assertEquals } from "@std/assert";
 *
 * const lstm = new torch.nn.LSTM(10, 20, { numLayers: 2 });
 * const [output, [h, c]] = lstm(torch.randn([5, 3, 10]));
 * assertEquals([output.shape, h.shape, c.shape], [[5, 3, 20], [2, 3, 20], [2, 3, 20]]);
 * assertEquals(String(lstm), "LSTM(10, 20, num_layers=2)");
 * ```
 */
export class LSTM extends RNNBase<LSTMInputs, LSTMOutputs> {
  /** Makes a layer with random weights; the number of layers may stand before the options. */
  constructor(inputSize: number, hiddenSize: number, numLayers: number, options?: LSTMOptions);
  /** The same by name. */
  constructor(inputSize: number, hiddenSize: number, options?: LSTMOptions);
  constructor(...args: unknown[]) {
    super("LSTM", new LayerArguments("LSTM", NAMES, args));
  }

  /** Runs the op of the layer. */
  protected override compute({ data, batchSizes, states, weights }: Run): Tensor[] {
    const { bias, numLayers, dropout, training, bidirectional, batchFirst } = this;
    return batchSizes
      ? lstm(data, batchSizes, states, weights, bias, numLayers, dropout, training, bidirectional)
      : lstm(data, states, weights, bias, numLayers, dropout, training, bidirectional, batchFirst);
  }

  /** Runs all steps. */
  override forward(
    input: Tensor | PackedSequence,
    hx?: Readonly<LSTMState> | null,
  ): LSTMOutputs {
    const [output, states] = this.runLayers(input, twoStates(hx, "LSTM"));
    return asTuple([output, asTuple(states as LSTMState)]);
  }
}
