/**
 * A tensor as text, in PyTorch's layout.
 *
 * @module
 */

import { check, context, native, scratch } from "../../ffi/mod.ts";
import { begin, Op, putNumber, putTensor, runTensor } from "./call.ts";
import { edgeIndices, formatTensor } from "./print.ts";
import { readElements } from "./read.ts";
import { defaultDType } from "./state.ts";
import { gradFnName, handleOf, OWNED, shapeOf, Tensor } from "./tensor.ts";
import { tensor as fromData } from "./create.ts";

const indexSelect = new Op("aten::index_select", "toString");

/** The text that PyTorch's `repr()` gives. */
export function show(tensor: Tensor): string {
  if (tensor.isDisposed) return "Tensor(disposed)";
  // Looking at a value while tracing must not add nodes to the graph.
  native.fb_trace_pause(true);
  try {
    return wrapped(tensor) ?? format(tensor);
  } finally {
    native.fb_trace_pause(false);
  }
}

const VMAP = 1;

/** A tensor that one of `torch.func`'s transforms has wrapped, as PyTorch prints it; `null` for any other. */
function wrapped(tensor: Tensor): string | null {
  const count = native.fb_wrapper_peel(handleOf(tensor, "toString", "self"), context);
  if (check(count, "toString") === 0) return null;
  const [what, level, dim, handle] = scratch.words;
  using value = new Tensor(handle!, 0, OWNED);
  const inner = (wrapped(value) ?? format(value)).replaceAll(/^/gm, "    ");
  return what === VMAP
    ? `BatchedTensor(lvl=${level}, bdim=${dim}, value=\n${inner}\n)`
    : `GradTrackingTensor(lvl=${level}, value=\n${inner}\n)`;
}

function format(tensor: Tensor): string {
  return formatTensor({
    shape: shapeOf(tensor),
    dtype: tensor.dtype,
    device: tensor.device,
    requiresGrad: tensor.requiresGrad,
    gradFn: gradFnName(tensor),
    read: (edgeitems) =>
      edgeitems === null ? readElements(tensor, "toString") : edges(tensor, edgeitems),
  }, { defaultDtype: defaultDType() });
}

// A summary shows the edges only, so only they are copied out of a large tensor.
function edges(tensor: Tensor, edgeitems: number): ReturnType<typeof readElements> {
  let cut = tensor;
  shapeOf(tensor).forEach((length, dim) => {
    if (length <= 2 * edgeitems) return;
    const whole = cut;
    cut = select(whole, dim, edgeIndices(length, edgeitems));
    if (whole !== tensor) whole.dispose();
  });
  try {
    return readElements(cut, "toString");
  } finally {
    if (cut !== tensor) cut.dispose();
  }
}

function select(tensor: Tensor, dim: number, indices: number[]): Tensor {
  using index = fromData(indices, { dtype: "int64" });
  begin();
  putTensor(tensor, "toString", "self");
  putNumber(dim);
  putTensor(index, "toString", "index");
  return runTensor(indexSelect);
}
