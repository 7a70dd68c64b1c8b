/**
 * The tensor: a handle with a lifetime, what can be said of it without running an op, and its gradient.
 *
 * Ops are methods too: `src/ops/` attaches them, and {@linkcode TensorOps} and {@linkcode TensorCompanions}
 * declare them, so that this file needs to know none.
 *
 * @module
 */

import { types } from "node:util";
import {
  check,
  context,
  DisposedError,
  native,
  nativeError,
  scratch,
  takeText,
  TorchError,
} from "../../ffi/mod.ts";
import { GONE, GONE_SLOT, HEAVY, type Page, pageFor, releaseSlot } from "../memory/cell.ts";
import { setIsTensor } from "../memory/reach.ts";
import { track } from "../memory/scope.ts";
import type { TensorCompanions } from "./companions.ts";
import { deviceName } from "./device.ts";
import { type DType, dtypeName } from "./dtype.ts";
import type { TensorOps } from "./methods.ts";
import { frozenByTrace } from "./trace_guard.ts";

/**
 * What proves that a constructor was given a handle by this library: PyTorch's users write `new torch.Tensor(2, 3)`, and a
 * number that is no handle would end the process.
 */
export const OWNED: unique symbol = Symbol("flambeau.owned");

const UNCLONEABLE: unique symbol = Symbol(
  "A tensor (native memory: hand it to a Worker by torch.transfer, its values by toTypedArray)",
);

let handleOfAny: (tensor: Tensor, op: string, argument: string) => number;
let liveHandleOf: (tensor: Tensor) => number;
let isTensorValue: (value: unknown) => value is Tensor;

// What fb_tensor_meta writes, by position.
/** The dtype's number in {@linkcode metaOf}. */
export const META_DTYPE = 0;
const META_DEVICE = 1;
const META_NDIM = 2;
/** The number of elements in {@linkcode metaOf}. */
export const META_NUMEL = 3;
const META_REQUIRES_GRAD = 4;
const META_IS_LEAF = 5;
/** The layout's number in {@linkcode metaOf}: 0 is strided, all else sparse. */
export const META_LAYOUT = 6;
const META_SIZES = 9;

/** A tensor's methods that ops provide. */
export interface Tensor extends TensorOps<Tensor>, TensorCompanions<Tensor> {}

/**
 * A multi-dimensional array of one element type, held by LibTorch.
 *
 * Tensors come from {@linkcode tensor}, from factories such as `torch.zeros`, and from ops; not from `new`.
 * A tensor is native memory: `using`, `dispose()` or a scope frees it at once, the garbage collector some
 * time after it was forgotten. Using a disposed tensor throws a {@linkcode DisposedError}.
 *
 * @example
 * ```ts
 * import * as torch from "flambeau";
 * import { assertEquals } from "@std/assert";
 *
 * using x = torch.tensor([[1, 2], [3, 4]]);
 * assertEquals(x.shape, [2, 2]);
 * assertEquals(x.dtype, "int64");
 * ```
 */
export class Tensor {
  /** Has structuredClone and postMessage refuse a tensor: they copy what an object owns, which would be nothing, but no symbol. */
  protected readonly uncloneable: symbol = UNCLONEABLE;
  #page: Page;
  #slot: number;

  static {
    handleOfAny = (tensor, op, argument) => {
      const handle = liveHandleOf(tensor);
      if (handle !== 0) return handle;
      if (isTensorValue(tensor)) throw disposed(op, argument);
      throw new TypeError(
        `${op}(): argument '${argument}' must be a Tensor, but got ${describe(tensor)}`,
      );
    };
    // To look for the field first would take longer than all the rest.
    liveHandleOf = (tensor) => {
      try {
        return tensor.#page.handles[tensor.#slot]!;
      } catch {
        return 0;
      }
    };
    isTensorValue = (value): value is Tensor =>
      typeof value === "object" && value !== null && #page in value;
    setIsTensor(isTensorValue);
  }

