/**
 * Calls with hostile arguments: each returns, or throws one of three kinds of error, and leaves nothing alive.
 *
 * @module
 */

import fc from "fast-check";
import { mkdtempSync } from "node:fs";
import { dirname, join } from "node:path";
import process from "node:process";
import * as torch from "../../mod.ts";
import { shareNothing } from "../../src/memory/sharing.ts";
import { collectUntil } from "../support/collect.ts";
import { child } from "./batches.ts";
import type { Spec } from "./arbitraries.ts";
import { type Random, random } from "./random.ts";
import { targetsOf } from "./targets.ts";
import { OwnError, Values } from "./values.ts";

const seed = Number(process.argv[5]);
const wanted = new RegExp(process.argv[7] ?? "");
// A tensor that an object keeps would keep a page full of others.
shareNothing();
const targets = targetsOf(process.argv[6] ?? "api").filter(({ name }) => wanted.test(name));
// What takes a path must not find the project's files; the parent removes the folder of the log.
process.chdir(mkdtempSync(join(dirname(process.argv[4]!), "calls-")));
torch.setNumThreads(1);
console.warn = () => {};
console.log = () => {};

function dispose(value: unknown, depth = 0): void {
  if (typeof value !== "object" || value === null || depth > 4) return;
  if (value instanceof torch.Tensor || value instanceof torch.jit.ScriptModule) {
    return value.dispose();
  }
  if (!Array.isArray(value) && !(value instanceof Map)) return;
  for (const one of value.values()) dispose(one, depth + 1);
}

function judge(error: unknown): string {
  if (error instanceof OwnError) return "threw the user's own";
  if (error instanceof torch.JitTypeError) return "JitTypeError";
  if (error instanceof torch.TorchError) return "TorchError";
  if (error instanceof TypeError || error instanceof RangeError) return error.constructor.name;
  throw new Error(
    `threw ${error instanceof Error ? `${error.name}: ${error.message}` : String(error)}`.slice(
      0,
      300,
    ),
  );
}

// In every third call all tensors are alike, so that more gets past the checks of shapes and dtypes.
function alike(specs: Spec[], next: Random): Spec[] {
  if (next(3) !== 0) return specs;
  let first: Spec & { kind: "tensor" } | undefined;
  const change = (spec: Spec): Spec => {
    if (spec.kind === "array") return { ...spec, items: spec.items.map(change) };
    if (spec.kind !== "tensor") return spec;
    first ??= spec;
    const how = spec.how === "disposed" || spec.how === "large" ? "plain" : spec.how;
    const index = /^u?int/.test(spec.dtype) ? spec.dtype : first.dtype;
    return { ...spec, shape: first.shape, dtype: index, how };
  };
  return specs.map(change);
}

/** Calls by target: how many, and how many got past the checks of arguments to LibTorch. */
const tally: Record<string, number> = {};
function count(name: string, what: string): void {
  const reached = what === "returned" || what === "TorchError" || what === "a promise";
  for (const key of reached ? ["called", "reached"] : ["called"]) {
    tally[`${key} ${name}`] = (tally[`${key} ${name}`] ?? 0) + 1;
  }
}

/**
 * What may be left of the tensors of 8,000 calls: what promises hold that never settle, and objects that an old word on
 * JavaScriptCore's stack may point to.
 */
const LEFT = 512;
const pending: Promise<unknown>[] = [];
const wrong: string[] = [];

async function run(index: number, note: (text: string) => void): Promise<[string, string]> {
  const next = random(seed * 31 + index * 7919);
  const target = targets[next(targets.length)]!;
  const [drawn] = fc.sample(target.arguments, { seed: next(2 ** 31), numRuns: 1 });
  const specs = alike(drawn!, next);
  const shown = `${target.name}(${JSON.stringify(specs)})`;
  note(shown);
  const values = new Values();
  try {
    const args = specs.map((spec) => values.of(spec));
    const result = target.call(args);
    if (result instanceof Promise) {
      pending.push(result.then(dispose, (error) => {
        try {
          judge(error);
        } catch (bad) {
          wrong.push(`${shown}: ${(bad as Error).message}`);
        }
      }));
      // Some are waited for one by one, some run together.
      if (next(2) === 0) {
        await Promise.race([
          Promise.all(pending.splice(0)),
          new Promise((done) => setTimeout(done, 1000)),
        ]);
      }
      return [target.name, "a promise"];
    }
    dispose(result);
    return [target.name, "returned"];
  } catch (error) {
    try {
      return [target.name, judge(error)];
    } catch (bad) {
      throw new Error(`${shown.slice(0, 600)} ${(bad as Error).message}`);
    }
  } finally {
    for (const made of values.made) made.dispose();
    if (index % 200 === 0) await new Promise((done) => setTimeout(done, 0));
  }
}

// JavaScriptCore takes an old word on the stack for a reference: here all are written over.
function overwriteStack(depth: number): number {
  const words = [depth, depth + 1, depth + 2, depth + 3];
  return depth === 0 ? words[3]! : overwriteStack(depth - 1) + words[depth % 4]!;
}

await child(async (index, note) => {
  const [name, what] = await run(index, note);
  count(name, what);
  return what;
}, async () => {
  if (wrong.length > 0) return wrong.slice(0, 5).join("\n");
  // What the calls made is to be gone, and so are the objects whose methods were called.
  targets.length = 0;
  const gone = () => {
    overwriteStack(2000);
    return torch.memory().tensors <= LEFT;
  };
  if (await collectUntil(gone)) return null;
  return `cases ${process.argv[2]} to ${
    process.argv[3]
  }: ${torch.memory().tensors} tensors are left alive`;
}, tally);
