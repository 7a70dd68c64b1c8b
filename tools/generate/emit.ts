/**
 * Writes the wrappers: a function an overload that checks, writes and runs; before it, where there are
 * several, one that picks.
 *
 * @module
 */

import { describeOp, signatureDoc } from "./docs.ts";
import { type Group, identifier, type Overload, type Parameter } from "./plan.ts";
import { parameterList, resultNames, resultOf, resultType, signatures, typeOf } from "./types.ts";

/** Collects what a generated file imports. */
export class Imports {
  readonly #names = new Map<string, Set<string>>();

  /** Notes a name and returns it. */
  use(module: string, name: string): string {
    let names = this.#names.get(module);
    if (!names) this.#names.set(module, names = new Set());
    names.add(name);
    return name;
  }

  /** The import statements. */
  text(): string {
    return [...this.#names].sort(([a], [b]) => a < b ? -1 : 1).map(([module, names]) => {
      const sorted = [...names].sort((a, b) =>
        a.replace("type ", "") < b.replace("type ", "") ? -1 : 1
      );
      const onlyTypes = sorted.every((name) => name.startsWith("type "));
      return onlyTypes
        ? `import type { ${sorted.map((name) => name.slice(5)).join(", ")} } from "${module}";`
        : `import { ${sorted.join(", ")} } from "${module}";`;
    }).join("\n");
  }
}

/** What generated text needs to know of its file. */
export interface Emitter {
  /** The imports so far. */
  imports: Imports;
}

const CALL = "../../tensor/call.ts";
const GENERATOR = "../../tensor/generator_like.ts";
const ARGUMENTS = "../_arguments.ts";
const TENSOR = "../../tensor/tensor.ts";
const DTYPE = "../../tensor/dtype.ts";
const METHODS = "../../tensor/methods.ts";
const RESULTS = "./results.ts";

const PREFIX: Record<string, string> = { linalg: "linalg.", fft: "fft.", special: "special." };

/** The name of an op in errors. */
export function shownName(group: Group): string {
  return (PREFIX[group.file] ?? "") + group.name;
}

function noteTypes(text: string, imports: Imports): void {
  for (const name of ["Scalar", "Layout", "MemoryFormat"]) {
    if (new RegExp(`\\b${name}\\b`).test(text)) imports.use(CALL, `type ${name}`);
  }
  if (/\bDType\b/.test(text)) imports.use(DTYPE, "type DType");
  if (/\bReduction\b/.test(text)) imports.use(ARGUMENTS, "type Reduction");
  if (/\bGeneratorLike\b/.test(text)) imports.use(GENERATOR, "type GeneratorLike");
  if (/\bTensor\b/.test(text)) imports.use(TENSOR, "type Tensor");
}

