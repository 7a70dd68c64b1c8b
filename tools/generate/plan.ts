/**
 * From schemas and public names to what is generated: groups of overloads with JavaScript names.
 *
 * @module
 */

import { byNameOnly, exclusions, getters, handWritten } from "./rules.ts";
import type { Argument, Schema, Type } from "./schema.ts";

/** How an argument is passed on: a native one, or something that only the wrapper knows. */
export type Kind =
  | "Tensor"
  | "int"
  | "float"
  | "bool"
  | "Scalar"
  | "str"
  | "ScalarType"
  | "Layout"
  | "Device"
  | "MemoryFormat"
  | "Reduction"
  | "Generator"
  | "requiresGrad";

/** A parameter of a wrapper. */
export interface Parameter {
  /** The JavaScript name. */
  name: string;
  /** PyTorch's name. */
  native: string;
  /** The kind. */
  kind: Kind;
  /** The type of the schema. */
  type: Type;
  /** The default as a JavaScript expression of the value that is written, or `undefined` when required. */
  default: string | undefined;
  /** Whether it can be given by name only. */
  keywordOnly: boolean;
}

/** One overload with JavaScript names. */
export interface Overload {
  /** The schema. */
  schema: Schema;
  /** The name of its op and its function in the generated code. */
  id: string;
  /** All parameters in schema order. */
  parameters: Parameter[];
  /** Those that can stand in a place. */
  positional: Parameter[];
  /** Those that are given by name only (without the generator). */
  keywords: Parameter[];
  /** Whether it writes to `self` and returns it. */
  inPlace: boolean;
  /** Whether it makes a tensor from TensorOptions. */
  factory: boolean;
}

/** All overloads of an op. */
export interface Group {
  /** ATen's name. */
  native: string;
  /** The function's name: without the namespace's prefix. */
  name: string;
  /** The file it is generated to. */
  file: string;
  /** The overloads, in the order in which they are tried. */
  overloads: Overload[];
}

/** The names of public_names.json. */
export type PublicNames = Record<
  "torch" | "methods" | "attributes" | "linalg" | "fft" | "special" | "functional" | "nn",
  string[]
>;

/** A group, and the namespaces and places where it is public. */
export interface Plan {
  /** What is generated, by ATen's name. */
  groups: Map<string, Group>;
  /** ATen names by public namespace. */
  exports: Record<"torch" | "linalg" | "fft" | "special" | "functional" | "nn", string[]>;
  /** ATen names of methods. */
  methods: string[];
  /** ATen names of getters, by the getter's name. */
  getters: [name: string, native: string][];
}

/** `index_select` to `indexSelect`; a trailing underscore stays. */
export function camelCase(name: string): string {
  return name.replace(/(?<=.)_([a-zA-Z0-9])/g, (_, letter: string) => letter.toUpperCase());
}

const RESERVED = new Set(
  "var let const new delete function default in of class enum import export return this with static"
    .split(" "),
);

/** A name that can be declared. */
export function identifier(name: string): string {
  return RESERVED.has(name) ? `${name}_` : name;
}

function kindOf(argument: Argument): Kind {
  const { base } = argument.type;
  if (argument.name === "reduction" && base === "int") return "Reduction";
  return base as Kind;
}

function defaultOf(argument: Argument): string | undefined {
  const text = argument.default;
  if (text === undefined) return undefined;
  const { type } = argument;
  if (text === "None") return "null";
  if (text === "True" || text === "False") return text.toLowerCase();
  if (text.startsWith("[")) return text.replace("True", "true").replace("False", "false");
  if (text.startsWith('"') || /^-?\d/.test(text)) {
    const value = text.startsWith('"') ? text : String(Number(text));
    return type.list && !text.startsWith("[")
      ? `[${Array(type.length).fill(value).join(", ")}]`
      : value;
  }
  throw new Error(`A default that the generator cannot read: ${text}`);
}

function isFactory(schema: Schema): boolean {
  const names = schema.arguments.map(({ name }) => name);
  return ["dtype", "layout", "device", "pin_memory"].every((name) => names.includes(name));
}

function makeOverload(schema: Schema, functionName: string): Overload {
  const parameters = schema.arguments.map((argument): Parameter => ({
    name: camelCase(argument.name),
    native: argument.name,
    kind: kindOf(argument),
    type: argument.type,
    default: defaultOf(argument),
    keywordOnly: argument.keywordOnly,
  }));
  // Absent where Python has None as default: the last arguments that may be None.
  const places = parameters.filter((parameter) => !parameter.keywordOnly);
  for (const parameter of places.reverse()) {
    if (parameter.default !== undefined) continue;
    if (!parameter.type.optional) break;
    parameter.default = "null";
  }
  for (const parameter of parameters) {
    if (parameter.keywordOnly && parameter.type.optional) parameter.default ??= "null";
    if (byNameOnly(schema, parameter.native)) parameter.keywordOnly = true;
  }
  const factory = isFactory(schema);
  const keywords = parameters.filter((parameter) => parameter.keywordOnly);
  if (factory) {
    keywords.push({
      name: "requiresGrad",
      native: "requires_grad",
      kind: "requiresGrad",
      type: { ...parameters[0]!.type, base: "bool", optional: false, list: false },
      default: "false",
      keywordOnly: true,
    });
  }
  return {
    schema,
    id: `${functionName}$${schema.overload}`,
    parameters,
    positional: parameters.filter((parameter) => !parameter.keywordOnly),
    keywords,
    inPlace: schema.arguments[0]?.type.written === true && !schema.arguments[0].type.list,
    factory,
  };
}

