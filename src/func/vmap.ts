/**
 * `vmap`: a function of single examples, run on a batch at once.
 *
 * @module
 */

import { asOptions } from "../_arguments.ts";
import { checkHandle, native } from "../../ffi/mod.ts";
import { cat } from "../ops/mod.ts";
import { describe, handleOf, isTensor, OWNED, shapeOf, Tensor } from "../tensor/tensor.ts";
import { getRngState, setRngState } from "../tensor/state.ts";
import { asFunction, batchTensor, callSync, Transform, within } from "./_level.ts";
import { flatten, spread, tensorsOf } from "./_tree.ts";

/** Which dimension is mapped: of a value (`null`: none), or of each of a tree of values. */
export type Dims = number | null | readonly Dims[] | { readonly [key: string]: Dims };

/** Options of {@linkcode vmap}. */
export interface VmapOptions {
  /** The dimension of each argument that is mapped; one for all, or a tree like the arguments' (as an array); `null`: not mapped. Default 0. */
  inDims?: Dims;
  /** Where the mapped dimension goes in each output; default 0. */
  outDims?: Dims;
  /** What random ops do: `"error"` (default), `"same"` numbers for all of the batch, or `"different"` ones. */
  randomness?: "error" | "same" | "different";
  /** At most so many examples at once; default: all. */
  chunkSize?: number | null;
}

const randomnessCodes = { error: 0, same: 1, different: 2 };
const op = "vmap";

interface Mapped {
  readonly leaves: unknown[];
  readonly dims: (number | null)[];
  readonly size: number;
  build(leaves: readonly unknown[]): unknown;
}

/**
 * Makes a function that runs `fn` on each slice of its arguments along a dimension, all at once, and stacks the results.
 * Inside, a tensor has the shape of one example; its elements cannot be read, since it stands for all.
 *
 * @throws {TypeError} If `inDims` or `outDims` do not fit arguments or outputs, or `fn` is asynchronous.
 *
 * @example
 * ```ts
 * import * as torch from "flambeau";
 * import { assertEquals } from "@std/assert";
 *
 * const dot = (x: torch.Tensor, y: torch.Tensor) => x.dot(y);
 * const x = torch.tensor([[1, 2], [3, 4]]);
 * assertEquals(torch.func.vmap(dot)(x, x).toArray(), [5, 25]);
 * assertEquals(torch.func.vmap(dot, { inDims: [0, null] })(x, torch.tensor([1, 1])).toArray(), [3, 7]);
 * ```
 */
export function vmap<A extends unknown[], R>(
  fn: (...args: A) => R,
  options: VmapOptions = {},
): (...args: A) => R {
  asFunction(fn, op);
  const { inDims = 0, outDims = 0, randomness = "error", chunkSize = null } = asOptions(
    options,
    op,
    "inDims, outDims, randomness, chunkSize",
  );
  if (typeof randomness !== "string" || !Object.hasOwn(randomnessCodes, randomness)) {
    throw new RangeError(
      `${op}(): argument 'randomness' must be "error", "same" or "different", but got ${
        describe(randomness)
      }`,
    );
  }
  if (chunkSize !== null && !(Number.isInteger(chunkSize) && chunkSize > 0)) {
    throw new RangeError(
      `${op}(): argument 'chunkSize' must be a positive integer or null, but got ${
        describe(chunkSize)
      }`,
    );
  }
  const code = randomnessCodes[randomness];
  return (...args: A): R => {
    const mapped = readInputs(args, inDims);
    if (chunkSize === null || chunkSize >= mapped.size) {
      return runBatch(fn, mapped, outDims, code) as R;
    }
    return runChunks(fn, mapped, outDims, code, chunkSize) as R;
  };
}

function readInputs(args: unknown[], inDims: Dims): Mapped {
  if (args.length === 0) {
    throw new TypeError(`${op}(): got no inputs: a function without arguments cannot be mapped`);
  }
  const { leaves, shape, build } = flatten(args);
  const given = spread(inDims, args);
  if (given === null) {
    throw new TypeError(
      `${op}(): inDims is not compatible with the structure of inputs: inDims has structure ${
        flatten(inDims).shape
      } but inputs has structure ${shape}`,
    );
  }
  const dims = leaves.map((leaf, i) => inputDim(leaf, given[i]));
  const sizes = leaves.flatMap((leaf, i) =>
    dims[i] === null ? [] : [shapeOf(leaf as Tensor)[dims[i]!]!]
  );
  if (sizes.length === 0) {
    throw new TypeError(`${op}(): Expected at least one Tensor to vmap over`);
  }
  if (sizes.some((size) => size !== sizes[0])) {
    throw new RangeError(
      `${op}(): Expected all tensors to have the same size in the mapped dimension, got sizes [${
        sizes.join(", ")
      }] for the mapped dimension`,
    );
  }
  return { leaves, dims, size: sizes[0]!, build };
}

