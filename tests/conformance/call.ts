/**
 * How PyTorch's calls are written here, by rule: names in camelCase, keywords in a trailing options object.
 *
 * @module
 */

import * as torch from "../../mod.ts";
import { decode, type Step, type Values } from "./sample.ts";

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

/** The object that has the functions of a namespace. */
function spaceOf(path: readonly string[]): Space | undefined {
  const names = path[0] === "_nn" ? ["nn", "functional"] : path;
  const start: unknown = names[0] === "ops" ? (torch as Space)["jit"] : torch;
  let space = start;
  for (const name of names) space = (space as Space | undefined)?.[name];
  return space as Space | undefined;
}

/** The name by which our library has what Python calls `f`. */
export function ourName(f: string): string {
  const path = f.split(".");
  if (path[0] === "Tensor") return `x.${methodName(path[1]!)}`;
  if (path[0] === "ops") return `jit.${path.slice(0, 3).join(".")}`;
  if (path[0] === "_nn") return `nn.functional.${camelCase(path[1]!)}`;
  return [...path.slice(0, -1), camelCase(path.at(-1)!)].join(".");
}

/** Whether our library has the function, method or attribute. */
export function has(step: Step): boolean {
  const path = step.f.split(".");
  if (path[0] === "Tensor") return methodName(path[1]!) in torch.Tensor.prototype;
  return functionOf(path) !== undefined;
}

function functionOf(path: readonly string[]): Callable | undefined {
  if (path[0] === "ops") return spaceOf(path.slice(0, 2))?.[path[2]!] as Callable | undefined;
  const value = spaceOf(path.slice(0, -1))?.[camelCase(path.at(-1)!)];
  return typeof value === "function" ? value as Callable : undefined;
}

function argumentsOf(step: Step, values: Values): unknown[] {
  const args = step.args.map((code) => decode(code, values));
  const keywords = Object.entries(step.kwargs ?? {});
  if (keywords.length === 0) return args;
  const named = (nameOf: (name: string) => string) =>
    Object.fromEntries(keywords.map(([name, code]) => [nameOf(name), decode(code, values)]));
  // An op by its schema takes the schema's own names.
  const isOp = step.f.startsWith("ops.");
  return [...args, isOp ? torch.jit.kwargs(named((name) => name)) : named(camelCase)];
}

/** Calls a step as PyTorch does: as a function, a method or an attribute. */
export function callStep(step: Step, values: Values): unknown {
  const path = step.f.split(".");
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
