/**
 * Whether a program may run: the ops that it can reach, against the table.
 *
 * @module
 */

import { check, context, encode, native, takeText, TorchError } from "../../../ffi/mod.ts";
import { describe } from "../../tensor/tensor.ts";
import {
  computing,
  internalOps,
  languageOps,
  outsideArgument,
  outsideName,
  refusedKinds,
  refusedNamespaces,
  refusedOps,
} from "./op_rules.ts";

const OWN_USE = "is for LibTorch's own use, and does not check its arguments";
const CLASSES = "__torch__.torch.classes.";

/** Why a program may not call an op, by the op's name. */
export interface Refusal {
  /** `"aten::from_file"`: what `allow` takes. */
  readonly op: string;
  /** What it does. */
  readonly reason: string;
}

/** Checks an `allow` option. */
export function allowed(allow: unknown, op: string): ReadonlySet<string> {
  if (allow === undefined) return new Set();
  if (Array.isArray(allow) && allow.every((name) => typeof name === "string")) {
    return new Set(allow as string[]);
  }
  throw new TypeError(
    `${op}(): option 'allow' must be an array of ops such as "aten::from_file", but got ${
      describe(allow)
    }`,
  );
}

/** Whether everything is allowed. */
export function allowsAll(allow: ReadonlySet<string>): boolean {
  return allow.has("*");
}

/** Of the ops that a program can reach, as native code lists them, those that it may not. */
export function refusals(reached: readonly string[], allow: ReadonlySet<string>): Refusal[] {
  const found = new Map<string, string>();
  for (const one of reached) {
    const op = withoutOverload(one);
    const [namespace] = op.split("::");
    if (allow.has(op) || allow.has(one) || allow.has(`${namespace}::*`) || allowsAll(allow)) {
      continue;
    }
    const whole = reasonAgainst(op);
    const reason = whole ?? refusedOps[one === op ? `${one}.` : one] ?? null;
    if (reason !== null) found.set(whole === null ? one : op, reason);
  }
  return [...found].map(([op, reason]) => ({ op, reason }));
}

/** Throws a {@linkcode TorchError} that names what a program may not call. */
export function requireAllowed(
  reached: readonly string[],
  allow: ReadonlySet<string>,
  op: string,
): void {
  const refused = refusals(reached, allow);
  if (refused.length === 0) return;
  const list = refused.map(({ op, reason }) => `${op}, which ${reason}`).join("; ");
  const names = refused.map(({ op }) => JSON.stringify(op)).join(", ");
  throw new TorchError(
    `${op}(): the program can call ${list}. Where you trust it with that, allow it: { allow: [${names}] }`,
    { op, kind: "value" },
  );
}

// "aten::add.Tensor" → "aten::add"; a method of a native class, and what could not be followed, stay whole.
function withoutOverload(op: string): string {
  if (op.startsWith("?") || !op.includes("::")) return op;
  const dot = op.indexOf(".");
  return dot < 0 ? op : op.slice(0, dot);
}

/** Why an op is refused, or `null` when it only computes. */
export function reasonAgainst(op: string): string | null {
  if (op.startsWith("?")) return `is ${op.slice(1)}, so that it is not known what it does`;
  if (op.startsWith(CLASSES)) return againstClass(op.slice(CLASSES.length));
  const [namespace = "", name = ""] = op.split("::");
  const known = refusedOps[op] ?? refusedNamespaces[namespace];
  if (known !== undefined) return known;
  if (namespace === "aten") return againstTensorOp(name);
  if (namespace === "prim") {
    return languageOps.has(name) ? null : OWN_USE;
  }
  return computing.has(namespace) ? null : againstForeign(op, name);
}

function againstTensorOp(name: string): string | null {
  for (const [kind, reason] of refusedKinds) if (kind.test(name)) return reason;
  const internal = name.startsWith("_") && !name.startsWith("__") && !internalOps.has(name);
  return internal ? OWN_USE : null;
}

function againstClass(method: string): string | null {
  const namespace = method.split(".")[0]!;
  const known = refusedNamespaces[namespace];
  if (known !== undefined) return known;
  if (computing.has(namespace)) return null;
  return outsideName.test(method.split(".").at(-1)!)
    ? "is of a library, and by its name reaches outside of this process"
    : null;
}

// The program opened the library itself, and trusts its code; that a stranger's model calls it with a path is another matter.
function againstForeign(op: string, name: string): string | null {
  if (outsideName.test(name)) {
    return "is of a library, and by its name reaches outside of this process";
  }
  for (const schema of schemasOf(op)) {
    const given = schema.slice(schema.indexOf("(") + 1, schema.lastIndexOf("->"));
    for (const [, argument] of given.matchAll(/\bstr(?:\[\])?\??\s+(\w+)/g)) {
      if (outsideArgument.test(argument!)) {
        return `is of a library, and takes a '${argument}', with which it may reach outside of this process`;
      }
    }
  }
  return null;
}

function schemasOf(op: string): string[] {
  const bytes = encode(op);
  const size = check(native.fb_registry_schemas(context, bytes, bytes.length), "jit.load");
  return takeText(size).split("\n").filter((line) => line !== "");
}
