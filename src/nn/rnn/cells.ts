/**
 * Recurrent layers of one step.
 *
 * @module
 */

import { notTheBase } from "../../_arguments.ts";
import { gruCell, lstmCell, rnnReluCell, rnnTanhCell, zeros } from "../../ops/mod.ts";
import { Arguments, Temporaries } from "../../ops/_call.ts";
import { shapeOf, type Tensor } from "../../tensor/tensor.ts";
import { sizeOf } from "../../tensor/traced_size.ts";
import { asTuple } from "../../tensor/tuple.ts";
import { LayerArguments } from "../_layer.ts";
import { uniform_ } from "../init.ts";
import { emptyParameter, type FactoryOptions } from "../layer_options.ts";
import { Module } from "../module.ts";
import type { Parameter } from "../parameter.ts";
import { oneState, twoStates } from "./base.ts";
import type { LSTMState } from "./lstm.ts";

/** Options of recurrent layers of one step. */
export interface CellOptions extends FactoryOptions {
  /** Whether biases are added; default `true`. */
  bias?: boolean;
}

/** Options of {@linkcode RNNCell}. */
export interface RNNCellOptions extends CellOptions {
  /** What a step ends with; default `"tanh"`. */
  nonlinearity?: "tanh" | "relu";
}

type Weights = [wIh: Tensor, wHh: Tensor, bIh: Tensor | null, bHh: Tensor | null];

/** A recurrent layer of one step. */
export abstract class RNNCellBase<A extends unknown[], R> extends Module<A, R> {
  /** The size of each input. */
  readonly inputSize: number;
  /** The size of the state. */
  readonly hiddenSize: number;
  /** Whether biases are added. */
  readonly bias: boolean;
  /** `[gates * hiddenSize, inputSize]`. */
  declare weight_ih: Parameter;
  /** `[gates * hiddenSize, hiddenSize]`. */
  declare weight_hh: Parameter;
  /** `[gates * hiddenSize]`, or `null`. */
  declare bias_ih: Parameter | null;
  /** `[gates * hiddenSize]`, or `null`. */
  declare bias_hh: Parameter | null;

  /** Makes a layer with random weights, of the arguments of its class. */
  protected constructor(gates: number, a: LayerArguments) {
    notTheBase(new.target, RNNCellBase, "nn.RNNCellBase", "nn.RNNCell, nn.GRUCell and nn.LSTMCell");
    super();
    this.inputSize = a.positive("inputSize");
    this.hiddenSize = a.positive("hiddenSize");
    this.bias = a.bool("bias", true);
    const { inputSize, hiddenSize, bias } = this;
    const rows = gates * hiddenSize;
    const options = a.factory();
    this.registerParameter("weight_ih", emptyParameter([rows, inputSize], options));
    this.registerParameter("weight_hh", emptyParameter([rows, hiddenSize], options));
    this.registerParameter("bias_ih", bias ? emptyParameter([rows], options) : null);
    this.registerParameter("bias_hh", bias ? emptyParameter([rows], options) : null);
    this.resetParameters();
  }

  /** Draws all weights anew, evenly from ±1/√hiddenSize. */
  resetParameters(): void {
    const bound = 1 / Math.sqrt(this.hiddenSize);
    for (const weight of this.parameters()) uniform_(weight, -bound, bound);
  }

  /** Runs a step of `op`, with zeros where no state was given, on one input or a batch. */
  protected step(
    input: Tensor,
    given: Tensor[] | null,
    count: number,
    op: (input: Tensor, states: Tensor[], ...weights: Weights) => Tensor[],
  ): Tensor[] {
    const a = new Arguments(this.typeName(), "input", [input]);
    using t = new Temporaries();
    a.rank("input", a.tensor("input"), 1, 2);
    const batched = shapeOf(input).length === 2;
    const states = given?.map((state, i) => {
      a.rank(given.length > 1 ? `hx[${i}]` : "hx", state, batched ? 2 : 1);
      return batched ? state : t.note(state.unsqueeze(0));
    });
    const rows = batched ? input : t.note(input.unsqueeze(0));
    const begin = states ?? zeroStates(t, rows, this.hiddenSize, count);
    const { weight_ih, weight_hh, bias_ih, bias_hh } = this;
    const found = op(rows, begin, weight_ih, weight_hh, bias_ih, bias_hh);
    return batched ? found : found.map((state) => t.note(state).squeeze(0));
  }

  /** As PyTorch prints it. */
  override extraRepr(): string {
    return `${this.inputSize}, ${this.hiddenSize}${this.bias ? "" : ", bias=False"}`;
  }
}

function zeroStates(t: Temporaries, input: Tensor, size: number, count: number): Tensor[] {
  const { dtype, device } = input;
  return new Array(count).fill(t.note(zeros([sizeOf(input, 0), size], { dtype, device })));
}

