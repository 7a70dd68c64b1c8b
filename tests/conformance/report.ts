/**
 * What came of all samples: as figures, as one line, and as docs/conformance.md.
 *
 * @module
 */

import type { Result } from "./batches.ts";
import { rules } from "./rules.ts";

/** Counts of outcomes. */
export interface Counts {
  passed: number;
  failed: number;
  notApplicable: number;
}

/** A failing op: how often, and why first. */
export interface Failure {
  readonly name: string;
  readonly entry: string;
  readonly dtypes: readonly string[];
  readonly failed: number;
  readonly of: number;
  readonly reasons: readonly {
    readonly reason: string;
    readonly count: number;
    /** The shortest call. */
    readonly example: string;
  }[];
}

/** All figures. */
export interface Summary {
  readonly dtypes: Readonly<Record<string, Counts>>;
  readonly namespaces: Readonly<Record<string, Counts>>;
  readonly rules: Readonly<Record<string, number>>;
  readonly gradients: number;
  readonly crashed: number;
  /** Samples for which PyTorch itself has no result. */
  readonly refused: number;
  readonly failures: readonly Failure[];
}

const DTYPES = ["float32", "int64", "bool", "complex64", "bfloat16"];

/** The figures of a run. */
export function summaryOf(results: readonly Result[], refused: number): Summary {
  const ruled = results.filter(({ kind }) => kind === "not applicable");
  return {
    dtypes: countsBy(results, ({ dtype }) => dtype, DTYPES),
    namespaces: countsBy(results, ({ entry, name }) => namespaceOf(name, entry), []),
    rules: Object.fromEntries(
      rules.map(({ name }) => [name, ruled.filter(({ reason }) => reason === name).length]),
    ),
    gradients: results.filter(({ grads }) => grads).length,
    crashed: results.filter(({ reason }) => reason?.startsWith("crashed")).length,
    refused,
    failures: failuresOf(results),
  };
}

function namespaceOf(name: string, entry: string): string {
  const space = (name || entry).split(".").slice(0, -1).join(".");
  if (space === "x") return "methods of a tensor";
  return space === "" || !/^(linalg|fft|special|nn\.functional)$/.test(space)
    ? "torch"
    : `torch.${space}`;
}

/** Counts of outcomes by some property, the first of its values first. */
export function countsBy(
  results: readonly Result[],
  keyOf: (result: Result) => string,
  first: readonly string[],
): Record<string, Counts> {
  const keys = [...new Set([...first, ...results.map(keyOf).sort()])];
  const counts: Record<string, Counts> = Object.fromEntries(
    keys.map((key) => [key, { passed: 0, failed: 0, notApplicable: 0 }]),
  );
  for (const result of results) {
    const field = result.kind === "not applicable" ? "notApplicable" : result.kind;
    counts[keyOf(result)]![field]++;
  }
  return counts;
}

/** The failures, by entry and reason. */
export function failuresOf(results: readonly Result[]): Failure[] {
  const entries = Map.groupBy(results, ({ entry }) => entry);
  return [...entries].flatMap(([entry, list]) => {
    const failed = list.filter(({ kind }) => kind === "failed");
    if (failed.length === 0) return [];
    const reasons = Map.groupBy(failed, ({ reason }) => alike(reason!));
    return [{
      entry,
      name: failed[0]!.name,
      dtypes: [...new Set(failed.map(({ dtype }) => dtype))],
      failed: failed.length,
      of: list.length,
      reasons: [...reasons.values()].sort((a, b) => b.length - a.length).map((same) => ({
        reason: same[0]!.reason!,
        count: same.length,
        example: shortest(same.map(({ call }) => call ?? "")),
      })),
    }];
  });
}

function shortest(calls: readonly string[]): string {
  return calls.reduce((best, call) => call.length < best.length ? call : best);
}

