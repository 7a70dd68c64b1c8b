/**
 * Instances of TorchScript classes.
 *
 * @module
 */

import { check, checkHandle, context, encode, native, scratch } from "../../ffi/mod.ts";
import { showAsText } from "../inspect.ts";
import { takeValue } from "./decode.ts";
import { plainOf, putPlain } from "./encode.ts";
import { bindScriptHandle, NativeHandle, ownedHandle } from "./handle.ts";
import { ScriptFunction } from "./script_function.ts";
import { rewind } from "./words.ts";

// What fb_object_list gives, by number.
/** Parameters, by name. */
export const PARAMETERS = 0;
/** Buffers, by name. */
export const BUFFERS = 1;
/** Submodules, by name. */
export const CHILDREN = 2;
/** Attributes that are none of these, by name. */
export const ATTRIBUTES = 3;
/** The names of methods. */
export const METHODS = 4;
/** The name of the class. */
export const CLASS = 5;
/** Parameters and buffers by name, module by module. */
export const STATE = 6;

/** What an object has of one kind, as native code lists it. */
export function listOf(handle: number, what: number, deep: boolean): unknown {
  scratch.receive(check(native.fb_object_list(handle, context, what, deep), "jit"));
  rewind();
  return takeValue();
}

/** A method of an object, as a function of its own. */
export function methodOf(handle: number, name: string): ScriptFunction {
  const bytes = encode(name);
  const callable = checkHandle(native.fb_object_method(handle, bytes, bytes.length), "method");
  return new ScriptFunction(new NativeHandle("callable", callable));
}

/** The value of an attribute or constant. */
export function attributeOf(handle: number, name: string): unknown {
  const bytes = encode(name);
  scratch.receive(check(native.fb_object_get(handle, context, bytes, bytes.length), "attribute"));
  rewind();
  return takeValue();
}

/** Sets an attribute, converted to its type. */
export function setAttributeOf(handle: number, name: string, value: unknown): void {
  const plain = plainOf(value, `attribute '${name}'`);
  const bytes = encode(name);
  rewind();
  putPlain(plain, "attribute", name);
  check(native.fb_object_set(handle, context, bytes, bytes.length), "attribute");
}

/** An instance of a class that a TorchScript program defines: methods and attributes are properties. */
export class ScriptObject {
  readonly #handle: NativeHandle;
  /** The class's name. */
  readonly typeName: string;

  /** Takes over a native handle: calls that return one do that. */
  constructor(handle: NativeHandle, typeName: string) {
    this.#handle = ownedHandle(handle, "ScriptObject");
    this.typeName = typeName;
    bindScriptHandle(this, this.#handle);
    defineMembers(this, () => this.#native("attribute"));
  }

  #native(op: string): number {
    return this.#handle.get(op, "self", "script object");
  }

  /** The names of its methods. */
  get methods(): string[] {
    return listOf(this.#native("methods"), METHODS, false) as string[];
  }

  /** One of its methods. */
  method(name: string): ScriptFunction {
    return methodOf(this.#native("method"), name);
  }

  /** Frees the native object; harmless when called again. */
  dispose(): void {
    this.#handle.dispose();
  }

  /** {@linkcode dispose}, for `using`. */
  [Symbol.dispose](): void {
    this.dispose();
  }

  /** `ScriptObject(Type)`. */
  toString(): string {
    return `ScriptObject(${this.typeName})`;
  }
}

showAsText(ScriptObject);

/** Gives an object a property for each attribute and method of its script class, beside the members it has. */
export function defineMembers(target: object, handle: () => number): void {
  const attributes = [PARAMETERS, BUFFERS, ATTRIBUTES].flatMap((kind) =>
    namesOf(listOf(handle(), kind, false) as object)
  );
  for (const name of attributes) {
    define(target, name, {
      get: () => attributeOf(handle(), name),
      set: (value: unknown) => setAttributeOf(handle(), name, value),
    });
  }
  for (const name of listOf(handle(), METHODS, false) as string[]) {
    let method: ScriptFunction | undefined;
    define(target, name, {
      get: () => {
        // A member of what was disposed is no more, though a function that was taken from it before lives on.
        const owner = handle();
        return method ??= methodOf(owner, name);
      },
    });
  }
}

/** The names in a list whose values were made for nothing else: they are freed. */
export function namesOf(values: object): string[] {
  for (const value of Object.values(values)) {
    (value as Partial<Disposable> | null)?.[Symbol.dispose]?.();
  }
  return Object.keys(values);
}

function define(target: object, name: string, property: PropertyDescriptor): void {
  if (name in target) return;
  Object.defineProperty(target, name, { ...property, enumerable: false, configurable: true });
}
