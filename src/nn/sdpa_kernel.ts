/**
 * `torch.nn.attention`: which kernels `scaledDotProductAttention` may use.
 *
 * @module
 */

import { check, context, native, nativeError, scratch } from "../../ffi/mod.ts";
import { asOptions } from "../_arguments.ts";
import type { ModeGuard } from "../autograd/modes.ts";
import { under } from "../autograd/saved_hooks.ts";
import { asBool, begin, putNumber } from "../tensor/call.ts";
import { describe } from "../tensor/tensor.ts";

/** The kernels of scaled dot product attention, by PyTorch's names and numbers. The CPU has `MATH` and `FLASH_ATTENTION`. */
export const SDPBackend: {
  /** No backend: what stands for a choice that failed. */
  readonly ERROR: -1;
  /** The formula, op by op: of any dtype, and derivable as often as one likes. */
  readonly MATH: 0;
  /** One kernel that never holds all scores at once. */
  readonly FLASH_ATTENTION: 1;
  /** A kernel for CUDA that saves memory. */
  readonly EFFICIENT_ATTENTION: 2;
  /** NVIDIA's, for CUDA. */
  readonly CUDNN_ATTENTION: 3;
  /** One of an extension's. */
  readonly OVERRIDEABLE: 4;
} = {
  ERROR: -1,
  MATH: 0,
  FLASH_ATTENTION: 1,
  EFFICIENT_ATTENTION: 2,
  CUDNN_ATTENTION: 3,
  OVERRIDEABLE: 4,
};

/** One of {@linkcode SDPBackend}'s numbers. */
export type SDPBackend = (typeof SDPBackend)[keyof typeof SDPBackend];

/** Options of {@linkcode sdpaKernel}. */
export interface SdpaKernelOptions {
  /**
   * Whether the backends are also tried in the order in which they are given; default `false`. The CPU's order is fixed: flash attention
   * where it can, else the formula.
   */
  setPriority?: boolean;
}

const NAME = "sdpaKernel";
const ALL = [0, 1, 2, 3, 4] as const;

function asBackends(value: unknown): number[] {
  const list = Array.isArray(value) ? value : [value];
  return [...new Set(list.map((one, i) => asBackend(one, Array.isArray(value) ? `[${i}]` : "")))];
}

function asBackend(value: unknown, place: string): number {
  if (ALL.includes(value as typeof ALL[number])) return value as number;
  if (value === SDPBackend.ERROR) {
    throw new RangeError(
      `${NAME}(): argument 'backends${place}' cannot be SDPBackend.ERROR, which stands for no backend`,
    );
  }
  throw new TypeError(
    `${NAME}(): argument 'backends${place}' must be one of SDPBackend, or an array of them, but got ${
      describe(value)
    }`,
  );
}

function priority(order?: readonly number[]): number[] {
  begin();
  order?.forEach(putNumber);
  const count = native.fb_sdp_priority(context, order !== undefined);
  if (count < 0) throw nativeError(NAME);
  scratch.receive(count);
  return Array.from(scratch.words.slice(0, count));
}

function enable(backends: readonly number[]): void {
  for (const one of ALL) check(native.fb_sdp(one, backends.includes(one) ? 1 : 0), NAME);
}

/**
 * Lets `scaledDotProductAttention`, and layers that call it, use none but these kernels.
 *
 * It holds for the whole process while it lasts, Workers and calls of `runAsync` that run meanwhile included, and what it was before comes back.
 *
 * @param backends One of {@linkcode SDPBackend}, or several.
 * @param fn Runs under it, and must be synchronous; without it, the rest of the block that holds `using`.
 * @param options `setPriority` (default `false`).
 * @returns What `fn` returns, or the guard.
 * @throws {TypeError} If an argument is of the wrong type, or `fn` is asynchronous.
 * @throws {TorchError} From attention itself, where none of the backends can compute it: "No viable backend …".
 *
 * @example
 * ```ts
 * import * as torch from "flambeau";
 * import { assert, assertThrows } from "@std/assert";
 *
 * const { sdpaKernel, SDPBackend } = torch.nn.attention;
 * const q = torch.rand([1, 2, 4, 8]);
 * const attend = () => torch.nn.functional.scaledDotProductAttention(q, q, q);
 * const flash = sdpaKernel(SDPBackend.FLASH_ATTENTION, attend);
 * {
 *   using _ = sdpaKernel([SDPBackend.MATH]);
 *   assert(torch.allclose(attend(), flash));
 * }
 * assertThrows(() => sdpaKernel(SDPBackend.EFFICIENT_ATTENTION, attend), torch.TorchError, "No viable backend");
 * ```
 */
export function sdpaKernel<R>(
  backends: SDPBackend | readonly SDPBackend[],
  fn: () => R,
  options?: SdpaKernelOptions,
): R;
/** The same until the guard is disposed. */
export function sdpaKernel(
  backends: SDPBackend | readonly SDPBackend[],
  options?: SdpaKernelOptions,
): ModeGuard;
export function sdpaKernel<R>(
  backends: SDPBackend | readonly SDPBackend[],
  ...rest: [fn?: (() => R) | SdpaKernelOptions, options?: SdpaKernelOptions]
): R | ModeGuard {
  const chosen = asBackends(backends);
  const isGuard = rest.length < 2 && (rest[0] === undefined || typeof rest[0] === "object");
  const fn = isGuard ? undefined : rest[0] as () => R;
  const given = (isGuard ? rest[0] : rest[1]) as SdpaKernelOptions | undefined;
  const { setPriority = false } = asOptions(given ?? {}, NAME, "setPriority");
  asBool(setPriority, NAME, "setPriority");
  if (!isGuard && typeof fn !== "function") {
    throw new TypeError(`${NAME}(): argument 'fn' must be a function, but got ${describe(fn)}`);
  }
  return under(guardOf(chosen, setPriority), fn, NAME);
}

function guardOf(chosen: readonly number[], setPriority: boolean): ModeGuard {
  const before = ALL.filter((one) => check(native.fb_sdp(one, -1), NAME) === 1);
  const order = setPriority ? priority() : null;
  enable(chosen);
  if (order !== null) priority([...chosen, ...order.filter((one) => !chosen.includes(one))]);
  let ended = false;
  return {
    [Symbol.dispose]() {
      if (ended) return;
      ended = true;
      enable(before);
      if (order !== null) priority(order);
    },
  };
}
