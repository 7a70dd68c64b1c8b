/**
 * Reads the schemas that LibTorch prints: `aten::add.Tensor(Tensor self, Tensor other, *, Scalar alpha=1) -> Tensor`.
 *
 * @module
 */

/** A type of an argument or a result, without its alias annotation. */
export interface Type {
  /** The name: `Tensor`, `int` (also for SymInt), `Scalar`, … */
  base: string;
  /** Whether the whole may be None. */
  optional: boolean;
  /** Whether it is a list. */
  list: boolean;
  /** Whether elements of the list may be None. */
  optionalElements: boolean;
  /** The fixed length of a list, for which a single value may stand; 0 for none. */
  length: number;
  /** Whether the op writes to it. */
  written: boolean;
  /** Whether it may share memory with an argument. */
  aliased: boolean;
}

/** An argument. */
export interface Argument {
  /** PyTorch's name. */
  name: string;
  /** What it takes. */
  type: Type;
  /** The default as the schema spells it, or `undefined`. */
  default: string | undefined;
  /** Whether Python takes it by name only. */
  keywordOnly: boolean;
}

/** A result: its type, and its name or `""`. */
export interface Result {
  /** The name, or `""`. */
  name: string;
  /** What it is. */
  type: Type;
}

/** One overload of an op. */
export interface Schema {
  /** The line as LibTorch prints it. */
  text: string;
  /** The name without the namespace: `add`. */
  name: string;
  /** The name of the overload: `Tensor`, or `""`. */
  overload: string;
  /** The arguments in order. */
  arguments: Argument[];
  /** The results in order. */
  results: Result[];
}

/** Splits at commas that are not inside brackets or quotes. */
function splitTop(text: string): string[] {
  const parts: string[] = [];
  let depth = 0;
  let quoted = false;
  let part = "";
  for (let i = 0; i < text.length; i++) {
    const char = text[i]!;
    if (quoted && char === "\\") part += char + text[++i];
    else {
      if (char === '"') quoted = !quoted;
      if (!quoted && "([".includes(char)) depth++;
      if (!quoted && ")]".includes(char)) depth--;
      if (char === "," && depth === 0 && !quoted) {
        parts.push(part.trim());
        part = "";
      } else part += char;
    }
  }
  if (part.trim()) parts.push(part.trim());
  return parts;
}

function parseType(text: string): Type {
  const match = /^([A-Za-z]+)(\([^)]*\))?(\?)?(\[\d*\])?(\?)?(.*)$/.exec(text);
  if (!match) throw new Error(`A type that the generator cannot read: ${text}`);
  const [, base, alias = "", inner, list, outer, rest] = match;
  return {
    base: rest ? text : base!.replace(/^SymInt$/, "int"),
    optional: list ? outer === "?" : inner === "?",
    list: list !== undefined,
    optionalElements: list !== undefined && inner === "?",
    length: list ? Number(list.slice(1, -1)) : 0,
    written: alias.includes("!"),
    aliased: alias !== "",
  };
}

function parseArgument(text: string, keywordOnly: boolean): Argument {
  const match = /^(.*?) (\w+)(?:=(.*))?$/.exec(text);
  if (!match) throw new Error(`An argument that the generator cannot read: ${text}`);
  return { name: match[2]!, type: parseType(match[1]!), default: match[3], keywordOnly };
}

function parseResults(text: string): Result[] {
  const tuple = /^\((?![a-z]!?\))/.test(text);
  const parts = tuple ? splitTop(text.slice(1, -1)) : [text];
  return parts.map((part) => {
    const match = /^(\S*?(?:\([^)]*\))?\S*)(?: (\w+))?$/.exec(part);
    if (!match) throw new Error(`A result that the generator cannot read: ${text}`);
    return { name: match[2] ?? "", type: parseType(match[1]!) };
  });
}

/** Reads one line. */
export function parseSchema(text: string): Schema {
  const match = /^aten::(\w+)(?:\.(\w+))?\((.*)\) -> (.*)$/.exec(text);
  if (!match) throw new Error(`A schema that the generator cannot read: ${text}`);
  const [, name, overload = "", inside, results] = match;
  const list: Argument[] = [];
  let keywordOnly = false;
  for (const part of splitTop(inside!)) {
    if (part === "*") keywordOnly = true;
    else list.push(parseArgument(part, keywordOnly));
  }
  return { text, name: name!, overload, arguments: list, results: parseResults(results!) };
}