const RANKS: Kind[] = ["Tensor", "bool", "int", "float", "Scalar"];

function rank(parameter: Parameter): number {
  const index = RANKS.indexOf(parameter.kind);
  return parameter.type.list ? 10 : index < 0 ? 9 : index;
}

// Fewer required arguments first, then the narrower type: an int fits a Scalar, and not the other way round.
function compare(a: Overload, b: Overload): number {
  const required = (overload: Overload) =>
    overload.positional.filter((parameter) => parameter.default === undefined).length;
  const named = (overload: Overload) =>
    overload.keywords.filter((parameter) => parameter.default === undefined).length;
  const later = named(a) - named(b);
  if (later !== 0) return later;
  const length = Math.min(a.positional.length, b.positional.length);
  for (let i = 0; i < length; i++) {
    const difference = rank(a.positional[i]!) - rank(b.positional[i]!);
    if (difference !== 0) return difference;
  }
  return required(a) - required(b) || a.positional.length - b.positional.length ||
    a.keywords.length - b.keywords.length;
}

function makeGroup(native: string, name: string, file: string, schemas: Schema[]): Group {
  const overloads = schemas.map((schema) => makeOverload(schema, name));
  return { native, name, file, overloads: overloads.sort(compare) };
}

const PREFIXES = { linalg: "linalg_", fft: "fft_", special: "special_" } as const;

/** The theme under which an op of `torch` is filed. */
function fileOf(native: string, schemas: Schema[]): string {
  const first = schemas[0]!;
  const all = (test: (schema: Schema) => boolean) => schemas.every(test);
  if (all((schema) => schema.arguments[0]?.type.written === true)) {
    return native < "j" ? "in_place_a_i" : "in_place_j_z";
  }
  if (schemas.some(isFactory)) return "creation";
  if (all((schema) => schema.results.some(({ type }) => type.aliased))) return "views";
  if (schemas.some((schema) => schema.arguments.some(({ name }) => name === "keepdim"))) {
    return "reductions";
  }
  if (first.arguments.length === 1) return "unary";
  if (all((schema) => schema.arguments.filter(({ type }) => type.base === "Tensor").length === 2)) {
    return native < "i" ? "two_tensors_a_h" : "two_tensors_i_z";
  }
  return native < "i" ? "general_a_h" : "general_i_z";
}

/** Works out what is generated. */
export function makePlan(schemas: readonly Schema[], names: PublicNames): Plan {
  const byName = new Map<string, Schema[]>();
  for (const schema of schemas) {
    if (exclusions.some((exclusion) => exclusion.applies(schema))) continue;
    const list = byName.get(schema.name);
    if (list) list.push(schema);
    else byName.set(schema.name, [schema]);
  }
  const groups = new Map<string, Group>();
  const add = (native: string, file: string, name: string): boolean => {
    const list = byName.get(native);
    if (!list) return false;
    if (!groups.has(native)) groups.set(native, makeGroup(native, name, file, list));
    return true;
  };
  const plan: Plan = {
    groups,
    exports: { torch: [], linalg: [], fft: [], special: [], functional: [], nn: [] },
    methods: [],
    getters: [],
  };
  for (const space of ["linalg", "fft", "special"] as const) {
    for (const native of names[space]) {
      const name = camelCase(native.slice(PREFIXES[space].length));
      if (add(native, space, name)) plan.exports[space].push(native);
    }
  }
  const file = (native: string) => fileOf(native, byName.get(native) ?? []);
  const known = (native: string) => byName.has(native);
  for (const native of names.torch.filter(known)) {
    if (handWritten.has(native) && native !== "numel") continue;
    add(native, file(native), camelCase(native));
    plan.exports.torch.push(native);
  }
  for (const native of names.methods.filter(known)) {
    if (handWritten.has(native)) continue;
    const takesSelf = byName.get(native)!.some(({ arguments: list }) =>
      list.some(({ name }) => name === "self")
    );
    if (!takesSelf) continue;
    add(native, file(native), camelCase(native));
    plan.methods.push(native);
  }
  for (const [name, native] of Object.entries(getters).filter(([, native]) => known(native))) {
    add(native, file(native), camelCase(native));
    plan.getters.push([name, native]);
  }
  for (const space of ["functional", "nn"] as const) {
    for (const native of names[space].filter(known)) {
      add(native, "nn", camelCase(native));
      plan.exports[space].push(native);
    }
  }
  return plan;
}
