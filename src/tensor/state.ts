/**
 * State that belongs to the process: the seed, the threads, the default dtype.
 *
 * @module
 */

import { check, checkHandle, native } from "../../ffi/mod.ts";
import { type DType, dtypeCode, dtypeName } from "./dtype.ts";
import { describe, handleOf, OWNED, Tensor } from "./tensor.ts";

/**
 * Seeds the random generators of all devices. The same seed gives the same numbers as in PyTorch.
 *
 * @param seed An integer; a negative one counts from 2**64, as in PyTorch.
 *
 * @example
 * ```ts
 * import * as torch from "flambeau";
 * import { assertEquals } from "@std/assert";
 *
 * torch.manualSeed(0);
 * const a = torch.rand([3]).toArray();
 * torch.manualSeed(0);
 * assertEquals(torch.rand([3]).toArray(), a);
 * ```
 */
export function manualSeed(seed: number | bigint): void {
  const [high, low] = seedHalves(seed, "manualSeed");
  check(native.fb_manual_seed(high, low), "manualSeed");
}

/** The halves of a seed's 64 bits. */
export function seedHalves(seed: number | bigint, op: string): [high: number, low: number] {
  const whole = typeof seed === "bigint" || Number.isSafeInteger(seed);
  if (!whole) {
    throw new TypeError(`${op}(): argument 'seed' must be an integer, but got ${describe(seed)}`);
  }
  const bits = BigInt.asUintN(64, BigInt(seed));
  return [Number(bits >> 32n), Number(bits & 0xffffffffn)];
}

/** The state of the CPU's random generator, as a byte tensor for {@linkcode setRngState}. */
export function getRngState(): Tensor {
  return new Tensor(checkHandle(native.fb_rng_state(), "getRngState"), 0, OWNED);
}

/** Puts the CPU's random generator back to a state from {@linkcode getRngState}. */
export function setRngState(state: Tensor): void {
  check(native.fb_set_rng_state(handleOf(state, "setRngState", "state")), "setRngState");
}

/** The number of threads that one op may use. */
export function getNumThreads(): number {
  return check(native.fb_num_threads(), "getNumThreads");
}

/** Sets the number of threads that one op may use, on this thread and on threads to come. */
export function setNumThreads(count: number): void {
  if (!Number.isInteger(count) || count < 1 || count > 65536) {
    throw new RangeError(
      `setNumThreads(): argument 'count' must be an integer from 1 to 65536, but got ${
        describe(count)
      }`,
    );
  }
  check(native.fb_set_num_threads(count), "setNumThreads");
}

/** The dtype of factories and of tensors made from fractions: `"float32"`, unless it was set. */
export function getDefaultDtype(): DType {
  return dtypeName(check(native.fb_default_dtype(), "getDefaultDtype"));
}

/** Sets the dtype of factories and of tensors made from fractions: a floating-point one. */
export function setDefaultDtype(dtype: DType): void {
  const code = dtypeCode(dtype, "setDefaultDtype", "dtype");
  if (!/^(float(16|32|64)|bfloat16)$/.test(dtype)) {
    throw new TypeError(
      `setDefaultDtype(): argument 'dtype' must be a floating-point dtype, but got ${dtype}`,
    );
  }
  check(native.fb_set_default_dtype(code), "setDefaultDtype");
}

/**
 * Makes ops that have a deterministic implementation use it, and those that have none throw (`warnOnly`: warn).
 *
 * @example
 * ```ts
 * import * as torch from "flambeau";
 * import { assertEquals } from "@std/assert";
 *
 * torch.useDeterministicAlgorithms(true);
 * assertEquals(torch.areDeterministicAlgorithmsEnabled(), true);
 * torch.useDeterministicAlgorithms(false);
 * ```
 */
export function useDeterministicAlgorithms(
  mode: boolean,
  options: { warnOnly?: boolean } = {},
): void {
  if (typeof mode !== "boolean") {
    throw new TypeError(
      `useDeterministicAlgorithms(): argument 'mode' must be a boolean, but got ${describe(mode)}`,
    );
  }
  const level = !mode ? 0 : options.warnOnly ? 1 : 2;
  check(native.fb_set_deterministic(level), "useDeterministicAlgorithms");
}

/** Whether {@linkcode useDeterministicAlgorithms} is on. */
export function areDeterministicAlgorithmsEnabled(): boolean {
  return native.fb_deterministic() > 0;
}

/** The default dtype, for the library's own use. */
export const defaultDType: () => DType = getDefaultDtype;
