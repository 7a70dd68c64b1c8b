/**
 * A script module with the tree, names and very tensors of a module: what tracing fills with methods.
 *
 * @module
 */

import { check, checkHandle, encode, native } from "../../ffi/mod.ts";
import type { AnyModule } from "../nn/module.ts";
import { Parameter } from "../nn/parameter.ts";
import { handleOf } from "../tensor/tensor.ts";
import { context } from "../../ffi/mod.ts";
import { plainOf, putPlain } from "./encode.ts";
import { NativeHandle } from "./handle.ts";
import { isWritable, requireWritable } from "./member_names.ts";
import { moduleHandle, ScriptModule } from "./script_module.ts";
import { Tag } from "./tags.ts";
import { put, rewind } from "./words.ts";

/** A mirror, and the path of each module below it, as the tracer names them. */
export interface Mirror {
  handle: NativeHandle;
  paths: Map<object, string>;
}

/** Mirrors a module and all below it, in a compilation unit of its own. */
export function mirror(module: AnyModule): Mirror {
  const made = new Map<AnyModule, NativeHandle>();
  const paths = new Map<object, string>();
  try {
    const handle = build(module, 0, "__module", made, paths);
    paths.delete(module);
    made.delete(module);
    return { handle, paths };
  } finally {
    // The root holds the others.
    for (const handle of made.values()) handle.dispose();
  }
}

function build(
  module: AnyModule,
  parent: number,
  path: string,
  made: Map<AnyModule, NativeHandle>,
  paths: Map<object, string>,
): NativeHandle {
  const name = encode(className(module));
  const handle = checkHandle(native.fb_module_new(parent, name, name.length), "jit.trace");
  const owned = new NativeHandle("object", handle);
  made.set(module, owned);
  paths.set(module, path);
  addTraining(handle, module.training);
  const members = new Set<string>(["training"]);
  for (const [key, tensor] of module.ownTensors()) {
    members.add(key);
    requireWritable(key, "jit.trace");
    const bytes = encode(key);
    const given = tensor === null ? 0 : handleOf(tensor, "jit.trace", `${path}.${key}`);
    const isParameter = tensor instanceof Parameter;
    check(
      native.fb_module_add_tensor(handle, bytes, bytes.length, given, isParameter),
      "jit.trace",
    );
  }
  for (const [key, child] of module.namedChildren()) {
    members.add(key);
    requireWritable(key, "jit.trace");
    addChild(handle, key, child, `${path}.${key}`, made, paths);
  }
  addConstants(handle, module, members);
  return owned;
}

// What a module's other fields hold is fixed in a trace; the plain ones can be read from it as constants.
function addConstants(handle: number, module: AnyModule, members: ReadonlySet<string>): void {
  for (const [key, descriptor] of Object.entries(Object.getOwnPropertyDescriptors(module))) {
    const { value, enumerable } = descriptor;
    if (!enumerable || members.has(key) || !/^[A-Za-z]\w*$/.test(key) || !isWritable(key)) continue;
    if (!isConstant(value)) continue;
    const name = encode(key);
    const plain = plainOf(value, `field '${key}'`);
    rewind();
    putPlain(plain, "jit.trace", key);
    check(native.fb_module_add_constant(handle, context, name, name.length), "jit.trace");
  }
}

function isConstant(value: unknown): boolean {
  if (Array.isArray(value)) {
    return value.length > 0 &&
      value.every((one) => isSingle(one) && typeof one === typeof value[0]);
  }
  return isSingle(value);
}

function isSingle(value: unknown): boolean {
  if (typeof value === "bigint") return BigInt.asIntN(64, value) === value;
  // LibTorch writes a whole float of that size like an int, which it then refuses to read.
  if (Number.isInteger(value)) return Number.isSafeInteger(value);
  return ["number", "boolean", "string"].includes(typeof value);
}

function addChild(
  handle: number,
  key: string,
  child: AnyModule,
  path: string,
  made: Map<AnyModule, NativeHandle>,
  paths: Map<object, string>,
): void {
  const bytes = encode(key);
  const native_ = child instanceof ScriptModule
    ? moduleHandle(child, "jit.trace", path)
    : (made.get(child) ?? build(child, handle, path, made, paths)).get(
      "jit.trace",
      path,
      "script module",
    );
  check(native.fb_module_add_module(handle, bytes, bytes.length, native_), "jit.trace");
}

function addTraining(handle: number, training: boolean): void {
  const name = encode("training");
  const type = encode("bool");
  rewind();
  put(Tag.bool);
  put(training ? 1 : 0);
  check(
    native.fb_module_add_attribute(handle, context, name, name.length, type, type.length),
    "jit.trace",
  );
}

/** The class's name as TorchScript can write it. */
function className(module: AnyModule): string {
  const name = module.typeName().replaceAll(/[^A-Za-z0-9_]/g, "_");
  return /^[A-Za-z_]/.test(name) ? name : `Module_${name}`;
}
