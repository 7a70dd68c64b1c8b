/**
 * All that a user can call: functions, constructors, methods and accessors, found by walking the public objects.
 *
 * @module
 */

import fc from "fast-check";
import * as torch from "../../mod.ts";
import { calls, layerArguments, objects } from "./objects.ts";
import { nearlyRight } from "./nearly_right.ts";
import { anything, integers, ofType, type Spec, tensorLists, tensors } from "./arbitraries.ts";

/** Something to call with arguments. */
export interface Target {
  readonly name: string;
  readonly arguments: fc.Arbitrary<Spec[]>;
  call(args: unknown[]): unknown;
}

// They change the process for all later cases, wait, or end it.
const left = new Set([
  "setNumThreads",
  "setDefaultDtype",
  "setDeterministic",
  "useDeterministicAlgorithms",
  "setPrintOptions",
  "setAnomalyEnabled",
  "setGradEnabled",
]);

type Anything = (...args: unknown[]) => unknown;
type Class = new (...args: unknown[]) => unknown;

const someArguments = fc.oneof(
  { weight: 3, arbitrary: fc.array(anything, { maxLength: 4 }) },
  {
    weight: 3,
    arbitrary: fc.tuple(tensors, fc.array(anything, { maxLength: 3 })).map((
      [x, more],
    ) => [x, ...more]),
  },
  { weight: 1, arbitrary: fc.tuple(tensors, integers, integers) },
  { weight: 1, arbitrary: fc.tuple(tensors, tensors, tensors) },
  { weight: 1, arbitrary: fc.tuple(tensorLists, integers) },
);

function isClass(value: Anything): boolean {
  return /^class\b/.test(Function.prototype.toString.call(value));
}

// An op's own arguments as often as anything: the schema's order is that of the function.
function argumentsFor(name: string, method: boolean): fc.Arbitrary<Spec[]> {
  const snake = name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
  const aten = torch.jit.ops.aten!;
  const names = ["", "linalg_", "fft_", "special_"].map((prefix) => prefix + snake);
  const registered = names.find((name) => name in aten);
  const op = registered === undefined ? undefined : aten[registered];
  const schemas = op?.schemas.filter((schema) => !schema.includes("a!) out")) ?? [];
  if (schemas.length === 0) return someArguments;
  const fitting = fc.oneof(...schemas.map(schemaArguments)).map((args) =>
    method ? args.slice(1) : args
  );
  return fc.oneof({ weight: 3, arbitrary: fitting }, { weight: 1, arbitrary: someArguments });
}

function walk(
  targets: Target[],
  owner: Record<string, unknown>,
  path: string,
  depth: number,
): void {
  for (const name of Object.keys(owner)) {
    if (left.has(name)) continue;
    const value = owner[name];
    const full = path === "" ? name : `${path}.${name}`;
    if (typeof value === "function") {
      targets.push({
        name: full,
        arguments: argumentsFor(name, false),
        call: (args) => (value as Anything)(...args),
      });
      if (isClass(value as Anything)) {
        targets.push({
          name: `new ${full}`,
          arguments: full.startsWith("nn.")
            ? fc.oneof(layerArguments, someArguments)
            : someArguments,
          call: (args) => new (value as unknown as Class)(...args),
        });
      }
    } else if (typeof value === "object" && value !== null && depth < 2 && full !== "jit.ops") {
      walk(targets, value as Record<string, unknown>, full, depth + 1);
    }
  }
}

