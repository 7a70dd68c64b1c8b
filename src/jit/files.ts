/**
 * Saving and loading.
 *
 * @module
 */

import { context, native, scratch } from "../../ffi/mod.ts";
import { startJob } from "../jobs/mod.ts";
import { Module } from "../nn/module.ts";
import { deviceCode } from "../tensor/device.ts";
import { describe } from "../tensor/tensor.ts";
import { type ExtraFiles, fillExtraFiles, putExtraFiles, writeArchiveAsync } from "./archive.ts";
import { takeValue } from "./decode.ts";
import { NativeHandle, scriptHandleOf } from "./handle.ts";
import {
  functionHandle,
  putNames,
  type SaveOptions,
  ScriptFunction,
  type SerializeOptions,
} from "./script_function.ts";
import { type LoadedModule, ScriptModule, scriptModule } from "./script_module.ts";
import { withOpened, withOpenedAsync } from "./security/opened.ts";
import { allowed, allowsAll, requireAllowed } from "./security/policy.ts";
import { rewind, seek, take } from "./words.ts";

/** Options of {@linkcode load}. */
export interface LoadOptions {
  /** Where the tensors go; default: where they were when the file was made. */
  device?: string;
  /**
   * Its keys name extra files of the archive; their texts are put in as its values, `""` for one that is not there. Where a value
   * is a `Uint8Array` before, it becomes the bytes.
   */
  extraFiles?: ExtraFiles;
  /**
   * Whether each record is held against its checksum before LibTorch gets it, so that a damaged file is refused; default `true`.
   */
  verify?: boolean;
  /**
   * Ops that the program may call although they reach outside of it: `"aten::from_file"`, `"mylib::*"` for a namespace, `"*"` for
   * all, which also leaves the program unread before it is loaded; default none. `docs/security.md` has the table.
   */
  allow?: readonly string[];
}

function asScript(script: unknown, op: string): ScriptFunction | ScriptModule {
  if (script instanceof ScriptFunction || script instanceof ScriptModule) return script;
  throw new TypeError(
    `${op}(): argument 'script' must be a ScriptFunction or a ScriptModule, but got ${
      script instanceof Module ? "a Module" : describe(script)
    }: ` +
      "trace a function or module first",
  );
}

function checkedSave(options: SaveOptions, op: string): SaveOptions {
  const unknown = Object.keys(options).find((name) => name !== "extraFiles" && name !== "mobile");
  if (unknown === undefined) return options;
  throw new TypeError(`${op}(): unknown option '${unknown}': known is extraFiles`);
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
  asScript(script, "jit.save").save(path, checkedSave(options, "jit.save"));
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
  const op = "jit.saveForMobile";
  asScript(script, op).save(path, { ...checkedSave(options, op), mobile: true });
}

/** What {@linkcode save} writes, as bytes. */
export function serialize(
  script: ScriptFunction | ScriptModule,
  options: SaveOptions = {},
): Uint8Array<ArrayBuffer> {
  return asScript(script, "jit.serialize").serialize(checkedSave(options, "jit.serialize"));
}

/**
 * Loads a TorchScript program, whatever made it: PyTorch, C++, or this library. A program is looked through before anything of it
 * runs: a damaged file, one that would have LibTorch read past an end, and a program that can reach files, processes or the
 * network are refused.
 *
 * @param source A path, a file URL, or the bytes.
 * @throws {TorchError} If the file cannot be read, is not TorchScript, is damaged, or calls what `allow` does not allow.
 *
 * @example
 * ```ts
 * import * as torch from "flambeau";
 * import { assertEquals, assertThrows } from "@std/assert";
 *
 * const bytes = torch.jit.serialize(torch.jit.trace((x: torch.Tensor) => x.add(1), [torch.zeros([2])]));
 * assertEquals(torch.jit.load(bytes)(torch.tensor([1, 2.5])).toArray(), [2, 3.5]);
 * assertThrows(() => torch.jit.load(bytes.subarray(0, 1000)), torch.TorchError, "cut off");
 * ```
 */
