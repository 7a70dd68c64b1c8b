/**
 * Tensors as text, exactly as PyTorch prints them.
 *
 * Nothing here knows of native code: what is printed comes from a {@linkcode PrintSource}, which is
 * asked for no more elements than the text shows. The work has three steps: every element becomes a
 * padded text, the texts are laid out in nested brackets, and suffixes such as the dtype follow.
 *
 * @module
 */

import { formatFixed, formatScientific } from "./print_number.ts";
import { getPrintOptions, mergePrintOptions, type PrintOptions } from "./print_options.ts";

export {
  getPrintOptions,
  type PrintOptionChanges,
  type PrintOptions,
  type PrintProfile,
  setPrintOptions,
} from "./print_options.ts";

/** A complex element. */
export interface PrintComplex {
  /** The real part. */
  readonly re: number;
  /** The imaginary part. */
  readonly im: number;
}

/**
 * An element, widened without rounding: a number for floats; a number, or a bigint where that is not
 * safe, for integers; a boolean for bool; both parts for complex.
 */
export type PrintElement = number | bigint | boolean | PrintComplex;

/** What the printing has to know about a tensor. */
export interface PrintSource {
  /** Lengths of the dimensions. */
  readonly shape: readonly number[];
  /** The dtype's name, such as `"float32"`. */
  readonly dtype: string;
  /** The device, such as `"cpu"` or `"cuda:0"`. A tensor on `"meta"` is not read. */
  readonly device: string;
  /** Whether the tensor requires a gradient; shown if `gradFn` is null. */
  readonly requiresGrad: boolean;
  /** The name of the node that made the tensor, such as `"AddBackward0"`. */
  readonly gradFn: string | null;
  /**
   * Gives elements in row-major order; called at most once for a print.
   *
   * @param edgeitems Null for the whole tensor. Otherwise the tensor is to be cut: of every dimension,
   * only the indices of `edgeIndices(length, edgeitems)`.
   */
  read(edgeitems: number | null): ArrayLike<PrintElement>;
}

/** Options of {@linkcode formatTensor}: print options for this call, and the default dtype. */
export interface FormatTensorOptions extends Partial<PrintOptions> {
  /** The dtype that goes unmentioned beside int64 and bool. Default `"float32"`. */
  defaultDtype?: string;
}

const PREFIX = "tensor(";

/**
 * Writes a tensor as `repr(tensor)` of PyTorch does.
 *
 * @param source The tensor.
 * @param options The default dtype, and print options that override the global ones.
 * @returns The text, of one or many lines.
 * @throws {RangeError} If an option is out of range, or the source gives a wrong number of elements.
 *
 * @example
 * ```ts
 * import { formatTensor } from "./print.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const text = formatTensor({
 *   shape: [2, 2],
 *   dtype: "float64",
 *   device: "cpu",
 *   requiresGrad: false,
 *   gradFn: null,
 *   read: () => [1, 2.5, -3, NaN],
 * });
 * assertEquals(
 *   text,
 *   "tensor([[ 1.0000,  2.5000],\n        [-3.0000,     nan]], dtype=torch.float64)",
 * );
 * ```
 */
export function formatTensor(source: PrintSource, options: FormatTensorOptions = {}): string {
  const { defaultDtype = "float32", ...changes } = options;
  const merged = mergePrintOptions(getPrintOptions(), changes);
  const head = PREFIX + contents(source, merged);
  return addSuffixes(head, suffixes(source, defaultDtype, merged), merged.linewidth);
}

/** A tensor that PyTorch prints by the tensors that it is made of: a sparse one, or a quantized one. */
export interface PrintParts {
  /** The dtype, device and autograd of the whole, and its shape; not read. */
  readonly whole: Omit<PrintSource, "read">;
  /** What stands first: named parts, or a lone one without a name. */
  readonly parts: readonly (readonly [name: string | null, part: PrintSource])[];
  /** What follows shape and dtype: `"nnz=3"` stands before the dtype. */
  readonly nnz: number | null;
  /** Further suffixes, before those of autograd. */
  readonly notes: readonly string[];
  /** Whether the suffixes begin on a line of their own. */
  readonly newLine: boolean;
}