/** What {@linkcode RNNCell} and {@linkcode GRUCell} are called with: an input, and the state. */
export type CellInputs = [input: Tensor, hx?: Tensor | null];

/**
 * One step of an Elman network: `h' = tanh(W_ih x + b_ih + W_hh h + b_hh)`.
 *
 * Input `[batch, inputSize]` or `[inputSize]`, state `[batch, hiddenSize]` or `[hiddenSize]`, zeros by default. Gives the new state.
 *
 * ATen: `aten::rnn_tanh_cell`, `aten::rnn_relu_cell`
 *
 * @example
 * ```ts
 * import * as torch from "flambeau";
 * import { assertEquals } from "@std/assert";
 *
 * const cell = new torch.nn.RNNCell(10, 20, { nonlinearity: "relu" });
 * assertEquals(cell(torch.randn([3, 10])).shape, [3, 20]);
 * assertEquals(String(cell), "RNNCell(10, 20, nonlinearity=relu)");
 * ```
 */
export class RNNCell extends RNNCellBase<CellInputs, Tensor> {
  /** What a step ends with. */
  readonly nonlinearity: "tanh" | "relu";

  /** Makes a layer with random weights. */
  constructor(inputSize: number, hiddenSize: number, options?: RNNCellOptions);
  constructor(...args: unknown[]) {
    const names = "inputSize, hiddenSize, bias, nonlinearity, device, dtype";
    const a = new LayerArguments("RNNCell", names, args);
    super(1, a);
    this.nonlinearity = a.choice("nonlinearity", ["tanh", "relu"] as const, "tanh");
  }

  /** Runs a step. */
  override forward(input: Tensor, hx?: Tensor | null): Tensor {
    const op = this.nonlinearity === "tanh" ? rnnTanhCell : rnnReluCell;
    const found = this.step(
      input,
      oneState(hx, "RNNCell"),
      1,
      (rows, [state], ...weights) => [op(rows, state!, ...weights)],
    );
    return found[0]!;
  }

  /** As PyTorch prints it. */
  override extraRepr(): string {
    return super.extraRepr() + (this.nonlinearity === "tanh" ? "" : ", nonlinearity=relu");
  }
}

/** What {@linkcode LSTMCell} is called with: an input, and the states. */
export type LSTMCellInputs = [input: Tensor, hx?: Readonly<LSTMState> | null];

/**
 * One step of long short-term memory.
 *
 * Input `[batch, inputSize]` or `[inputSize]`, states `[h, c]`, each `[batch, hiddenSize]` or `[hiddenSize]`, zeros by default.
 * Gives the new states.
 *
 * ATen: `aten::lstm_cell`
 *
 * @example
 * ```ts
 * import * as torch from "flambeau";
 * import { assertEquals } from "@std/assert";
 *
 * const cell = new torch.nn.LSTMCell(10, 20);
 * const [h, c] = cell(torch.randn([3, 10]));
 * assertEquals([h.shape, c.shape], [[3, 20], [3, 20]]);
 * ```
 */
export class LSTMCell extends RNNCellBase<LSTMCellInputs, LSTMState> {
  /** Makes a layer with random weights. */
  constructor(inputSize: number, hiddenSize: number, options?: CellOptions);
  constructor(...args: unknown[]) {
    super(4, new LayerArguments("LSTMCell", "inputSize, hiddenSize, bias, device, dtype", args));
  }

  /** Runs a step. */
  override forward(input: Tensor, hx?: Readonly<LSTMState> | null): LSTMState {
    return asTuple(this.step(input, twoStates(hx, "LSTMCell"), 2, lstmCell) as LSTMState);
  }
}

/**
 * One step of gated recurrent units.
 *
 * Input `[batch, inputSize]` or `[inputSize]`, state `[batch, hiddenSize]` or `[hiddenSize]`, zeros by default. Gives the new state.
 *
 * ATen: `aten::gru_cell`
 *
 * @example
 * ```ts
 * import * as torch from "flambeau";
 * import { assertEquals } from "@std/assert";
 *
 * const cell = new torch.nn.GRUCell(10, 20);
 * assertEquals(cell(torch.randn([10]), torch.zeros([20])).shape, [20]);
 * ```
 */
export class GRUCell extends RNNCellBase<CellInputs, Tensor> {
  /** Makes a layer with random weights. */
  constructor(inputSize: number, hiddenSize: number, options?: CellOptions);
  constructor(...args: unknown[]) {
    super(3, new LayerArguments("GRUCell", "inputSize, hiddenSize, bias, device, dtype", args));
  }

  /** Runs a step. */
  override forward(input: Tensor, hx?: Tensor | null): Tensor {
    const found = this.step(
      input,
      oneState(hx, "GRUCell"),
      1,
      (rows, [state], ...weights) => [gruCell(rows, state!, ...weights)],
    );
    return found[0]!;
  }
}