/** The checked value of a parameter from an expression, as an expression. */
function checked(parameter: Parameter, value: string, op: string, emitter: Emitter): string {
  const { kind, type } = parameter;
  const call = (name: string) => emitter.imports.use(CALL, name);
  const own = (name: string) => emitter.imports.use(ARGUMENTS, name);
  const where = `"${op}", "${parameter.name}"`;
  const converters: Record<string, string> = {
    Tensor: "asTensor",
    int: "asInt",
    float: "asFloat",
    bool: "asBool",
    requiresGrad: "asBool",
    Scalar: "asScalar",
    str: "asString",
    ScalarType: "asDType",
    Layout: "asLayout",
    Device: "asDevice",
    Generator: "asGenerator",
    MemoryFormat: "asMemoryFormat",
  };
  let expression: string;
  if (kind === "Reduction") {
    if (parameter.default === undefined) return `${own("asReduction")}(${value}, ${where})`;
    return `${value} === undefined ? ${parameter.default} : ${
      own("asReduction")
    }(${value}, ${where})`;
  }
  if (type.list) {
    if (kind === "Tensor") {
      expression = type.optionalElements
        ? `${own("asOptionalTensors")}(${value}, ${where})`
        : `${call("asTensors")}(${value}, ${where})`;
    } else if (kind === "int" && type.length > 0) {
      const length = type.length > 1 ? `, ${type.length}` : "";
      expression = `${call("asInts")}(${value}, ${where}${length})`;
    } else if (kind === "float" && type.length > 0) {
      expression = `${call("asFloats")}(${value}, ${where})`;
    } else {
      expression = `${call("asList")}(${value}, ${where}, ${call(converters[kind]!)})`;
    }
  } else {
    if (parameter.default === "null" || type.optional && parameter.default === undefined) {
      const short: Record<string, string> = {
        Tensor: "asOptionalTensor",
        int: "asOptionalInt",
        ScalarType: "asOptionalDType",
      };
      if (short[kind]) return `${own(short[kind]!)}(${value}, ${where})`;
    }
    expression = `${call(converters[kind]!)}(${value}, ${where})`;
  }
  const fallback = parameter.default;
  if (type.optional || fallback === "null") {
    const nothing = fallback === undefined || fallback === "null"
      ? `${value} === undefined || ${value} === null ? null : `
      : `${value} === undefined ? ${fallback} : ${value} === null ? null : `;
    return nothing + expression;
  }
  return fallback === undefined
    ? expression
    : `${value} === undefined ? ${fallback} : ${expression}`;
}

/** The statement that writes a checked value. */
function written(parameter: Parameter, value: string, op: string, emitter: Emitter): string {
  const call = (name: string) => emitter.imports.use(CALL, name);
  const { kind, type } = parameter;
  const where = `"${op}", "${parameter.name}"`;
  if (kind === "Generator") return `${call("putGenerator")}(${value}, ${where});`;
  if (type.list) {
    if (kind === "Tensor") return `${call("putTensors")}(${value}, ${where});`;
    const list: Record<string, string> = { bool: "putBools", Scalar: "putScalars" };
    return `${call(list[kind] ?? "putNumbers")}(${value});`;
  }
  const optional = type.optional ? "Optional" : "";
  if (kind === "Tensor") return `${call(`put${optional}Tensor`)}(${value}, ${where});`;
  const single: Record<string, string> = { bool: "Bool", Scalar: "Scalar", str: "String" };
  return `${call(`put${optional}${single[kind] ?? "Number"}`)}(${value});`;
}

/** The statements that run the op and return its result. */
function returned(overload: Overload, emitter: Emitter): string {
  const call = (name: string) => emitter.imports.use(CALL, name);
  const handle = opConstant(overload);
  const results = overload.schema.results.filter(({ type }) => !type.written);
  if (overload.inPlace) {
    if (results.length > 0) throw new Error(`Written and returned: ${overload.schema.text}`);
    return `${call("run")}(${handle});\nreturn ${local("self")};`;
  }
  if (results.length === 0) return `${call("run")}(${handle});`;
  const only = results.length === 1 ? results[0]!.type : null;
  if (only && only.base === "Tensor" && !only.list) {
    const run = `${call("runTensor")}(${handle})`;
    if (!overload.factory) return `return ${run};`;
    return `return ${emitter.imports.use(ARGUMENTS, "requireGrad")}(${run}, ${
      local("requiresGrad")
    });`;
  }
  const takes = results.map(({ type }) => {
    if (type.list) return `${call("takeTensors")}()`;
    switch (type.base) {
      case "Tensor":
        return `${call("takeTensor")}()`;
      case "bool":
        return `${call("takeBool")}()`;
      case "Scalar":
        return `${call("takeScalar")}()`;
      case "ScalarType":
        return `${emitter.imports.use(DTYPE, "dtypeName")}(${call("takeNumber")}())`;
      default:
        return `${call("takeNumber")}()`;
    }
  });
  const run = `${call("run")}(${handle});`;
  if (takes.length === 1) return `${run}\nreturn ${takes[0]};`;
  const names = resultNames(overload);
  if (!names) return `${run}\nreturn [${takes.join(", ")}];`;
  const make = emitter.imports.use(RESULTS, `make${resultType(overload)}`);
  return `${run}\nreturn ${make}(${takes.join(", ")});`;
}

