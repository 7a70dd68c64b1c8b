/**
 * The element types, under PyTorch's names.
 *
 * @module
 */

/** An element type. `float32` is the default of floating-point numbers, `int64` of whole ones. */
export type DType =
  | "float32"
  | "float64"
  | "float16"
  | "bfloat16"
  | "int64"
  | "int32"
  | "int16"
  | "int8"
  | "uint8"
  | "bool"
  | "complex64"
  | "complex128"
  | "complex32"
  | "uint16"
  | "uint32"
  | "uint64"
  | "float8_e5m2"
  | "float8_e4m3fn"
  | "float8_e5m2fnuz"
  | "float8_e4m3fnuz"
  | "qint8"
  | "quint8"
  | "qint32";

// c10::ScalarType, in its order; its unnamed members (bit types, packed quantized types) have no dtype here.
const codes: Record<DType, number> = {
  uint8: 0,
  int8: 1,
  int16: 2,
  int32: 3,
  int64: 4,
  float16: 5,
  float32: 6,
  float64: 7,
  complex32: 8,
  complex64: 9,
  complex128: 10,
  bool: 11,
  qint8: 12,
  quint8: 13,
  qint32: 14,
  bfloat16: 15,
  float8_e5m2: 23,
  float8_e4m3fn: 24,
  float8_e5m2fnuz: 25,
  float8_e4m3fnuz: 26,
  uint16: 27,
  uint32: 28,
  uint64: 29,
};

const names: DType[] = [];
for (const [name, code] of Object.entries(codes)) names[code] = name as DType;

/** Whether `value` names a dtype. */
export function isDType(value: unknown): value is DType {
  return typeof value === "string" && Object.hasOwn(codes, value);
}

// What users of PyTorch, NumPy and C call them.
const otherNames: Record<string, DType> = {
  float: "float32",
  double: "float64",
  half: "float16",
  f16: "float16",
  f32: "float32",
  f64: "float64",
  int: "int32",
  long: "int64",
  short: "int16",
  char: "int8",
  byte: "uint8",
  boolean: "bool",
  cfloat: "complex64",
  cdouble: "complex128",
  number: "float32",
  bigint: "int64",
};

/** The dtype that a name of another world means (`"float"`, `"torch.float32"`), or `undefined`. */
export function dtypeMeant(name: string): DType | undefined {
  const short = name.toLowerCase().replace(/^torch\./, "");
  if (isDType(short)) return short;
  return Object.hasOwn(otherNames, short) ? otherNames[short] : undefined;
}

function adviceOn(value: unknown): string {
  const meant = typeof value === "string" ? dtypeMeant(value) : undefined;
  return meant === undefined
    ? `; there are ${Object.keys(codes).join(", ")}`
    : `, which is called "${meant}" here`;
}

/** LibTorch's number of a dtype. Throws a `TypeError` that names the op and the argument for anything else. */
export function dtypeCode(value: unknown, op: string, argument: string): number {
  if (isDType(value)) return codes[value];
  throw new TypeError(
    `${op}(): argument '${argument}' must be a dtype such as "float32", but got ${
      typeof value === "string" ? JSON.stringify(value) : String(value)
    }${adviceOn(value)}`,
  );
}

/** The dtype that LibTorch numbers `code`. */
export function dtypeName(code: number): DType {
  return names[code] ?? (`dtype${code}` as DType);
}

/** Bytes of one element, of the dtypes that JavaScript can read. */
export function itemSize(dtype: DType): number {
  switch (dtype) {
    case "uint8":
    case "int8":
    case "bool":
    case "qint8":
    case "quint8":
    case "float8_e5m2":
    case "float8_e4m3fn":
    case "float8_e5m2fnuz":
    case "float8_e4m3fnuz":
      return 1;
    case "int16":
    case "uint16":
    case "float16":
    case "bfloat16":
      return 2;
    case "int64":
    case "uint64":
    case "float64":
    case "complex64":
      return 8;
    case "complex128":
      return 16;
    default:
      return 4;
  }
}
