/**
 * `jit.trace` and `jit.traceModule`.
 *
 * @module
 */

import { check, encode, native } from "../../ffi/mod.ts";
import { type AnyModule, Module } from "../nn/module.ts";
import { isOptions } from "../ops/_arguments.ts";
import { describe } from "../tensor/tensor.ts";
import { compareOutputs } from "./check_trace.ts";
import { type Mirror, mirror } from "./mirror.ts";
import { disposeDeep } from "./dispose.ts";
import { preserve, type Preserved } from "./preserve.ts";
import { comparableGraph, forgetPlan, ScriptFunction } from "./script_function.ts";
import { type LoadedModule, ScriptModule, scriptModule } from "./script_module.ts";
import {
  type AnyFunction,
  argumentNamesOf,
  asInputs,
  refuseNested,
  reserved,
  tracePass,
} from "./trace.ts";
import { copiedInputs } from "./trace_inputs.ts";

/** Options of {@linkcode trace} and {@linkcode traceModule}. */
export interface TraceOptions {
  /**
   * Whether a dict as output is refused, and a list warned about, since a later call might give another length; default
   * `true`. Tuples pass always.
   */
  strict?: boolean;
  /** Whether to run function and trace once more and compare; default `true`. */
  checkTrace?: boolean;
  /** How far the two may differ, relative and absolute, in float64; default `1e-5`. */
  checkTolerance?: number;
  /**
   * For modules: whether the result behaves differently in training and evaluation mode, as the module does; default
   * `true`. With `false`, the mode that the module is in is fixed.
   */
  respectMode?: boolean;
}

type Settings = Required<TraceOptions>;

const TRAIN = "trainforward";
const EVAL = "evalforward";

function settingsOf(options: TraceOptions, op: string): Settings {
  const settings = { strict: true, checkTrace: true, checkTolerance: 1e-5, respectMode: true };
  for (const [name, value] of Object.entries(options)) {
    if (!Object.hasOwn(settings, name)) {
      throw new TypeError(
        `${op}(): unknown option '${name}': known are ${Object.keys(settings).join(", ")}`,
      );
    }
    if (value === undefined) continue;
    const expected = typeof settings[name as keyof Settings];
    const given: string = typeof value;
    if (given !== expected) {
      throw new TypeError(
        `${op}(): option '${name}' must be a ${expected}, but got ${describe(value)}`,
      );
    }
    Object.assign(settings, { [name]: value });
  }
  return settings;
}

/**
 * Runs a function or a module once with example inputs, and makes a TorchScript program of what it did.
 *
 * A trace holds the ops on tensors, not the JavaScript around them: an `if` or a loop that depends on a tensor's value
 * is fixed as it went this once, and so is everything read by `item()`, `shape` or `size()` (a warning says so). A
 * captured tensor becomes a constant, a copy. A module keeps its parameters, buffers and submodules
 * under their names. Neither the module nor the random state is changed.
 *
 * @param target A synchronous function of tensors (and arrays, objects, Maps of tensors), or a module.
 * @param exampleInputs One entry an argument.
 * @param options See {@linkcode TraceOptions}.
 * @returns A function, or a module, in TorchScript.
 * @throws {TraceCheckError} If the trace computes something else than the function on the same inputs.
 * @throws Whatever the function throws; tracing is over then.
 *
 * @example
 * ```ts
 * import * as torch from "flambeau";
 * import { assertEquals, assertStringIncludes } from "@std/assert";
 *
 * const traced = torch.jit.trace((x: torch.Tensor) => x.relu().add(1), [torch.zeros([3])]);
 * assertStringIncludes(traced.graph.toString(), "aten::relu");
 * assertEquals(traced(torch.tensor([-2, 0.5])).toArray(), [1, 1.5]);
 * ```
 */