/** Reasons that differ in numbers only are one. */
function alike(reason: string): string {
  return reason.replace(/-?[\d.]+(e[+-]?\d+)?|NaN|-?Infinity/g, "0").replace(/\[[0, ]*\]/g, "[]");
}

/** One line for the end of a run. */
export function summaryLine({ dtypes, crashed, gradients }: Summary): string {
  const parts = Object.entries(dtypes).map(([dtype, counts]) =>
    `${dtype} ${counts.passed} passed, ${counts.failed} failed, ${counts.notApplicable} not applicable ` +
    `(${percent(counts)})`
  );
  return [...parts, `gradients compared ${gradients}, crashed ${crashed}`].join("\n");
}

/** The share that passed, of what applies. */
export function percent({ passed, failed }: Counts): string {
  return passed + failed === 0 ? "–" : `${(100 * passed / (passed + failed)).toFixed(2)} %`;
}

/** A table of counts. */
export function table(head: string, counts: Readonly<Record<string, Counts>>): string {
  const rows = Object.entries(counts).map(([key, row]) =>
    `| ${key} | ${row.passed} | ${row.failed} | ${row.notApplicable} | ${percent(row)} |`
  );
  return [
    `| ${head} | passed | failed | not applicable | passed of applicable |`,
    "|---|--:|--:|--:|--:|",
  ]
    .concat(rows).join("\n");
}

/** The text of docs/conformance.md, up to its part about modules. */
export function documentation(summary: Summary): string {
  const reasons = rules.map(({ name, reason }) =>
    `| ${name} | ${reason} | ${summary.rules[name]} |`
  );
  return `# Conformance

Written by \`tests/conformance/run.ts\`; do not edit.

PyTorch tests its own ops with a database of sample inputs (\`op_db\` of its OpInfo). Each sample was run by PyTorch
2.13 and by Flambeau, through the public API under the API's own names: the same function, the method and the
in-place method where there are such, results held against PyTorch's with the tolerances of
\`torch.testing.assert_close\`, shapes and dtypes equal, NaN equal. Of float32 all samples were run, with the gradients
where PyTorch says that the op has any (${summary.gradients} samples); of the other dtypes up to 24 an op. Random ops
get the same seed on both sides and must give the same numbers.

${table("dtype", summary.dtypes)}

${table("namespace", summary.namespaces)}

Crashes of the process: ${summary.crashed}. Not counted: ${summary.refused} samples that PyTorch itself refuses on a CPU.

## Not applicable

By rule, not by name; the first rule that applies to a sample counts.

| rule | meaning | samples |
|---|---|--:|
${reasons.join("\n")}

Results of ops with \`empty\` in their name are compared by shape and dtype: their values are whatever lay in memory.

## Failed

${failureTable("op", summary.failures)}
`;
}

/** A table of failures. */
export function failureTable(head: string, list: readonly Failure[]): string {
  const failures = list.flatMap(({ entry, failed, of, reasons }) =>
    reasons.slice(0, 3).map(({ reason, count, example }, index) =>
      `| ${index === 0 ? `\`${entry}\` | ${failed} of ${of}` : " |"} | ` +
      `\`${cell(example)}\` | ${cell(reason)} (${count}) |`
    )
  );
  if (failures.length === 0) return "None.";
  const top = `| ${head} | samples | shortest call | reason (samples) |\n|---|--:|---|---|\n`;
  return top + failures.join("\n");
}

const MODULES = "\n# Modules\n";

/** A page with its part about ops, or that about modules, written anew. */
export function replacePart(page: string, part: "ops" | "modules", text: string): string {
  const at = page.indexOf(MODULES);
  const [ops, modules] = at < 0 ? [page, ""] : [page.slice(0, at), page.slice(at)];
  return part === "ops" ? text + modules : `${ops}${MODULES}${text}`;
}

function cell(text: string): string {
  const line = text.replace(/\s+/g, " ").replaceAll("|", "\\|").replaceAll("<", "&lt;");
  return line.length > 200 ? `${line.slice(0, 200)}…` : line;
}
