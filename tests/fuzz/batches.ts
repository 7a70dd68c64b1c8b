/**
 * Runs many cases in child processes, a batch in each, so that one that ends the process is named and the rest goes on.
 *
 * @module
 */

import { spawn } from "node:child_process";
import {
  closeSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";

/** What a child is started with, and tells. */
export interface Batches {
  /** The module that the child runs: it calls {@linkcode child}. */
  readonly module: URL;
  /** How many cases. */
  readonly total: number;
  /** How many cases a child runs. */
  readonly batch: number;
  /** The seed of all. */
  readonly seed: number;
  /** Seconds after which a child that says nothing new is ended. */
  readonly patience?: number;
  /** How many children at a time. */
  readonly parallel?: number;
  /** Further arguments of the child. */
  readonly args?: readonly string[];
  /** Kilobytes of data that a child may have; more is an error in it, not the end of the machine. */
  readonly memory?: number;
  /** Is told of what goes wrong when it does, and how far it is. */
  readonly tell?: (text: string) => void;
}

/** What came of it. */
export interface Outcome {
  /** How many cases ran. */
  ran: number;
  /** What the children counted, by name. */
  counts: Record<string, number>;
  /** Cases that failed, with the reason. */
  failures: string[];
  /** Cases that ended their process or hung. */
  crashes: string[];
  /** Cases that took more than {@linkcode SLOW} milliseconds. */
  slow: string[];
  /** What the children tell beside: sums by name. */
  tally: Record<string, number>;
}

/** Milliseconds from which on a case is slow: it waits, or takes absurd sizes at their word. */
export const SLOW = 3000;

/** One case: counts what came of it, or throws what it should not have done. */
export type Case = (index: number, note: (text: string) => void) => string | Promise<string>;

/** Ends the note of a case that runs somebody else's program: that may loop without end, and is ended. */
export const RUNNING = "running the program";

const isDeno = "Deno" in globalThis;

/** In a child: runs its cases, and tells the parent. */
export async function child(
  run: Case,
  end: () => Promise<string | null> = () => Promise.resolve(null),
  tally: Record<string, number> = {},
): Promise<void> {
  const [from, to, log] = [process.argv[2], process.argv[3], process.argv[4]];
  const file = openSync(log!, "w");
  const counts: Record<string, number> = {};
  const failures: string[] = [];
  const slow: string[] = [];
  for (let index = Number(from); index < Number(to); index++) {
    let noted = "";
    const note = (text: string) => {
      noted = text;
      const bytes = new TextEncoder().encode(`${index}\n${text}`.slice(0, 2000).padEnd(2000));
      writeSync(file, bytes, 0, bytes.length, 0);
    };
    note("");
    const start = performance.now();
    try {
      const what = await run(index, note);
      counts[what] = (counts[what] ?? 0) + 1;
    } catch (error) {
      failures.push(`case ${index}: ${error instanceof Error ? error.message : error}`);
    }
    const took = performance.now() - start;
    if (took > SLOW) slow.push(`case ${index}, ${noted.slice(0, 600)}: ${Math.round(took)} ms`);
  }
  closeSync(file);
  const last = await end();
  if (last !== null) failures.push(last);
  // A file: a pipe may not have taken all of it when the process ends.
  writeFileSync(toldIn(log!), JSON.stringify({ counts, failures, slow, tally }));
  process.exit(0);
}

/** Where a child writes what it tells. */
function toldIn(log: string): string {
  return `${log}.json`;
}

interface Ran {
  code: string;
  hung: boolean;
  log: string;
}

function start(batches: Batches, from: number, to: number, log: string): Promise<Ran> {
  const file = fileURLToPath(batches.module);
  const runtime = isDeno ? ["run", "-A", "--no-check", file] : [file];
  const args = [
    ...runtime,
    String(from),
    String(to),
    log,
    String(batches.seed),
    ...(batches.args ?? []),
  ];
  const limit = `ulimit -c 0; ulimit -d ${batches.memory ?? 6_000_000}; exec "$0" "$@"`;
  const started = spawn("sh", ["-c", limit, process.execPath, ...args], {
    stdio: ["ignore", "ignore", "pipe"],
    // An op that goes beyond its tensors ends the process there and then (csrc/fences.h).
    env: { ...process.env, FLAMBEAU_FENCES: "1" },
  });
  let errors = "";
  started.stderr!.setEncoding("utf8").on(
    "data",
    // LibTorch's warnings would leave no room for what ended the process.
    (text: string) => errors = (errors + text).replace(/^\[W\d.*\n/gm, "").slice(-2000),
  );
  const read = () => {
    try {
      return readFileSync(log, "utf8").trimEnd();
    } catch {
      return "";
    }
  };
  let before = "";
  let hung = false;
  const watch = setInterval(() => {
    const now = read();
    hung = now === before;
    if (hung) started.kill("SIGKILL");
    before = now;
  }, (batches.patience ?? 120) * 1000);
  return new Promise((resolve) => {
    started.on("close", (code, signal) => {
      clearInterval(watch);
      const how = hung ? "hung" : `ended by ${signal ?? `code ${code}`}`;
      resolve({
        hung,
        code: code === 0 ? "" : `${how} ${errors.trim().slice(-300)}`,
        log: read(),
      });
    });
  });
}

/** Runs all cases. */
export async function runBatches(batches: Batches): Promise<Outcome> {
  const outcome: Outcome = { ran: 0, counts: {}, failures: [], crashes: [], slow: [], tally: {} };
  const folder = mkdtempSync(join(tmpdir(), "flambeau-fuzz-"));
  let next = 0;
  const work = async (worker: number) => {
    while (next < batches.total) {
      let from = next;
      const to = next = Math.min(batches.total, from + batches.batch);
      while (from < to) {
        from = await runPart(batches, from, to, join(folder, String(worker)), outcome);
      }
      batches.tell?.(`${outcome.ran} of ${batches.total}`);
    }
  };
  try {
    await Promise.all(Array.from({ length: batches.parallel ?? 1 }, (_, i) => work(i)));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  return outcome;
}

function add(sums: Record<string, number>, more: Record<string, number>): void {
  for (const [name, count] of Object.entries(more)) sums[name] = (sums[name] ?? 0) + count;
}

// Where a case ends the process, the part goes on after it.
async function runPart(
  batches: Batches,
  from: number,
  to: number,
  log: string,
  outcome: Outcome,
): Promise<number> {
  const ran = await start(batches, from, to, log);
  if (ran.code === "") {
    const told = JSON.parse(readFileSync(toldIn(log), "utf8"));
    add(outcome.counts, told.counts);
    add(outcome.tally, told.tally);
    outcome.failures.push(...told.failures);
    outcome.slow.push(...told.slow);
    for (const text of [...told.failures, ...told.slow]) batches.tell?.(text);
    outcome.ran += to - from;
    return to;
  }
  const [index, ...note] = ran.log.split("\n");
  const at = Math.max(from, Number(index ?? from));
  if (ran.hung && note.join(" ").trimEnd().endsWith(RUNNING)) {
    const what = "looped without end, and was ended";
    outcome.counts[what] = (outcome.counts[what] ?? 0) + 1;
  } else {
    outcome.crashes.push(`case ${at}, ${note.join(" ")}: ${ran.code}`);
    batches.tell?.(outcome.crashes.at(-1)!);
  }
  if (outcome.crashes.length > 1000) throw new Error(outcome.crashes.slice(0, 20).join("\n"));
  // What came before it is run again for its counts, since the child that knew them is gone.
  if (at > from && batches.batch > 1) await runPart(batches, from, at, log, outcome);
  outcome.ran += 1;
  return at + 1;
}

/** Prints an outcome. Whether all went well. */
export function report(title: string, outcome: Outcome): boolean {
  const counts = Object.entries(outcome.counts).sort(([, a], [, b]) => b - a);
  console.log(`${title}: ${outcome.ran} cases`);
  for (const [what, count] of counts) console.log(`  ${String(count).padStart(8)}  ${what}`);
  for (const text of outcome.slow) console.log(`  slow  ${text}`);
  for (const text of [...outcome.failures, ...outcome.crashes]) console.log(`  FAILED  ${text}`);
  return outcome.failures.length + outcome.crashes.length === 0;
}