function inputDim(leaf: unknown, dim: unknown): number | null {
  if (dim === null) return null;
  if (typeof dim !== "number" || !Number.isInteger(dim)) {
    throw new TypeError(
      `${op}(): Got inDim=${
        describe(dim)
      } for an input but inDim must be either an integer dimension or null`,
    );
  }
  if (!isTensor(leaf)) {
    throw new TypeError(
      `${op}(): Got inDim=${dim} for an input but the input is ${
        describe(leaf)
      }. We cannot vmap over non-Tensor arguments, please use null as the respective inDim`,
    );
  }
  const rank = shapeOf(leaf).length;
  if (dim < -rank || dim >= rank) {
    throw new RangeError(
      `${op}(): Got inDim=${dim} for some input, but that input is a Tensor of dimensionality ${rank} ` +
        `so expected inDim to satisfy -${rank} <= inDim < ${rank}`,
    );
  }
  return dim < 0 ? dim + rank : dim;
}

function runBatch(
  fn: (...args: never[]) => unknown,
  { leaves, dims, size, build }: Mapped,
  outDims: Dims,
  randomness: number,
): unknown {
  return within(
    Transform.vmap,
    op,
    (level) => {
      const batched = leaves.map((leaf, i) => {
        if (dims[i] === null) return leaf;
        return batchTensor(leaf as Tensor, dims[i]!, level, op);
      });
      const result = callSync(fn, build(batched) as unknown[], op);
      const unbatched = unbatch(result, outDims, level, size);
      batched.forEach((one, i) => dims[i] === null || (one as Tensor).dispose());
      // What is mapped cannot be used any more. Within another vmap, it may be that one's.
      if (level === 1) disposeMapped(result);
      return unbatched;
    },
    size,
    randomness,
  );
}

function disposeMapped(result: unknown): void {
  for (const one of tensorsOf(result)) {
    if (!one.isDisposed && native.fb_tensor_wrapping(handleOf(one, op, "output")) === 1) {
      one.dispose();
    }
  }
}

function unbatch(result: unknown, outDims: Dims, level: number, size: number): unknown {
  const { leaves, shape, build } = flatten(result);
  const single = isTensor(result) && Array.isArray(outDims) && outDims.length === 1;
  const dims = spread(single ? (outDims as Dims[])[0] : outDims, result);
  if (dims === null) {
    throw new TypeError(
      `${op}(): outDims is not compatible with the structure of outputs: outDims has structure ${
        flatten(outDims).shape
      } but outputs has structure ${shape}`,
    );
  }
  return build(leaves.map((leaf, i) => unbatchLeaf(leaf, dims[i], level, size)));
}

function unbatchLeaf(leaf: unknown, dim: unknown, level: number, size: number): unknown {
  if (dim === null) {
    if (isTensor(leaf) && native.fb_tensor_wrapping(handleOf(leaf, op, "output")) === 1) {
      throw new TypeError(
        `${op}(): the function cannot return a mapped tensor where outDim is null`,
      );
    }
    return leaf;
  }
  if (typeof dim !== "number" || !Number.isInteger(dim)) {
    throw new TypeError(
      `${op}(): outDims must be an integer, null or a tree of them, but got ${describe(dim)}`,
    );
  }
  if (!isTensor(leaf)) {
    throw new TypeError(
      `${op}(): the function must only return Tensors, got ${
        describe(leaf)
      }. Did you mean to set outDims to null for output?`,
    );
  }
  const rank = shapeOf(leaf).length + 1;
  if (dim < -rank || dim >= rank) {
    throw new RangeError(
      `${op}(): outDims must be from ${-rank} to ${rank - 1} for an output, but got ${dim}`,
    );
  }
  const handle = native.fb_batch_remove(handleOf(leaf, op, "output"), level, size, dim);
  return new Tensor(checkHandle(handle, op), 0, OWNED);
}

function runChunks(
  fn: (...args: never[]) => unknown,
  mapped: Mapped,
  outDims: Dims,
  randomness: number,
  chunk: number,
): unknown {
  const state = randomness === randomnessCodes.same ? getRngState() : null;
  const results: unknown[] = [];
  for (let start = 0; start < mapped.size; start += chunk) {
    if (state !== null) setRngState(state);
    const size = Math.min(chunk, mapped.size - start);
    const leaves = mapped.leaves.map((leaf, i) =>
      mapped.dims[i] === null ? leaf : (leaf as Tensor).narrow(mapped.dims[i]!, start, size)
    );
    results.push(runBatch(fn, { ...mapped, leaves, size }, outDims, randomness));
    leaves.forEach((leaf, i) => mapped.dims[i] === null || (leaf as Tensor).dispose());
  }
  state?.dispose();
  return joinChunks(results, outDims);
}

function joinChunks(results: unknown[], outDims: Dims): unknown {
  const first = flatten(results[0]);
  const dims = spread(outDims, results[0]) ?? first.leaves.map(() => (outDims as Dims[])[0]);
  const parts = results.map((result) => flatten(result).leaves);
  return first.build(first.leaves.map((leaf, i) => {
    if (dims[i] === null) return leaf;
    const tensors = parts.map((leaves) => leaves[i] as Tensor);
    const joined = cat(tensors, dims[i] as number);
    for (const tensor of tensors) tensor.dispose();
    return joined;
  }));
}
