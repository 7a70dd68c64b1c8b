/**
 * What the documentation of each op says.
 *
 * @module
 */

import { examples } from "./examples.ts";
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

/** What parameters of these names mean, wherever they occur. */
const parameters: Readonly<Record<string, string>> = {
  dim: "The dimension (or dimensions, where a list is taken); from the end, where it is negative.",
  keepdim: "Whether dimensions that are reduced stay, with size 1.",
  dtype: "The element type of the result; default: what PyTorch infers.",
  size: "The sizes of the result.",
};

function comment(lines: string[]): string {
  if (lines.length === 1) return `/** ${lines[0]} */`;
  return `/**\n${lines.map((line) => line ? ` * ${line}` : " *").join("\n")}\n */`;
}

function parameterLines(overload: Overload): string[] {
  return overload.positional.filter(({ native }) => Object.hasOwn(parameters, native))
    .map(({ name, native }) => `@param ${name} ${parameters[native]}`);
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
