/**
 * Ops that `torch.nn.functional` is made of, for the library's own use: PyTorch's `torch._C._nn`.
 *
 * @module
 */

export * from "./generated/native_nn_index.ts";
