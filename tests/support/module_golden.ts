/**
 * Modules as PyTorch runs them: the goldens of tests/python/make_nn_sequence_golden.py and its like.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import * as torch from "../../mod.ts";

type T = torch.Tensor;

/** A value in JSON: see the script that writes it. */
export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

/** A module, what it was given, and what came of it. */
export interface ModuleCase {
  layer: string;
  args: Json[];
  options: Record<string, Json>;
  training: boolean;
  text: string;
  state: Record<string, Json>;
  inputs: Json[];
  call: Record<string, Json>;
  outputs: Json;
  inputGradients: Json[];
  gradients: Record<string, Json>;
}

/** All cases of a golden, and their seed. */
export interface ModuleGolden {
  seed: number;
  cases: ModuleCase[];
}

/** Reads a golden of `tests/golden`. */
export function readGolden(name: string): ModuleGolden {
  const url = new URL(`../golden/${name}`, import.meta.url);
  return JSON.parse(gunzipSync(readFileSync(url)).toString("utf8"));
}

type Encoded = [shape: number[], dtype: torch.DType, values: (number | string | boolean)[]];

function numberOf(value: number | string | boolean): number {
  return typeof value === "string" ? Number(value.replace("inf", "Infinity")) : Number(value);
}

function tensorOf([shape, dtype, values]: Encoded): T {
  const numbers = values.map(numberOf);
  return torch.tensor(numbers, { dtype: "float64" }).to({ dtype }).reshape(shape);
}

/** The value that a user would give; tensors that take gradients are noted in `leaves`. */
export function given(value: Json, leaves: T[]): unknown {
  if (Array.isArray(value)) return value.map((one) => given(one, leaves));
  if (typeof value !== "object" || value === null) return value;
  if (value.module) return made(value.module as ModuleSpec);
  if (value.tensor) return tensorOf(value.tensor as unknown as Encoded);
  if (value.input) {
    const leaf = tensorOf(value.input as unknown as Encoded).requiresGrad_();
    leaves.push(leaf);
    return leaf;
  }
  if (value.packed) {
    const [padded, lengths, enforceSorted] = value.packed as [Json, number[], boolean];
    const input = given(padded, leaves) as T;
    return torch.nn.utils.rnn.packPaddedSequence(input, lengths, { enforceSorted });
  }
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, given(one, leaves)]));
}

function assertTensor(actual: unknown, expected: Encoded, tolerance: number, path: string): void {
  assert(actual instanceof torch.Tensor, `${path} is no tensor`);
  const [shape, dtype, values] = expected;
  assertEquals([actual.shape, actual.dtype], [shape, dtype], path);
  const dense = actual.detach().toDense();
  const found = Array.from(dense.double().contiguous().toTypedArray() as Float64Array);
  found.forEach((one, i) => {
    const decimal = numberOf(values[i]!);
    const wanted = dtype === "float32" ? Math.fround(decimal) : decimal;
    const near = Object.is(one, wanted) || one === wanted ||
      Math.abs(one - wanted) <= tolerance * Math.max(1, Math.abs(wanted));
    assert(near, `${path}[${i}] is ${one}, not ${wanted}`);
  });
}

/** Asserts that a value is the recorded one, floats within a tolerance. */
export function assertValue(
  actual: unknown,
  expected: Json,
  tolerance: number,
  path: string,
): void {
  if (Array.isArray(expected)) {
    const list = [...actual as Iterable<unknown>];
    assertEquals(list.length, expected.length, path);
    expected.forEach((one, i) => assertValue(list[i], one, tolerance, `${path}[${i}]`));
  } else if (typeof expected === "object" && expected !== null) {
    const [[kind, body]] = Object.entries(expected) as [[string, Json]];
    if (kind !== "packed") return assertTensor(actual, body as unknown as Encoded, tolerance, path);
    assert(actual instanceof torch.nn.utils.rnn.PackedSequence, `${path} is not packed`);
    assertValue(actual, body, tolerance, path);
  } else assertEquals(actual as Json, expected, path);
}

function floats(value: unknown): T[] {
  if (value instanceof torch.nn.utils.rnn.PackedSequence) return [value.data];
  if (Array.isArray(value)) return value.flatMap(floats);
  return value instanceof torch.Tensor ? [value] : [];
}

/** One number of all outputs, as the script computes it. */
function loss(outputs: unknown): T {
  const parts = floats(outputs).map((out) => {
    const factors = torch.arange(0, out.numel(), { dtype: out.dtype }).cos().viewAs(out);
    return out.mul(factors).sum();
  });
  return parts.reduce((sum, part) => sum.add(part));
}

// deno-lint-ignore no-explicit-any -- a layer of any arguments
type AnyLayer = new (...args: any[]) => torch.nn.AnyModule;

type ModuleSpec = [layer: string, args: Json[], options: Record<string, Json>];

function made([layer, args, options]: ModuleSpec): torch.nn.AnyModule {
  const type = (torch.nn as unknown as Record<string, AnyLayer>)[layer]!;
  const named = Object.keys(options).length > 0 ? [given(options, [])] : [];
  return new type(...args.map((one) => given(one, [])), ...named);
}

/** Makes the module of a case, and asserts its text and the weights that it begins with, to the bit. */
export function makeModule(
  { layer, args, options, training, text, state }: ModuleCase,
  seed: number,
): torch.nn.AnyModule {
  torch.manualSeed(seed);
  const module = made([layer, args, options]).train(training);
  assertEquals(String(module), text);
  const own = module.stateDict();
  assertEquals(Object.keys(own), Object.keys(state));
  for (const [name, value] of Object.entries(state)) assertValue(own[name], value, 0, name);
  return module;
}

/** What a case gives its module; one input stands for three that are the same. */
export function inputsOf({ layer, inputs, call }: ModuleCase, leaves: T[]): unknown[] {
  const values = inputs.map((one) => given(one, leaves));
  if (layer === "MultiheadAttention" && values.length === 1) values.push(values[0], values[0]);
  return Object.keys(call).length > 0 ? [...values, given(call, leaves)] : values;
}

/** Runs a case: its outputs and all gradients are PyTorch's. */
export function checkCase(sample: ModuleCase, seed: number, tolerance: number): void {
  const module = makeModule(sample, seed);
  const leaves: T[] = [];
  const inputs = inputsOf(sample, leaves);
  torch.manualSeed(seed + 1);
  const outputs = module(...inputs);
  assertValue(outputs, sample.outputs, tolerance, "outputs");
  loss(outputs).backward();
  assertEquals(leaves.length, sample.inputGradients.length);
  sample.inputGradients.forEach((gradient, i) => {
    assertValue(leaves[i]!.grad, gradient, tolerance, `the gradient of input ${i}`);
  });
  const named = [...module.namedParameters()].filter(([, one]) => one.grad !== null);
  assertEquals(named.map(([name]) => name), Object.keys(sample.gradients));
  for (const [name, parameter] of named) {
    const expected = sample.gradients[name]!;
    assertValue(parameter.grad, expected, tolerance, `the gradient of ${name}`);
  }
}
