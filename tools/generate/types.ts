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
  /** Parameters by place, with whether each can be left out, and what else it may be in other overloads. */
  places: { parameter: Parameter; optional: boolean; or?: Parameter }[];
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
  Generator: "GeneratorLike",
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
  const merged = merge(all);
  absorb(merged);
  return merged.filter((signature, index) =>
    !merged.some((other, at) => at !== index && covers(other, signature, at < index))
  );
}

/** Where one signature takes no options, or some, and another needs more: the other takes none as well. */
function absorb(list: readonly Signature[]): void {
  for (const a of list) {
    if (!a.needsOptions || a.options.some(required)) continue;
    const wider = list.some((b) =>
      b !== a && !b.needsOptions && resultOf(a.overload, "T") === resultOf(b.overload, "T") &&
      a.places.length === b.places.length &&
      a.places.every((place, i) => same(place.parameter, b.places[i]!.parameter) && !place.or) &&
      b.options.every((option) => a.options.some((other) => same(other, option)))
    );
    if (wider) a.needsOptions = false;
  }
}

/** Joins signatures that differ in the type of one place: `eq(other: Tensor | Scalar)`. */
function merge(all: readonly Signature[]): Signature[] {
  const merged: Signature[] = [];
  for (const signature of all) {
    const index = merged.findIndex((other) => differentPlace(other, signature) >= 0);
    if (index < 0) {
      merged.push(signature);
      continue;
    }
    const other = merged[index]!;
    const at = differentPlace(other, signature);
    const places = other.places.map((place, i) => {
      const { parameter } = signature.places[i]!;
      return i === at ? { ...place, or: parameter } : place;
    });
    merged[index] = { ...other, places };
  }
  return merged;
}

/** The only place in which two signatures differ, and only in its type; or -1. */
function differentPlace(a: Signature, b: Signature): number {
  const alike = resultOf(a.overload, "T") === resultOf(b.overload, "T") &&
    a.places.length === b.places.length && a.needsOptions === b.needsOptions &&
    a.options.length === b.options.length &&
    a.options.every((option, i) => same(option, b.options[i]!)) &&
    a.places.every((place, i) => {
      const other = b.places[i]!;
      return place.optional === other.optional && !place.or &&
        place.parameter.name === other.parameter.name;
    });
  if (!alike) return -1;
  const different = a.places.flatMap((place, i) =>
    same(place.parameter, b.places[i]!.parameter) ? [] : [i]
  );
  return different.length === 1 ? different[0]! : -1;
}

function isDim(parameter: Parameter): boolean {
  return parameter.native === "dim" && parameter.kind === "int" && !parameter.type.list;
}

function same(a: Parameter, b: Parameter): boolean {
  return a.name === b.name && typeOf(a, "", "T") === typeOf(b, "", "T");
}

/** Whether every call that fits `b` fits `a` (`earlier` breaks the tie between equals). */
function covers(a: Signature, b: Signature, earlier: boolean): boolean {
  if (b.places.some((place) => place.or) && a.places.length !== b.places.length) return false;
  if (resultOf(a.overload, "T") !== resultOf(b.overload, "T")) return false;
  if (a.places.length < b.places.length) return false;
  const fits = b.places.every(({ parameter, optional }, index) => {
    const other = a.places[index]!;
    return (same(other.parameter, parameter) || other.or && same(other.or, parameter)) &&
      (other.optional || !optional);
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
  const list = signature.places.map(({ parameter, optional, or }) => {
    const mark = optional && !signature.needsOptions ? "?" : "";
    const parts = [parameter, ...or ? [or] : []].flatMap((one) =>
      typeOf(one, op, tensor).split(" | ")
    );
    if (optional && !mark) parts.push("undefined");
    const type = [...new Set(parts.filter((part) => part !== "null"))].concat(
      parts.includes("null") ? "null" : [],
    ).join(" | ");
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
