/**
 * Tracing: a function runs once, and LibTorch notes what it does to tensors.
 *
 * Begin, the user's own function, end: no native frame lies under it, so its exceptions are ordinary ones.
 *
 * @module
 */

import {
  check,
  checkHandle,
  context,
  encode,
  native,
  scratch,
  takeText,
  TorchError,
} from "../../ffi/mod.ts";
import { currentTransform } from "../autograd/_transforms.ts";
import { setTracedModules } from "../nn/trace_scope.ts";
import { setBeforeTracedRun } from "../tensor/call.ts";
import { describe, isTensor } from "../tensor/tensor.ts";
import { beginWarnings, endWarnings } from "../tensor/trace_guard.ts";
import { takeValue } from "./decode.ts";
import { disposeDeep } from "./dispose.ts";
import { plainOf, putPlain } from "./encode.ts";
import { NativeHandle } from "./handle.ts";
import { putNames, ScriptFunction } from "./script_function.ts";
import { Tag } from "./tags.ts";
import { tracedInputs } from "./trace_inputs.ts";
import { notePlace } from "./trace_place.ts";
import { put, rewind } from "./words.ts";

// deno-lint-ignore no-explicit-any -- a function of any arguments
export type AnyFunction = (...args: any[]) => unknown;

/** What one pass of the tracer needs. */
export interface Pass {
  /** Runs once, with the traced inputs. */
  run: AnyFunction;
  /** Example inputs, one an argument. */
  inputs: readonly unknown[];
  /** The script module that gets the method, and the paths of the modules below it. */
  self?: { handle: NativeHandle; paths: Map<object, string> };
  /** The name of the function or method. */
  name: string;
  /** The arguments' names. */
  argumentNames: readonly string[];
  /** Whether a list or dict as output is refused by LibTorch. */
  strict: boolean;
  /** Whether nodes note where the user's code made them; default `true`. */
  places?: boolean;
}

/** Refuses what is not a list of example inputs; a lone tensor stands for a list of one. */
export function asInputs(
  value: unknown,
  op: string,
  argument = "exampleInputs",
): readonly unknown[] {
  if (Array.isArray(value)) return value;
  if (isTensor(value)) return [value];
  throw new TypeError(
    `${op}(): argument '${argument}' must be an array with one entry an argument, but got ${
      describe(value)
    }`,
  );
}

/** Refuses to begin while a trace is under way, before anything is done that it would note. */
export function refuseNested(op: string): void {
  if (currentTransform() !== null) {
    throw new TorchError(
      `${op}(): a torch.func transform is under way, whose tensors have no memory of their own: trace the function ` +
        "outside of it. A transform may be a part of what is traced, and call what was traced",
      { op },
    );
  }
  if (native.fb_is_tracing() === 0) return;
  throw new TorchError(`${op}(): tracing can't be nested: a trace is under way on this thread`, {
    op,
  });
}

/** Runs the tracer once. Whatever happens, tracing has ended when this returns or throws. */
export function tracePass(pass: Pass): ScriptFunction {
  const made = beginTrace(pass);
  beginWarnings();
  setTracedModules(pass.self?.paths ?? null);
  if (pass.places !== false) setBeforeTracedRun(notePlace);
  let ended = false;
  try {
    const output = refuseNoOutput(pass.run(...tracedInputs(pass.inputs, made)));
    ended = true;
    return endTrace(output, pass.name);
  } finally {
    if (!ended) native.fb_trace_abort();
    endWarnings();
    setBeforeTracedRun(null);
    setTracedModules(null);
    disposeDeep(made);
  }
}

function beginTrace(pass: Pass): unknown[] {
  const plain = pass.inputs.map((input, i) => plainOf(input, `jit.trace(): example input ${i}`));
  rewind();
  put(Tag.array);
  put(plain.length);
  plain.forEach((value, i) => putPlain(value, "jit.trace", `exampleInputs[${i}]`));
  putNames(pass.argumentNames);
  const self = pass.self?.handle.get("jit.trace", "module", "script module") ?? 0;
  scratch.receive(check(native.fb_trace_begin(context, self, pass.strict), "jit.trace"));
  rewind();
  return takeValue() as unknown[];
}

function endTrace(output: unknown, name: string): ScriptFunction {
  try {
    const plain = plainOf(output, "jit.trace(): the output");
    rewind();
    putPlain(plain, "jit.trace", "output");
  } catch (error) {
    native.fb_trace_abort();
    throw error;
  }
  const bytes = encode(name);
  const handle = checkHandle(native.fb_trace_end(context, bytes, bytes.length), "jit.trace");
  showWarnings();
  return new ScriptFunction(new NativeHandle("callable", handle));
}

function showWarnings(): void {
  for (const line of takeText(native.fb_trace_warnings(context)).split("\n")) {
    // The advice is for Python; ours has another form.
    const text = line.replace("strict=False to trace()", "{ strict: false }");
    if (text !== "") console.warn(`TracerWarning: ${text}`);
  }
}

function refuseNoOutput(output: unknown): unknown {
  if (output === undefined) {
    throw new TypeError(
      "jit.trace(): the function returned nothing, but a trace is of what it returns: is a return missing?",
    );
  }
  if (!(output instanceof Promise)) return output;
  // Its rejection, if any, is the user's: this error says what to mend first.
  output.catch(() => {});
  throw new TypeError(
    "jit.trace(): the function is async, but a trace belongs to one thread and must end before anything else runs: " +
      "trace the synchronous part",
  );
}

/**
 * The names of a function's parameters, where all are plain: they become the names of the script's
 * arguments. Read from its text, which both runtimes keep as it was but for types.
 */
export function argumentNamesOf(fn: AnyFunction): string[] {
  const text = Function.prototype.toString.call(fn);
  const list = /^(?:async\s*)?(?:function\b\s*\*?\s*)?[\w$]*\s*\(([^()]*)\)/.exec(text)?.[1] ??
    /^([\w$]+)\s*=>/.exec(text)?.[1];
  if (list === undefined) return [];
  const names = list.split(",").map((name) => name.trim()).filter((name) => name !== "");
  // A name that Python keeps for itself would make source that does not parse.
  return names.every((name) => /^[A-Za-z_]\w*$/.test(name) && !reserved.has(name)) ? names : [];
}

/** Names that no function or argument of a script can have. */
export const reserved: ReadonlySet<string> = new Set(
  ("False None True and as assert async await break class continue def del elif else except finally for from " +
    "global if import in is lambda nonlocal not or pass raise return try while with yield self " +
    // And those that TorchScript's own printing calls: an argument of the name would stand before them in a saved file.
    "torch ops annotate int float bool str complex list dict tuple len range getattr hasattr isinstance " +
    "uninitialized unchecked_cast CONSTANTS inf nan")
    .split(" "),
);
