/**
 * What a pickle of PyTorch's may name, and what each of those means here. Calls only make descriptions of tensors: memory
 * is taken when all of the pickle has been read and checked.
 *
 * @module
 */

import { type DType, isDType } from "../tensor/dtype.ts";
import { Dict, type Global, isGlobal, Named, nameOf, PickleError, Tuple } from "./python.ts";

/** Memory that tensors of the pickle share. */
export interface StorageSpec {
  readonly storageKey: string;
  /** `null` for untyped bytes. */
  readonly dtype: DType | null;
  /** The size in elements (bytes, where it is untyped). */
  readonly length: number;
  /** Where it was. */
  readonly location: string;
}

/** A tensor that is still to be made. */
export interface TensorSpec {
  readonly tensorOf: StorageSpec | null;
  readonly dtype: DType;
  readonly offset: number;
  readonly shape: readonly number[];
  readonly strides: readonly number[];
  readonly requiresGrad: boolean;
  readonly isConj: boolean;
  readonly isNeg: boolean;
  readonly quantizer: Quantizer | null;
}

/** How whole numbers stand for fractions. */
export interface Quantizer {
  readonly scale: number | TensorSpec;
  readonly zeroPoint: number | TensorSpec;
  /** The dimension that has scales of its own; `null` for one scale. */
  readonly axis: number | null;
}

/** A parameter that is still to be made. */
export interface ParameterSpec {
  parameterOf: TensorSpec;
  requiresGrad: boolean;
}

/** A sparse tensor that is still to be made. */
export interface SparseSpec {
  readonly sparseOf: TensorSpec;
  readonly values: TensorSpec;
  readonly shape: readonly number[];
  readonly isCoalesced: boolean | null;
}

/** Whether a value is of that kind of specification. */
export function isSparseSpec(value: unknown): value is SparseSpec {
  return typeof value === "object" && value !== null && Object.hasOwn(value, "sparseOf");
}

/** Whether a value is of that kind of specification. */
export function isStorageSpec(value: unknown): value is StorageSpec {
  return typeof value === "object" && value !== null && Object.hasOwn(value, "storageKey");
}

/** Whether a value is of that kind of specification. */
export function isTensorSpec(value: unknown): value is TensorSpec {
  return typeof value === "object" && value !== null && Object.hasOwn(value, "tensorOf");
}

/** Whether a value is of that kind of specification. */
export function isParameterSpec(value: unknown): value is ParameterSpec {
  return typeof value === "object" && value !== null && Object.hasOwn(value, "parameterOf");
}

type Args = readonly unknown[];

function refused(global: string, args: Args): PickleError {
  const given = args.map((value) =>
    isTensorSpec(value) || isParameterSpec(value) ? "a tensor" : nameOf(value)
  );
  return new PickleError(`it calls ${global} with (${given.join(", ")}), which is no call of it`);
}

function isCount(value: unknown): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0;
}

function countsOf(value: unknown): readonly number[] | null {
  const items = value instanceof Tuple ? value.items : Array.isArray(value) ? value : null;
  return items !== null && items.every(isCount) ? items as number[] : null;
}

function dtypeOf(value: unknown): DType | null {
  return value instanceof Named && value.type === "dtype" && isDType(value.name)
    ? value.name
    : null;
}

// ---- Tensors ----

function hasFlag(metadata: unknown, name: string): boolean {
  return metadata instanceof Dict && metadata.entries.get(name) === true;
}

function tensorSpec(
  global: string,
  args: Args,
  dtype: DType | null,
  metadata: unknown,
  quantizer: Quantizer | null = null,
): TensorSpec {
  const [storage, offset, size, stride, requiresGrad = false] = args;
  const [shape, strides] = [countsOf(size), countsOf(stride)];
  const fits = isStorageSpec(storage) && dtype !== null && isCount(offset) &&
    shape !== null && strides !== null && typeof requiresGrad === "boolean";
  if (!fits || shape.length !== strides.length || shape.length > 64) throw refused(global, args);
  return {
    tensorOf: storage,
    dtype,
    offset,
    shape,
    strides,
    requiresGrad,
    isConj: hasFlag(metadata, "conj"),
    isNeg: hasFlag(metadata, "neg"),
    quantizer,
  };
}

function storedDtype(storage: unknown): DType | null {
  return isStorageSpec(storage) ? storage.dtype ?? "uint8" : null;
}

function quantizerOf(global: string, args: Args): Quantizer {
  const parts = args[4];
  if (parts instanceof Tuple) {
    const [scheme, scale, zeroPoint, axis] = parts.items;
    const name = scheme instanceof Named ? scheme.name : null;
    if (
      name === "per_tensor_affine" && typeof scale === "number" && typeof zeroPoint === "number"
    ) {
      return { scale, zeroPoint, axis: null };
    }
    const channels = name === "per_channel_affine" && isTensorSpec(scale) &&
      isTensorSpec(zeroPoint) && isCount(axis);
    if (channels) return { scale, zeroPoint, axis };
  }
  throw refused(global, args);
}

