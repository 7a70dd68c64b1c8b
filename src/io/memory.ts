/**
 * Memory of LibTorch's, filled piece by piece, so that a file's content is never held twice.
 *
 * @module
 */

import { CHUNK, type Source } from "../files/mod.ts";
import * as ops from "../ops/mod.ts";
import { noGrad } from "../autograd/modes.ts";
import type { DType } from "../tensor/dtype.ts";
import { readStorage, storageOf, writeStorage } from "../tensor/storage.ts";
import { describe, isTensor, type Tensor } from "../tensor/tensor.ts";

/** A byte tensor that `fill` fills; freed where that fails. */
export function filled(bytes: number, fill: (memory: Tensor) => void): Tensor {
  const memory = ops.empty([bytes], { dtype: "uint8" });
  try {
    fill(memory);
    return memory;
  } catch (error) {
    memory.dispose();
    throw error;
  }
}

/** The same from a place in a file that no record names. */
export function filledFrom(source: Source, start: number, bytes: number, op: string): Tensor {
  return filled(bytes, (memory) => {
    const buffer = new Uint8Array(Math.min(CHUNK, Math.max(bytes, 64)));
    for (let offset = 0; offset < bytes; offset += CHUNK) {
      const piece = buffer.subarray(0, Math.min(CHUNK, bytes - offset));
      source.read(start + offset, piece);
      writeStorage(memory, offset, piece, op);
    }
  });
}

/** A tensor in row-major order (or column-major) over the whole of a byte tensor's memory, whose handle it takes over. */
export function shaped(
  memory: Tensor,
  dtype: DType,
  shape: readonly number[],
  columnMajor: boolean = false,
): Tensor {
  using bytes = memory;
  const strides: number[] = new Array(shape.length);
  let stride = 1;
  for (let i = 0; i < shape.length; i++) {
    const dim = columnMajor ? i : shape.length - 1 - i;
    strides[dim] = stride;
    stride *= Math.max(shape[dim]!, 1);
  }
  return ops.empty([0], { dtype }).set_(bytes, 0, shape, strides);
}

/** A tensor's elements in row-major order, ready to be written; to be disposed. */
export interface Elements extends Disposable {
  readonly bytes: number;
  /** Writes them in pieces. */
  write(write: (piece: Uint8Array) => void): void;
}

/** Takes a tensor's elements as they are now. */
export function elementsOf(given: Tensor, op: string): Elements {
  const tensor = noGrad(() => {
    using plain = given.detach();
    using here = plain.to({ device: "cpu", copy: false });
    using known = here.resolveConj();
    using positive = known.resolveNeg();
    using ordered = positive.contiguous();
    return ordered.detach();
  });
  const { offset, itemSize } = storageOf(tensor, op);
  const bytes = tensor.numel() * itemSize;
  return {
    bytes,
    write(write) {
      const buffer = new Uint8Array(Math.min(CHUNK, Math.max(bytes, 64)));
      for (let at = 0; at < bytes; at += CHUNK) {
        const piece = buffer.subarray(0, Math.min(CHUNK, bytes - at));
        readStorage(tensor, offset * itemSize + at, piece, op);
        write(piece);
      }
    },
    [Symbol.dispose]: () => tensor.dispose(),
  };
}

/** Throws for what is not a dense tensor. */
export function checkDense(value: unknown, op: string, argument: string): Tensor {
  if (!isTensor(value)) {
    throw new TypeError(
      `${op}(): argument '${argument}' must be a Tensor, but got ${describe(value)}`,
    );
  }
  const { id, isZero } = storageOf(value, op);
  if (id !== 0 || isZero) return value;
  throw new TypeError(
    `${op}(): argument '${argument}' must be a dense tensor with data, but it is sparse or on the meta device`,
  );
}

/** The entries of an object or a Map of dense tensors. */
export function tensorEntries(dict: unknown, op: string): [string, Tensor][] {
  if (typeof dict !== "object" || dict === null || isTensor(dict) || Array.isArray(dict)) {
    throw new TypeError(
      `${op}(): argument 'tensors' must be an object of tensors by name, but got ${describe(dict)}`,
    );
  }
  const entries: [unknown, unknown][] = dict instanceof Map ? [...dict] : Object.entries(dict);
  return entries.map(([name, value]) => {
    if (typeof name !== "string" || !name.isWellFormed()) {
      throw new TypeError(`${op}(): a name must be a string, but got ${describe(name)}`);
    }
    return [name, checkDense(value, op, `tensors[${JSON.stringify(name)}]`)];
  });
}

/** Sets a key that may be any string, `"__proto__"` too. */
export function setKey<T>(object: Record<string, T>, key: string, value: T): void {
  Object.defineProperty(object, key, {
    value,
    enumerable: true,
    writable: true,
    configurable: true,
  });
}
