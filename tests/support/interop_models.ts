/**
 * The models of tests/golden/models, what PyTorch computes with them, and values in the JSON of
 * tests/python/interop_json.py.
 *
 * @module
 */

import { assert, assertEquals, assertInstanceOf } from "@std/assert";
import { readFileSync } from "node:fs";
import * as torch from "../../mod.ts";

/** A recorded value: `null`, a boolean or a string is itself, all else is an object with its kind as key. */
export type Recorded = null | boolean | string | { readonly [kind: string]: unknown };

/** A call, and what came of it. */
export interface Step {
  /** The method, after the path of its submodule. */
  readonly method: string;
  readonly args: readonly Recorded[];
  readonly kwargs?: readonly (readonly [string, Recorded])[];
  readonly train?: boolean;
  readonly seed?: number;
  readonly result?: Recorded;
  readonly error?: { readonly class: string; readonly message: string };
}

/** A model, and what to do with it. */
export interface Model {
  readonly name: string;
  readonly kind: "trace" | "script";
  readonly steps?: readonly Step[];
  /** The op that is not there. */
  readonly missing?: string;
  readonly extraFiles?: Readonly<Record<string, string>>;
  readonly parameters?: readonly string[];
  readonly buffers?: readonly string[];
}

const folder = new URL("../golden/models/", import.meta.url);

/** All models. */
export const models: readonly Model[] =
  JSON.parse(readFileSync(new URL("expected.json", folder), "utf8")).models;

/** The file of a model. */
export function fileOf(model: Model): URL {
  return new URL(`${model.name}.pt`, folder);
}

function tensorOf(value: Record<string, unknown>): torch.Tensor {
  const { tensor: dtype, shape, data } = value as {
    tensor: torch.DType;
    shape: number[];
    data: (number | string)[];
  };
  if (dtype === "int64") {
    return torch.tensor(data.map((one) => BigInt(one)), { dtype }).reshape(shape);
  }
  const numbers = data.map((one) => numberOf(one));
  if (!dtype.startsWith("complex")) {
    return torch.tensor(numbers, { dtype: "float64" }).to({ dtype }).reshape(shape);
  }
  return torch.viewAsComplex(torch.tensor(numbers, { dtype: "float64" }).reshape([...shape, 2]))
    .to({ dtype });
}

function numberOf(value: unknown): number {
  return value === "inf" ? Infinity : value === "-inf" ? -Infinity : Number(value);
}

/** The JavaScript value that a user would give. `results` are those of the steps before. */
export function given(value: Recorded, results: readonly unknown[]): unknown {
  if (typeof value !== "object" || value === null) return value;
  const inner = (one: Recorded) => given(one, results);
  const [kind, body] = Object.entries(value)[0]! as [string, Recorded[]];
  switch (kind) {
    case "tensor":
      return value.requiresGrad === true ? tensorOf(value).requiresGrad_() : tensorOf(value);
    case "int":
      return typeof body === "string" ? BigInt(body) : body;
    case "float":
      return numberOf(body);
    case "complex":
      return { re: Number(body[0]), im: Number(body[1]) };
    case "list":
    case "tuple":
      return body.map(inner);
    case "named":
      return Object.fromEntries(
        (body as unknown as [string, Recorded][]).map(([key, one]) => [key, inner(one)]),
      );
    case "dict": {
      const entries = (body as unknown as [Recorded, Recorded][])
        .map(([key, one]) => [inner(key), inner(one)] as const);
      const strings = entries.every(([key]) => typeof key === "string");
      return strings ? Object.fromEntries(entries as [string, unknown][]) : new Map(entries);
    }
    case "enum":
      return { name: body[1] };
    case "device":
    case "dtype":
      return body;
    case "ref":
      return results[body as unknown as number];
    default:
      throw new Error(`A recorded value of the unknown kind ${kind}`);
  }
}

/** A tensor as Python records it. */
export function recordTensor(tensor: torch.Tensor): Recorded {
  const plain = tensor.detach();
  const flat = plain.dtype === "int64" ? plain : plain.to({ dtype: "float64" });
  const data = Array.from(flat.contiguous().toTypedArray() as ArrayLike<unknown>, Number);
  return { tensor: plain.dtype, shape: plain.shape, data };
}

/** Asserts that a value is the recorded one; floats may differ by what kernels may round. */
export async function assertRecorded(
  actual: unknown,
  expected: Recorded,
  path = "result",
): Promise<void> {
  if (typeof expected !== "object" || expected === null) {
    return assertEquals(actual, expected, `${path} is ${String(actual)}, not ${expected}`);
  }
  const [kind, body] = Object.entries(expected)[0]! as [string, Recorded[]];
  switch (kind) {
    case "tensor":
      return assertTensor(actual, expected, path);
    case "int":
      return assertEquals<unknown>(actual, typeof body === "string" ? BigInt(body) : body, path);
    case "float":
      return assertNumber(actual, numberOf(body), path);
    case "complex": {
      const { re, im } = actual as torch.Complex;
      assertNumber(re, numberOf(body[0]), `${path}.re`);
      return assertNumber(im, numberOf(body[1]), `${path}.im`);
    }
    case "list":
    case "tuple":
      assert(Array.isArray(actual), `${path} must be an array`);
      return await assertAll(actual, body, path);
    case "named":
      return await assertNamed(actual, body as unknown as [string, Recorded][], path);
    case "dict":
      return await assertDict(actual, body as unknown as [Recorded, Recorded][], path);
    case "enum": {
      const { type, name, value } = actual as torch.jit.EnumValue;
      assertEquals<unknown>([type, name], body.slice(0, 2), path);
      return await assertRecorded(value, body[2]!, `${path}.value`);
    }
    case "device":
      return assertEquals<unknown>(actual, body, path);
    case "future":
      assertInstanceOf(actual, Promise);
      return await assertRecorded(await actual, body as unknown as Recorded, `await ${path}`);
    case "object":
      return await assertObject(actual, body as unknown as [string, [string, Recorded][]], path);
    default:
      throw new Error(`A recorded value of the unknown kind ${kind}`);
  }
}