function metaSpec(global: string, args: Args): TensorSpec {
  const [dtype, size, stride, requiresGrad] = args;
  const shape = countsOf(size);
  const strides = countsOf(stride);
  const name = dtypeOf(dtype);
  if (name === null || shape === null || strides?.length !== shape.length) {
    throw refused(global, args);
  }
  return {
    tensorOf: null,
    dtype: name,
    offset: 0,
    shape,
    strides,
    requiresGrad: requiresGrad === true,
    isConj: false,
    isNeg: false,
    quantizer: null,
  };
}

function parameterSpec(global: string, args: Args): ParameterSpec {
  const [data, requiresGrad = true] = args;
  if (!isTensorSpec(data) || typeof requiresGrad !== "boolean") throw refused(global, args);
  return { parameterOf: data, requiresGrad };
}

function sparseSpec(global: string, args: Args): SparseSpec {
  const [layout, parts] = args;
  if (!(layout instanceof Named) || !(parts instanceof Tuple)) throw refused(global, args);
  if (layout.name !== "sparse_coo") {
    throw new PickleError(`tensors of the layout torch.${layout.name} are not read`);
  }
  const [indices, values, size, isCoalesced = null] = parts.items;
  const shape = countsOf(size);
  const fits = isTensorSpec(indices) && isTensorSpec(values) && shape !== null &&
    (isCoalesced === null || typeof isCoalesced === "boolean");
  if (!fits) throw refused(global, args);
  return { sparseOf: indices, values, shape, isCoalesced };
}

// ---- Plain values ----

function dictOf(kind: "OrderedDict" | "Counter", global: string, args: Args): Dict {
  const dict = new Dict(kind);
  const [given = []] = args;
  if (given instanceof Dict) {
    for (const [key, value] of given.entries) dict.entries.set(key, value);
    return dict;
  }
  if (!Array.isArray(given) || args.length > 1) throw refused(global, args);
  for (const pair of given) {
    const items = pair instanceof Tuple ? pair.items : pair;
    if (!Array.isArray(items) || items.length !== 2) throw refused(global, args);
    dict.entries.set(items[0], items[1]);
  }
  return dict;
}

function sizeOf(global: string, args: Args): Tuple {
  const sizes = countsOf(args[0] ?? new Tuple([]));
  if (sizes === null) throw refused(global, args);
  return new Tuple(sizes, "torch.Size");
}

function deviceOf(global: string, args: Args): Named {
  const [type, index] = args;
  if (typeof type !== "string" || !/^[a-z]+(:\d+)?$/.test(type)) throw refused(global, args);
  if (index !== undefined && !isCount(index)) throw refused(global, args);
  return new Named("device", index === undefined ? type : `${type}:${index}`);
}

// bytes, as a protocol without them writes them.
function encoded(global: string, args: Args): Uint8Array {
  const [text, encoding = "latin1"] = args;
  if (typeof text !== "string" || encoding !== "latin1" && encoding !== "latin-1") {
    throw refused(global, args);
  }
  return Uint8Array.from(text, (letter) => letter.charCodeAt(0));
}

function byteArray(global: string, args: Args): Uint8Array {
  const [given, encoding] = args;
  if (args.length === 0) return new Uint8Array();
  if (typeof given === "string") return encoded(global, [given, encoding]);
  if (given instanceof Uint8Array) return given.slice();
  throw refused(global, args);
}

function setOf(global: string, args: Args): Set<unknown> {
  const [items = []] = args;
  if (!Array.isArray(items)) throw refused(global, args);
  return new Set(items);
}

function complexOf(global: string, args: Args): { re: number; im: number } {
  const [re = 0, im = 0] = args;
  if (typeof re !== "number" || typeof im !== "number") throw refused(global, args);
  return { re, im };
}

function layoutOf(global: string, args: Args): Named {
  const [name] = args;
  if (typeof name !== "string" || !/^torch\.(strided|sparse_\w+)$/.test(name)) {
    throw refused(global, args);
  }
  return new Named("layout", name.slice("torch.".length));
}

// A tensor with attributes of its own: the tensor, without them.
function fromType(global: string, args: Args): unknown {
  const [rebuild, type, inner] = args;
  const plain = isGlobal(type) &&
    (type.global === "torch.Tensor" || type.global === PARAMETER);
  if (!plain || !isGlobal(rebuild) || rebuild.call === undefined || !(inner instanceof Tuple)) {
    throw refused(global, args);
  }
  return rebuild.call(inner.items);
}

// ---- The list ----

const PARAMETER = "torch.nn.parameter.Parameter";

