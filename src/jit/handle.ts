/**
 * Handles of script objects and callables, with a lifetime.
 *
 * @module
 */

import { DisposedError, type HandleKind, native, releaseForgotten } from "../../ffi/mod.ts";

/** What a script handle points to, which decides how it is released. */
export type ScriptKind = Extract<HandleKind, "object" | "callable" | "unit">;

interface Held {
  readonly kind: ScriptKind;
  readonly handle: number;
}

// A module constant: Bun collects a registry that only a local refers to, with its registrations.
const registry = new FinalizationRegistry<Held>(({ kind, handle }) =>
  releaseForgotten(kind, handle)
);

function release({ kind, handle }: Held): void {
  if (kind === "object") native.fb_object_release(handle);
  else if (kind === "callable") native.fb_callable_release(handle);
  else native.fb_unit_release(handle);
}

/** An owned native handle: released once, by `dispose` or when it is forgotten. */
export class NativeHandle {
  readonly #kind: ScriptKind;
  #handle: number;

  /** Takes over a handle. */
  constructor(kind: ScriptKind, handle: number) {
    this.#kind = kind;
    this.#handle = handle;
    registry.register(this, { kind, handle }, this);
  }

  /** The handle, for a call. */
  get(op: string, argument: string, what: string): number {
    if (this.#handle === 0) {
      throw new DisposedError(`${op}(): argument '${argument}' is a ${what} that was disposed`, {
        op,
        kind: "value",
      });
    }
    return this.#handle;
  }

  /** Whether it was released. */
  get isDisposed(): boolean {
    return this.#handle === 0;
  }

  /** Releases the handle, once. */
  dispose(): void {
    if (this.#handle === 0) return;
    registry.unregister(this);
    release({ kind: this.#kind, handle: this.#handle });
    this.#handle = 0;
  }
}

/** Passes on a handle of this library's; anything else would end the process. */
export function ownedHandle(handle: unknown, what: string): NativeHandle {
  if (handle instanceof NativeHandle) return handle;
  throw new TypeError(
    `${what} objects are not made with new: use jit.trace, jit.load or jit.compile`,
  );
}

/** Something that holds a script object: a ScriptModule or a ScriptObject. */
export type ScriptHandle = object & { readonly __scriptHandle?: never };

const owners = new WeakMap<object, NativeHandle>();

/** Notes which handle an object stands for, so that it can be an argument. */
export function bindScriptHandle(owner: object, handle: NativeHandle): void {
  owners.set(owner, handle);
}

/** Whether a value stands for a script object. */
export function isScriptHandle(value: unknown): value is ScriptHandle {
  return (typeof value === "object" || typeof value === "function") && value !== null &&
    owners.has(value);
}

/** The native handle that a value stands for. */
export function scriptHandleOf(value: ScriptHandle, op: string, argument: string): number {
  return owners.get(value)!.get(op, argument, "script object");
}
