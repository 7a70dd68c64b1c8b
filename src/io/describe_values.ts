/**
 * From JavaScript's values to a pickle, and the memory that its tensors share.
 *
 * @module
 */

import { TorchError } from "../../ffi/mod.ts";
import { noGrad } from "../autograd/modes.ts";
import { TypedValue } from "../jit/typed_value.ts";
import { Parameter } from "../nn/parameter.ts";
import * as ops from "../ops/mod.ts";
import { isComplex } from "../tensor/complex.ts";
import type { DType } from "../tensor/dtype.ts";
import { type StorageInfo, storageOf } from "../tensor/storage.ts";
import { describe, isTensor, type Tensor } from "../tensor/tensor.ts";
import { MAX_DEPTH } from "./build_values.ts";
import { kindOf } from "./kinds.ts";
import { PickleWriter } from "./pickle_write.ts";
import { indicesOf, valuesOf } from "./sparse.ts";
import { storageClasses } from "./torch_world.ts";

const OP = "io.save";

/** Memory to be written: a record of the archive. */
export interface SavedStorage {
  readonly key: string;
  /** A tensor on the CPU that holds it, to be disposed. */
  readonly memory: Tensor;
  readonly bytes: number;
  readonly dtype: DType;
}

/** A pickle, and the memory that it refers to. */
export interface Described extends Disposable {
  readonly pickle: Uint8Array;
  readonly storages: readonly SavedStorage[];
}

/** Describes a value; throws a `TypeError` with the path to what cannot be saved. */
export function describeValue(value: unknown): Described {
  const describer = new Describer();
  try {
    describer.value(value, "value", 0);
    return {
      pickle: describer.finish(),
      storages: [...describer.storages.values()],
      [Symbol.dispose]: () => describer.dispose(),
    };
  } catch (error) {
    describer.dispose();
    throw error;
  }
}

class Describer {
  readonly #out = new PickleWriter();
  readonly storages = new Map<number, SavedStorage>();
  readonly #held: Tensor[] = [];

  finish(): Uint8Array {
    return this.#out.finish();
  }

  dispose(): void {
    for (const tensor of this.#held) tensor.dispose();
  }

  value(value: unknown, path: string, depth: number): void {
    switch (typeof value) {
      case "undefined":
        return this.#out.none();
      case "boolean":
        return this.#out.bool(value);
      case "number":
        return isInt(value) ? this.#out.int(value) : this.#out.float(value);
      case "bigint":
        return this.#int(value, path);
      case "string":
        return this.#string(value, path);
      case "object":
        return value === null ? this.#out.none() : this.#object(value, path, depth);
      default:
        throw unsavable(path, value);
    }
  }

  #int(value: bigint, path: string): void {
    try {
      this.#out.int(value);
    } catch (error) {
      throw new RangeError(`${OP}(): '${path}' is ${(error as Error).message}`);
    }
  }

