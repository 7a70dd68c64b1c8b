/**
 * Objects whose methods are called with anything: optimizers, schedules, loaders, values of TorchScript, functions made
 * of functions. Each is made once, and stays what it is as far as its methods leave it.
 *
 * @module
 */

import fc from "fast-check";
import * as torch from "../../mod.ts";
import { anything, integers, type Spec, tensors } from "./arbitraries.ts";

/** What a function is called with, beside the function. */
export interface Call {
  readonly name: string;
  readonly arguments: fc.Arbitrary<Spec[]>;
  call(args: unknown[]): unknown;
}

/** A scripted function for each type that a value may have to fit. */
const SIGNATURES = [
  ["ints", "List[int]", "len(x)"],
  ["floats", "List[float]", "len(x)"],
  ["flags", "List[bool]", "len(x)"],
  ["texts", "List[str]", "len(x)"],
  ["tensors", "List[Tensor]", "len(x)"],
  ["nested", "List[List[Tensor]]", "len(x)"],
  ["pair", "Tuple[int, Tuple[Tensor, str]]", "x[0]"],
  ["byText", "Dict[str, List[int]]", "len(x)"],
  ["byInt", "Dict[int, Optional[Tensor]]", "len(x)"],
  ["maybe", "Optional[List[Dict[str, float]]]", "x is None"],
  ["either", "Union[int, str, List[Tensor]]", "isinstance(x, str)"],
  ["whatever", "Any", "str(x)"],
  ["number", "number", "x"],
  ["complexNumber", "complex", "x"],
  ["whole", "int", "x + 1"],
  ["text", "str", "x + 'a'"],
  ["device", "Device", "str(x)"],
];
const SOURCE = SIGNATURES.map(([name, type, result]) =>
  `def ${name}(x: ${type}):\n    return ${result}`
).join("\n");

function functionsOf(unit: torch.jit.CompilationUnit): Call[] {
  const functions = unit as unknown as Record<string, (...args: unknown[]) => unknown>;
  return SIGNATURES.map(([name]) => ({
    name: `script ${name}()`,
    arguments: fc.array(anything, { minLength: 1, maxLength: 2 }),
    call: (args) => functions[name!]!(...args),
  }));
}

// The parameters of an optimizer outlive its calls.
const parameters = () =>
  [torch.ones([2, 3]), torch.ones([3])].map((x) => {
    x.requiresGrad_();
    x.grad = torch.ones(x.shape);
    return x;
  });

type Class<T> = new (...args: unknown[]) => T;

function optimizers(): [string, () => object][] {
  const made: [string, () => object][] = [];
  for (const [name, Optimizer] of Object.entries(torch.optim)) {
    if (!/^(?!Optimizer)[A-Z]/.test(name)) continue;
    const weights = name === "Muon" ? parameters().slice(0, 1) : parameters();
    const optimizer = new (Optimizer as unknown as Class<torch.optim.Optimizer>)(weights, {
      lr: 0.01,
    });
    made.push([`optimizer ${name}`, () => optimizer]);
  }
  const sgd = new torch.optim.SGD(parameters(), { lr: 0.1, momentum: 0.9 });
  const { lrScheduler } = torch.optim;
  const step = new lrScheduler.StepLR(sgd, 2);
  const cosine = new lrScheduler.CosineAnnealingLR(sgd, 5);
  made.push(["schedule StepLR", () => step], ["schedule CosineAnnealingLR", () => cosine]);
  return made;
}

function ofData(): [string, () => object][] {
  const set = new torch.data.TensorDataset(torch.ones([8, 2]), torch.zeros([8]));
  const loader = new torch.data.DataLoader(set, { batchSize: 2 });
  const sampler = new torch.data.RandomSampler(set);
  const subset = new torch.data.Subset(set, [0, 2]);
  const curve = new torch.report.LossCurve();
  return [
    ["TensorDataset", () => set],
    ["DataLoader", () => loader],
    ["RandomSampler", () => sampler],
    ["Subset", () => subset],
    ["LossCurve", () => curve],
  ];
}

