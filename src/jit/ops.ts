/**
 * Every op that LibTorch has registered, by namespace and name, and those of other libraries.
 *
 * @module
 */

import { resolve } from "node:path";
import {
  check,
  context,
  encode,
  native,
  requireNativeCode,
  scratch,
  takeText,
  TorchError,
} from "../../ffi/mod.ts";
import { Callable } from "../callable.ts";
import { applyMode } from "../tensor/call.ts";
import { writeArguments } from "./arguments.ts";
import { pathOf } from "../files/mod.ts";
import { splitOptions, startJob } from "../jobs/mod.ts";
import { takeValue, takeValueAt } from "./decode.ts";
import { nearNames } from "./near_names.ts";
import { rewind } from "./words.ts";

/** An op is called like a function. */
export interface RegisteredOp {
  /** Calls the first overload that takes the arguments; `jit.kwargs({ … })` may stand last. */
  // deno-lint-ignore no-explicit-any -- the schema decides, which no type knows
  (...args: unknown[]): any;
}

/** An op by its name, with all its overloads. */
export class RegisteredOp extends Callable {
  readonly #name: string;

  /** `name` with its namespace: `"aten::matmul"`. */
  constructor(name: string) {
    super((self, args) => (self as RegisteredOp).#call(args));
    this.#name = name;
  }

  #call(args: unknown[]): unknown {
    const label = `jit.ops.${this.#name.replace("::", ".")}`;
    const name = encode(this.#name);
    writeArguments(args, label);
    applyMode();
    scratch.receive(check(native.fb_registry_call(context, name, name.length), label));
    rewind();
    return takeValue();
  }

  /** Calls it on a native thread, for one that takes long: `jit.ops.aten.matmul.runAsync(a, b)`. */
  // deno-lint-ignore no-explicit-any -- the schema decides, which no type knows
  runAsync(...args: unknown[]): Promise<any> {
    const label = `jit.ops.${this.#name.replace("::", ".")}`;
    const name = encode(this.#name);
    const [values, settings] = splitOptions(args);
    return startJob({
      name: label,
      settings,
      write: () => writeArguments(values, label),
      submit: (maxBytes) => native.fb_job_op(name, name.length, context, maxBytes),
      take: takeValueAt,
    });
  }

  /** The name with its namespace. */
  get name(): string {
    return this.#name;
  }

  /** The schema of each overload, as LibTorch writes it. */
  get schemas(): string[] {
    return schemasOf(this.#name);
  }

  /** The schemas, a line each. */
  override toString(): string {
    return this.schemas.join("\n");
  }
}

/** The ops of a namespace by name. */
export type OpNamespace = { readonly [name: string]: RegisteredOp };

function schemasOf(name: string): string[] {
  const bytes = encode(name);
  const size = check(native.fb_registry_schemas(context, bytes, bytes.length), "jit.ops");
  return takeText(size).split("\n").filter((line) => line !== "");
}

// Names by namespace, as registered when it was asked last; a library loaded later makes it be asked again.
let names: Map<string, Set<string>> | null = null;

function registeredNames(): Map<string, Set<string>> {
  if (names !== null) return names;
  names = new Map();
  const text = takeText(check(native.fb_registry_names(context), "jit.ops"));
  for (const line of text.split("\n")) {
    const [namespace, name] = line.split("::");
    if (namespace === undefined || name === undefined) continue;
    if (!names.has(namespace)) names.set(namespace, new Set());
    names.get(namespace)!.add(name);
  }
  return names;
}

// What JavaScript and its consoles ask any object for.
const ASKED = new Set(
  ("then toJSON constructor prototype toString valueOf toLocaleString hasOwnProperty inspect length name nodeType " +
    "asymmetricMatch")
    .split(" "),
);

// A Proxy, since the keys are those of a registry that libraries add to, and listing them takes milliseconds
// that a program without jit.ops should not pay.
function lazyRecord<T>(
  keys: () => Iterable<string>,
  make: (key: string) => T | undefined,
  missing: (key: string) => Error,
  label: string,
): Readonly<Record<string, T>> {
  const made = new Map<string, T>();
  const find = (key: string | symbol): T | undefined => {
    if (typeof key !== "string") return undefined;
    const known = made.get(key);
    if (known !== undefined) return known;
    const value = make(key);
    if (value !== undefined) made.set(key, value);
    return value;
  };
  const get = (key: string | symbol): T | undefined => {
    const value = find(key);
    if (value !== undefined || typeof key !== "string") return value;
    if (ASKED.has(key) || !/^[A-Za-z_]\w*$/.test(key)) return undefined;
    // What was listed before may be less than there is now: whoever loads a library need not say so.
    names = null;
    const late = find(key);
    if (late === undefined) throw missing(key);
    return late;
  };
  return new Proxy(Object.create(null), {
    get: (_, key) => key === Symbol.toStringTag ? label : get(key),
    has: (_, key) => find(key) !== undefined,
    ownKeys: () => [...keys()],
    getOwnPropertyDescriptor: (_, key) => {
      const value = find(key);
      return value === undefined ? undefined : { value, enumerable: true, configurable: true };
    },
    set: () => false,
    defineProperty: () => false,
    deleteProperty: () => false,
  });
}

/** The error of an op or a namespace that there is not. */
function notRegistered(label: string, what: string, near: string[]): TorchError {
  const hint = near.length === 0
    ? "jit.loadLibrary opens a library that registers ops of its own"
    : `did you mean ${near.join(" or ")}?`;
  return new TorchError(`${label}: ${what}: ${hint}`, { op: label, kind: "notImplemented" });
}

function namespaceOf(namespace: string): OpNamespace | undefined {
  if (!registeredNames().has(namespace)) return undefined;
  const known = (): Set<string> => registeredNames().get(namespace) ?? new Set();
  return lazyRecord(
    known,
    (name) => known().has(name) ? new RegisteredOp(`${namespace}::${name}`) : undefined,
    (name) =>
      notRegistered(
        `jit.ops.${namespace}.${name}`,
        `no op named ${namespace}::${name} is registered`,
        nearNames(name, known()),
      ),
    `jit.ops.${namespace}`,
  );
}

/**
 * Every registered op: `jit.ops.aten.matmul(a, b)`. `Object.keys(jit.ops)` lists the namespaces, `Object.keys(jit.ops.aten)` the
 * ops, `jit.ops.aten.matmul.schemas` the overloads. The first overload, in the order of registration, that takes the arguments
 * is called, with its defaults; keywords go in a trailing `jit.kwargs({ … })`. A dtype is given by name. To read an op that is not
 * registered is a {@linkcode TorchError}, so ask with `in`: `"matmul" in jit.ops.aten`.
 *
 * @example
 * ```ts
 * import * as torch from "flambeau";
 * import { assertEquals } from "@std/assert";
 *
 * const { ops, kwargs } = torch.jit;
 * const x = torch.tensor([[1, 2], [3, 4]]);
 * assertEquals(ops.aten!.sum!(x).item(), 10);
 * assertEquals(ops.aten!.sum!(x, [1], kwargs({ keepdim: true })).toArray(), [[3], [7]]);
 * assertEquals(ops.aten!.add!("a", "b"), "ab");
 * assertEquals(ops.aten!.relu!.schemas[0], "aten::relu(Tensor self) -> Tensor");
 * ```
 */
export const ops: { readonly [namespace: string]: OpNamespace } = lazyRecord(
  () => registeredNames().keys(),
  namespaceOf,
  (namespace) =>
    notRegistered(
      `jit.ops.${namespace}`,
      `no op of a namespace ${namespace} is registered`,
      nearNames(namespace, registeredNames().keys()),
    ),
  "jit.ops",
);

/**
 * Opens a library that registers ops with LibTorch (`TORCH_LIBRARY`), for `jit.ops` and for models that use them. Needs Deno's
 * permission to open native code.
 *
 * @param path The library's path, or a file URL.
 * @throws {TorchError} If it cannot be opened.
 */
export function loadLibrary(path: string | URL): void {
  // A name without a folder would be looked for in the system's folders, where no permission was asked for.
  const name = resolve(pathOf(path, "jit.loadLibrary"));
  requireNativeCode(name, "jit.loadLibrary");
  const bytes = encode(name);
  check(native.fb_load_library(bytes, bytes.length), "jit.loadLibrary");
  names = null;
}
