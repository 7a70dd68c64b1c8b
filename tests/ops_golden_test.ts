import { assertBack, liveCounts } from "./support/balance.ts";
import { assert, assertEquals } from "@std/assert";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import * as functional from "../src/ops/functional.ts";
import * as ops from "../src/ops/mod.ts";
import { type DType, manualSeed, Tensor, tensor } from "../src/tensor/mod.ts";

// What is written here is explained in tests/python/make_ops_golden.py.
interface GoldenTensor {
  dtype: DType;
  shape: number[];
  data: GoldenElement[];
}
type GoldenElement = number | boolean | string | [GoldenElement, GoldenElement];
type Golden =
  | GoldenTensor
  | { name: DType }
  | { re: number; im: number }
  | number
  | boolean
  | string
  | null
  | Golden[];
type GoldenCase = [name: string, args: Golden[], options: Record<string, Golden>, result: Golden];

type Any = (...args: unknown[]) => unknown;

const cases: GoldenCase[] = JSON.parse(
  readFileSync(new URL("./golden/ops.json", import.meta.url), "utf8"),
);

function camelCase(name: string): string {
  return name.replace(/(?<=.)_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
}

/** Finds what a Python name is here, as a function whose first argument is the tensor of a method. */
function find(name: string): Any {
  const parts = name.split(".").map(camelCase);
  const last = parts.pop()!;
  if (parts[0] === "Tensor") {
    return (self, ...args) => (self as Record<string, Any>)[last]!(...args);
  }
  const space = parts.join(".") === "torch"
    ? ops
    : parts[1] === "nn"
    ? functional
    : (ops as unknown as Record<string, unknown>)[parts[1]!];
  const found = (space as Record<string, Any>)[last];
  assert(typeof found === "function", `${name} is missing`);
  return found;
}

function isGoldenTensor(value: Golden): value is GoldenTensor {
  return typeof value === "object" && value !== null && "data" in value;
}

function element(value: GoldenElement): number | boolean | { re: number; im: number } {
  if (Array.isArray(value)) {
    return { re: element(value[0]) as number, im: element(value[1]) as number };
  }
  if (typeof value === "string") {
    return value === "-0" ? -0 : Number(value.replace("inf", "Infinity"));
  }
  return value;
}

/** A tensor through float64 or complex128, so that every dtype can be written. */
function makeTensor({ dtype, shape, data }: GoldenTensor): Tensor {
  const flat = data.map(element) as number[];
  const wide = dtype.startsWith("complex") ? "complex128" : "float64";
  using source = tensor(flat, { dtype: wide });
  using shaped = source.reshape(shape);
  return shaped.to({ dtype, copy: true });
}

function decode(value: Golden, made: Tensor[]): unknown {
  if (typeof value === "string") return value.endsWith("inf") ? element(value) : value;
  if (Array.isArray(value)) return value.map((inner) => decode(inner, made));
  if (isGoldenTensor(value)) {
    const result = makeTensor(value);
    made.push(result);
    return result;
  }
  if (typeof value === "object" && value !== null && "name" in value) return value.name;
  return value;
}

const TOLERANCE: Partial<Record<DType, number>> = {
  float16: 2e-3,
  bfloat16: 2e-2,
  float64: 1e-8,
  complex128: 1e-8,
};

function close(actual: number, expected: number, tolerance: number): boolean {
  if (Object.is(actual, expected) || actual === expected) return true;
  return Math.abs(actual - expected) <= tolerance * Math.max(1, Math.abs(expected));
}

function flatten(value: unknown): unknown[] {
  return Array.isArray(value) ? value.flatMap(flatten) : [value];
}

function compareTensor(actual: unknown, expected: GoldenTensor): void {
  assert(actual instanceof Tensor, "the result is not a tensor");
  assertEquals(actual.dtype, expected.dtype);
  assertEquals(actual.shape, expected.shape);
  const tolerance = TOLERANCE[expected.dtype] ?? 2e-5;
  const values = flatten(actual.toArray());
  expected.data.map(element).forEach((wanted, index) => {
    const value = values[index];
    const pairs = typeof wanted === "object"
      ? [[(value as typeof wanted).re, wanted.re], [(value as typeof wanted).im, wanted.im]]
      : [[Number(value), Number(wanted)]];
    for (const [a, b] of pairs) {
      assert(close(a!, b!, tolerance), `element ${index} is ${a}, not ${b}`);
    }
  });
}

function compare(actual: unknown, expected: Golden): void {
  if (Array.isArray(expected)) {
    assert(Array.isArray(actual), "the result is not an array");
    assertEquals(actual.length, expected.length);
    expected.forEach((inner, index) => compare(actual[index], inner));
  } else if (isGoldenTensor(expected)) {
    compareTensor(actual, expected);
  } else if (typeof expected === "object" && expected !== null && "name" in expected) {
    assertEquals<unknown>(actual, expected.name);
  } else {
    assertEquals(actual, expected);
  }
}

function dispose(value: unknown): void {
  if (value instanceof Tensor) value.dispose();
  else if (Array.isArray(value)) value.forEach(dispose);
}

function check([name, args, options, expected]: GoldenCase): void {
  const made: Tensor[] = [];
  let given = args.map((value) => decode(value, made));
  // Python's variable arguments are an array here.
  if (/broadcast_tensors|cartesian_prod|block_diag|chain_matmul/.test(name)) given = [given];
  const keys = Object.keys(options);
  if (keys.length > 0) {
    given.push(Object.fromEntries(keys.map((key) => [key, decode(options[key]!, made)])));
  }
  try {
    manualSeed(0);
    const result = find(name)(...given);
    try {
      compare(result, expected);
    } finally {
      dispose(result);
    }
  } finally {
    made.forEach(dispose);
  }
}

const byName = Map.groupBy(cases, ([name]) => name);

for (const [name, list] of byName) {
  test(`${name} answers as PyTorch does`, () => {
    const before = liveCounts();
    for (const entry of list) {
      try {
        check(entry);
      } catch (cause) {
        const call = JSON.stringify(entry.slice(0, 3));
        throw new Error(`${call}: ${cause instanceof Error ? cause.message : cause}`, { cause });
      }
    }
    assertBack(before);
  });
}
