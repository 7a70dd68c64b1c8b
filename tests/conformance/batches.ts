/**
 * Runs all samples in child processes, so that a crash is one sample's failure and the rest goes on.
 *
 * @module
 */

import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import type { Outcome } from "./check.ts";
import { readEntry } from "./sample.ts";

/** What came of a sample, and which it was. */
export interface Result extends Outcome {
  /** The file of the entry, without an ending. */
  readonly path: string;
  /** The sample's place in it. */
  readonly index: number;
  readonly dtype: string;
  /** The entry of the database. */
  readonly entry: string;
}

const BATCH = 60;
const BATCH_SECONDS = 300;

/** The entries in a directory that `export.py` wrote, in order. */
export function pathsIn(directory: string, only: string): string[] {
  const names = readdirSync(directory).filter((name) => name.endsWith(".jsonl")).sort();
  return names.map((name) => join(directory, name.slice(0, -".jsonl".length)))
    .filter((path) => path.includes(only));
}

/** How many samples of all entries PyTorch itself refused. */
export function refusedIn(paths: readonly string[]): number {
  const counts = paths.flatMap((path) => Object.values(readEntry(path).header.refused));
  return counts.reduce((sum, count) => sum + count, 0);
}

/** Environment variables for the workers. */
export type Environment = Readonly<Record<string, string>>;

/** Runs the samples of all entries, by default those of ops. */
export function runAll(
  paths: readonly string[],
  env: Environment = {},
  worker: URL = new URL("./worker.ts", import.meta.url),
): Result[] {
  const scratch = mkdtempSync(join(tmpdir(), "flambeau-conformance-"));
  const results: Result[] = [];
  try {
    for (let at = 0; at < paths.length; at += BATCH) {
      results.push(...runBatch(paths.slice(at, at + BATCH), join(scratch, `${at}`), env, worker));
      process.stderr.write(`${Math.min(at + BATCH, paths.length)} of ${paths.length} entries\n`);
    }
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
  return results;
}

function runBatch(
  paths: readonly string[],
  notes: string,
  env: Environment,
  worker: URL,
): Result[] {
  const results: Result[] = [];
  let left = paths.map((path) => `${path}:0`);
  for (let run = 0; left.length > 0; run++) {
    const file = `${notes}.${run}`;
    writeFileSync(file, "");
    const ending = startWorker([file, ...left], env, worker);
    const found = readNotes(file);
    results.push(...found.ended);
    if (ending === null) break;
    if (!found.running) throw new Error(`A worker ended before its first sample: ${ending}`);
    results.push({ ...found.running, kind: "failed", reason: ending, name: found.running.entry });
    const { path, index } = found.running;
    left = [
      `${path}:${index + 1}`,
      ...paths.slice(paths.indexOf(path) + 1).map((next) => `${next}:0`),
    ];
  }
  return results;
}

/** Runs a worker; `null`, or how it came to a bad end. */
function startWorker(args: readonly string[], env: Environment, worker: URL): string | null {
  const script = fileURLToPath(worker);
  const flags = "Deno" in globalThis ? ["run", "-A", "--no-check"] : [];
  const { status, signal, error, stderr } = spawnSync(
    process.execPath,
    [...flags, script, ...args],
    {
      encoding: "utf8",
      env: { ...process.env, ...env },
      timeout: BATCH_SECONDS * 1000,
      killSignal: "SIGKILL",
      maxBuffer: 1 << 28,
    },
  );
  if (status === 0) return null;
  if (error && "code" in error && error.code === "ETIMEDOUT") return "crashed: timed out";
  const lines = stderr.trim().split("\n").filter((line) => !line.includes("Warning"));
  const said = lines.slice(-1).join(" ");
  return `crashed: ${signal ?? `status ${status}`} ${said}`;
}

type Running = Pick<Result, "path" | "index" | "dtype" | "entry" | "call">;

/** A worker's notes: a line when a sample begins, one when it ended. */
function readNotes(file: string): { ended: Result[]; running: Running | null } {
  const lines = readFileSync(file, "utf8").split("\n").filter((line) => line !== "");
  const ended: Result[] = [];
  for (let i = 0; i + 1 < lines.length; i += 2) {
    ended.push({ ...JSON.parse(lines[i]!), ...JSON.parse(lines[i + 1]!) });
  }
  return { ended, running: lines.length % 2 ? JSON.parse(lines.at(-1)!) : null };
}