function opConstant(overload: Overload): string {
  return `${overload.id}$op`;
}

/** A local variable for a checked value. */
function local(name: string): string {
  return `$${name}`;
}

function opDeclaration(overload: Overload, op: string, emitter: Emitter): string {
  const { name, overload: suffix } = overload.schema;
  const full = `aten::${name}${suffix ? `.${suffix}` : ""}`;
  return `const ${opConstant(overload)} = new ${
    emitter.imports.use(CALL, "Op")
  }("${full}", "${op}");`;
}

function body(overload: Overload, group: Group, emitter: Emitter): string {
  const op = shownName(group);
  const lines: string[] = [];
  const values = [...overload.positional, ...overload.keywords];
  const inOrder = overload.parameters.filter((parameter) => values.includes(parameter))
    .concat(values.filter(({ kind }) => kind === "requiresGrad"));
  for (const parameter of inOrder) {
    const value = identifier(parameter.name);
    lines.push(`const ${local(parameter.name)} = ${checked(parameter, value, op, emitter)};`);
  }
  lines.push(`${emitter.imports.use(CALL, "begin")}();`);
  for (const parameter of overload.parameters) {
    lines.push(written(parameter, local(parameter.name), op, emitter));
  }
  lines.push(returned(overload, emitter));
  return lines.join("\n");
}

/** Names of all parameters that options may give, in order of appearance. */
function optionNames(overloads: readonly Overload[]): string[] {
  const names = new Set<string>();
  for (const overload of overloads) {
    overload.positional.forEach((parameter, index) => {
      if (!(index === 0 && isReceiver(parameter))) names.add(parameter.name);
    });
  }
  for (const overload of overloads) {
    for (const parameter of overload.keywords) names.add(parameter.name);
  }
  return [...names];
}

function isReceiver(parameter: Parameter): boolean {
  return parameter.kind === "Tensor";
}

/** Finds the options object among the places `from` to the end, and reads it into `$o`. */
function findOptions(
  op: string,
  names: string[],
  places: string[],
  from: number,
  emitter: Emitter,
): string {
  const own = (name: string) => emitter.imports.use(ARGUMENTS, name);
  const known = JSON.stringify(names.join(", "));
  const branches: string[] = [];
  for (let i = from; i < places.length; i++) {
    const after = [...places.slice(i + 1), "options", "extra"].join(" ?? ");
    branches.push(
      `if (${own("isOptions")}(${places[i]})) {
        $o = ${own("readOptions")}("${op}", ${known}, ${places[i]}, ${after});
        ${places[i]} = undefined;
      }`,
    );
  }
  branches.push(
    `if (options !== undefined || extra !== undefined) {
      $o = ${own("lastOptions")}("${op}", ${known}, options, ${places.length}, extra);
    }`,
  );
  own("NONE");
  own("Options");
  return `let $o: Options = NONE;\n${branches.join(" else ")}`;
}

function singleBody(overload: Overload, group: Group, emitter: Emitter): string {
  const op = shownName(group);
  const places = overload.positional.map(({ name }) => identifier(name));
  const from = overload.positional[0] && isReceiver(overload.positional[0]) ? 1 : 0;
  const names = optionNames([overload]);
  if (names.length === 0) {
    return `if (options !== undefined || extra !== undefined) {
      ${
      emitter.imports.use(ARGUMENTS, "lastOptions")
    }("${op}", "", options, ${places.length}, extra);
    }
    ${body(overload, group, emitter)}`;
  }
  const merges = overload.positional.slice(from).map(({ name }) =>
    `${identifier(name)} = ${emitter.imports.use(ARGUMENTS, "either")}("${op}", "${name}", ${
      identifier(name)
    }, $o.${name});`
  );
  const merge = merges.length > 0 ? `if ($o !== NONE) {\n${merges.join("\n")}\n}` : "";
  const keywords = overload.keywords.map(({ name }) => `const ${identifier(name)} = $o.${name};`);
  return [
    findOptions(op, names, places, from, emitter),
    merge,
    ...keywords,
    body(overload, group, emitter),
  ].filter(Boolean).join("\n");
}

