/**
 * TypeScript declarations of a script module, from its schemas.
 *
 * @module
 */

import { describe } from "../tensor/tensor.ts";
import type { Schema, SchemaArgument, TypeDefinition } from "./schema.ts";
import { ScriptModule } from "./script_module.ts";

/** Options of {@linkcode typesOf}. */
export interface TypesOptions {
  /** The name of the declared interface; default: the name of the module's class. */
  name?: string;
  /** Where the declarations import from; default `"flambeau"`. */
  from?: string;
}

/** Splits `A, B[C, D], E` at its own commas. */
function splitTypes(text: string): string[] {
  const parts: string[] = [];
  let depth = 0;
  let start = 0;
  for (let i = 0; i < text.length; i++) {
    if (text[i] === "[") depth++;
    else if (text[i] === "]") depth--;
    else if (text[i] === "," && depth === 0) {
      parts.push(text.slice(start, i).trim());
      start = i + 1;
    }
  }
  const last = text.slice(start).trim();
  return last === "" || last === "()" ? parts : [...parts, last];
}

const simple: Record<string, string> = {
  Tensor: "Tensor",
  bool: "boolean",
  float: "number",
  int: "number | bigint",
  number: "number | bigint | Complex",
  complex: "Complex",
  str: "string",
  Device: "string",
  NoneType: "null",
  None: "null",
  Generator: "Generator",
};

/** Writes TorchScript types as TypeScript's, as arguments (what is taken) or as results (what comes back). */
class TypeWriter {
  readonly #names: Map<string, string>;
  readonly #argument: boolean;

  constructor(names: Map<string, string>, argument: boolean) {
    this.#names = names;
    this.#argument = argument;
  }

  write(type: string): string {
    if (Object.hasOwn(simple, type)) return simple[type]!;
    const named = this.#names.get(type);
    if (named !== undefined) return named;
    const [, outer, inner] = /^(\w+)\[(.*)\]$/s.exec(type) ?? [];
    if (outer === undefined) return "unknown";
    const parts = splitTypes(inner!);
    switch (outer) {
      case "Optional":
        return `${this.write(parts[0]!)} | null${this.#argument ? " | undefined" : ""}`;
      case "Union":
        return parts.map((part) => this.write(part)).join(" | ");
      case "List":
        return this.#list(parts[0]!);
      case "Tuple":
        return `${this.#argument ? "readonly " : ""}[${
          parts.map((part) => this.write(part)).join(", ")
        }]`;
      case "Dict":
        return this.#dict(parts[0]!, parts[1]!);
      case "Future":
        return `Promise<${this.write(parts[0]!)}>`;
      default:
        return "unknown";
    }
  }

  #list(element: string): string {
    const inner = this.write(element);
    const text = /[ |]/.test(inner.replaceAll(/\([^()]*\)/g, "")) ? `(${inner})[]` : `${inner}[]`;
    if (!this.#argument) return text;
    return element === "int" || element === "float"
      ? `readonly ${text} | TypedArray`
      : `readonly ${text}`;
  }

  #dict(key: string, value: string): string {
    const inner = this.write(value);
    if (key !== "str") return `Map<${this.write(key)}, ${inner}>`;
    return this.#argument
      ? `Record<string, ${inner}> | Map<string, ${inner}>`
      : `Record<string, ${inner}>`;
  }
}

/** A name that TypeScript takes. */
function identifier(name: string): string {
  const last = name.split(".").at(-1)!.replaceAll(/\W/g, "_");
  return /^[A-Za-z_$]/.test(last) ? last : `_${last}`;
}

const reserved = new Set(
  ("break case catch class const continue debugger default delete do else enum export extends false finally for " +
    "function if import in instanceof new null return super switch this throw true try typeof var void while with")
    .split(" "),
);

function parameters(args: readonly SchemaArgument[], writer: TypeWriter): string {
  const positional = args.filter((argument) => !argument.kwargOnly);
  return positional.map((argument) => {
    const name = reserved.has(argument.name) ? `${argument.name}_` : argument.name;
    const optional = positional.slice(positional.indexOf(argument)).every((one) =>
      one.default !== null
    );
    return `${name}${optional ? "?" : ""}: ${writer.write(argument.type)}`;
  }).join(", ");
}

function definition(one: TypeDefinition, name: string, writer: TypeWriter): string {
  if (one.kind === "Enum") {
    const members = one.fields.map((field) => JSON.stringify(field.name)).join(" | ") || "string";
    return `export interface ${name} {\n  readonly type?: string;\n  readonly name: ${members};\n  readonly value?: unknown;\n}`;
  }
  if (one.kind === "Module") return `export type ${name} = jit.ScriptModule;`;
  const fields = one.fields.map((field) =>
    `  ${identifier(field.name)}: ${writer.write(field.type)};`
  );
  const base = one.kind === "Class" ? " extends jit.ScriptObject" : "";
  return `export interface ${name}${base} {\n${fields.join("\n")}\n}`;
}