export function trace(
  module: AnyModule,
  exampleInputs: readonly unknown[],
  options?: TraceOptions,
): LoadedModule;
export function trace(
  fn: AnyFunction,
  exampleInputs: readonly unknown[],
  options?: TraceOptions,
): ScriptFunction;
export function trace(
  target: AnyModule | AnyFunction,
  exampleInputs: readonly unknown[],
  options: TraceOptions = {},
): LoadedModule | ScriptFunction {
  if (target instanceof Module) return traceModule(target, { forward: exampleInputs }, options);
  if (target instanceof ScriptFunction) {
    throw new TypeError("jit.trace(): argument 'target' is in TorchScript already");
  }
  if (typeof target !== "function") {
    throw new TypeError(
      `jit.trace(): argument 'target' must be a function or a module, but got ${describe(target)}`,
    );
  }
  if (/^class\b/.test(Function.prototype.toString.call(target))) {
    throw new TypeError(
      "jit.trace(): argument 'target' is a class: make an instance of it before tracing",
    );
  }
  refuseNested("jit.trace");
  const inputs = asInputs(exampleInputs, "jit.trace");
  const settings = settingsOf(options, "jit.trace");
  using before = preserve(null);
  const traced = tracePass({
    run: target,
    inputs,
    name: functionName(target),
    argumentNames: argumentNamesOf(target),
    strict: settings.strict,
  });
  checked(traced, () => checkAgainst(target, traced, inputs, settings, before));
  return traced;
}

// A trace that fails its check is freed before the error is passed on.
function checked(traced: Disposable, run: () => void): void {
  try {
    run();
  } catch (error) {
    traced[Symbol.dispose]();
    throw error;
  }
}

function functionName(fn: AnyFunction): string {
  const name = String(fn.name).replaceAll(/[^A-Za-z0-9_]/g, "_");
  return /^[A-Za-z_]/.test(name) && !reserved.has(name) ? name : "fn";
}

function checkAgainst(
  fn: AnyFunction,
  traced: ScriptFunction,
  inputs: readonly unknown[],
  settings: Settings,
  before: Preserved,
): void {
  before.restore();
  if (!settings.checkTrace) return;
  const copies = copiedInputs(inputs);
  const expected = fn(...copies);
  before.restore();
  const others = copiedInputs(inputs);
  const actual = traced(...others);
  try {
    compareOutputs(expected, actual, settings.checkTolerance, functionName(fn));
  } finally {
    // `expected` stays: the function may have returned a tensor of the user's own.
    disposeDeep([actual, others]);
    before.restore();
    // The user's first calls decide what it is optimized for.
    forgetPlan(traced);
  }
}

/**
 * Traces several methods of a module, each with its own example inputs: `traceModule(net, { forward: [x], encode: [y] })`.
 * See {@linkcode trace}.
 *
 * @example
 * ```ts
 * import * as torch from "flambeau";
 * import { assertEquals } from "@std/assert";
 *
 * class Coder extends torch.nn.Module<[torch.Tensor], torch.Tensor> {
 *   inner = new torch.nn.Linear(4, 2);
 *   encode(x: torch.Tensor): torch.Tensor {
 *     return this.inner(x);
 *   }
 *   override forward(x: torch.Tensor): torch.Tensor {
 *     return this.encode(x).relu();
 *   }
 * }
 * const x = torch.ones([1, 4]);
 * const traced = torch.jit.traceModule(new Coder(), { forward: [x], encode: [x] });
 * assertEquals(traced.encode(x).shape, [1, 2]);
 * ```
 */
export function traceModule(
  module: AnyModule,
  inputsByMethod: Record<string, readonly unknown[]>,
  options: TraceOptions = {},
): LoadedModule {
  const op = "jit.traceModule";
  refuseNested(op);
  if (!(module instanceof Module)) {
    throw new TypeError(`${op}(): argument 'module' must be a Module, but got ${describe(module)}`);
  }
  if (module instanceof ScriptModule) {
    throw new TypeError(`${op}(): argument 'module' is in TorchScript already`);
  }
  if (!isOptions(inputsByMethod)) {
    throw new TypeError(
      `${op}(): argument 'inputsByMethod' must be an object such as { forward: [x] }, but got ${
        describe(inputsByMethod)
      }`,
    );
  }
  const settings = settingsOf(options, op);
  const methods = Object.entries(inputsByMethod).map(([name, inputs]) =>
    asMethod(module, name, inputs, op)
  );
  using before = preserve(module);
  const built = buildScript(module, methods, settings, before);
  const traced = scriptModule(built.handle);
  checked(traced, () => {
    for (const method of methods) checkMethod(module, traced, method, settings, before);
  });
  return traced;
}

interface Method {
  name: string;
  /** What runs: for `forward` the module itself, so that its hooks are part of the trace. */
  run: AnyFunction;
  argumentNames: string[];
  inputs: readonly unknown[];
}