/** The test that a value may be meant for a parameter: cheap, and not a full check. */
function fits(parameter: Parameter, value: string, emitter: Emitter): string {
  const { kind, type } = parameter;
  const own = (name: string) => emitter.imports.use(ARGUMENTS, name);
  let test: string;
  if (type.list) {
    test = kind === "int" || kind === "float" || kind === "bool" || kind === "Scalar"
      ? `${own("isNumbers")}(${value})`
      : kind === "Tensor" && !type.optionalElements
      ? `${own("isTensors")}(${value})`
      : `Array.isArray(${value})`;
    if (type.length > 0 && kind !== "Tensor") test = `(${own("isIntegral")}(${value}) || ${test})`;
  } else {
    switch (kind) {
      case "Tensor":
        test = `${emitter.imports.use(TENSOR, "isTensor")}(${value})`;
        break;
      case "int":
        test = `${own("isIntegral")}(${value})`;
        break;
      case "float":
        test = `typeof ${value} === "number"`;
        break;
      case "bool":
      case "requiresGrad":
        test = `typeof ${value} === "boolean"`;
        break;
      case "Scalar":
        test = `${emitter.imports.use(CALL, "isScalar")}(${value})`;
        break;
      default:
        test = `typeof ${value} === "string"`;
    }
  }
  const absent: string[] = [];
  if (parameter.default !== undefined) absent.push(`${value} === undefined`);
  if (type.optional) absent.push(`${value} === null`);
  return absent.length > 0 ? `(${[...absent, test].join(" || ")})` : test;
}

function pickingBody(group: Group, emitter: Emitter): string {
  const op = shownName(group);
  const { overloads } = group;
  const count = Math.max(...overloads.map(({ positional }) => positional.length));
  const places = placeNames(overloads, count);
  const from = overloads.every(({ positional }) => positional[0] && isReceiver(positional[0]))
    ? 1
    : 0;
  const names = optionNames(overloads);
  const lines = [findOptions(op, names, places, from, emitter)];
  for (const name of names) lines.push(`const ${local(name)} = $o.${name};`);
  for (const overload of overloads) {
    const own = new Set([...overload.positional, ...overload.keywords].map(({ name }) => name));
    const tests: string[] = [];
    const values: string[] = [];
    for (let i = overload.positional.length; i < count; i++) {
      tests.push(`${places[i]} === undefined`);
    }
    for (const name of names) if (!own.has(name)) tests.push(`${local(name)} === undefined`);
    overload.positional.forEach((parameter, index) => {
      const place = places[index]!;
      const named = names.includes(parameter.name) && !(index === 0 && from === 1);
      const value = named
        ? `${emitter.imports.use(ARGUMENTS, "or")}(${place}, ${local(parameter.name)})`
        : place;
      // Where overloads disagree about a place, a name that was given may be another overload's.
      const option = local(parameter.name);
      if (names.includes(parameter.name) && !named) tests.push(`${option} === undefined`);
      else if (named && place !== identifier(parameter.name)) {
        tests.push(`(${place} === undefined || ${option} === undefined)`);
      }
      tests.push(fits(parameter, value, emitter));
      values.push(value);
    });
    for (const parameter of overload.keywords) {
      if (parameter.default === undefined || differs(parameter, overloads)) {
        tests.push(fits(parameter, local(parameter.name), emitter));
      }
      values.push(local(parameter.name));
    }
    const result = `${overload.id}(${values.join(", ")})`;
    const ret = resultOf(overload, "Tensor") === "void" ? result : `return ${result}`;
    lines.push(`if (${tests.join(" && ") || "true"}) ${ret};`);
  }
  const forms = [...new Set(overloads.map((overload) => form(overload, group.name)))].join("; ");
  lines.push(
    `throw ${emitter.imports.use(ARGUMENTS, "noOverload")}("${op}", ${JSON.stringify(forms)}, [${
      places.join(", ")
    }], $o);`,
  );
  return lines.join("\n");
}

