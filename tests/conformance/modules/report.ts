/**
 * What came of all samples of modules, as their part of docs/conformance.md.
 *
 * @module
 */

import type { Result } from "../batches.ts";
import { type Counts, countsBy, failuresOf, failureTable, percent, table } from "../report.ts";
import { rules } from "./rules.ts";

/** The text of the part. */
export function documentation(
  results: readonly Result[],
  more: readonly Result[],
  refused: number,
): string {
  const modules = countsBy(results, ({ entry }) => entry, []);
  const whole = Object.values(modules).filter((one) => one.passed > 0 && one.failed === 0).length;
  const applicable = Object.values(modules).filter((one) => one.passed + one.failed > 0).length;
  const further = totalOf(countsBy(more, ({ entry }) => entry, []));
  const crashed =
    [...results, ...more].filter(({ reason }) => reason?.startsWith("crashed")).length;
  const compared = results.filter(({ grads }) => grads).length;
  return `
Written by \`tests/conformance/modules/run.ts\`; do not edit.

PyTorch tests its own modules with a database of samples (\`module_db\` of its ModuleInfo): how a module is made, and what it
is called with. Each was made here under the same seed, what its constructor requires by place and the rest by name. Its
text, and names and values of its state must be PyTorch's, to the last bit; then its output, its buffers after the call, and
the gradients of a weighted sum of the output with respect to inputs and parameters (${compared} samples), with the tolerances of
\`torch.testing.assert_close\`. All samples were run.

${table("dtype and mode", countsBy(results, ({ dtype }) => dtype, []))}

All applicable samples of ${whole} of ${applicable} modules pass, ${
    percent(totalOf(modules))
  } of all. Crashes of the process: ${crashed}. Not
counted: ${refused} samples that PyTorch itself refuses on a CPU.

Beside these, ${further.passed + further.failed} samples of ${
    new Set(more.map(({ entry }) => entry)).size
  } modules, most of them such as the database lacks, were made for this run in the same way
(\`tests/conformance/modules/more.py\`): ${further.passed} pass, ${further.failed} fail.

| rule | meaning | samples |
|---|---|--:|
${ruleRows(results).join("\n")}

## Failed modules

${failureTable("module", failuresOf([...results, ...more]))}

## Modules by name

Samples that passed, of those that apply.

${byName(modules)}
`;
}

/** The sums of counts. */
export function totalOf(counts: Readonly<Record<string, Counts>>): Counts {
  const total = { passed: 0, failed: 0, notApplicable: 0 };
  for (const one of Object.values(counts)) {
    total.passed += one.passed;
    total.failed += one.failed;
    total.notApplicable += one.notApplicable;
  }
  return total;
}

function ruleRows(results: readonly Result[]): string[] {
  const ruled = results.filter(({ kind }) => kind === "not applicable");
  return rules.map(({ name, reason }) =>
    `| ${name} | ${reason} | ${ruled.filter((one) => one.reason === name).length} |`
  );
}

function byName(modules: Readonly<Record<string, Counts>>): string {
  return Object.entries(modules).filter(([, one]) => one.passed + one.failed > 0).map((
    [name, { passed, failed }],
  ) => `\`${name.replace("nn.", "")}\` ${passed} of ${passed + failed}`).join(", ") + ".";
}
