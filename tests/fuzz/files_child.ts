/**
 * Loads changed files. An accident must be refused, or change nothing; a file that was changed and mended must do no harm.
 *
 * @module
 */

import { readdirSync, readFileSync } from "node:fs";
import process from "node:process";
import * as torch from "../../mod.ts";
import { placesOf } from "../support/archive.ts";
import { call, models } from "../support/interop_models.ts";
import { child, RUNNING } from "./batches.ts";
import { changes, resealed } from "./mutate.ts";
import { pick, random } from "./random.ts";

const { jit } = torch;
const folder = new URL("../golden/models/", import.meta.url);

const files = readdirSync(folder).filter((name) => name.endsWith(".pt") && name !== "custom_op.pt");
const seed = Number(process.argv[5]);
const harmful = process.argv[6] === "resealed";

const originals = new Map<string, Uint8Array>();
const written = new Map<string, Uint8Array>();

function original(name: string): Uint8Array {
  if (!originals.has(name)) {
    originals.set(name, new Uint8Array(readFileSync(new URL(name, folder))));
  }
  return originals.get(name)!;
}

// All that a module is: its sources, weights, constants and attributes, as they would be saved.
function content(bytes: Uint8Array): Uint8Array {
  using module = jit.load(bytes);
  return jit.serialize(module);
}

function expected(name: string): Uint8Array {
  if (!written.has(name)) written.set(name, content(original(name)));
  return written.get(name)!;
}

function same(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}

// Where in the file the first change lies.
function regionOf(before: Uint8Array, after: Uint8Array): string {
  let at = 0;
  while (at < before.length && before[at] === after[at]) at++;
  const places = placesOf(before);
  const within = places.find(({ data, size }) => at >= data && at < data + size);
  if (within === undefined) {
    const last = places.reduce((end, { data, size }) => Math.max(end, data + size), 0);
    return at < last ? "a header" : "the directory";
  }
  if (within.name.endsWith(".py")) return "a source";
  if (within.name.endsWith("pkl")) return "a pickle";
  return /^(data|constants)\//.test(within.name) ? "weights" : "another record";
}

function refusal(error: unknown): string {
  if (error instanceof torch.TorchError) return "refused";
  throw new Error(`threw ${error}`);
}

function accident(name: string, bytes: Uint8Array): string {
  let found: Uint8Array;
  try {
    found = content(bytes);
  } catch (error) {
    return refusal(error);
  }
  if (same(found, expected(name))) return "equal";
  throw new Error("loaded another module, without a word");
}

function harm(name: string, bytes: Uint8Array, running: () => void): string {
  const steps = models.find((model) => `${model.name}.pt` === name)!.steps ?? [];
  try {
    using module = jit.load(bytes);
    running();
    const results: unknown[] = [];
    for (const step of steps.slice(0, 3)) {
      results.push(step.error ? null : call(module, step, results));
    }
    return "ran";
  } catch (error) {
    const known = error instanceof TypeError || error instanceof RangeError;
    return known ? "refused" : refusal(error);
  }
}

await child((index, note) => {
  const next = random(seed + index * 7919);
  const name = pick(next, files);
  const other = original(pick(next, files));
  if (harmful) {
    const [bytes, record] = resealed(original(name), next, other);
    note(`${name}, record ${record}`);
    return harm(name, bytes, () => note(`${name}, record ${record}, ${RUNNING}`));
  }
  const how = pick(next, Object.keys(changes));
  note(`${name}, ${how}`);
  const bytes = changes[how]!(original(name), next, other);
  // Two files begin alike: joined early, they are the second.
  if (same(bytes, other)) return "another whole file";
  try {
    return `${how}, from ${regionOf(original(name), bytes)} on: ${accident(name, bytes)}`;
  } catch (error) {
    throw new Error(`${name}, ${how}: ${(error as Error).message}`);
  }
});