/** Whether overloads disagree about the type of a parameter. */
function differs(parameter: Parameter, overloads: readonly Overload[]): boolean {
  return overloads.some(({ positional, keywords }) =>
    [...positional, ...keywords].some(({ name, kind, type }) =>
      name === parameter.name && (kind !== parameter.kind || type.list !== parameter.type.list)
    )
  );
}

function form(overload: Overload, name: string): string {
  const show = (parameter: Parameter) =>
    `${parameter.name}${parameter.default === undefined ? "" : "?"}: ${
      typeOf(parameter, overload.schema.name, "Tensor").replaceAll('"', "'")
    }`;
  const parts = overload.positional.map(show);
  if (overload.keywords.length > 0) parts.push(`{ ${overload.keywords.map(show).join("; ")} }?`);
  return `${name}(${parts.join(", ")})`;
}

function placeNames(overloads: readonly Overload[], count: number): string[] {
  const used = new Set<string>();
  return Array.from({ length: count }, (_, i) => {
    const names = new Set(
      overloads.filter(({ positional }) => positional[i]).map(({ positional }) =>
        positional[i]!.name
      ),
    );
    const first = [...names][0]!;
    const name = names.size === 1 && !used.has(first) ? identifier(first) : `a${i}`;
    used.add(name);
    return name;
  });
}

/** The whole of a group: its ops, its functions, and the exported one. */
export function emitGroup(group: Group, emitter: Emitter): string {
  const { overloads } = group;
  const op = shownName(group);
  const parts: string[] = overloads.map((overload) => opDeclaration(overload, op, emitter));
  const single = overloads.length === 1;
  if (!single) {
    for (const overload of overloads) {
      const list = [...overload.positional, ...overload.keywords].map(({ name }) =>
        `${identifier(name)}: unknown`
      );
      const result = resultOf(overload, "Tensor");
      noteTypes(result, emitter.imports);
      noteResult(overload, emitter.imports);
      parts.push(
        `function ${overload.id}(${list.join(", ")}): ${result} {\n${
          body(overload, group, emitter)
        }\n}`,
      );
    }
  }
  const name = identifier(group.name);
  const results = [...new Set(overloads.map((overload) => resultOf(overload, "Tensor")))];
  signatures(overloads, false).forEach((signature, index) => {
    const list = parameterList(signature, group.native, "Tensor");
    const result = resultOf(signature.overload, "Tensor");
    noteTypes(`${list} ${result}`, emitter.imports);
    noteResult(signature.overload, emitter.imports);
    const doc = index === 0
      ? describeOp(group, signature.overload)
      : signatureDoc(group, signature.overload);
    parts.push(`${doc}\nexport function ${name}(${list}): ${result};`);
  });
  const count = Math.max(...overloads.map(({ positional }) => positional.length));
  const places = single
    ? overloads[0]!.positional.map(({ name }) => identifier(name))
    : placeNames(overloads, count);
  const list = places.map((place) => `${place}?: unknown`);
  list.push("options?: unknown", "extra?: unknown");
  const inside = single ? singleBody(overloads[0]!, group, emitter) : pickingBody(group, emitter);
  parts.push(`export function ${name}(${list.join(", ")}): ${results.join(" | ")} {\n${inside}\n}`);
  return parts.join("\n");
}

function noteResult(overload: Overload, imports: Imports): void {
  const names = overload.inPlace ? null : resultNames(overload);
  if (names) imports.use(METHODS, `type ${resultType(overload)}`);
}

/** The statement that brings the type `Options` into scope is part of the imports. */
export function finishImports(imports: Imports): string {
  return imports.text().replace(/\bOptions\b(?=[,\s])/, "type Options");
}