async function assertAll(actual: unknown[], expected: Recorded[], path: string): Promise<void> {
  assertEquals(actual.length, expected.length, `${path}.length`);
  for (let i = 0; i < actual.length; i++) {
    await assertRecorded(actual[i], expected[i]!, `${path}[${i}]`);
  }
}

async function assertNamed(
  actual: unknown,
  fields: [string, Recorded][],
  path: string,
): Promise<void> {
  const record = actual as Record<string, unknown> & Iterable<unknown>;
  assertEquals(Object.keys(record), fields.map(([name]) => name), path);
  await assertAll([...record], fields.map(([, value]) => value), path);
}

async function assertDict(
  actual: unknown,
  entries: [Recorded, Recorded][],
  path: string,
): Promise<void> {
  const named = entries.every(([key]) => typeof key === "string");
  if (entries.length > 0) assertEquals(actual instanceof Map, !named, `${path} is a Map`);
  const pairs: [unknown, unknown][] = actual instanceof Map
    ? [...actual]
    : Object.entries(actual as object);
  assertEquals(pairs.length, entries.length, `${path} has ${entries.length} entries`);
  for (const [i, [key, value]] of pairs.entries()) {
    await assertRecorded(key, entries[i]![0], `${path}, key ${i}`);
    await assertRecorded(value, entries[i]![1], `${path}, value ${i}`);
  }
}

async function assertObject(
  actual: unknown,
  [type, attributes]: [string, [string, Recorded][]],
  path: string,
): Promise<void> {
  assertInstanceOf(actual, torch.jit.ScriptObject);
  assertEquals(actual.typeName, type);
  for (const [name, value] of attributes) {
    const own = (actual as unknown as Record<string, unknown>)[name];
    await assertRecorded(own, value, `${path}.${name}`);
  }
}

function assertTensor(actual: unknown, expected: Record<string, unknown>, path: string): void {
  assertInstanceOf(actual, torch.Tensor);
  assertEquals<unknown>(
    [actual.dtype, actual.shape],
    [expected.tensor, expected.shape],
    `${path} is ${actual.dtype} [${actual.shape}], not ${expected.tensor} [${expected.shape}]`,
  );
  const plain = actual.detach();
  const data = expected.data as (number | string)[];
  if (plain.dtype === "int64") {
    const ints = [...plain.contiguous().toTypedArray() as BigInt64Array];
    return assertEquals(ints, data.map((one) => BigInt(one)), path);
  }
  const flat = plain.dtype.startsWith("complex") ? torch.viewAsReal(plain) : plain;
  const numbers = [...flat.double().contiguous().toTypedArray() as Float64Array];
  assertEquals(numbers.length, data.length, path);
  numbers.forEach((one, i) => assertNumber(one, numberOf(data[i]), `${path}, element ${i}`));
}

function assertNumber(actual: unknown, expected: number, path: string): void {
  const close = Object.is(actual, expected) || actual === expected ||
    (typeof actual === "number" && Math.abs(actual - expected) <= 1e-5 + 1e-4 * Math.abs(expected));
  assert(close, `${path} is ${actual}, not ${expected}`);
}

/** Python's message without the class before it: "builtins.ValueError: text" → "text". */
export function messageOf(error: { readonly message: string }): string {
  return error.message.replace(/^(?:builtins\.)?\w*(?:Error|Exception): ?/, "").trim();
}

/** Python's class of an error that a script raised: "builtins.ValueError: text" → "builtins.ValueError". */
export function classOf(error: { readonly message: string }): string | null {
  return /^(builtins\.\w+): /.exec(error.message)?.[1] ?? null;
}

/** Calls the method that a step names. */
export function call(module: torch.jit.LoadedModule, step: Step, results: unknown[]): unknown {
  if (step.train !== undefined) module.train(step.train);
  if (step.seed !== undefined) torch.manualSeed(step.seed);
  const path = step.method.split(".");
  let owner = module;
  for (const name of path.slice(0, -1)) owner = owner[name];
  const args = step.args.map((one) => given(one, results));
  if (step.kwargs !== undefined) {
    const named = step.kwargs.map(([key, one]) => [key, given(one, results)]);
    args.push(torch.jit.kwargs(Object.fromEntries(named)));
  }
  return owner.method(path.at(-1)!)(...args);
}
