/**
 * From what a pickle described to JavaScript's values and tensors.
 *
 * @module
 */

import { TorchError } from "../../ffi/mod.ts";
import { noGrad } from "../autograd/modes.ts";
import { Parameter } from "../nn/parameter.ts";
import * as ops from "../ops/mod.ts";
import { begin, Op, putTensor, runTensor } from "../tensor/call.ts";
import { itemSize } from "../tensor/dtype.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { setKind } from "./kinds.ts";
import { Dict, isGlobal, Named, nameOf, PickleError, Tuple } from "./python.ts";
import { sparseOf } from "./sparse.ts";
import {
  isParameterSpec,
  isSparseSpec,
  isStorageSpec,
  isTensorSpec,
  type ParameterSpec,
  type Quantizer,
  type SparseSpec,
  type StorageSpec,
  type TensorSpec,
} from "./torch_world.ts";

/** Deeper than any data, and far from what would end the process. */
export const MAX_DEPTH = 1000;

/** Gives the memory of a storage, as a byte tensor that the caller disposes. */
export type ReadStorage = (spec: StorageSpec, bytes: number) => Tensor;

/** Builds the value; what was made before an error is freed. */
export function buildValue(described: unknown, read: ReadStorage, device: string): unknown {
  const builder = new Builder(read, device);
  try {
    const value = builder.value(described, 0);
    builder.end(false);
    return value;
  } catch (error) {
    builder.end(true);
    throw error;
  }
}

/** How many bytes a storage has. */
export function bytesOf(spec: StorageSpec): number {
  return spec.length * (spec.dtype === null ? 1 : itemSize(spec.dtype));
}

class Builder {
  readonly #read: ReadStorage;
  readonly #device: string;
  readonly #built = new Map<unknown, unknown>();
  readonly #storages = new Map<string, { bytes: number; memory: Tensor }>();
  readonly #made: Tensor[] = [];
  // The parts of sparse tensors, which their files name nowhere else.
  readonly #held: Tensor[] = [];

  constructor(read: ReadStorage, device: string) {
    this.#read = read;
    this.#device = device;
  }

  /** Frees the storages' own handles, which the tensors do not need, and after a failure the tensors. */
  end(failed: boolean): void {
    for (const { memory } of this.#storages.values()) memory.dispose();
    for (const part of this.#held) part.dispose();
    if (failed) { for (const tensor of this.#made) tensor.dispose(); }
  }

  value(described: unknown, depth: number): unknown {
    if (typeof described !== "object" || described === null) return described;
    const known = this.#built.get(described);
    if (known !== undefined) return known;
    if (depth > MAX_DEPTH) throw new PickleError(`it is nested more than ${MAX_DEPTH} deep`);
    if (Array.isArray(described)) return this.#list(described, described, depth, []);
    if (described instanceof Tuple) {
      return this.#list(described, described.items, depth, setKind([], described.kind));
    }
    if (described instanceof Dict) return this.#dict(described, depth);
    if (described instanceof Set) return this.#set(described, depth);
    return this.#remember(described, this.#leaf(described));
  }

  #remember<T>(described: unknown, value: T): T {
    this.#built.set(described, value);
    return value;
  }

  #leaf(described: object): unknown {
    if (isTensorSpec(described)) return this.#tensor(described);
    if (isParameterSpec(described)) return this.#parameter(described);
    if (isSparseSpec(described)) return this.#sparse(described);
    if (isStorageSpec(described)) return this.#storage(described);
    if (described instanceof Named) return described.name;
    if (isGlobal(described)) {
      throw new PickleError(`it holds ${nameOf(described)} itself, which is no data`);
    }
    return described; // bytes, complex
  }

  // Noted before it is filled: it may contain itself.
  #list(described: object, items: readonly unknown[], depth: number, list: unknown[]): unknown[] {
    this.#remember(described, list);
    for (const item of items) list.push(this.value(item, depth + 1));
    return list;
  }

  #set(described: Set<unknown>, depth: number): Set<unknown> {
    const set = this.#remember(described, new Set<unknown>());
    for (const item of described) set.add(this.value(item, depth + 1));
    return set;
  }

