/**
 * Which samples are not applicable: by rule, never by a list of names.
 *
 * @module
 */

import { has } from "./call.ts";
import type { Code, Sample, Step } from "./sample.ts";

/** A reason for which our library has no such call. */
export interface Rule {
  /** A short name, for tables. */
  readonly name: string;
  /** Why. */
  readonly reason: string;
  /** The first thing in the sample that it applies to, or `null`. */
  finds(sample: Sample): string | null;
}

/** The rules, in order: the first that finds something counts. */
export const rules: readonly Rule[] = [
  {
    name: "object",
    reason:
      "An argument or result is an object that has no form in the API: a sparse, nested or quantized tensor, a " +
      "Generator, a Python function or class.",
    finds: (sample) =>
      otherIn([...sample.steps.flatMap(codesOf), sample.result, ...sample.tensors]),
  },
  {
    name: "Python",
    reason:
      "The function is Python code in PyTorch, and LibTorch registers no op of its name (PyTorch's own refs, masked " +
      "reductions and windows, for instance).",
    finds: (sample) => firstStep(sample, (step) => step.op === undefined && !has(step)),
  },
];

/** Whether PyTorch leaves the values of the result to what lies in memory: rule of names, `empty` in any place. */
export function isUninitialized(sample: Sample): boolean {
  return sample.steps.some(({ f }) => /(^|[._])empty(_|$)/.test(f));
}

function firstStep(sample: Sample, test: (step: Step) => boolean): string | null {
  return sample.steps.find(test)?.f ?? null;
}

function codesOf(step: Step): Code[] {
  return [...step.args, ...Object.values(step.kwargs ?? {})];
}

function otherIn(codes: readonly Code[]): string | null {
  for (const code of codes) {
    if (code === null || typeof code !== "object") continue;
    if (!("$" in code)) {
      const found = otherIn(code);
      if (found !== null) return found;
    } else if (code.$ === "other") return code.type;
  }
  return null;
}