export function load(
  source: string | URL | Uint8Array | ArrayBuffer,
  options: LoadOptions = {},
): LoadedModule {
  if (source instanceof ArrayBuffer) return load(new Uint8Array(source), options);
  const { device, extraFiles, verify, allow } = checkedOptions(options);
  const names = Object.keys(extraFiles ?? {});
  return withOpened(source, "jit.load", (opened) => {
    if (!allowsAll(allow)) requireAllowed(opened.ops(verify), allow, "jit.load");
    rewind();
    putNames(names);
    const count = opened.load(device, verify);
    scratch.receive(count);
    seek(count - 1);
    const module = new NativeHandle("object", take());
    rewind();
    fillExtraFiles(extraFiles, takeValue());
    return scriptModule(module);
  });
}

interface Checked {
  device: number;
  extraFiles: ExtraFiles | undefined;
  verify: boolean;
  allow: ReturnType<typeof allowed>;
}

const known = ["device", "extraFiles", "verify", "allow"];

function checkedOptions(options: LoadOptions): Checked {
  const unknown = Object.keys(options).find((name) => !known.includes(name));
  if (unknown !== undefined) {
    throw new TypeError(`jit.load(): unknown option '${unknown}': known are ${known.join(", ")}`);
  }
  const { device, extraFiles, verify = true } = options;
  if (typeof verify !== "boolean") {
    throw new TypeError(
      `jit.load(): option 'verify' must be a boolean, but got ${describe(verify)}`,
    );
  }
  return {
    device: device === undefined ? -1 : deviceCode(device, "jit.load", "device"),
    extraFiles,
    verify,
    allow: allowed(options.allow, "jit.load"),
  };
}

/**
 * {@linkcode load}, on another thread: the event loop stays free while a large file is read, checked and compiled. Bytes are
 * copied first, since they could change meanwhile.
 *
 * @example
 * ```ts
 * import * as torch from "flambeau";
 * import { assertEquals } from "@std/assert";
 * import { tmpdir } from "node:os";
 * import { join } from "node:path";
 *
 * const path = join(tmpdir(), "flambeau-async.pt");
 * const traced = torch.jit.trace((x: torch.Tensor) => x.add(1), [torch.zeros([2])]);
 * await torch.jit.saveAsync(traced, path);
 * const model = await torch.jit.loadAsync(path);
 * assertEquals((await model.runAsync(torch.tensor([1, 2.5]))).toArray(), [2, 3.5]);
 * ```
 */
export async function loadAsync(
  source: string | URL | Uint8Array | ArrayBuffer,
  options: LoadOptions = {},
): Promise<LoadedModule> {
  if (source instanceof ArrayBuffer) return await loadAsync(new Uint8Array(source), options);
  const { device, extraFiles, verify, allow } = checkedOptions(options);
  return await withOpenedAsync(source, "jit.load", async (opened) => {
    if (!allowsAll(allow)) requireAllowed(await opened.opsAsync(verify), allow, "jit.load");
    const names = Object.keys(extraFiles ?? {});
    const [files, module] = await opened.loadAsync(names, device, verify);
    fillExtraFiles(extraFiles, files);
    return module as LoadedModule;
  });
}

/** {@linkcode save}, on another thread. What the program's tensors hold while it runs is saved. */
export async function saveAsync(
  script: ScriptFunction | ScriptModule,
  path: string | URL,
  options: SerializeOptions = {},
): Promise<void> {
  const op = "jit.save";
  const callable = asScript(script, op) instanceof ScriptFunction;
  await writeArchiveAsync(path, op, (file) =>
    startJob({
      name: op,
      settings: {},
      write: () => putExtraFiles(options.extraFiles, op),
      submit: () => {
        const handle = callable
          ? functionHandle(script as ScriptFunction, op)
          : scriptHandleOf(script, op, "script");
        const mobile = options.mobile === true;
        return native.fb_job_save(handle, context, callable, mobile, file, file.length);
      },
      take: () => {},
    }));
}

/** Loads a TorchScript program from bytes, as {@linkcode load} does. */
export function deserialize(
  bytes: Uint8Array | ArrayBuffer,
  options: LoadOptions = {},
): LoadedModule {
  if (!(bytes instanceof Uint8Array || bytes instanceof ArrayBuffer)) {
    throw new TypeError(
      `jit.load(): argument 'bytes' must be a Uint8Array, but got ${describe(bytes)}`,
    );
  }
  return load(bytes, options);
}
