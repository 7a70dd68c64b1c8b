/**
 * TorchScript from source text.
 *
 * @module
 */

import { check, checkHandle, context, encode, native, scratch } from "../../ffi/mod.ts";
import { describe } from "../tensor/tensor.ts";
import { showAsText } from "../inspect.ts";
import { takeValue } from "./decode.ts";
import { NativeHandle, ownedHandle } from "./handle.ts";
import { ScriptFunction } from "./script_function.ts";
import { allowed, requireAllowed } from "./security/policy.ts";
import { rewind } from "./words.ts";

/** Functions compiled together; each is a property. */
export class CompilationUnit {
  readonly #handle: NativeHandle;
  readonly #functions: Map<string, ScriptFunction> = new Map();

  /** Takes over a native handle: {@linkcode compile} does that. */
  constructor(handle: NativeHandle) {
    this.#handle = ownedHandle(handle, "CompilationUnit");
    for (const name of this.names) {
      if (name in this) continue;
      Object.defineProperty(this, name, { get: () => this.function(name), enumerable: true });
    }
  }

  /** The names of its functions. */
  get names(): string[] {
    const unit = this.#handle.get("names", "self", "compilation unit");
    scratch.receive(check(native.fb_unit_names(unit, context), "names"));
    rewind();
    return takeValue() as string[];
  }

  /** One of its functions. It stays alive when the unit is disposed. */
  function(name: string): ScriptFunction {
    let found = this.#functions.get(name);
    if (found === undefined) {
      const unit = this.#handle.get("function", "self", "compilation unit");
      const bytes = encode(name);
      const callable = checkHandle(native.fb_unit_function(unit, bytes, bytes.length), "function");
      found = new ScriptFunction(new NativeHandle("callable", callable));
      this.#functions.set(name, found);
    }
    return found;
  }

  /** Frees the unit, and the functions that were taken from it as properties. */
  dispose(): void {
    for (const taken of this.#functions.values()) taken.dispose();
    this.#functions.clear();
    this.#handle.dispose();
  }

  /** {@linkcode dispose}, for `using`. */
  [Symbol.dispose](): void {
    this.dispose();
  }

  /** `CompilationUnit(names)`. */
  toString(): string {
    return `CompilationUnit(${this.#handle.isDisposed ? "disposed" : this.names.join(", ")})`;
  }
}

showAsText(CompilationUnit);

/** Options of {@linkcode compile}. */
export interface CompileOptions {
  /**
   * Source is the programmer's own and may call every op, unless this is given: then, as for `jit.load`, what reaches files,
   * processes or the network is refused, but for the ops named here. `[]` names none.
   */
  allow?: readonly string[];
}

function requireOf(unit: number, allow: ReadonlySet<string>): void {
  try {
    scratch.receive(check(native.fb_unit_ops(unit, context), "jit.compile"));
    rewind();
    requireAllowed(takeValue() as string[], allow, "jit.compile");
  } catch (error) {
    native.fb_unit_release(unit);
    throw error;
  }
}

/**
 * Compiles TorchScript source: any number of `def`s, in the subset of Python that TorchScript is.
 *
 * @param source The text.
 * @param options With `allow`, source that somebody else wrote is held against the rules of `jit.load`.
 * @returns The functions, each a property.
 * @throws {TorchError} If the source does not compile; the message has the line and marks the place.
 *
 * @example
 * ```ts
 * import * as torch from "flambeau";
 * import { assertEquals } from "@std/assert";
 *
 * const unit = torch.jit.compile(`
 * def scale(x: Tensor, by: float = 2.0) -> Tensor:
 *     return x * by
 * `);
 * assertEquals(unit.scale!(torch.tensor([1, 2.5])).toArray(), [2, 5]);
 * assertEquals(unit.scale!(torch.tensor([1, 2.5]), 3).toArray(), [3, 7.5]);
 * ```
 */
export function compile(
  source: string,
  options: CompileOptions = {},
): CompilationUnit & { readonly [name: string]: ScriptFunction } {
  if (typeof source !== "string") {
    throw new TypeError(
      `jit.compile(): argument 'source' must be a string, but got ${describe(source)}`,
    );
  }
  // The parser takes a last line only with its end.
  const bytes = encode(`${source}\n`);
  const strict = options.allow !== undefined;
  const allow = allowed(options.allow, "jit.compile");
  const unit = checkHandle(native.fb_compile(bytes, bytes.length, strict), "jit.compile");
  if (strict) requireOf(unit, allow);
  return new CompilationUnit(new NativeHandle("unit", unit)) as
    & CompilationUnit
    & { readonly [name: string]: ScriptFunction };
}
