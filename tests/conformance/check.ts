/**
 * One sample: calls what it says in every form, and compares results and gradients.
 *
 * @module
 */

import * as torch from "../../mod.ts";
import { callAs, callStep, callText, formName, has, ourName } from "./call.ts";
import { type Comparison, difference } from "./compare.ts";
import { isUninitialized, rules } from "./rules.ts";
import { decode, makeTensor, type Sample, type Step, type Values } from "./sample.ts";

/** What came of a sample. */
export interface Outcome {
  readonly kind: "passed" | "failed" | "not applicable";
  /** Why it failed, or the name of the rule. */
  readonly reason?: string;
  /** The function's name here. */
  readonly name: string;
  /** The call that failed. */
  readonly call?: string;
  /** Whether gradients were compared. */
  readonly grads?: boolean;
}

/** Runs a sample. Never throws; but native code may end the process. */
export function check(sample: Sample, blob: Uint8Array): Outcome {
  const last = sample.steps.at(-1);
  const name = last ? ourName(last) : "";
  for (const rule of rules) {
    if (rule.finds(sample) !== null) return { kind: "not applicable", reason: rule.name, name };
  }
  const missing = sample.steps.find((step) => !has(step));
  const reason = missing
    ? `missing: ${ourName(missing)} (${missing.op})`
    : failure(sample, { blob, shapesOnly: isUninitialized(sample) });
  if (reason === null) return { kind: "passed", name, grads: sample.grads !== undefined };
  return { kind: "failed", reason, name, call: textOf(sample) };
}

/** The sample's calls as text. */
export function textOf({ steps, tensors }: Sample): string {
  return steps.map((step) => callText(step, tensors)).join("; ");
}

function failure(sample: Sample, how: Comparison): string | null {
  return attempt("", () => functionFailure(sample, how)) ??
    attempt("as a method: ", () => formFailure(sample, sample.method, how)) ??
    attempt("in place: ", () => formFailure(sample, sample.inplace, how));
}

function attempt(form: string, run: () => string | null): string | null {
  try {
    const found = run();
    return found === null ? null : form + found;
  } catch (error) {
    return `${form}${(error as Error).name}: ${(error as Error).message}`;
  }
}

function inputs(sample: Sample, blob: Uint8Array): torch.Tensor[] {
  return sample.tensors.map((code) => makeTensor(code, blob));
}

function functionFailure(sample: Sample, how: Comparison): string | null {
  const values: Values & { steps: unknown[] } = { tensors: inputs(sample, how.blob), steps: [] };
  torch.manualSeed(sample.seed);
  for (const step of sample.steps) values.steps.push(callStep(step, values));
  const result = decode(sample.returns, values);
  const found = difference(result, sample.result, how);
  if (found !== null || !sample.grads) return found;
  return attempt("gradient: ", () => gradientFailure(sample, values.tensors, result, how));
}

function formFailure(
  sample: Sample,
  form: string | Step | undefined,
  how: Comparison,
): string | null {
  if (form === undefined) return null;
  const values: Values = { tensors: inputs(sample, how.blob), steps: [] };
  torch.manualSeed(sample.seed);
  const run = () => callAs(form, sample.steps[0]!, values);
  const result = formName(form).endsWith("_") ? torch.noGrad(run) : run();
  return difference(result, sample.result, how);
}

function gradientFailure(
  sample: Sample,
  tensors: readonly torch.Tensor[],
  result: unknown,
  how: Comparison,
): string | null {
  const sums = differentiable(result).map(realSum);
  sums.reduce((sum, next) => sum.add(next)).backward();
  for (const [index, expected] of sample.grads!.entries()) {
    const grad = tensors[index]!.grad;
    if (expected === null) {
      if (grad !== null) return `gradient ${index}: one where PyTorch has none`;
      continue;
    }
    const found = grad === null ? "none" : difference(grad, expected, how);
    if (found !== null) return `gradient ${index}: ${found}`;
  }
  return null;
}

function differentiable(value: unknown): torch.Tensor[] {
  if (Array.isArray(value)) return value.flatMap(differentiable);
  return value instanceof torch.Tensor && value.requiresGrad ? [value] : [];
}

function realSum(tensor: torch.Tensor): torch.Tensor {
  const complex = tensor.dtype.startsWith("complex");
  return (complex ? torch.viewAsReal(tensor.resolveConj()) : tensor).sum();
}
