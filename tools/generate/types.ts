/**
 * TypeScript types and signatures of wrappers.
 *
 * @module
 */

import { camelCase, identifier, type Overload, type Parameter } from "./plan.ts";
import { literals } from "./rules.ts";

/** A signature: what a caller may pass by place and by name. */
export interface Signature {
  /** The overload it belongs to. */
  overload: Overload;
  /** Parameters by place, with whether each can be left out. */
  places: { parameter: Parameter; optional: boolean }[];
  /** Parameters in the options object. */
  options: Parameter[];
  /** Whether the options object must be given. */
  needsOptions: boolean;
}

const scalars: Record<string, string> = {
  int: "number",
  float: "number",
  bool: "boolean",
  Scalar: "Scalar",
  str: "string",
  ScalarType: "DType",
  Layout: "Layout",
  Device: "string",
  MemoryFormat: "MemoryFormat",
  Reduction: "Reduction",
  requiresGrad: "boolean",
};

/** The type of a parameter; `tensor` is what a Tensor is called. */
export function typeOf(parameter: Parameter, op: string, tensor: string): string {
  const { kind, type, native } = parameter;
  let text = kind === "Tensor" ? tensor : scalars[kind]!;
  if (kind === "str") text = literals[`${op}.${native}`] ?? literals[native] ?? text;
  if (type.list) {
    const element = type.optionalElements ? `(${text} | null)` : text;
    const single = type.length > 0 && kind !== "Tensor" ? `${text} | ` : "";
    text = `${single}readonly ${element}[]`;
  }
  return type.optional || parameter.default === "null" ? `${text} | null` : text;
}

/** The type of a call's result. */
export function resultOf(overload: Overload, tensor: string): string {
  if (overload.inPlace) return tensor;
  const results = overload.schema.results.filter(({ type }) => !type.written);
  const types = results.map(({ type }) => {
    const base: Record<string, string> = {
      Tensor: tensor,
      int: "number",
      float: "number",
      bool: "boolean",
      Scalar: "Scalar",
      ScalarType: "DType",
    };
    const text = base[type.base];
    if (!text) throw new Error(`A result that the generator cannot type: ${overload.schema.text}`);
    return type.list ? `${text}[]` : text;
  });
  if (types.length === 0) return "void";
  if (types.length === 1) return types[0]!;
  const names = resultNames(overload);
  if (!names) return `[${types.join(", ")}]`;
  return `${resultType(overload)}<${tensor}>`;
}

/** The names of several results, or `null` when the schema has none. */
export function resultNames(overload: Overload): string[] | null {
  const names = overload.schema.results.filter(({ type }) => !type.written).map(({ name }) => name);
  return names.length > 1 && names.every((name) => name !== "") ? names.map(camelCase) : null;
}

/** The name of the type of several results. */
export function resultType(overload: Overload): string {
  const results = overload.schema.results.filter(({ type }) => !type.written);
  return results.map(({ name, type }) => {
    const camel = camelCase(name);
    return camel[0]!.toUpperCase() + camel.slice(1) + (type.list ? "List" : "");
  }).join("");
}

function required(parameter: Parameter): boolean {
  return parameter.default === undefined;
}

/** The signatures of a group, without those that another one covers. `method` leaves `self` out. */
export function signatures(overloads: readonly Overload[], method: boolean): Signature[] {
  const all: Signature[] = [];
  for (const overload of overloads) {
    const places = overload.positional.filter(({ native }) => !method || native !== "self");
    const first = places.findIndex((parameter) => !required(parameter));
    const least = first < 0 ? places.length : first;
    const cuts = [places.length];
    for (let cut = places.length - 1; cut >= least; cut--) cuts.push(cut);
    // `x.max({ dim: 1 })`: a dimension may be named even where it is required.
    const named = places.findIndex((parameter) => parameter.native === "dim");
    if (named >= 0 && named === least - 1 && named === places.findIndex(isDim)) cuts.push(named);
    for (const cut of cuts) {
      const options = [...places.slice(cut), ...overload.keywords];
      all.push({
        overload,
        places: places.slice(0, cut).map((parameter, index) => ({
          parameter,
          optional: cut === places.length && index >= least,
        })),
        options,
        needsOptions: cut < places.length || options.some(required),
      });
    }
  }
  return all.filter((signature, index) =>
    !all.some((other, at) => at !== index && covers(other, signature, at < index))
  );
}

function isDim(parameter: Parameter): boolean {
  return parameter.native === "dim" && parameter.kind === "int" && !parameter.type.list;
}

function same(a: Parameter, b: Parameter): boolean {
  return a.name === b.name && typeOf(a, "", "T") === typeOf(b, "", "T");
}

/** Whether every call that fits `b` fits `a` (`earlier` breaks the tie between equals). */
function covers(a: Signature, b: Signature, earlier: boolean): boolean {
  if (resultOf(a.overload, "T") !== resultOf(b.overload, "T")) return false;
  if (a.places.length < b.places.length) return false;
  const fits = b.places.every(({ parameter, optional }, index) => {
    const other = a.places[index]!;
    return same(other.parameter, parameter) && (other.optional || !optional);
  });
  if (!fits || !a.places.slice(b.places.length).every(({ optional }) => optional)) return false;
  const usesOptions = b.options.length > 0;
  if (usesOptions && a.places.length > b.places.length) return false;
  if (a.needsOptions && !b.needsOptions) return false;
  const known = b.options.every((option) => a.options.some((other) => same(other, option)));
  const asks = a.options.some((option) =>
    required(option) && !b.options.some((other) => same(other, option) && required(other))
  );
  if (!known || asks) return false;
  const equal = a.places.length === b.places.length && a.options.length === b.options.length &&
    a.needsOptions === b.needsOptions;
  return equal ? earlier : true;
}

/** The parameter list of a signature as TypeScript. */
export function parameterList(signature: Signature, op: string, tensor: string): string {
  const list = signature.places.map(({ parameter, optional }) => {
    const mark = optional && !signature.needsOptions ? "?" : "";
    const type = typeOf(parameter, op, tensor) + (optional && !mark ? " | undefined" : "");
    return `${identifier(parameter.name)}${mark}: ${type}`;
  });
  if (signature.options.length > 0) {
    const fields = signature.options.map((option) =>
      `${option.name}${required(option) ? "" : "?"}: ${typeOf(option, op, tensor)}`
    );
    list.push(`options${signature.needsOptions ? "" : "?"}: { ${fields.join("; ")} }`);
  }
  return list.join(", ");
}