function ofScripts(): [string, () => object][] {
  const op = torch.jit.ops.aten!.add!;
  const pair = torch.jit.tuple([1, "a"]);
  const error = new torch.TorchError("odd");
  const slice = new torch.Slice(0, 2);
  const { Function, FunctionContext } = torch.autograd;
  return [
    ["op", () => op],
    ["typedValue", () => pair],
    ["error", () => error],
    ["slice", () => slice],
    ["autograd.Function", () => Function],
    ["autograd.FunctionContext", () => FunctionContext.prototype],
  ];
}

/** Objects by name, for their methods and accessors. */
export function objects(): [string, () => object][] {
  return [...optimizers(), ...ofData(), ...ofScripts()];
}

type Unary = (x: torch.Tensor) => torch.Tensor;

/** Functions made of functions, called with anything. */
export function madeOfFunctions(): Call[] {
  const f: Unary = (x) => x.mul(2).sum();
  const g: Unary = (x) => x.sin();
  const { func } = torch;
  const made: Record<string, (...args: never[]) => unknown> = {
    "func.grad(f)": func.grad(f),
    "func.gradAndValue(f)": func.gradAndValue(f),
    "func.vmap(g)": func.vmap(g),
    "func.jacrev(g)": func.jacrev(g),
    "func.jacfwd(g)": func.jacfwd(g),
    "func.hessian(f)": func.hessian(f),
    "func.jvp(g)": ((x: never, t: never) => func.jvp(g, [x], [t])) as never,
    "func.vjp(g)": ((x: never) => func.vjp(g, x)) as never,
    "noGrad(g)": ((x: torch.Tensor) => torch.noGrad(() => g(x))) as never,
    "scope(g)": ((x: torch.Tensor) => torch.scope(() => g(x))) as never,
    "profile(g)": ((x: torch.Tensor) => torch.profiler.recordFunction("g", () => g(x))) as never,
    "jit.trace(g)": ((x: torch.Tensor, ...more: never[]) => {
      const traced = torch.jit.trace(g, [x, ...more] as never, { checkTrace: false });
      traced.dispose();
    }) as never,
    "transfer and receive": ((x: never) => torch.receive(torch.transfer(x))) as never,
    "serialize and load": ((x: never) => torch.io.load(torch.io.serialize(x))) as never,
    "backward": ((x: torch.Tensor, gradient: never) => g(x).backward(gradient)) as never,
    "hook": ((x: torch.Tensor, result: never) => {
      const y = x.mul(1);
      y.registerHook(() => result);
      y.sum().backward();
    }) as never,
    "await jit.ops": ((x: never, y: never) => torch.jit.ops.aten!.add!.runAsync(x, y)) as never,
  };
  const one = fc.tuple(tensors);
  const args = fc.oneof(
    { weight: 2, arbitrary: one },
    { weight: 2, arbitrary: fc.tuple(tensors, tensors) },
    { weight: 1, arbitrary: fc.tuple(tensors, integers) },
    { weight: 1, arbitrary: fc.array(anything, { maxLength: 3 }) },
  );
  return Object.entries(made).map(([name, call]) => ({
    name,
    arguments: args,
    call: (given) => call(...given as never[]),
  }));
}

const PLAUSIBLE: readonly unknown[][] = [
  ...[[], [2], [4], [2, 4], [4, 4], [4, 4, 2], [1, 4, 2], [4, 2, 1], [4, 4, 4, 2]],
  ...[[2, { outputSize: 2 }], [[2, 2]], [[2, 2, 2]], [4, [2]], [8, 4, 2], [4, 1, 2, 8]],
];

