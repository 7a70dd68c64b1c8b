/**
 * Making script modules faster: freezing, passes for inference, and the executor's switches.
 *
 * @module
 */

import { check, checkHandle, context, native, scratch } from "../../ffi/mod.ts";
import { describe } from "../tensor/tensor.ts";
import { NativeHandle } from "./handle.ts";
import { putNames } from "./script_function.ts";
import { type LoadedModule, moduleHandle, ScriptModule, scriptModule } from "./script_module.ts";
import { rewind } from "./words.ts";

/** Options of {@linkcode freeze} and {@linkcode optimizeForInference}. */
export interface FreezeOptions {
  /** Methods and attributes to keep beside `forward`; others go. */
  preserve?: readonly string[];
}

function asModule(module: unknown, op: string): ScriptModule {
  if (module instanceof ScriptModule) return module;
  throw new TypeError(
    `${op}(): argument 'module' must be a ScriptModule, but got ${describe(module)}`,
  );
}

function writePreserved(options: FreezeOptions, op: string): void {
  const unknown = Object.keys(options).find((name) => name !== "preserve");
  if (unknown !== undefined) {
    throw new TypeError(`${op}(): unknown option '${unknown}': known is preserve`);
  }
  const names = Array.from(options.preserve ?? []);
  for (const name of names) {
    if (typeof name === "string") continue;
    throw new TypeError(`${op}(): option 'preserve' must hold names, but got ${describe(name)}`);
  }
  rewind();
  putNames(names);
}

/**
 * A copy of a module in evaluation mode with its parameters and attributes folded into the code as constants: faster, and no
 * longer trainable.
 *
 * @throws {TorchError} If the module is in training mode.
 *
 * @example
 * ```ts
 * import * as torch from "flambeau";
 * import { assertEquals } from "@std/assert";
 *
 * const traced = torch.jit.trace(new torch.nn.Linear(4, 2), [torch.zeros([1, 4])]);
 * const frozen = torch.jit.freeze(traced.eval());
 * assertEquals([...frozen.parameters()].length, 0);
 * assertEquals(frozen(torch.ones([3, 4])).shape, [3, 2]);
 * ```
 */
export function freeze(module: ScriptModule, options: FreezeOptions = {}): LoadedModule {
  const op = "jit.freeze";
  const handle = moduleHandle(asModule(module, op), op, "module");
  writePreserved(options, op);
  return scriptModule(
    new NativeHandle("object", checkHandle(native.fb_module_freeze(handle, context), op)),
  );
}

/**
 * {@linkcode freeze}, and then LibTorch's passes for inference: convolutions with their batch norms folded, weights in the layout
 * that the CPU's kernels like best; the weights of LSTMs once, where LibTorch by itself brings them into that layout at every call.
 * The result is for this machine: what holds convolutions in oneDNN's layout cannot be saved.
 *
 * @throws {TorchError} If the module is in training mode.
 *
 * @example
 * ```ts
 * import * as torch from "flambeau";
 * import { assertEquals } from "@std/assert";
 *
 * const traced = torch.jit.trace(new torch.nn.Linear(4, 2), [torch.zeros([1, 4])]);
 * const fast = torch.jit.optimizeForInference(traced.eval());
 * assertEquals(fast(torch.ones([3, 4])).shape, [3, 2]);
 * ```
 */
export function optimizeForInference(
  module: ScriptModule,
  options: FreezeOptions = {},
): LoadedModule {
  const op = "jit.optimizeForInference";
  const handle = moduleHandle(asModule(module, op), op, "module");
  writePreserved(options, op);
  return scriptModule(
    new NativeHandle("object", checkHandle(native.fb_module_optimize(handle, context), op)),
  );
}

function flip(what: number, on: boolean | undefined, op: string): boolean {
  if (on !== undefined && typeof on !== "boolean") {
    throw new TypeError(`${op}(): argument 'on' must be a boolean, but got ${describe(on)}`);
  }
  return check(native.fb_executor_switch(what, on === undefined ? -1 : on ? 1 : 0), op) === 1;
}