  /** Takes over a native handle, for the library's own use: anything but {@linkcode tensor} and the factories is refused. */
  constructor(handle: number, bytes: number, key: symbol) {
    if (key !== OWNED) {
      throw new TypeError(
        "Tensors are not made with new: use torch.tensor(data), or a factory such as torch.zeros(shape)",
      );
    }
    this.#page = pageFor(bytes);
    this.#slot = this.#page.next++;
    this.#page.handles[this.#slot] = handle;
    track(this);
  }

  #meta(op: string): Float64Array {
    check(native.fb_tensor_meta(handleOfAny(this, op, "self"), context), op);
    return scratch.words;
  }

  /** The sizes, a fresh array. Warns once while tracing, since the trace keeps it as a constant. */
  get shape(): number[] {
    frozenByTrace("shape");
    return shapeOf(this);
  }

  /** The element type. */
  get dtype(): DType {
    return dtypeName(this.#meta("dtype")[META_DTYPE]!);
  }

  /** The device: `"cpu"`, `"cuda:0"`. */
  get device(): string {
    return deviceName(this.#meta("device")[META_DEVICE]!);
  }

  /** The number of dimensions. */
  get ndim(): number {
    return this.#meta("ndim")[META_NDIM]!;
  }

  /** Whether gradients flow to this tensor. Settable on leaves of floating-point or complex dtype. */
  get requiresGrad(): boolean {
    return this.#meta("requiresGrad")[META_REQUIRES_GRAD] === 1;
  }

  set requiresGrad(on: boolean) {
    if (typeof on !== "boolean") {
      throw new TypeError(
        `requiresGrad(): argument 'value' must be a boolean, but got ${describe(on)}`,
      );
    }
    const handle = handleOfAny(this, "requiresGrad", "self");
    check(native.fb_tensor_set_requires_grad(handle, on), "requiresGrad");
  }

  /** Whether the user made this tensor, rather than an op that gradients flow through. */
  get isLeaf(): boolean {
    return this.#meta("isLeaf")[META_IS_LEAF] === 1;
  }

  /**
   * The gradient that `backward()` left, or `null`; a new tensor object at each read, over the same memory.
   * Assign a tensor of the same shape and dtype to set it, `null` to clear it.
   */
  get grad(): Tensor | null {
    const handle = native.fb_tensor_grad(handleOfAny(this, "grad", "self"));
    if (handle < 0) throw nativeError("grad");
    return handle === 0 ? null : new Tensor(handle, HEAVY, OWNED);
  }

  set grad(value: Tensor | null) {
    const grad = value === null ? 0 : handleOfAny(value, "grad", "value");
    check(native.fb_tensor_set_grad(handleOfAny(this, "grad", "self"), grad), "grad");
  }

  /** Whether `dispose()` was called (or a scope did it). */
  get isDisposed(): boolean {
    return this.#page.handles[this.#slot] === 0;
  }

  /** The number of elements. Warns once while tracing. */
  numel(): number {
    frozenByTrace("numel()");
    return this.#meta("numel")[META_NUMEL]!;
  }

  /** The sizes, or the size of dimension `dim` (from the end, where it is negative). Warns once while tracing. */
  size(): number[];
  /** The size of dimension `dim`. */
  size(dim: number | { dim: number }): number;
  size(dim?: number | { dim: number }): number | number[] {
    frozenByTrace("size()");
    const shape = shapeOf(this);
    return dim === undefined ? shape : at(shape, dim, "size");
  }

  /** The strides in elements, or that of dimension `dim`. */
  stride(): number[];
  /** The stride of dimension `dim`, in elements. */
  stride(dim: number | { dim: number }): number;
  stride(dim?: number | { dim: number }): number | number[] {
    const words = this.#meta("stride");
    if (words[META_LAYOUT] !== 0) {
      throw new TorchError("stride(): only a strided tensor has strides, and this one is sparse", {
        op: "stride",
        kind: "notImplemented",
      });
    }
    const ndim = words[META_NDIM]!;
    const strides = copied(words, META_SIZES + ndim, ndim);
    return dim === undefined ? strides : at(strides, dim, "stride");
  }

  /** Frees the native memory, unless others share it. Harmless when called again. */
  dispose(): void {
    const page = this.#page;
    const slot = this.#slot;
    this.#page = GONE;
    this.#slot = GONE_SLOT;
    releaseSlot(page, slot);
  }

  /** {@linkcode dispose}, for `using`. */
  [Symbol.dispose](): void {
    this.dispose();
  }
}

/** The native handle, for a call. Throws for what is not a tensor, and for a disposed one, by argument name. */
export function handleOf(tensor: Tensor, op: string, argument: string): number {
  return handleOfAny(tensor, op, argument);
}

/** {@linkcode handleOf} of an element of a list. */
export function handleOfOne(tensor: Tensor, op: string, list: string, index: number): number {
  const handle = liveHandleOf(tensor);
  return handle === 0 ? handleOfAny(tensor, op, `${list}[${index}]`) : handle;
}

/** What LibTorch knows of a tensor without running an op, by META_*: memory that the next native call overwrites. */
export function metaOf(tensor: Tensor, op: string): Float64Array {
  check(native.fb_tensor_meta(handleOfAny(tensor, op, "self"), context), op);
  return scratch.words;
}

/** Whether a value is a tensor (disposed or not), whatever its prototype says. */
export function isTensor(value: unknown): value is Tensor {
  return isTensorValue(value);
}

/** The sizes without a warning, for the library's own use while tracing. */
export function shapeOf(tensor: Tensor): number[] {
  check(native.fb_tensor_meta(handleOfAny(tensor, "shape", "self"), context), "shape");
  return copied(scratch.words, META_SIZES, scratch.words[META_NDIM]!);
}

// By a loop: the engines' ways by iterators and views take several times as long for a few numbers.
function copied(words: Float64Array, start: number, count: number): number[] {
  const values: number[] = [];
  for (let i = 0; i < count; i++) values.push(words[start + i]!);
  return values;
}

/** The number of elements without a warning, likewise. */
export function countOf(tensor: Tensor): number {
  return metaOf(tensor, "numel")[META_NUMEL]!;
}

/** The name of the autograd function that made a tensor (`"AddBackward0"`), or `null`: what printing shows. */
export function gradFnName(tensor: Tensor): string | null {
  const size = native.fb_tensor_grad_fn(handleOfAny(tensor, "gradFn", "self"), context);
  return takeText(check(size, "gradFn")) || null;
}

/** A value for an error message: short, and never by running its code. */
export function describe(value: unknown): string {
  if (value === null) return "null";
  switch (typeof value) {
    case "string":
      return value.length > 40 ? `a string of ${value.length} characters` : JSON.stringify(value);
    case "bigint":
      return `${value}n`;
    case "function":
      return "a function";
    case "object":
      return describeObject(value);
    default:
      return String(value);
  }
}

function describeObject(value: object): string {
  if (isTensorValue(value)) return "a Tensor";
  if (Array.isArray(value)) return "an array";
  if (types.isPromise(value)) return "a Promise, which is to be awaited first";
  if (types.isMap(value)) return "a Map";
  if (types.isSet(value)) return "a Set";
  if (!types.isTypedArray(value)) return "an object";
  const name = value[Symbol.toStringTag];
  return `${name.startsWith("I") ? "an" : "a"} ${name}`;
}

function disposed(op: string, argument: string): DisposedError {
  return new DisposedError(`${op}(): argument '${argument}' is a tensor that was disposed`, {
    op,
    kind: "value",
  });
}

function isNamed(given: unknown): given is { dim: number } {
  return typeof given === "object" && given !== null && !isTensorValue(given) && "dim" in given;
}

function at(values: number[], given: number | { dim: number }, op: string): number {
  const dim = isNamed(given) ? given.dim : given;
  if (!Number.isInteger(dim)) {
    throw new TypeError(`${op}(): argument 'dim' must be an integer, but got ${describe(dim)}`);
  }
  const value = values.at(dim);
  if (value === undefined || dim < -values.length) {
    throw new RangeError(
      `${op}(): argument 'dim' must be from ${-values.length} to ${
        values.length - 1
      }, but got ${dim}`,
    );
  }
  return value;
}