  #dict(described: Dict, depth: number): object {
    const { entries, kind } = described;
    const isRecord = [...entries.keys()].every((key) => typeof key === "string");
    const made = this.#remember(described, isRecord ? {} : new Map<unknown, unknown>());
    if (kind === "OrderedDict") setKind(made, "OrderedDict");
    for (const [key, item] of entries) {
      const value = this.value(item, depth + 1);
      if (made instanceof Map) made.set(this.value(key, depth + 1), value);
      else define(made, key as string, value, true);
    }
    // Versions of a state dict's modules: out of sight, and saved again with it.
    const metadata = described.attributes?.entries.get("_metadata");
    if (metadata !== undefined) define(made, "_metadata", this.value(metadata, depth + 1), false);
    return made;
  }

  // ---- Tensors ----

  #own<T extends Tensor>(tensor: T): T {
    this.#made.push(tensor);
    return tensor;
  }

  #storage(spec: StorageSpec): Tensor {
    const dtype = spec.dtype ?? "uint8";
    return this.#tensor({
      tensorOf: spec,
      dtype,
      offset: 0,
      shape: [spec.length],
      strides: [1],
      requiresGrad: false,
      isConj: false,
      isNeg: false,
      quantizer: null,
    });
  }

  #memory(spec: StorageSpec): Tensor {
    const bytes = bytesOf(spec);
    const known = this.#storages.get(spec.storageKey);
    if (known?.bytes === bytes) return known.memory;
    if (known !== undefined) {
      throw new PickleError(`its storage ${spec.storageKey} has two sizes`);
    }
    const memory = this.#read(spec, bytes);
    this.#storages.set(spec.storageKey, { bytes, memory });
    return memory;
  }

  #parameter({ parameterOf, requiresGrad }: ParameterSpec): Parameter {
    const data = this.value(parameterOf, 0) as Tensor;
    checkGrad(parameterOf, requiresGrad);
    return this.#own(new Parameter(data, requiresGrad));
  }

  #sparse({ sparseOf: indices, values, shape, isCoalesced }: SparseSpec): Tensor {
    const parts = [this.value(indices, 0) as Tensor, this.value(values, 0) as Tensor] as const;
    try {
      return this.#own(noGrad(() => sparseOf(parts[0], parts[1], shape, isCoalesced)));
    } catch (error) {
      if (!(error instanceof TorchError)) throw error;
      throw new PickleError(`it has a sparse tensor that is none: ${error.message}`);
    } finally {
      for (const part of parts) this.#held.push(part);
    }
  }

  #tensor(spec: TensorSpec): Tensor {
    checkGrad(spec, spec.requiresGrad);
    const tensor = this.#own(noGrad(() => this.#dense(spec)));
    if (spec.requiresGrad) tensor.requiresGrad = true;
    return tensor;
  }

  #dense(spec: TensorSpec): Tensor {
    const { tensorOf, dtype, shape, strides, offset } = spec;
    if (tensorOf === null) return ops.emptyStrided(shape, strides, { dtype, device: "meta" });
    checkBounds(spec, bytesOf(tensorOf));
    const memory = this.#memory(tensorOf);
    const made = spec.quantizer === null
      ? ops.empty([0], { dtype })
      : this.#quantized(spec, spec.quantizer);
    made.set_(memory, offset, shape, strides);
    return this.#placed(flagged(made, spec));
  }

  #placed(made: Tensor): Tensor {
    if (this.#device === "cpu") return made;
    using source = made;
    return source.to({ device: this.#device, copy: true });
  }

  #quantized(spec: TensorSpec, { scale, zeroPoint, axis }: Quantizer): Tensor {
    const { dtype, shape } = spec;
    if (!dtype.startsWith("q")) throw new PickleError(`it has a quantized tensor of ${dtype}`);
    if (axis === null) {
      using values = ops.zeros(shape);
      return ops.quantizePerTensor(values, scale as number, zeroPoint as number, dtype);
    }
    const scales = this.value(scale, 0) as Tensor;
    const zeroPoints = this.value(zeroPoint, 0) as Tensor;
    const count = axis < shape.length ? shape[axis]! : -1;
    if (scales.numel() !== count || zeroPoints.numel() !== count) {
      throw new PickleError("it has a quantized tensor whose scales do not fit its shape");
    }
    using values = ops.zeros(shape);
    return ops.quantizePerChannel(values, scales, zeroPoints, axis, dtype);
  }
}

const negViewOp = new Op("aten::_neg_view", "io.load");

// The same memory read with the other sign.
function negView(tensor: Tensor): Tensor {
  begin();
  putTensor(tensor, "io.load", "self");
  return runTensor(negViewOp);
}

function flagged(made: Tensor, { isConj, isNeg }: TensorSpec): Tensor {
  let tensor = made;
  for (const [on, flip] of [[isConj, ops.conj], [isNeg, negView]] as const) {
    if (!on) continue;
    using before = tensor;
    tensor = flip(before);
  }
  return tensor;
}

// The last element that the shape and the strides lead to must lie inside of the memory.
function checkBounds({ shape, strides, offset, dtype }: TensorSpec, bytes: number): void {
  const last = shape.reduce((sum, size, i) => sum + (size - 1) * strides[i]!, offset);
  const count = shape.reduce((product, size) => product * size, 1);
  const needed = count === 0 ? 0 : (last + 1) * itemSize(dtype);
  if (needed <= bytes && Number.isSafeInteger(count) && Number.isSafeInteger(last)) return;
  throw new PickleError(
    `it has a tensor of shape [${shape.join(", ")}] and strides [${
      strides.join(", ")
    }] at ${offset}, which is not inside of its storage of ${bytes} bytes`,
  );
}

function checkGrad({ dtype }: TensorSpec, requiresGrad: boolean): void {
  if (requiresGrad && !dtype.includes("float") && !dtype.startsWith("complex")) {
    throw new PickleError(`it has a tensor of ${dtype} that requires a gradient`);
  }
}

// Not by assignment: a key may be "__proto__".
function define(object: object, key: string, value: unknown, enumerable: boolean): void {
  Object.defineProperty(object, key, { value, enumerable, writable: true, configurable: true });
}
