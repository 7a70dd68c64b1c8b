/**
 * What the documentation of each op says.
 *
 * @module
 */

import type { Group, Overload } from "./plan.ts";

/** Sentences by ATen's name. */
const sentences: Readonly<Record<string, string>> = {};

/** One sentence for an op. */
export function sentenceOf(native: string, name: string): string {
  const own = sentences[native];
  if (own) return own;
  const base = sentences[native.replace(/_$/, "")];
  if (base && native.endsWith("_")) return `In place: ${base[0]!.toLowerCase()}${base.slice(1)}`;
  return native.endsWith("_")
    ? `PyTorch's in-place \`${native}\`: writes its result to this tensor and returns it.`
    : `PyTorch's \`${name}\`.`;
}

function comment(lines: string[]): string {
  if (lines.length === 1) return `/** ${lines[0]} */`;
  return `/**\n${lines.map((line) => line ? ` * ${line}` : " *").join("\n")}\n */`;
}

/** The comment above the first signature. */
export function describeOp(group: Group, overload: Overload): string {
  return comment([sentenceOf(group.native, group.name), "", `\`${overload.schema.text}\``]);
}

/** The comment above another signature. */
export function signatureDoc(group: Group, overload: Overload): string {
  return describeOp(group, overload);
}