function methods(targets: Target[], label: string, make: () => object): void {
  const seen = new Set<string>();
  for (
    let proto = Object.getPrototypeOf(make());
    proto && proto !== Object.prototype && proto !== Function.prototype;
    proto = Object.getPrototypeOf(proto)
  ) {
    for (const [name, property] of Object.entries(Object.getOwnPropertyDescriptors(proto))) {
      // What begins with an underscore is nobody's to call.
      if (name === "constructor" || name.startsWith("_") || seen.has(name)) continue;
      seen.add(name);
      const full = `${label}.${name}`;
      if (typeof property.value === "function") {
        targets.push({
          name: full,
          arguments: argumentsFor(name, label === "tensor"),
          call: (args) => (make() as Record<string, Anything>)[name]!(...args),
        });
      }
      if (property.get) {
        targets.push({
          name: full,
          arguments: fc.constant([]),
          call: () => (make() as Record<string, unknown>)[name],
        });
      }
      if (property.set) {
        targets.push({
          name: `${full} =`,
          arguments: fc.tuple(anything),
          call: ([value]) => ((make() as Record<string, unknown>)[name] = value),
        });
      }
    }
  }
}

/** Arguments of a schema as LibTorch writes it, in order; those with defaults may be left out. */
export function schemaArguments(schema: string): fc.Arbitrary<Spec[]> {
  const inner = schema.slice(schema.indexOf("(") + 1, schema.lastIndexOf(") ->"));
  const types = inner.split(/,\s*(?![^[\]()]*[\])])/).map((part) => part.trim()).filter((part) =>
    part !== "" && part !== "*"
  )
    .map((part) => part.replace(/\([^)]*\)/g, "").split(" ")[0]!);
  const arbitraries = types.map(ofType);
  return fc.tuple(fc.tuple(...arbitraries), fc.integer({ min: 0, max: types.length * 3 }))
    .map(([args, cut]) => (cut < args.length ? args.slice(0, cut) : args) as Spec[]);
}

function registered(targets: Target[]): void {
  for (const [namespace, ops] of Object.entries(torch.jit.ops)) {
    for (const [name, op] of Object.entries(ops)) {
      if (
        /^(save|from_file|_print|warn|set_num|manual_seed|seed|_cuda|.*cudnn|.*miopen|.*mps|Print|_record)/
          .test(name)
      ) continue;
      for (const schema of op.schemas) {
        targets.push({
          name: `jit.ops.${namespace}.${name} ${schema}`.slice(0, 200),
          arguments: schemaArguments(schema),
          call: (args) => op(...args),
        });
      }
    }
  }
}

/** All targets. `what`: "api" or "ops". */
export function targetsOf(what: string): Target[] {
  const targets: Target[] = [];
  if (what === "ops") {
    registered(targets);
    targets.push(...nearlyRight());
    return targets;
  }
  walk(targets, torch as unknown as Record<string, unknown>, "", 0);
  const x = () => torch.ones([2, 3]);
  const net = new torch.nn.Sequential(new torch.nn.Linear(3, 3), new torch.nn.BatchNorm1d(3));
  const script = torch.jit.trace(net, [torch.ones([2, 3])], { checkTrace: false });
  const unit = torch.jit.compile(
    "def f(x: Tensor, n: int = 2, s: str = '', l: List[float] = []):\n    return x * n",
  );
  methods(targets, "tensor", x);
  methods(targets, "module", () => net);
  methods(targets, "generator", () => new torch.Generator());
  const scripts: [string, () => object][] = [
    ["scriptModule", () => script],
    ["scriptFunction", () => unit.f!],
    ["unit", () => unit],
    ["graph", () => unit.f!.graph],
    ["schema", () => unit.f!.schema],
  ];
  for (const [label, make] of [...scripts, ...objects()]) methods(targets, label, make);
  targets.push(...calls());
  targets.push({
    name: "scriptFunction()",
    arguments: someArguments,
    call: (args) => unit.f!(...args),
  });
  targets.push({
    name: "scriptModule()",
    arguments: someArguments,
    call: (args) => script(...args),
  });
  // Those would take the objects away from the cases after.
  return targets.filter(({ name }) =>
    !/^(scriptModule|scriptFunction|unit|module)\.(dispose|to|define|double|half|float|bfloat16|register|apply|loadStateDict|compile|save)/
      .test(name)
  );
}