const calls: Record<string, (global: string, args: Args) => unknown> = {
  "collections.OrderedDict": (global, args) => dictOf("OrderedDict", global, args),
  "collections.Counter": (global, args) => dictOf("Counter", global, args),
  "torch.Size": sizeOf,
  "torch.device": deviceOf,
  "_codecs.encode": encoded,
  "builtins.bytearray": byteArray,
  "builtins.set": setOf,
  "builtins.complex": complexOf,
  "torch.serialization._get_layout": layoutOf,
  "torch._utils._rebuild_tensor": (global, args) =>
    tensorSpec(global, args, storedDtype(args[0]), null),
  "torch._utils._rebuild_tensor_v2": (global, args) =>
    tensorSpec(global, args, storedDtype(args[0]), args[6]),
  "torch._utils._rebuild_tensor_v3": (global, args) =>
    tensorSpec(global, args, dtypeOf(args[6]), args[7]),
  "torch._utils._rebuild_qtensor": (global, args) =>
    tensorSpec(
      global,
      [...args.slice(0, 4), args[5]],
      storedDtype(args[0]),
      null,
      quantizerOf(global, args),
    ),
  "torch._utils._rebuild_meta_tensor_no_storage": metaSpec,
  "torch._utils._rebuild_sparse_tensor": sparseSpec,
  "torch._utils._rebuild_parameter": parameterSpec,
  "torch._utils._rebuild_parameter_with_state": parameterSpec,
  [PARAMETER]: parameterSpec,
  "torch._tensor._rebuild_from_type_v2": fromType,
};

/** The storage classes by dtype, as PyTorch calls them. */
export const storageClasses: Readonly<Partial<Record<DType, string>>> = {
  float64: "DoubleStorage",
  float32: "FloatStorage",
  float16: "HalfStorage",
  bfloat16: "BFloat16Storage",
  int64: "LongStorage",
  int32: "IntStorage",
  int16: "ShortStorage",
  int8: "CharStorage",
  uint8: "ByteStorage",
  bool: "BoolStorage",
  complex64: "ComplexFloatStorage",
  complex128: "ComplexDoubleStorage",
  qint8: "QInt8Storage",
  quint8: "QUInt8Storage",
  qint32: "QInt32Storage",
};

const globals: Map<string, unknown> = new Map();
for (const [name, call] of Object.entries(calls)) {
  globals.set(name, { global: name, call: (args: Args) => call(name, args) } satisfies Global);
}
for (const [dtype, name] of Object.entries(storageClasses)) {
  for (const module of ["torch", "torch.cuda", "torch.storage"]) {
    const global = `${module}.${name}`;
    globals.set(global, { global, storage: dtype } satisfies Global);
  }
}
for (const name of ["torch.storage.UntypedStorage", "torch.UntypedStorage"]) {
  globals.set(name, { global: name, storage: null } satisfies Global);
}
globals.set("torch.Tensor", { global: "torch.Tensor" } satisfies Global);
for (const name of ["per_tensor_affine", "per_channel_affine"]) {
  globals.set(`torch.${name}`, new Named("qscheme", name));
}

// Known, but not of use here: the reason is said instead of "unknown".
const reasons: Record<string, string> = {
  "torch._utils._rebuild_nested_tensor": "nested tensors are not read",
  "torch._utils._rebuild_wrapper_subclass": "subclasses of tensors are not read",
  "torch._utils._rebuild_device_tensor_from_numpy": "numpy arrays are not read",
  "torch._utils._rebuild_device_tensor_from_cpu_tensor":
    "tensors of devices without storages are not read",
  "torch.per_channel_affine_float_qparams": "quantization with fractional zero points is not read",
};

/** What a name in a pickle stands for. */
export function lookUp(name: string): unknown {
  const known = globals.get(name.replace(/^__builtin__\./, "builtins."));
  if (known !== undefined) return known;
  const dtype = /^torch\.(\w+)$/.exec(name)?.[1];
  if (isDType(dtype)) return new Named("dtype", dtype);
  const reason = Object.hasOwn(reasons, name) ? reasons[name] : null;
  throw new PickleError(
    reason ?? `it names ${shown(name)}, which is not on the list of what data of tensors needs`,
  );
}

function shown(name: string): string {
  return JSON.stringify(name.length > 120 ? `${name.slice(0, 120)}…` : name).slice(1, -1);
}

/** What a storage's persistent id says. */
export function storageSpec(id: unknown): StorageSpec {
  const parts = id instanceof Tuple ? id.items : [];
  const [tag, type, key, location, length, view = null] = parts;
  if (tag === "storage" && view !== null) {
    throw new PickleError("it has views of storages, as only PyTorch before 0.4 wrote them");
  }
  const fits = tag === "storage" && isGlobal(type) && type.storage !== undefined &&
    typeof key === "string" && typeof location === "string" && isCount(length);
  if (!fits) throw new PickleError("it refers to something outside of it that is no storage");
  return { storageKey: key, dtype: type.storage as DType | null, length, location };
}

/** What is set on an instance that was made before. */
export function built(instance: unknown, state: unknown): unknown {
  if (instance instanceof Dict && instance.kind !== "dict" && state instanceof Dict) {
    instance.attributes = state;
    return instance;
  }
  throw new PickleError(`it sets the state of ${nameOf(instance)}, which is refused`);
}