function methodType(schema: Schema, names: Map<string, string>): string {
  const taken = parameters(schema.arguments, new TypeWriter(names, true));
  const given = schema.returns.map((one) => new TypeWriter(names, false).write(one.type)).join(
    ", ",
  );
  return `(${taken}) => ${given === "" ? "null" : given}`;
}

/**
 * Writes the TypeScript declarations (a `.d.ts`) of a script module: its methods with the types of their schemas, its submodules,
 * and the named tuples, enums and classes that they speak of. Cast a loaded module to it, and an editor completes `model.encode(`.
 *
 * @example
 * ```ts
 * import * as torch from "flambeau";
 * import { assertStringIncludes } from "@std/assert";
 *
 * const traced = torch.jit.trace(new torch.nn.Linear(4, 2), [torch.zeros([1, 4])]);
 * const types = torch.jit.typesOf(traced, { name: "Head" });
 * assertStringIncludes(types, "export interface Head extends Untyped");
 * assertStringIncludes(types, "(input: Tensor): Tensor;");
 * ```
 */
export function typesOf(module: ScriptModule, options: TypesOptions = {}): string {
  if (!(module instanceof ScriptModule)) {
    throw new TypeError(
      `jit.typesOf(): argument 'module' must be a ScriptModule, but got ${describe(module)}`,
    );
  }
  const name = identifier(options.name ?? module.typeName());
  const schemas = new Map<string, Schema>();
  for (const method of module.methods) {
    using one = module.method(method);
    schemas.set(method, one.schema);
  }
  const definitions = new Map<string, TypeDefinition>();
  for (const schema of schemas.values()) {
    for (const one of schema.definitions) definitions.set(one.type, one);
  }
  const names = uniqueNames([...definitions.keys()], name);
  const parts = [...definitions.values()].map((one) =>
    definition(one, names.get(one.type)!, new TypeWriter(names, false))
  );
  parts.push(moduleInterface(name, schemas, names, membersOf(module, schemas)));
  const types = ["Tensor", "Complex", "Generator", "TypedArray"].filter((type) =>
    parts.some((part) => new RegExp(`\\b${type}\\b`).test(part))
  );
  const from = JSON.stringify(options.from ?? "flambeau");
  const imports = types.length === 0 ? "" : `import type { ${types.join(", ")} } from ${from};\n`;
  return `// Written by jit.typesOf from the schemas of ${name}.\n${imports}import type { jit } from ${from};

// Without their own call signatures, which take anything.
type Untyped = Omit<jit.ScriptModule, "forward">;
type Method = Omit<jit.ScriptFunction, never>;

${parts.join("\n\n")}\n`;
}

function uniqueNames(types: readonly string[], taken: string): Map<string, string> {
  const names = new Map<string, string>();
  const used = new Set([taken, "Tensor", "Untyped", "Method", "jit"]);
  for (const type of types) {
    const base = identifier(type);
    let name = base;
    for (let i = 2; used.has(name); i++) name = `${base}${i}`;
    used.add(name);
    names.set(type, name);
  }
  return names;
}

function keyOf(name: string): string {
  return /^[A-Za-z_$][\w$]*$/.test(name) ? name : JSON.stringify(name);
}

// Parameters, buffers and submodules that are properties: a name of the class's own stands for what that has.
function membersOf(module: ScriptModule, methods: Map<string, Schema>): [string, string][] {
  const members: [string, string][] = [];
  for (const [name, tensor] of module.ownTensors()) {
    members.push([name, "Tensor"]);
    tensor.dispose();
  }
  for (const [name] of module.namedChildren()) members.push([name, "jit.LoadedModule"]);
  return members.filter(([name]) => !(name in ScriptModule.prototype) && !methods.has(name));
}

function moduleInterface(
  name: string,
  schemas: Map<string, Schema>,
  names: Map<string, string>,
  members: readonly (readonly [string, string])[],
): string {
  const lines: string[] = [];
  for (const [method, schema] of schemas) {
    const type = methodType(schema, names);
    if (method === "forward") lines.push(`  ${type.replace(/\) => /, "): ")};`);
    const key = keyOf(method);
    lines.push(`  readonly ${key}: (${type}) & Method;`);
  }
  lines.push(...members.map(([member, type]) => `  readonly ${keyOf(member)}: ${type};`));
  return `export interface ${name} extends Untyped {\n${lines.join("\n")}\n}`;
}
