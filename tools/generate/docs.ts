/**
 * What the documentation of each op says.
 *
 * @module
 */

import { examples } from "./examples.ts";
import { meaningOf } from "./parameters.ts";
import type { Group, Overload } from "./plan.ts";
import { sentences } from "./sentences.ts";

/** One sentence for an op. */
export function sentenceOf(native: string, name: string): string {
  const own = sentences.get(native);
  if (own) return own;
  if (!native.endsWith("_")) return `PyTorch's \`${name}\`.`;
  const base = sentences.get(native.slice(0, -1));
  if (!base) return `PyTorch's in-place \`${native}\`: writes to this tensor, and returns it.`;
  return `${base.replace(/\.$/, "")}; in place.`;
}

function comment(lines: string[]): string {
  if (lines.length === 1) return `/** ${lines[0]} */`;
  return `/**\n${lines.map((line) => line ? ` * ${line}` : " *").join("\n")}\n */`;
}

function parameterLines(overload: Overload): string[] {
  const lines = overload.positional.map((parameter) =>
    `@param ${parameter.name} ${meaningOf(parameter)}`
  );
  const named = overload.keywords.map((parameter) =>
    `\`${parameter.name}\`: ${meaningOf(parameter)}`
  );
  if (named.length > 0) lines.push(`@param options ${named.join(" ")}`);
  return lines;
}

function exampleLines(group: Group): string[] {
  const code = examples.get(group.native);
  if (!code) return [];
  const imports = [`import * as torch from "flambeau";`];
  const asserts = ["assert", "assertEquals"].filter((name) => code.includes(`${name}(`));
  imports.push(`import { ${asserts.join(", ")} } from "@std/assert";`);
  return ["", "@example", "```ts", ...imports, "", ...code.trim().split("\n"), "```"];
}

/** The comment above the first signature. */
export function describeOp(group: Group, overload: Overload): string {
  const lines = [sentenceOf(group.native, group.name), "", `ATen: \`${overload.schema.text}\``];
  if (overload.parameters.some(({ kind }) => kind === "Generator")) {
    lines.push(
      "",
      "Draws from `generator`, by default from the one that `torch.manualSeed` seeds.",
    );
  }
  const params = parameterLines(overload);
  if (params.length > 0) lines.push("", ...params);
  return comment([...lines, ...exampleLines(group)]);
}

/** The comment above another signature. */
export function signatureDoc(group: Group, overload: Overload): string {
  return comment([sentenceOf(group.native, group.name), "", `ATen: \`${overload.schema.text}\``]);
}