/** Writes a tensor that is made of others as `repr(tensor)` of PyTorch does. */
export function formatParts(tensor: PrintParts, options: FormatTensorOptions = {}): string {
  const { defaultDtype = "float32", ...changes } = options;
  const merged = mergePrintOptions(getPrintOptions(), changes);
  const { whole } = tensor;
  const texts = tensor.parts.map(([name, part]) => {
    if (name === null) return contents(part, merged);
    const prefix = `${name}=tensor(`;
    const text = contents(part, merged, PREFIX.length + prefix.length);
    const size = countOf(part.shape) === 0 ? `, size=${formatSize(part.shape)}` : "";
    return `${prefix}${text}${size})`;
  });
  const told: string[] = [];
  if (!whole.device.startsWith("cpu")) told.push(`device='${whole.device}'`);
  told.push(`size=${formatSize(whole.shape)}`);
  if (tensor.nnz !== null) told.push(`nnz=${tensor.nnz}`);
  if (!isDefaultDtype(whole.dtype, defaultDtype)) told.push(`dtype=torch.${whole.dtype}`);
  told.push(...tensor.notes);
  if (whole.gradFn !== null) told.push(`grad_fn=<${whole.gradFn}>`);
  else if (whole.requiresGrad) told.push("requires_grad=True");
  const head = PREFIX + texts.join(`,\n${" ".repeat(PREFIX.length)}`);
  return addSuffixes(head, told, merged.linewidth, tensor.newLine);
}

/**
 * The indices of a dimension that a summary shows: the first and the last `edgeitems`, or all where
 * these would leave nothing out.
 *
 * @param length The length of the dimension.
 * @param edgeitems How many to keep at either end.
 * @returns The indices, ascending.
 */
export function edgeIndices(length: number, edgeitems: number): number[] {
  const kept = Math.min(length, 2 * edgeitems);
  const gap = length - kept;
  return Array.from({ length: kept }, (_, i) => i < edgeitems ? i : i + gap);
}

/** What a tensor prints between its brackets, `indent` columns from the left, without what follows. */
function contents(
  source: PrintSource,
  options: PrintOptions,
  indent: number = PREFIX.length,
): string {
  const { shape, dtype } = source;
  if (source.device === "meta") return "...";
  const total = countOf(shape);
  if (total === 0) return "[]";
  const summarize = total > options.threshold && shape.length > 0;
  if (summarize && options.edgeitems === 0) return "[...]";

  const edgeitems = summarize ? options.edgeitems : null;
  const data = source.read(edgeitems);
  const shown = edgeitems === null ? shape : shape.map((n) => Math.min(n, 2 * edgeitems));
  if (data.length !== countOf(shown)) {
    throw new RangeError(
      `Expected ${countOf(shown)} elements of shape [${shown}] to print but found ${data.length}`,
    );
  }
  const cells = formatElements(data, dtype, options);
  if (shape.length === 0) return cells.texts[0]!;
  const isCut = shape.map((n, i) => n > shown[i]!);
  return layOut({ cells, shape: shown, isCut, linewidth: options.linewidth, indent });
}

function countOf(shape: readonly number[]): number {
  return shape.reduce((count, length) => count * length, 1);
}

// Elements

/** Texts of elements, with the width that line wrapping reckons with: nan and -0 may be wider. */
interface Cells {
  texts: string[];
  width: number;
}

function formatElements(
  data: ArrayLike<PrintElement>,
  dtype: string,
  options: PrintOptions,
): Cells {
  const values = Array.from(data);
  if (isComplex(dtype)) return formatComplex(values as PrintComplex[], options);
  if (isFloating(dtype)) return formatFloats(values.map(Number), options);
  if (dtype === "bool") return pad(values.map((value) => value ? "True" : "False"));
  return pad(values.map(String));
}

function isFloating(dtype: string): boolean {
  return dtype.startsWith("float") || dtype.startsWith("bfloat");
}

function isComplex(dtype: string): boolean {
  return dtype.startsWith("complex");
}

/** Real and imaginary parts each have their own notation and width. */
function formatComplex(values: PrintComplex[], options: PrintOptions): Cells {
  const re = formatFloats(values.map((value) => value.re), options);
  const im = formatFloats(values.map((value) => value.im), options);
  const texts = re.texts.map((real, i) => {
    const imaginary = im.texts[i]!.trimStart() + "j";
    return real + (imaginary.startsWith("-") ? "" : "+") + imaginary;
  });
  // PyTorch reckons the j, but not the sign.
  return { texts, width: re.width + im.width + 1 };
}

function formatFloats(values: number[], options: PrintOptions): Cells {
  const counted = values.map((value) => Number.isFinite(value) && value !== 0);
  const format = chooseFormat(values.filter((_, i) => counted[i]), options);
  return pad(values.map(format), counted);
}

/** The notation of all elements, which the finite ones other than zero decide. */
function chooseFormat(decisive: number[], options: PrintOptions): (value: number) => string {
  const { precision } = options;
  if (useScientific(decisive, options.sciMode)) {
    return (value) => formatScientific(value, precision);
  }
  if (decisive.every(Number.isInteger)) {
    return (value) => formatFixed(value, 0) + (Number.isFinite(value) ? "." : "");
  }
  return (value) => formatFixed(value, precision);
}