  #string(value: string, path: string): void {
    if (!value.isWellFormed()) {
      throw new TypeError(
        `${OP}(): '${path}' is a string with half a character (a lone surrogate)`,
      );
    }
    this.#out.string(value);
  }

  #object(value: object, path: string, depth: number): void {
    if (this.#out.recall(value)) return;
    if (depth > MAX_DEPTH) {
      throw new RangeError(
        `${OP}(): argument 'value' is nested more than ${MAX_DEPTH} deep, at '${
          path.slice(0, 80)
        }…'`,
      );
    }
    if (isTensor(value)) return this.#tensor(value, path);
    if (value instanceof TypedValue) return this.#typed(value, path, depth);
    if (Array.isArray(value)) return this.#array(value, path, depth);
    if (value instanceof Map) return this.#dict(value, [...value], path, depth);
    if (value instanceof Set) return this.#set(value, path, depth);
    if (value instanceof Uint8Array) return this.#bytes(value);
    if (isComplex(value) && Object.keys(value).length === 2) {
      return this.#complex(Number(value.re), Number(value.im));
    }
    const prototype = Object.getPrototypeOf(value);
    if (prototype !== null && Object.getPrototypeOf(prototype) !== null) {
      throw unsavable(path, value);
    }
    this.#dict(value, Object.entries(value), path, depth);
  }

  // ---- Containers ----

  #array(value: readonly unknown[], path: string, depth: number): void {
    const kind = kindOf(value);
    if (kind === "tuple") return this.#tuple(value, path, depth, value);
    if (kind === "torch.Size") {
      this.#out.global("torch", "Size");
      this.#out.mark();
      this.#tuple(value, path, depth);
      this.#out.tuple();
      this.#out.reduce();
      return this.#out.remember(value);
    }
    this.#list(value, path, depth);
  }

  #list(value: readonly unknown[], path: string, depth: number): void {
    this.#out.emptyList();
    this.#out.remember(value);
    this.#out.mark();
    this.#items(value, path, depth);
    this.#out.appends();
  }

  #tuple(items: readonly unknown[], path: string, depth: number, key?: object): void {
    this.#out.mark();
    this.#items(items, path, depth);
    this.#out.tuple();
    if (key !== undefined) this.#out.remember(key);
  }

  // By number, so that a hole is None too.
  #items(items: readonly unknown[], path: string, depth: number): void {
    for (let i = 0; i < items.length; i++) this.value(items[i], `${path}[${i}]`, depth + 1);
  }

  #dict(
    key: object,
    entries: readonly (readonly [unknown, unknown])[],
    path: string,
    depth: number,
  ): void {
    const ordered = kindOf(key) === "OrderedDict";
    if (ordered) this.#orderedDict();
    else this.#out.emptyDict();
    this.#out.remember(key);
    this.#out.mark();
    for (const [name, item] of entries) {
      const at = `${path}[${typeof name === "string" ? JSON.stringify(name) : String(name)}]`;
      this.value(name, `a key of ${path}`, depth + 1);
      this.value(item, at, depth + 1);
    }
    this.#out.setItems();
    const metadata = (key as { _metadata?: unknown })._metadata;
    if (ordered && metadata !== undefined && !Object.keys(key).includes("_metadata")) {
      this.#out.emptyDict();
      this.#out.mark();
      this.#out.string("_metadata");
      this.value(metadata, `${path}._metadata`, depth + 1);
      this.#out.setItems();
      this.#out.build();
    }
  }

  #orderedDict(): void {
    this.#out.global("collections", "OrderedDict");
    this.#out.emptyTuple();
    this.#out.reduce();
  }

  #set(value: ReadonlySet<unknown>, path: string, depth: number): void {
    this.#out.global("__builtin__", "set");
    this.#out.mark();
    this.#list([...value], path, depth);
    this.#out.tuple();
    this.#out.reduce();
    this.#out.remember(value);
  }

  // As Python writes bytes by a protocol that has none.
  #bytes(value: Uint8Array): void {
    this.#out.global("_codecs", "encode");
    this.#out.mark();
    let text = "";
    for (const byte of value) text += String.fromCharCode(byte);
    this.#out.string(text);
    this.#out.string("latin1");
    this.#out.tuple();
    this.#out.reduce();
    this.#out.remember(value);
  }

  #complex(re: number, im: number): void {
    this.#out.global("__builtin__", "complex");
    this.#out.mark();
    this.#out.float(re);
    this.#out.float(im);
    this.#out.tuple();
    this.#out.reduce();
  }

  #typed({ content }: TypedValue, path: string, depth: number): void {
    switch (content.kind) {
      case "int":
        return this.#int(BigInt(content.value), path);
      case "float":
        return this.#out.float(content.value);
      case "complex":
        return this.#complex(content.re, content.im);
      case "bool":
      case "str":
        return this.value(content.value, path, depth);
      case "tuple":
        return this.#tuple(content.values, path, depth);
      case "list":
        return this.#list(content.values, path, depth);
      case "dict":
        return this.#dict(content.entries, content.entries, path, depth);
      default:
        throw new TypeError(`${OP}(): '${path}' is a ${content.kind}, which no plain data is`);
    }
  }

  // ---- Tensors ----

  #hold(tensor: Tensor): Tensor {
    this.#held.push(tensor);
    return tensor;
  }

  #tensor(tensor: Tensor, path: string): void {
    if (tensor instanceof Parameter) {
      this.#out.global("torch._utils", "_rebuild_parameter");
      this.#out.mark();
      this.#dense(tensor, false, path);
      this.#out.bool(tensor.requiresGrad);
      this.#orderedDict();
      this.#out.tuple();
      this.#out.reduce();
    } else {
      this.#dense(tensor, tensor.requiresGrad, path);
    }
    this.#out.remember(tensor);
  }

  #dense(given: Tensor, requiresGrad: boolean, path: string): void {
    let info = storageOf(given, OP);
    if (given.device === "meta") return this.#meta(given, requiresGrad);
    if (info.id === 0 && !info.isZero) {
      return this.#sparse(given, path);
    }
    // Not touched by what the user's code may do before the memory is written.
    let tensor = this.#hold(given.detach());
    const { device } = tensor;
    if (info.isZero || device !== "cpu") {
      tensor = this.#hold(noGrad(() => info.isZero ? ops.zerosLike(tensor) : tensor.cpu()));
      info = storageOf(tensor, OP);
    }
    const { dtype } = tensor;
    const typed = storageClasses[dtype] !== undefined;
    const rebuild = dtype.startsWith("q")
      ? "_rebuild_qtensor"
      : typed
      ? "_rebuild_tensor_v2"
      : "_rebuild_tensor_v3";
    this.#out.global("torch._utils", rebuild);
    this.#out.mark();
    this.#storage(tensor, info, dtype, device, path);
    this.#out.int(info.offset);
    this.#counts(tensor.shape);
    this.#counts(tensor.stride());
    if (dtype.startsWith("q")) this.#quantizer(tensor, path);
    this.#out.bool(requiresGrad);
    this.#orderedDict();
    if (!typed) this.#out.global("torch", dtype);
    if (info.isConj || info.isNeg) this.#flags(info);
    this.#out.tuple();
    this.#out.reduce();
  }

  // As in PyTorch, without its gradient.
  #sparse(tensor: Tensor, path: string): void {
    const [indices, values] = partsOf(tensor, path).map((part) => this.#hold(part));
    this.#out.global("torch._utils", "_rebuild_sparse_tensor");
    this.#out.mark();
    this.#out.global("torch.serialization", "_get_layout");
    this.#out.mark();
    this.#out.string("torch.sparse_coo");
    this.#out.tuple();
    this.#out.reduce();
    this.#out.mark();
    this.#dense(indices!, false, path);
    this.#dense(values!, false, path);
    this.#size(tensor.shape);
    this.#out.bool(tensor.isCoalesced());
    this.#out.tuple();
    this.#out.tuple();
    this.#out.reduce();
  }

  #size(shape: readonly number[]): void {
    this.#out.global("torch", "Size");
    this.#out.mark();
    this.#counts(shape);
    this.#out.tuple();
    this.#out.reduce();
  }

  #meta(tensor: Tensor, requiresGrad: boolean): void {
    this.#out.global("torch._utils", "_rebuild_meta_tensor_no_storage");
    this.#out.mark();
    this.#out.global("torch", tensor.dtype);
    this.#counts(tensor.shape);
    this.#counts(tensor.stride());
    this.#out.bool(requiresGrad);
    this.#out.tuple();
    this.#out.reduce();
  }

  #storage(tensor: Tensor, info: StorageInfo, dtype: DType, device: string, path: string): void {
    const name = storageClasses[dtype];
    const saved = this.#saved(tensor, info, dtype, path);
    this.#out.mark();
    this.#out.string("storage");
    if (name === undefined) this.#out.global("torch.storage", "UntypedStorage");
    else this.#out.global("torch", name);
    this.#out.string(saved.key);
    this.#out.string(device);
    this.#out.int(name === undefined ? info.bytes : info.bytes / info.itemSize);
    this.#out.tuple();
    this.#out.persistent();
  }

  #saved(memory: Tensor, info: StorageInfo, dtype: DType, path: string): SavedStorage {
    const known = this.storages.get(info.id);
    if (known === undefined) {
      const key = String(this.storages.size);
      const saved = { key, memory, bytes: info.bytes, dtype };
      this.storages.set(info.id, saved);
      return saved;
    }
    if (known.dtype === dtype) return known;
    throw new TypeError(
      `${OP}(): '${path}' shares memory with a tensor of another dtype (${dtype} and ${known.dtype}), ` +
        "which PyTorch's format cannot say: save a clone()",
    );
  }

  #counts(counts: readonly number[]): void {
    this.#out.mark();
    for (const count of counts) this.#out.int(count);
    this.#out.tuple();
  }

  #flags({ isConj, isNeg }: StorageInfo): void {
    this.#out.emptyDict();
    this.#out.mark();
    for (const [name, on] of [["conj", isConj], ["neg", isNeg]] as const) {
      if (!on) continue;
      this.#out.string(name);
      this.#out.bool(true);
    }
    this.#out.setItems();
  }

  #quantizer(tensor: Tensor, path: string): void {
    this.#out.mark();
    const scale = scaleOf(tensor);
    if (scale !== null) {
      this.#out.global("torch", "per_tensor_affine");
      this.#out.float(scale);
      this.#out.int(ops.qZeroPoint(tensor));
    } else {
      const zeroPoints = this.#hold(ops.qPerChannelZeroPoints(tensor));
      if (zeroPoints.dtype.startsWith("float")) {
        throw new TypeError(`${OP}(): '${path}' is quantized with fractional zero points`);
      }
      this.#out.global("torch", "per_channel_affine");
      this.#dense(this.#hold(ops.qPerChannelScales(tensor)), false, path);
      this.#dense(zeroPoints, false, path);
      this.#out.int(ops.qPerChannelAxis(tensor));
    }
    this.#out.tuple();
  }
}

function partsOf(tensor: Tensor, path: string): Tensor[] {
  try {
    return [indicesOf(tensor), valuesOf(tensor)];
  } catch (cause) {
    if (!(cause instanceof TorchError)) throw cause;
    throw new TypeError(
      `${OP}(): '${path}' is a tensor that is neither dense nor of sparse coordinates, which is not saved: save its parts`,
      { cause },
    );
  }
}

// The one scale, or null where the channels have their own: LibTorch has no op that tells which, but refuses.
function scaleOf(tensor: Tensor): number | null {
  try {
    return ops.qScale(tensor);
  } catch (error) {
    if (error instanceof TorchError) return null;
    throw error;
  }
}

function isInt(value: number): boolean {
  return Number.isSafeInteger(value) && !Object.is(value, -0);
}

function unsavable(path: string, value: unknown): TypeError {
  const name = typeof value === "object" ? value?.constructor?.name : undefined;
  return new TypeError(
    `${OP}(): '${path}' is ${
      name === undefined ? describe(value) : `an instance of ${name}`
    }, and ` +
      "only tensors, plain containers and plain values are saved (of a module or an optimizer its stateDict())",
  );
}
