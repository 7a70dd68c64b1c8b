/**
 * Sparse tensors in coordinate form: their parts, and tensors of parts that a file gave.
 *
 * @module
 */

import {
  begin,
  Op,
  putAbsent,
  putNumbers,
  putOptionalBool,
  putTensor,
  run,
  runTensor,
} from "../tensor/call.ts";
import type { Tensor } from "../tensor/tensor.ts";

const indicesOp = new Op("aten::_indices", "io.save");
const valuesOp = new Op("aten::_values", "io.save");
const checkOp = new Op("aten::_validate_sparse_coo_tensor_args", "io.load");
const makeOp = new Op("aten::_sparse_coo_tensor_unsafe", "io.load");

function partOf(op: Op, tensor: Tensor): Tensor {
  begin();
  putTensor(tensor, "io.save", "value");
  return runTensor(op);
}

/** The positions of a sparse tensor's values, as they are; to be disposed. Throws for another layout. */
export function indicesOf(tensor: Tensor): Tensor {
  return partOf(indicesOp, tensor);
}

/** Its values, as they are; to be disposed. */
export function valuesOf(tensor: Tensor): Tensor {
  return partOf(valuesOp, tensor);
}

/** A sparse tensor of its parts, which are checked first: a position outside of the shape would be read and written there. */
export function sparseOf(
  indices: Tensor,
  values: Tensor,
  shape: readonly number[],
  isCoalesced: boolean | null,
): Tensor {
  begin();
  putTensor(indices, "io.load", "indices");
  putTensor(values, "io.load", "values");
  putNumbers(shape);
  putOptionalBool(isCoalesced);
  putAbsent(); // check_pinning
  run(checkOp);
  begin();
  putTensor(indices, "io.load", "indices");
  putTensor(values, "io.load", "values");
  putNumbers(shape);
  for (let i = 0; i < 4; i++) putAbsent(); // dtype, layout, device, pin_memory
  putOptionalBool(isCoalesced);
  return runTensor(makeOp);
}
