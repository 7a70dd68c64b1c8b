/**
 * Which samples of modules are not applicable, and why.
 *
 * @module
 */

import type { ModuleSample } from "./sample.ts";

/** A reason for which our library has no such module or argument. */
export interface Rule {
  /** A short name, for tables. */
  readonly name: string;
  /** Why. */
  readonly reason: string;
  /** Whether it applies. */
  finds(entry: string, sample: ModuleSample): boolean;
}

/** The rules, in order: the first that applies counts. */
export const rules: readonly Rule[] = [
  {
    name: "lazy",
    reason: "The module finds its sizes at its first call: PyTorch calls it lazy.",
    finds: (entry) => /^nn\.Lazy/.test(entry),
  },
  {
    name: "object",
    reason: "An argument is an object that has no form in the API.",
    finds: (_, { make, call }) => JSON.stringify([make, call]).includes('"$":"other"'),
  },
];
