/**
 * One sample of a module: makes it, and compares its text, state, output and gradients with PyTorch's.
 *
 * @module
 */

import * as torch from "../../../mod.ts";
import type { Outcome } from "../check.ts";
import { type Comparison, difference } from "../compare.ts";
import { makeTensor, type TensorCode } from "../sample.ts";
import { rules } from "./rules.ts";
import { argumentsOf, classOf, type ModuleSample, textOf } from "./sample.ts";

/** Runs a sample. Never throws; but native code may end the process. */
export function check(entry: string, sample: ModuleSample, blob: Uint8Array): Outcome {
  for (const rule of rules) {
    if (rule.finds(entry, sample)) {
      return { kind: "not applicable", reason: rule.name, name: entry };
    }
  }
  const how = { blob, shapesOnly: false };
  const reason = classOf(entry) === undefined ? `missing: ${entry}` : attempt(
    "",
    () => failure(entry, sample, how),
  );
  if (reason === null) return { kind: "passed", name: entry, grads: sample.grads !== undefined };
  return { kind: "failed", reason, name: entry, call: textOf(entry, sample) };
}

function attempt(what: string, run: () => string | null): string | null {
  try {
    const found = run();
    return found === null ? null : what + found;
  } catch (error) {
    return `${what}${(error as Error).name}: ${(error as Error).message}`;
  }
}

function failure(entry: string, sample: ModuleSample, how: Comparison): string | null {
  const tensors = sample.tensors.map((code) => makeTensor(code, how.blob));
  torch.manualSeed(sample.seed);
  using module: torch.nn.AnyModule = new (classOf(entry)!)(...argumentsOf(sample.make, tensors))
    .to({ dtype: sample.dtype as torch.DType }).train(sample.training);
  const made = attempt("text: ", () => textFailure(String(module), sample.text)) ??
    attempt("state: ", () => stateFailure(module, sample, how));
  if (made !== null) return made;
  torch.manualSeed(sample.seed + 1);
  const result = module(...argumentsOf(sample.call, tensors));
  return difference(result, sample.result, how) ??
    attempt("buffer ", () => tensorsFailure(module.namedBuffers(), sample.after, how)) ??
    attempt("gradient ", () => gradientFailure(module, sample, tensors, result, how));
}

/** PyTorch prints numbers as they were given: JavaScript has no integers among them, which print as floats here. */
function textFailure(found: string, expected: string): string | null {
  const same = found.replaceAll(/\b(\d+)\.0\b/g, "$1") ===
    expected.replaceAll(/\b(\d+)\.0\b/g, "$1");
  return same ? null : `${found}, not ${expected}`;
}

function stateFailure(
  module: torch.nn.AnyModule,
  { state, make }: ModuleSample,
  how: Comparison,
): string | null {
  const found = Object.keys(module.stateDict()).join();
  const expected = Object.keys(state).join();
  if (found !== expected) return `the names ${found}, not ${expected}`;
  // A module that is an argument was made before the seed was set.
  const seeded = !JSON.stringify(make).includes('"$":"module"');
  const differs = seeded ? tensorsFailure(Object.entries(module.stateDict()), state, how) : null;
  const dict = Object.entries(state).map(([name, code]) => [name, makeTensor(code, how.blob)]);
  module.loadStateDict(Object.fromEntries(dict));
  return differs;
}

function tensorsFailure(
  found: Iterable<[string, torch.Tensor | null]>,
  expected: Readonly<Record<string, TensorCode | null>>,
  how: Comparison,
): string | null {
  for (const [name, tensor] of found) {
    const code = expected[name];
    if (code === undefined) return `${name}: not in PyTorch`;
    if (code === null || tensor === null) {
      if (code === tensor) continue;
      return `${name}: ${tensor === null ? "none" : "one where PyTorch has none"}`;
    }
    const differs = difference(tensor, code, how);
    if (differs !== null) return `${name}: ${differs}`;
  }
  return null;
}

function gradientFailure(
  module: torch.nn.AnyModule,
  { grads, parameterGrads }: ModuleSample,
  tensors: readonly torch.Tensor[],
  result: unknown,
  how: Comparison,
): string | null {
  if (grads === undefined) return null;
  const outputs = leaves(result).filter((one) => one.requiresGrad);
  outputs.map(weightedSum).reduce((sum, next) => sum.add(next)).backward();
  const inputs = tensors.map((one, i): [string, torch.Tensor | null] => [`${i}`, one.grad]);
  const parameters = [...module.namedParameters()].map(
    ([name, one]): [string, torch.Tensor | null] => [name, one.grad],
  );
  return tensorsFailure(inputs, Object.fromEntries(grads.map((one, i) => [i, one])), how) ??
    tensorsFailure(parameters, parameterGrads!, how);
}

function leaves(value: unknown): torch.Tensor[] {
  if (Array.isArray(value)) return value.flatMap(leaves);
  return value instanceof torch.Tensor ? [value] : [];
}

/** As `modules/export.py` has it. */
function weightedSum(tensor: torch.Tensor): torch.Tensor {
  const weights = torch.arange(tensor.numel()).remainder(7).add(1).to(tensor.dtype).div(4);
  return tensor.mul(weights.reshape(tensor.shape)).sum();
}
