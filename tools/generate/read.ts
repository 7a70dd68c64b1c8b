/**
 * What the generator reads: LibTorch's schemas and PyTorch's public names.
 *
 * @module
 */

import { readFileSync } from "node:fs";
import { check, context, native, takeText } from "../../ffi/mod.ts";
import { makePlan, type Plan, type PublicNames } from "./plan.ts";
import { parseSchema, type Schema } from "./schema.ts";

/** The schemas of namespace `aten`, as LibTorch itself reports them, in a fixed order. */
export function readSchemas(): Schema[] {
  const text = takeText(check(native.fb_op_schemas(context), "generate"));
  const lines = text.split("\n").filter((line) => line.startsWith("aten::"));
  return lines.filter((line) => !line.includes("__torch__")).sort().map(parseSchema);
}

function readNames(): PublicNames {
  return JSON.parse(readFileSync(new URL("./public_names.json", import.meta.url), "utf8"));
}

/** What is generated, from LibTorch's schemas. */
export function readPlan(): Plan {
  return makePlan(readSchemas(), readNames());
}
