/**
 * How a tensor's elements lie in memory, under PyTorch's names.
 *
 * @module
 */

/** A memory format, by PyTorch's name. */
export type MemoryFormat =
  | "contiguous_format"
  | "preserve_format"
  | "channels_last"
  | "channels_last_3d";

/** A memory layout, by PyTorch's name. */
export type Layout =
  | "strided"
  | "sparse_coo"
  | "sparse_csr"
  | "sparse_csc"
  | "sparse_bsr"
  | "sparse_bsc";
