/**
 * Saving and loading.
 *
 * @module
 */

import { context, encode, native, nativeError, scratch, TorchError } from "../../ffi/mod.ts";
import { deviceCode } from "../tensor/device.ts";
import { describe } from "../tensor/tensor.ts";
import { byteLengthOf, copyOf, isFixed } from "../tensor/typed_array.ts";
import { openArchive } from "./archive.ts";
import { takeValue } from "./decode.ts";
import { NativeHandle } from "./handle.ts";
import { putNames, type SaveOptions, ScriptFunction } from "./script_function.ts";
import { type LoadedModule, ScriptModule, scriptModule } from "./script_module.ts";
import { rewind, seek, take } from "./words.ts";

/** Options of {@linkcode load}. */
export interface LoadOptions {
  /** Where the tensors go; default: where they were when the file was made. */
  device?: string;
  /** Its keys name extra files of the archive; their texts are put in as its values, `""` for one that is not there. */
  extraFiles?: Record<string, string>;
}

function asScript(script: unknown, op: string): ScriptFunction | ScriptModule {
  if (script instanceof ScriptFunction || script instanceof ScriptModule) return script;
  throw new TypeError(
    `${op}(): argument 'script' must be a ScriptFunction or a ScriptModule, but got ${
      describe(script)
    }: ` +
      "trace a function or module first",
  );
}

/**
 * Saves a script function or module. The file loads in Python (`torch.jit.load`), in C++, and here.
 *
 * @example
 * ```ts
 * import * as torch from "flambeau";
 * import { assertEquals } from "@std/assert";
 * import { tmpdir } from "node:os";
 * import { join } from "node:path";
 *
 * const path = join(tmpdir(), "flambeau-example.pt");
 * torch.jit.save(torch.jit.trace((x: torch.Tensor) => x.add(1), [torch.zeros([2])]), path);
 * assertEquals(torch.jit.load(path)(torch.tensor([1, 2.5])).toArray(), [2, 3.5]);
 * ```
 */
export function save(
  script: ScriptFunction | ScriptModule,
  path: string | URL,
  options: SaveOptions = {},
): void {
  asScript(script, "jit.save").save(path, options);
}

/**
 * Saves a script function or module with bytecode for PyTorch's mobile runtime beside the source: the lite interpreter runs the
 * file, and {@linkcode load} does too.
 */
export function saveForMobile(
  script: ScriptFunction | ScriptModule,
  path: string | URL,
  options: SaveOptions = {},
): void {
  asScript(script, "jit.saveForMobile").save(path, { ...options, mobile: true });
}

/** What {@linkcode save} writes, as bytes. */
export function serialize(
  script: ScriptFunction | ScriptModule,
  options: SaveOptions = {},
): Uint8Array<ArrayBuffer> {
  return asScript(script, "jit.serialize").serialize(options);
}

/**
 * Loads a TorchScript program, whatever made it: PyTorch, C++, or this library.
 *
 * @param source A path, a file URL, or the bytes.
 * @throws {TorchError} If the file cannot be read, or is not TorchScript.
 */
export function load(source: string | URL | Uint8Array, options: LoadOptions = {}): LoadedModule {
  if (source instanceof Uint8Array) return deserialize(source, options);
  const file = openArchive(source);
  try {
    checkArchive(file.head, file.size);
    const path = encode(file.path);
    return loadWith(options, (device) => native.fb_load_file(context, path, path.length, device));
  } catch (error) {
    if (!(error instanceof TorchError)) throw error;
    throw new TorchError(`${error.message} (in ${String(source)})`, {
      op: error.op,
      kind: error.kind,
      cause: error,
    });
  }
}

/** Loads a TorchScript program from bytes. */
export function deserialize(bytes: Uint8Array, options: LoadOptions = {}): LoadedModule {
  if (!(bytes instanceof Uint8Array)) {
    throw new TypeError(
      `jit.load(): argument 'bytes' must be a Uint8Array, but got ${describe(bytes)}`,
    );
  }
  checkArchive(bytes, bytes.length);
  const stable = isFixed(bytes) ? bytes : copyOf(bytes);
  return loadWith(
    options,
    (device) => native.fb_load(context, stable, byteLengthOf(stable), device),
  );
}

function loadWith(options: LoadOptions, run: (device: number) => number): LoadedModule {
  const { device, extraFiles } = options;
  const deviceNumber = device === undefined ? -1 : deviceCode(device, "jit.load", "device");
  rewind();
  putNames(Object.keys(extraFiles ?? {}));
  const count = run(deviceNumber);
  if (count < 0) throw loadFailure(nativeError("jit.load"));
  scratch.receive(count);
  seek(count - 1);
  const module = new NativeHandle("object", take());
  rewind();
  const files = takeValue();
  if (extraFiles !== undefined) Object.assign(extraFiles, files);
  return scriptModule(module);
}

// What LibTorch finds wrong in an archive is the file's fault, whatever kind of exception it throws.
function loadFailure(error: TorchError): TorchError {
  const unknown = /Unknown builtin op: ([\w:]+)/.exec(error.message)?.[1];
  if (unknown !== undefined && !unknown.startsWith("aten::")) {
    const [namespace] = unknown.split("::");
    return new TorchError(
      `jit.load(): the program uses the op ${unknown}, which no library that is loaded registers: open the library ` +
        `of the ops '${namespace}' with jit.loadLibrary() first`,
      { op: error.op, kind: error.kind, cause: error },
    );
  }
  if (error.kind !== "value" && error.kind !== "internal") return error;
  return new TorchError(error.message, { op: error.op, kind: "serialization", cause: error });
}

// LibTorch's own words for this speak of its reader's internals.
function checkArchive(head: Uint8Array, size: number): void {
  const isZip = size >= 22 && head[0] === 0x50 && head[1] === 0x4b;
  if (isZip) return;
  throw new TorchError(
    `jit.load(): this is no TorchScript file: a zip archive was expected, but the ${size} bytes ${
      size < 22 ? "are too few for one" : "do not begin like one"
    }`,
    { op: "jit.load", kind: "serialization" },
  );
}