/** Whether the executor watches a script's first runs to specialise it; given a boolean, sets that. Returns what it was. */
export function profilingMode(on?: boolean): boolean {
  return flip(0, on, "jit.profilingMode");
}

/** Whether the executor optimizes graphs at all; given a boolean, sets that, for this thread. Returns what it was. */
export function optimizedExecution(on?: boolean): boolean {
  return flip(1, on, "jit.optimizedExecution");
}

/**
 * Has the executor hand what oneDNN can run as a whole (convolutions and matrix products with what follows them, attention)
 * to oneDNN's graph compiler, or stop doing so, in the whole process: PyTorch's `torch.jit.enable_onednn_fusion`.
 *
 * It is for inference with {@linkcode freeze | frozen} models, in `noGrad`, and takes part when a model is optimized: switch it on
 * before {@linkcode ScriptFunction.warmUp}. Kernels are made for the very shapes that come while warming up; others run
 * unfused, and so does what is trained. Off by default.
 *
 * Programs are not given to it whose kernels it gets wrong, in PyTorch too: those that take an argument twice, those that add
 * or multiply a row to more dimensions, those that take a tensor without dimensions, and `layer_norm` without weights.
 *
 * @throws {TorchError} If LibTorch was built without oneDNN.
 *
 * @example
 * ```ts
 * import * as torch from "flambeau";
 * import { assertEquals } from "@std/assert";
 *
 * const { jit, nn } = torch;
 * const traced = jit.trace(new nn.Sequential(new nn.Conv2d(3, 8, 3), new nn.ReLU()), [torch.ones([1, 3, 9, 9])]);
 * const frozen = jit.freeze(traced.eval());
 * jit.enableOnednnFusion(true);
 * torch.noGrad(() => frozen.warmUp(torch.ones([1, 3, 9, 9])));
 * jit.enableOnednnFusion(false);
 * assertEquals(torch.noGrad(() => frozen(torch.ones([1, 3, 9, 9]))).shape, [1, 8, 7, 7]);
 * ```
 */
export function enableOnednnFusion(enabled: boolean): void {
  const op = "jit.enableOnednnFusion";
  if (typeof enabled !== "boolean") {
    throw new TypeError(
      `${op}(): argument 'enabled' must be a boolean, but got ${describe(enabled)}`,
    );
  }
  flip(2, enabled, op);
}

/** Whether {@linkcode enableOnednnFusion} switched it on: PyTorch's `torch.jit.onednn_fusion_enabled`. */
export function onednnFusionEnabled(): boolean {
  return flip(2, undefined, "jit.onednnFusionEnabled");
}

/** How often a graph is compiled anew for static shapes, then for dynamic ones: PyTorch's `torch.jit.set_fusion_strategy`. */
export type FusionStrategy = readonly (readonly [
  "static" | "dynamic" | "STATIC" | "DYNAMIC",
  number,
])[];

/** Sets the {@linkcode FusionStrategy}; returns what it was. */
export function setFusionStrategy(strategy: FusionStrategy): [("static" | "dynamic"), number][] {
  const plain = Array.from(strategy, ([name, depth]) => {
    const kind = typeof name === "string" ? name.toLowerCase() : name;
    if ((kind !== "static" && kind !== "dynamic") || !Number.isSafeInteger(depth) || depth < 0) {
      throw new TypeError(
        `jit.setFusionStrategy(): each entry must be ["static" or "dynamic", a count], but got [${
          describe(name)
        }, ${describe(depth)}]`,
      );
    }
    return [kind, depth] as const;
  });
  const { words } = scratch;
  let at = 0;
  words[at++] = plain.length;
  for (const [kind, depth] of plain) {
    words[at++] = kind === "static" ? 0 : 1;
    words[at++] = depth;
  }
  check(native.fb_fusion_strategy(context), "jit.setFusionStrategy");
  return Array.from({ length: scratch.words[0]! }, (_, i) => [
    scratch.words[1 + 2 * i] === 0 ? "static" : "dynamic",
    scratch.words[2 + 2 * i]!,
  ]);
}
