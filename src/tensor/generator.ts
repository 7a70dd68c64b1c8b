/**
 * Random generators of one's own.
 *
 * @module
 */

import {
  check,
  checkHandle,
  context,
  DisposedError,
  native,
  releaseForgotten,
  scratch,
} from "../../ffi/mod.ts";
import { showAsText } from "../inspect.ts";
import type { GeneratorLike } from "./generator_like.ts";
import { describe, handleOf, OWNED, Tensor } from "./tensor.ts";
import { seedHalves } from "./state.ts";

// A module constant: Bun collects a registry that only a local refers to, with its registrations.
const registry = new FinalizationRegistry((handle: number) =>
  releaseForgotten("generator", handle)
);

let isGeneratorValue: (value: unknown) => value is Generator;
let handleOfAny: (generator: Generator, op: string, argument: string) => number;

/**
 * A source of random numbers with a seed of its own: ops that draw take one as `{ generator }`.
 *
 * @example
 * ```ts
 * import * as torch from "flambeau";
 * import { assertEquals } from "@std/assert";
 *
 * const a = new torch.Generator().manualSeed(7);
 * const b = new torch.Generator().manualSeed(7);
 * assertEquals(torch.randperm(5, { generator: a }).toArray(), torch.randperm(5, { generator: b }).toArray());
 * ```
 */
export class Generator implements GeneratorLike {
  #handle: number;

  static {
    isGeneratorValue = (value): value is Generator =>
      typeof value === "object" && value !== null && #handle in value;
    handleOfAny = (generator, op, argument) => {
      if (typeof generator !== "object" || generator === null || !(#handle in generator)) {
        throw new TypeError(
          `${op}(): argument '${argument}' must be a Generator, but got ${describe(generator)}`,
        );
      }
      if (generator.#handle !== 0) return generator.#handle;
      throw new DisposedError(`${op}(): argument '${argument}' is a generator that was disposed`, {
        op,
      });
    };
  }

  /** Makes a CPU generator with PyTorch's default seed. */
  constructor();
  /** Takes over a native handle, for the library's own use. */
  constructor(key: symbol, handle: number);
  constructor(key?: symbol, handle?: number) {
    if (key !== undefined && key !== OWNED) {
      throw new TypeError(
        "Generator: the constructor takes no arguments: seed with manualSeed(seed)",
      );
    }
    this.#handle = key === OWNED ? handle! : checkHandle(native.fb_generator_new(), "Generator");
    registry.register(this, this.#handle, this);
  }

  #native(op: string): number {
    return handleOfAny(this, op, "self");
  }

  /** Seeds it; an integer, as `torch.manualSeed` takes it. */
  manualSeed(seed: number | bigint): this {
    const [high, low] = seedHalves(seed, "manualSeed");
    check(native.fb_generator_set_seed(this.#native("manualSeed"), high, low), "manualSeed");
    return this;
  }

  /** The seed that it began with. */
  initialSeed(): bigint {
    return this.#seed(false, "initialSeed");
  }

  /** Seeds it from the system's entropy, and gives that seed. */
  seed(): bigint {
    return this.#seed(true, "seed");
  }

  #seed(fresh: boolean, op: string): bigint {
    check(native.fb_generator_seed(this.#native(op), context, fresh), op);
    const { words } = scratch;
    return BigInt.asUintN(64, (BigInt(words[1]!) << 32n) | BigInt(words[2]!));
  }

  /** Its state, as a byte tensor. */
  getState(): Tensor {
    return new Tensor(
      checkHandle(native.fb_generator_state(this.#native("getState")), "getState"),
      0,
      OWNED,
    );
  }

  /** Puts it back to a state from {@linkcode getState}. */
  setState(state: Tensor): this {
    const handle = handleOf(state, "setState", "state");
    check(native.fb_generator_set_state(this.#native("setState"), handle), "setState");
    return this;
  }

  /** Frees it; harmless when called again. */
  dispose(): void {
    if (this.#handle === 0) return;
    registry.unregister(this);
    native.fb_generator_release(this.#handle);
    this.#handle = 0;
  }

  /** {@linkcode dispose}, for `using`. */
  [Symbol.dispose](): void {
    this.dispose();
  }

  /** `Generator(cpu)`. */
  toString(): string {
    return `Generator(${this.#handle === 0 ? "disposed" : "cpu"})`;
  }
}

showAsText(Generator);

/** Whether a value is a generator (disposed or not). */
export function isGenerator(value: unknown): value is Generator {
  return isGeneratorValue(value);
}

/** The native handle of a generator, for a call. */
export function generatorHandle(generator: Generator, op: string, argument: string): number {
  return handleOfAny(generator, op, argument);
}