function asMethod(module: AnyModule, name: string, inputs: unknown, op: string): Method {
  if (name === TRAIN || name === EVAL) {
    throw new TypeError(`${op}(): the method names ${TRAIN} and ${EVAL} are reserved`);
  }
  const method = (module as unknown as Record<string, unknown>)[name];
  if (typeof method !== "function" || method instanceof Module) {
    throw new TypeError(`${op}(): ${module.typeName()} has no method '${name}' to trace`);
  }
  return {
    name,
    run: name === "forward"
      ? (...args) => module(...args)
      : (...args) => method.apply(module, args),
    argumentNames: argumentNamesOf(method as AnyFunction),
    inputs: asInputs(inputs, op, name),
  };
}

function buildScript(
  module: AnyModule,
  methods: readonly Method[],
  settings: Settings,
  before: Preserved,
): Mirror {
  const forward = methods.find((method) => method.name === "forward");
  const branching = settings.respectMode && forward !== undefined &&
    !sameInBothModes(module, forward, settings, before);
  const built = mirror(module);
  try {
    // The first pass over a submodule names the method that a call of it alone runs.
    if (branching) traceBothModes(module, built, forward, settings, before);
    for (const method of methods) {
      if (method === forward && branching) continue;
      traceInto(built, method, method.name, settings, before).dispose();
    }
    return built;
  } catch (error) {
    built.handle.dispose();
    throw error;
  }
}

function traceInto(
  built: Mirror,
  method: Method,
  name: string,
  settings: Settings,
  before: Preserved,
  places = true,
): ScriptFunction {
  const { run, inputs, argumentNames } = method;
  const { strict } = settings;
  try {
    return tracePass({ run, inputs, self: built, name, argumentNames, strict, places });
  } finally {
    before.restore();
  }
}

// Runs with the module in a mode. Its own mode is that of every submodule as it stands; the other is a plain train() or eval().
function inMode<R>(module: AnyModule, training: boolean, before: Preserved, run: () => R): R {
  if (module.training === training) return run();
  module.train(training);
  try {
    return run();
  } finally {
    before.restoreModes();
  }
}

// Most modules compute the same in both modes; their artefact then has a plain forward, which is easier to read.
function sameInBothModes(
  module: AnyModule,
  method: Method,
  settings: Settings,
  before: Preserved,
): boolean {
  const graphs = [true, false].map((training) =>
    inMode(module, training, before, () => {
      const trial = mirror(module);
      try {
        using made = traceInto(trial, method, "forward", settings, before, false);
        return comparableGraph(made);
      } finally {
        trial.handle.dispose();
      }
    })
  );
  return graphs[0] === graphs[1];
}

function traceBothModes(
  module: AnyModule,
  built: Mirror,
  method: Method,
  settings: Settings,
  before: Preserved,
): void {
  let declared = "";
  let given = "";
  for (const training of [true, false]) {
    const name = training ? TRAIN : EVAL;
    using made = inMode(
      module,
      training,
      before,
      () => traceInto(built, method, name, settings, before),
    );
    const args = made.schema.arguments;
    declared = args.map(({ name, type }) => `, ${name}: ${type}`).join("");
    given = args.map(({ name }) => name).join(", ");
  }
  const root = built.handle.get("jit.trace", "module", "script module");
  const [train, evaluate] = [encode(TRAIN), encode(EVAL)];
  check(
    native.fb_module_join_modes(root, train, train.length, evaluate, evaluate.length),
    "jit.trace",
  );
  const source = `def forward(self${declared}):
    if self.training:
        return self.${TRAIN}(${given})
    else:
        return self.${EVAL}(${given})
`;
  const bytes = encode(source);
  check(native.fb_module_define(root, bytes, bytes.length), "jit.trace");
}

function checkMethod(
  module: AnyModule,
  traced: ScriptModule,
  method: Method,
  settings: Settings,
  before: Preserved,
): void {
  using made = traced.method(method.name);
  const both = method.name === "forward" && settings.respectMode;
  const modes = both ? [!module.training, module.training] : [module.training];
  for (const training of modes) {
    traced.train(training);
    inMode(
      module,
      training,
      before,
      () => checkAgainst(method.run, made, method.inputs, settings, before),
    );
  }
}
