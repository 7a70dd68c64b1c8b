/**
 * `torch.nn.utils`: what is done to parameters and modules around training.
 *
 * @module
 */

export * as rnn from "./rnn.ts";
