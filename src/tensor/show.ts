/**
 * A tensor as text, in PyTorch's layout.
 *
 * @module
 */

import { check, context, native, scratch } from "../../ffi/mod.ts";
import { begin, Op, putNumber, putTensor, run, runTensor, takeNumber } from "./call.ts";
import { edgeIndices, formatParts, formatTensor, type PrintSource } from "./print.ts";
import { isQuantized, layoutOf } from "./properties.ts";
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
  const layout = layoutOf(tensor);
  if (layout !== "strided") return formatSparse(tensor, layout);
  if (isQuantized(tensor)) return formatQuantized(tensor);
  return formatTensor(sourceOf(tensor), { defaultDtype: defaultDType() });
}

function sourceOf(tensor: Tensor): PrintSource {
  return {
    shape: shapeOf(tensor),
    dtype: tensor.dtype,
    device: tensor.device,
    requiresGrad: tensor.requiresGrad,
    gradFn: gradFnName(tensor),
    read: (edgeitems) =>
      edgeitems === null ? readElements(tensor, "toString") : edges(tensor, edgeitems),
  };
}

// ---- What is made of other tensors -------------------------------------------------------------------------

const indices = new Op("aten::_indices", "toString");
const values = new Op("aten::_values", "toString");
const compressed: Record<"crow" | "col" | "ccol" | "row", Op> = {
  crow: new Op("aten::crow_indices", "toString"),
  col: new Op("aten::col_indices", "toString"),
  ccol: new Op("aten::ccol_indices", "toString"),
  row: new Op("aten::row_indices", "toString"),
};
const compressedValues = new Op("aten::values", "toString");
const countNonZero = new Op("aten::_nnz", "toString");
const dequantize = new Op("aten::dequantize.self", "toString");
const scheme = new Op("aten::qscheme", "toString");
const scale = new Op("aten::q_scale", "toString");
const zeroPoint = new Op("aten::q_zero_point", "toString");
const channelScales = new Op("aten::q_per_channel_scales", "toString");
const channelZeroPoints = new Op("aten::q_per_channel_zero_points", "toString");
const channelAxis = new Op("aten::q_per_channel_axis", "toString");
const detach = new Op("aten::detach", "toString");

function part(tensor: Tensor, op: Op): Tensor {
  begin();
  putTensor(tensor, "toString", "self");
  using found = runTensor(op);
  begin();
  putTensor(found, "toString", "self");
  return runTensor(detach);
}

function number(tensor: Tensor, op: Op): number {
  begin();
  putTensor(tensor, "toString", "self");
  run(op);
  return takeNumber();
}

function formatSparse(tensor: Tensor, layout: string): string {
  const rows = layout === "sparse_csr" || layout === "sparse_bsr";
  const names = layout === "sparse_coo" ? [["indices", indices], ["values", values]] as const : [
    [rows ? "crow_indices" : "ccol_indices", compressed[rows ? "crow" : "ccol"]],
    [rows ? "col_indices" : "row_indices", compressed[rows ? "col" : "row"]],
    ["values", compressedValues],
  ] as const;
  const made: Tensor[] = [];
  try {
    for (const [, op] of names) made.push(part(tensor, op));
    return formatParts({
      whole: sourceOf(tensor),
      parts: names.map(([name], i) => [name, sourceOf(made[i]!)]),
      nnz: number(tensor, countNonZero),
      notes: [`layout=torch.${layout}`],
      newLine: layout === "sparse_coo",
    }, { defaultDtype: defaultDType() });
  } finally {
    for (const one of made) one.dispose();
  }
}

const schemes = [
  "per_tensor_affine",
  "per_channel_affine",
  "per_tensor_symmetric",
  "per_channel_symmetric",
  "per_channel_affine_float_qparams",
];

function formatQuantized(tensor: Tensor): string {
  const name = schemes[number(tensor, scheme)] ?? "unknown";
  using plain = part(tensor, dequantize);
  return formatParts({
    whole: sourceOf(tensor),
    parts: [[null, sourceOf(plain)]],
    nnz: null,
    notes: [
      `quantization_scheme=torch.${name}`,
      ...(name.startsWith("per_tensor") ? tensorNotes(tensor) : channelNotes(tensor)),
    ],
    newLine: false,
  }, { defaultDtype: defaultDType() });
}

function tensorNotes(tensor: Tensor): string[] {
  return [
    `scale=${pythonFloat(number(tensor, scale))}`,
    `zero_point=${number(tensor, zeroPoint)}`,
  ];
}

function channelNotes(tensor: Tensor): string[] {
  using scales = part(tensor, channelScales);
  using zeroPoints = part(tensor, channelZeroPoints);
  return [
    `scale=${format(scales)}`,
    `zero_point=${format(zeroPoints)}`,
    `axis=${number(tensor, channelAxis)}`,
  ];
}

/** A float as Python writes it. */
function pythonFloat(value: number): string {
  if (Number.isInteger(value) && Math.abs(value) < 1e16) return value.toFixed(1);
  const small = Math.abs(value) < 1e-4 || Math.abs(value) >= 1e16;
  const text = small ? value.toExponential() : String(value);
  return text.replace(/e([+-])(\d)$/, "e$10$2");
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
