/**
 * Recurrent layers: of several steps, and of one.
 *
 * @module
 */

export { type RecurrentMode, type RecurrentOptions, RNNBase } from "./base.ts";
export { type RecurrentInputs, type RecurrentOutputs, RNN, type RNNOptions } from "./rnn.ts";
export {
  LSTM,
  type LSTMInputs,
  type LSTMOptions,
  type LSTMOutputs,
  type LSTMState,
} from "./lstm.ts";
export { GRU } from "./gru.ts";
export {
  type CellInputs,
  type CellOptions,
  GRUCell,
  LSTMCell,
  type LSTMCellInputs,
  RNNCell,
  RNNCellBase,
  type RNNCellOptions,
} from "./cells.ts";
