import { rnnRelu, rnnTanh } from "../../ops/mod.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { asTuple } from "../../tensor/tuple.ts";
import { LayerArguments } from "../_layer.ts";
import type { PackedSequence } from "../utils/rnn/packed_sequence.ts";
import { oneState, type RecurrentOptions, RNNBase, type Run } from "./base.ts";

const NAMES = "inputSize, hiddenSize, numLayers, nonlinearity, bias, batchFirst, dropout, " +
  "bidirectional, device, dtype";

/** Options of {@linkcode RNN}. */
export interface RNNOptions extends RecurrentOptions {
  /** What a step ends with; default `"tanh"`. */
  nonlinearity?: "tanh" | "relu";
}

/** What {@linkcode RNN} and {@linkcode GRU} are called with: a sequence, and the state that it begins with. */
export type RecurrentInputs = [input: Tensor | PackedSequence, hx?: Tensor | null];

/** What {@linkcode RNN} and {@linkcode GRU} give: the output of each step, and the last state. */
export type RecurrentOutputs = [output: Tensor | PackedSequence, state: Tensor];

/** An RNN is called like the function that it is. */
export interface RNN {
  /** Runs it on a tensor. */
  (input: Tensor, hx?: Tensor | null): [output: Tensor, state: Tensor];
  /** Runs it on packed sequences. */
  (input: PackedSequence, hx?: Tensor | null): [output: PackedSequence, state: Tensor];
}

/**
 * An Elman network of one or more layers: `h' = tanh(W_ih x + b_ih + W_hh h + b_hh)` for each step.
 *
 * Input `[length, batch, inputSize]` (`batchFirst`: `[batch, length, inputSize]`; one sequence: `[length, inputSize]`) or a
 * `PackedSequence`, and a state `[numLayers * directions, batch, hiddenSize]`, zeros by default. Gives the output of each step
 * in the last layer, `[length, batch, directions * hiddenSize]`, and the last state. Weights are drawn evenly from ±1/√hiddenSize.
 *
 * ATen: `aten::rnn_tanh`, `aten::rnn_relu`
 *
 * @example
 * ```ts
 * import * as torch from "flambeau";
 * import { assertEquals } from "@std/assert";
 *
 * const rnn = new torch.nn.RNN(10, 20, { numLayers: 2 });
 * const [output, state] = rnn(torch.randn([5, 3, 10]), torch.randn([2, 3, 20]));
 * assertEquals([output.shape, state.shape], [[5, 3, 20], [2, 3, 20]]);
 * assertEquals(String(rnn), "RNN(10, 20, num_layers=2)");
 * ```
 */
export class RNN extends RNNBase<RecurrentInputs, RecurrentOutputs> {
  /** What a step ends with. */
  readonly nonlinearity: "tanh" | "relu";

  /** Makes a layer with random weights; the number of layers may stand before the options. */
  constructor(inputSize: number, hiddenSize: number, numLayers: number, options?: RNNOptions);
  /** The same by name. */
  constructor(inputSize: number, hiddenSize: number, options?: RNNOptions);
  constructor(...args: unknown[]) {
    const a = new LayerArguments("RNN", NAMES, args);
    const nonlinearity = a.choice("nonlinearity", ["tanh", "relu"] as const, "tanh");
    super(nonlinearity === "tanh" ? "RNN_TANH" : "RNN_RELU", a);
    this.nonlinearity = nonlinearity;
  }

  /** Runs the op of the layer. */
  protected override compute({ data, batchSizes, states, weights }: Run): Tensor[] {
    const { bias, numLayers, dropout, training, bidirectional, batchFirst } = this;
    const op = this.nonlinearity === "tanh" ? rnnTanh : rnnRelu;
    const [hx] = states as [Tensor];
    return batchSizes
      ? op(data, batchSizes, hx, weights, bias, numLayers, dropout, training, bidirectional)
      : op(data, hx, weights, bias, numLayers, dropout, training, bidirectional, batchFirst);
  }

  /** Runs all steps. */
  override forward(input: Tensor | PackedSequence, hx?: Tensor | null): RecurrentOutputs {
    const [output, states] = this.runLayers(input, oneState(hx, "RNN"));
    return asTuple([output, states[0]!]);
  }
}