function useScientific(decisive: number[], sciMode: boolean | null): boolean {
  if (decisive.length === 0) return false;
  if (sciMode !== null) return sciMode;
  let min = Infinity;
  let max = 0;
  for (const value of decisive) {
    const magnitude = Math.abs(value);
    if (magnitude < min) min = magnitude;
    if (magnitude > max) max = magnitude;
  }
  return max / min > 1000 || max > 1e8 || min < 1e-4;
}

/** Aligns texts to the right, in the width of the widest one that counts. */
function pad(texts: string[], counted?: boolean[]): Cells {
  let width = 1;
  for (const [i, text] of texts.entries()) {
    if ((counted?.[i] ?? true) && text.length > width) width = text.length;
  }
  return { texts: texts.map((text) => text.padStart(width)), width };
}

// Brackets and lines

interface Layout {
  cells: Cells;
  /** The shape of what is shown. */
  shape: readonly number[];
  /** Which dimensions have an ellipsis in the middle. */
  isCut: readonly boolean[];
  linewidth: number;
  /** The column of the outermost bracket. */
  indent: number;
}

function layOut(layout: Layout, dim = 0, start = 0): string {
  const { shape, cells } = layout;
  const length = shape[dim]!;
  const indent = layout.indent + dim;
  const isRow = dim === shape.length - 1;
  const step = countOf(shape.slice(dim + 1));
  const items = isRow
    ? cells.texts.slice(start, start + length)
    : Array.from({ length }, (_, i) => layOut(layout, dim + 1, start + i * step));
  if (layout.isCut[dim]) items.splice(length / 2, 0, isRow ? " ..." : "...");

  const newLines = "\n".repeat(isRow ? 1 : shape.length - dim - 1);
  const lines = isRow ? wrapRow(items, layout, indent) : items;
  return "[" + lines.join("," + newLines + " ".repeat(indent + 1)) + "]";
}

/** Joins the elements of a row to lines that keep to the line width. */
function wrapRow(items: string[], layout: Layout, indent: number): string[] {
  const available = layout.linewidth - indent;
  const perLine = Math.max(1, Math.floor(available / (layout.cells.width + ", ".length)));
  const lines: string[] = [];
  for (let i = 0; i < items.length; i += perLine) {
    lines.push(items.slice(i, i + perLine).join(", "));
  }
  return lines;
}

// Suffixes

function suffixes(source: PrintSource, defaultDtype: string, options: PrintOptions): string[] {
  const { shape, dtype, device, gradFn } = source;
  const isMeta = device === "meta";
  const isEmpty = countOf(shape) === 0;
  const showsNothing = isMeta || isEmpty;
  // Where no element shows what it is, int64, bool and complex have to be told as well.
  const isKnown = showsNothing ? dtype === defaultDtype : isDefaultDtype(dtype, defaultDtype);

  const found: string[] = [];
  if (!device.startsWith("cpu")) found.push(`device='${device}'`);
  if (isMeta || (isEmpty ? shape.length !== 1 : options.edgeitems === 0)) {
    found.push(`size=${formatSize(shape)}`);
  }
  if (!isKnown) found.push(`dtype=torch.${dtype}`);
  if (gradFn !== null) found.push(`grad_fn=<${gradFn}>`);
  else if (source.requiresGrad) found.push("requires_grad=True");
  return found;
}

function isDefaultDtype(dtype: string, defaultDtype: string): boolean {
  const complex = defaultDtype === "float64" ? "complex128" : "complex64";
  return [defaultDtype, complex, "int64", "bool"].includes(dtype);
}

/** A shape as a Python tuple. */
function formatSize(shape: readonly number[]): string {
  return shape.length === 1 ? `(${shape[0]},)` : `(${shape.join(", ")})`;
}

function addSuffixes(
  head: string,
  suffixes: string[],
  linewidth: number,
  newLine: boolean = false,
): string {
  let text = head;
  let forced = newLine;
  // PyTorch's own count, two beyond the length of the line.
  let lineLength = head.length - head.lastIndexOf("\n") + 1;
  for (const suffix of suffixes) {
    if (forced || lineLength + suffix.length + 2 > linewidth) {
      forced = false;
      text += ",\n" + " ".repeat(PREFIX.length) + suffix;
      lineLength = PREFIX.length + suffix.length;
    } else {
      text += ", " + suffix;
      lineLength += suffix.length + 2;
    }
  }
  return text + ")";
}
