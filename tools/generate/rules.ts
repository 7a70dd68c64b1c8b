/**
 * What is left out, and what has another shape in JavaScript.
 *
 * @module
 */

import type { Schema } from "./schema.ts";

/** A reason to leave an overload out. */
interface Exclusion {
  /** Why. */
  reason: string;
  /** Whether the rule applies. */
  applies(schema: Schema): boolean;
}

const SUPPORTED = new Set(
  ["Tensor", "int", "bool", "float", "ScalarType", "str", "Scalar", "Generator", "Layout", "Device"]
    .concat(["MemoryFormat"]),
);

// Overloads that another one has with a Generator argument added.
const withGenerator = new Set([
  "rand.",
  "rand_like.",
  "randint.",
  "randint.low",
  "randint_like.",
  "randint_like.Tensor",
  "randint_like.low_dtype",
  "randn.",
  "randn_like.",
  "randperm.",
]);

/** Rules by which overloads are left out, in order. */
export const exclusions: readonly Exclusion[] = [
  {
    reason: "out= variants: JavaScript has in-place methods, and results are new tensors",
    applies: (schema) =>
      schema.arguments.some((argument) => argument.type.written && argument.name !== "self"),
  },
  {
    reason: "a type without a JavaScript form (Dimname, Storage, Stream, QScheme, SymBool, Dict)",
    applies: (schema) =>
      [...schema.arguments, ...schema.results].some(({ name, type }) =>
        !SUPPORTED.has(type.base) && !(type.base === "" && name === "")
      ),
  },
  {
    reason: "dimension names, which PyTorch itself never finished",
    applies: (schema) => /(^|_)(names|name|Dimname|dimname|DimnameList)(_|$)/.test(schema.overload),
  },
  {
    reason: "the same op without a Generator argument, which the other leaves absent",
    applies: (schema) => withGenerator.has(`${schema.name}.${schema.overload}`),
  },
  {
    reason: "private to LibTorch",
    applies: (schema) => schema.name.startsWith("_"),
  },
  {
    reason: "kernels of one backend, behind public ops",
    applies: (schema) =>
      /^(cudnn|miopen|mkldnn|mps|fbgemm|quantized|fused)/
        .test(schema.name),
  },
  {
    reason: "marks sizes for PyTorch's compiler",
    applies: (schema) => schema.name.startsWith("sym_"),
  },
  {
    reason: "never returns for some arguments (a ratio of 1e308), and serves quantization only",
    applies: (schema) => schema.name === "choose_qparams_optimized",
  },
  {
    reason:
      "does not center its windows, as PyTorch does by default; the other overload can do both",
    applies: (schema) => schema.name === "stft" && schema.overload === "",
  },
  {
    reason: "opens a file, behind the runtime's permissions",
    applies: (schema) => schema.name === "from_file",
  },
  {
    reason: "asks about a backend that LibTorch's builds do not have",
    applies: (schema) => schema.name === "is_vulkan_available",
  },
  {
    reason: "gradients of other ops",
    applies: (schema) => /_backward(_|$)/.test(schema.name),
  },
];

/** Ops that are members of Tensor or hand-written companions already. */
export const handWritten: ReadonlySet<string> = new Set(
  ["item", "to", "index", "index_put", "backward", "requires_grad_", "numel", "size"]
    .concat(["stride", "data", "is_leaf", "output_nr", "retains_grad", "retain_grad", "set_data"])
    .concat(["unique_consecutive", "tensordot", "einsum"]),
);

/** Attributes in Python, getters here; by the name of their op. */
export const getters: Readonly<Record<string, string>> = {
  T: "numpy_T",
  H: "matrix_H",
  mT: "mT",
  mH: "mH",
  real: "real",
  imag: "imag",
};

/** Methods that take their list of integers as separate arguments too. */
export const variadic: ReadonlySet<string> = new Set(
  ["view", "reshape", "permute", "expand", "repeat", "tile", "flip"],
);

/** Parameters that have no place, though this overload gives them one, as others do not: `add(x, 1, { alpha: 2 })`. */
export function byNameOnly(schema: Schema, parameter: string): boolean {
  return schema.overload === "Scalar" && parameter === "alpha";
}

/** Signatures that PyTorch's Python code adds to a method; `src/ops/python_forms.ts` has them. */
export const addedSignatures: Readonly<Record<string, readonly string[]>> = {
  nonzero: ["nonzero(options: { asTuple: true }): T[]", "nonzero(options: { asTuple?: false }): T"],
  norm: [
    `norm(p: "fro" | "nuc", dim?: number | readonly number[] | null, keepdim?: boolean): T`,
    `norm(p: "fro" | "nuc", options: { dim?: number | readonly number[] | null; keepdim?: boolean; dtype?: DType | null }): T`,
  ],
};

/** What a string argument may be, by its name or by op and name. */
export const literals: Readonly<Record<string, string>> = {
  rounding_mode: `"trunc" | "floor"`,
  indexing: `"ij" | "xy"`,
  interpolation: `"linear" | "lower" | "higher" | "midpoint" | "nearest"`,
  UPLO: `"L" | "U"`,
  approximate: `"none" | "tanh"`,
  norm: `"backward" | "ortho" | "forward"`,
  side: `"left" | "right"`,
  "linalg_qr.mode": `"reduced" | "complete" | "r"`,
  "pad.mode": `"constant" | "reflect" | "replicate" | "circular"`,
  "scatter.reduce": `"add" | "multiply"`,
  "scatter_.reduce": `"add" | "multiply"`,
  "scatter_reduce.reduce": `"sum" | "prod" | "mean" | "amax" | "amin"`,
  "scatter_reduce_.reduce": `"sum" | "prod" | "mean" | "amax" | "amin"`,
  "index_reduce.reduce": `"prod" | "mean" | "amax" | "amin"`,
  "index_reduce_.reduce": `"prod" | "mean" | "amax" | "amin"`,
};
