/**
 * Sizes that stay variables of a graph while tracing.
 *
 * @module
 */

import { check, checkHandle, encode, native } from "../../ffi/mod.ts";
import { describe, handleOf, OWNED, shapeOf, Tensor } from "./tensor.ts";
import { frozenByTrace, isTracing } from "./trace_guard.ts";

/** A size while tracing: passed to an op it stays a variable; computed with in JavaScript it is a constant. */
export class TracedSize {
  /** The 0-d integer tensor that stands for it in the graph. */
  readonly tensor: Tensor;
  /** Its value in this run. */
  readonly value: number;

  /** For the library's own use. */
  constructor(tensor: Tensor, value: number) {
    this.tensor = tensor;
    this.value = value;
  }

  /** What arithmetic reads; warns, since the result is a constant of the graph. */
  valueOf(): number {
    frozenByTrace("jit.sizeOf() in arithmetic");
    return this.value;
  }

  /** Notes, for the next op, that element `index` of the `count` integers of an argument is this size; `count` -1: the argument. */
  stash(argument: string, count: number, index: number): number {
    const name = encode(argument.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`));
    const handle = handleOf(this.tensor, "jit.sizeOf", "size");
    check(native.fb_trace_stash(name, name.length, count, index, handle), "jit.sizeOf");
    return this.value;
  }
}

/**
 * The size of a dimension, as a number that a trace keeps variable: `x.reshape([jit.sizeOf(x, 0), -1])` works for any batch
 * when it was traced with one. Outside of a trace it is `x.size(dim)`. Pass it to an op as it is: arithmetic in JavaScript
 * makes it a constant, and a warning says so.
 *
 * `aten::size.int(Tensor self, int dim) -> int`
 *
 * @example
 * ```ts
 * import * as torch from "flambeau";
 * import { assertEquals } from "@std/assert";
 *
 * const { jit } = torch;
 * const flat = jit.trace((x: torch.Tensor) => x.reshape([jit.sizeOf(x, 0), -1]), [torch.ones([2, 3, 4])]);
 * assertEquals(flat(torch.ones([5, 3, 4])).shape, [5, 12]);
 * ```
 */
export function sizeOf(tensor: Tensor, dim: number): number {
  const shape = shapeOf(tensor);
  if (!Number.isInteger(dim)) {
    throw new TypeError(
      `jit.sizeOf(): argument 'dim' must be an integer, but got ${describe(dim)}`,
    );
  }
  if (dim < -shape.length || dim >= shape.length) {
    throw new RangeError(
      `jit.sizeOf(): argument 'dim' must be from ${-shape.length} to ${
        shape.length - 1
      }, but got ${dim}`,
    );
  }
  const value = shape.at(dim)!;
  if (!isTracing()) return value;
  const at = dim < 0 ? dim + shape.length : dim;
  const handle = checkHandle(
    native.fb_trace_size(handleOf(tensor, "jit.sizeOf", "tensor"), at),
    "jit.sizeOf",
  );
  return new TracedSize(new Tensor(handle, 0, OWNED), value) as unknown as number;
}
