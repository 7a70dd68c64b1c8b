/**
 * How PyTorch's calls are written here, by rule: names in camelCase, keywords in a trailing options object.
 *
 * @module
 */

import * as torch from "../../mod.ts";
import { type Code, decode, type Step, type TensorCode, type Values } from "./sample.ts";

type Callable = (...args: unknown[]) => unknown;
type Space = Record<string, unknown>;

/** `index_select` to `indexSelect`; underscores at the ends stay. */
export function camelCase(name: string): string {
  return name.replace(/(?<=[^_])_([a-zA-Z0-9])/g, (_, letter: string) => letter.toUpperCase());
}

/** Methods that JavaScript spells otherwise than in camelCase. */
const operators: Record<string, string> = { __getitem__: "index", __setitem__: "setAt" };

function methodName(name: string): string {
  return operators[name] ?? camelCase(name);
}

function isSpace(value: unknown): value is Space {
  return (typeof value === "object" && value !== null) || typeof value === "function";
}

/** The object that has the functions of a namespace. */
function spaceOf(path: readonly string[]): Space | undefined {
  const names = path[0] === "_nn" ? ["nn", "functional"] : path;
  const start: unknown = names[0] === "ops" ? (torch as Space)["jit"] : torch;
  let space = start;
  for (const name of names) {
    // jit.ops throws where there is nothing.
    space = isSpace(space) && name in space ? space[name] : undefined;
  }
  return space as Space | undefined;
}

/** What private functions of torch are: ops that jit.ops has under their own names. */
function pathOf({ f, op }: Step): string[] {
  const path = f.split(".");
  return path.length === 1 && f.startsWith("_") && op ? ["ops", "aten", f] : path;
}

/** The name by which our library has what Python calls `f`. */
export function ourName(step: Step): string {
  const path = pathOf(step);
  if (path[0] === "Tensor") return `x.${methodName(path[1]!)}`;
  if (path[0] === "ops") return `jit.${path.slice(0, 3).join(".")}`;
  if (path[0] === "_nn") return `nn.functional.${camelCase(path[1]!)}`;
  return [...path.slice(0, -1), camelCase(path.at(-1)!)].join(".");
}

/** Whether our library has the function, method or attribute. */
export function has(step: Step): boolean {
  const path = pathOf(step);
  if (path[0] === "Tensor") return methodName(path[1]!) in torch.Tensor.prototype;
  return functionOf(path) !== undefined;
}

function functionOf(path: readonly string[]): Callable | undefined {
  if (path[0] === "ops") {
    const space = spaceOf(path.slice(0, 2));
    return space && path[2]! in space ? space[path[2]!] as Callable : undefined;
  }
  const value = spaceOf(path.slice(0, -1))?.[camelCase(path.at(-1)!)];
  return typeof value === "function" ? value as Callable : undefined;
}

/** The call as text, with tensors as their dtypes and shapes. */
export function callText(step: Step, tensors: readonly TensorCode[]): string {
  const list = step.args.map((code) => codeText(code, tensors));
  const options = Object.entries(step.kwargs ?? {}).map(([name, code]) =>
    `${camelCase(name)}: ${codeText(code, tensors)}`
  );
  if (options.length > 0) list.push(`{ ${options.join(", ")} }`);
  return `${ourName(step)}(${list.join(", ")})`;
}

function codeText(code: Code, tensors: readonly TensorCode[]): string {
  if (code === null || typeof code !== "object") return JSON.stringify(code);
  if (!("$" in code)) return `[${code.map((part) => codeText(part, tensors)).join(", ")}]`;
  switch (code.$) {
    case "input":
      return codeText(tensors[code.v]!, tensors);
    case "tensor":
      return `${code.dtype}[${code.shape}]`;
    case "step":
      return `result${code.v[0]}`;
    case "other":
      return code.type;
    case "complex":
      return `{ re: ${codeText(code.re, tensors)}, im: ${codeText(code.im, tensors)} }`;
    case "float":
    case "int":
      return code.v;
    default:
      return JSON.stringify(decode(code, { tensors: [], steps: [] }));
  }
}

function argumentsOf(step: Step, values: Values): unknown[] {
  if (pathOf(step)[0] === "ops") return opArguments(step, values);
  const args = step.args.map((code) => decode(code, values));
  const keywords = Object.entries(step.kwargs ?? {});
  if (keywords.length === 0) return args;
  const named = keywords.map(([name, code]) => [camelCase(name), decode(code, values)]);
  return [...args, Object.fromEntries(named)];
}

/** Arguments of an op by its schema: jit.* says what a value is, and keywords have the schema's own names. */
function opArguments(step: Step, values: Values): unknown[] {
  const value = (code: Code) => {
    const decoded = decode(code, values);
    const complex = typeof code === "object" && code !== null && "$" in code &&
      code.$ === "complex";
    if (!complex) return decoded;
    const { re, im } = decoded as torch.Complex;
    return torch.jit.complex(re, im);
  };
  const args = step.args.map(value);
  const keywords = Object.entries(step.kwargs ?? {}).map(([name, code]) => [name, value(code)]);
  return keywords.length === 0 ? args : [...args, torch.jit.kwargs(Object.fromEntries(keywords))];
}

/** Calls a step as PyTorch does: as a function, a method or an attribute. */
export function callStep(step: Step, values: Values): unknown {
  const path = pathOf(step);
  const args = argumentsOf(step, values);
  if (path[0] === "Tensor") return callMethod(methodName(path[1]!), args);
  return functionOf(path)!(...args);
}

/** The name in Python of another form of a call. */
export function formName(form: string | Step): string {
  return typeof form === "string" ? form : form.f.split(".").at(-1)!;
}

/** Calls a step as a method of its first argument; an in-place one on a copy. */
export function callAs(form: string | Step, step: Step, values: Values): unknown {
  const name = formName(form);
  const args = argumentsOf(typeof form === "string" ? step : form, values);
  if (name.endsWith("_")) args[0] = (args[0] as torch.Tensor).detach().clone();
  return callMethod(methodName(name), args);
}

function callMethod(name: string, [self, ...rest]: unknown[]): unknown {
  const value = (self as Space)[name];
  return typeof value === "function" ? value.apply(self, rest) : value;
}