/** Every layer that some plain numbers make, called with tensors and what else there is. */
export function layers(): Call[] {
  const found: Call[] = [];
  const shape = fc.array(fc.constantFrom(1, 2, 4), { minLength: 1, maxLength: 5 });
  const input = fc.record({
    kind: fc.constant("tensor" as const),
    dtype: fc.constantFrom("float32", "float32", "float32", "float64", "int64"),
    shape,
    how: fc.constantFrom("plain", "plain", "grad", "transposed", "wild", "nan", "empty"),
  });
  const args = fc.oneof(
    fc.tuple(input),
    fc.tuple(input, input),
    fc.tuple(input, input, input),
    fc.tuple(input, anything),
  );
  for (const [name, Layer] of Object.entries(torch.nn)) {
    if (!/^[A-Z]/.test(name) || /^(Module|Buffer|Parameter)/.test(name)) continue;
    for (const given of PLAUSIBLE) {
      try {
        const layer = new (Layer as unknown as Class<Record<string, never>>)(...given);
        if (!(layer instanceof torch.nn.Module)) break;
        const forward = layer as unknown as (...args: unknown[]) => unknown;
        found.push({
          name: `layer ${name}(${JSON.stringify(given).slice(1, -1)})`,
          arguments: args,
          call: (given) => forward(...given),
        });
      } catch {
        // It takes others.
      }
    }
  }
  return found;
}

/** Arguments of constructors: few numbers, and options. */
export const layerArguments: fc.Arbitrary<Spec[]> = fc.tuple(
  fc.array(fc.oneof({ weight: 4, arbitrary: integers }, { weight: 1, arbitrary: anything }), {
    minLength: 1,
    maxLength: 4,
  }),
  fc.array(anything, { maxLength: 1 }),
).map(([numbers, more]) => [...numbers, ...more]);

/** Readers of files, with bytes that are nearly such files. */
export function readers(): Call[] {
  const state = { weight: torch.ones([2, 3]), more: [1, "a", null] };
  const saved = torch.io.serialize(state);
  const script = torch.jit.compile("def f(x: Tensor):\n    return x + 1").f!;
  const scripted = torch.jit.serialize(script);
  const header = new TextEncoder().encode(
    "\x93NUMPY\x01\x00v\x00{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }".padEnd(127) +
      "\n",
  );
  const npy = new Uint8Array([0x93, ...header.slice(2), ...new Uint8Array(8)]);
  const json = new TextEncoder().encode('{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}');
  const safe = new Uint8Array([json.length, 0, 0, 0, 0, 0, 0, 0, ...json, ...new Uint8Array(8)]);
  const readers: [string, Uint8Array, (bytes: Uint8Array) => unknown][] = [
    ["io.load", saved, (bytes) => torch.io.load(bytes)],
    ["io.loadNpy", npy, (bytes) => torch.io.loadNpy(bytes)],
    ["io.loadNpz", saved, (bytes) => torch.io.loadNpz(bytes)],
    ["io.loadSafetensors", safe, (bytes) => torch.io.loadSafetensors(bytes)],
    ["io.inspectSafetensors", safe, (bytes) => torch.io.inspectSafetensors(bytes)],
    ["jit.load", scripted, (bytes) => torch.jit.load(bytes)],
    ["jit.inspect", scripted, (bytes) => torch.jit.inspect(bytes)],
    ["jit.deserialize", scripted, (bytes) => torch.jit.deserialize(bytes)],
  ];
  const change = fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 3 });
  const place: fc.Arbitrary<Spec[]> = fc.tuple(change, fc.nat(9)).map(([changes, cut]) => [
    { kind: "plain", value: { changes, cut } },
  ]);
  return readers.map(([name, whole, read]) => ({
    name: `${name} of changed bytes`,
    arguments: place,
    call: ([given]) => {
      const { changes, cut } = given as { changes: [number, number][]; cut: number };
      const bytes = cut === 0 ? whole.slice(0, changes[0]?.[0] ?? 5 % whole.length) : whole.slice();
      for (const [at, value] of changes) bytes[at % bytes.length] = value;
      return read(bytes);
    },
  }));
}

/** All that is called as it is. */
export function calls(): Call[] {
  return [
    ...functionsOf(torch.jit.compile(SOURCE)),
    ...madeOfFunctions(),
    ...layers(),
    ...readers(),
  ];
}
