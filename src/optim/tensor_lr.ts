/**
 * Learning rates that are given as tensors of one number.
 *
 * A group has its learning rate as a number in any case: reading it reads the tensor, and setting it, as a schedule does, fills the tensor.
 *
 * @module
 */

import { DisposedError } from "../../ffi/mod.ts";
import { noGrad } from "../autograd/modes.ts";
import { currentScope, keep } from "../memory/scope.ts";
import { describe, isTensor, META_NUMEL, metaOf, type Tensor } from "../tensor/tensor.ts";

const given = new WeakMap<object, Tensor>();

/** The tensor that an object's `lr` reads, if it was given as one. */
export function givenLr(options: object): Tensor | undefined {
  return given.get(options);
}

/** Makes `lr` of an object read the tensor, where it is one; the object itself is given back. */
export function withLr<O extends object>(name: string, options: O, lr: unknown): O {
  if (!isTensor(lr)) return options;
  check(name, lr);
  if (currentScope() !== undefined) keep(lr);
  given.set(options, lr);
  Object.defineProperty(options, "lr", {
    get: () => read(name, lr),
    set: (value: unknown) => fill(name, lr, value),
    enumerable: true,
    configurable: true,
  });
  return options;
}

function check(name: string, lr: Tensor): void {
  const count = metaOf(lr, name)[META_NUMEL]!;
  if (count !== 1) {
    throw new RangeError(
      `${name}: 'lr' must be a number or a tensor of one number, but the tensor has ${count}`,
    );
  }
  if (lr.isFloatingPoint()) return;
  throw new TypeError(
    `${name}: 'lr' must be a number or a tensor of a floating-point dtype, but the tensor's is ${lr.dtype}`,
  );
}

function read(name: string, lr: Tensor): number {
  if (lr.isDisposed) {
    throw new DisposedError(`${name}: the tensor that was given as 'lr' was disposed`);
  }
  return Number(lr.item());
}

function fill(name: string, lr: Tensor, value: unknown): void {
  if (typeof value !== "number") {
    throw new TypeError(
      `${name}: 'lr' of a parameter group must be set to a number, but got ${describe(value)}`,
    );
  }
  noGrad(() => lr.fill_(value));
}
