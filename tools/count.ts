/**
 * How many tests passed, read from what the runtimes report.
 *
 * @module
 */

import { type Ended, tail } from "./setup/process.ts";

/** The tests of one run. A file that does not load, and a run that crashes, count as failed. */
export interface Count {
  /** How many passed. */
  readonly passed: number;
  /** How many failed. */
  readonly failed: number;
}

/** Counts a run of `deno test` by its JUnit report and its output. */
export function countDeno(junit: string, ended: Ended): Count {
  const cases = [
    ...junit.matchAll(/<testcase name="([^"]*)"[^>]*?(?:\/>|>([\s\S]*?)<\/testcase>)/g),
  ];
  const names = cases.map((match) => match[1]!);
  let [passed, failed] = [0, 0];
  for (const [, name, body = ""] of cases) {
    // A group is reported beside the tests in it: only these count.
    const isGroup = names.some((other) => other.startsWith(`${name} &gt; `));
    if (isGroup || body.includes("<skipped")) continue;
    if (/<(failure|error)/.test(body)) failed++;
    else passed++;
  }
  const output = plain(ended.stdout + ended.stderr);
  failed += new Set(output.match(/^\S+ \(uncaught error\)$/gm)).size;
  return withExit({ passed, failed }, ended);
}

/** Counts a run of `bun test` by its last lines. */
export function countBun(ended: Ended): Count {
  const output = plain(ended.stdout + ended.stderr);
  const last = (word: string) =>
    Number([...output.matchAll(new RegExp(`^\\s*(\\d+) ${word}$`, "gm"))].at(-1)?.[1] ?? 0);
  // A file that does not load is among the failed ones, an error between tests is not.
  return withExit({ passed: last("pass"), failed: Math.max(last("fail"), last("errors?")) }, ended);
}

// What a long report is cut to, in lines: the first ones say what went wrong.
const MOST_LINES = 30;

/** What a run of `deno test` or `bun test` printed of its failures, so that the end of a long log has it too. */
export function failuresOf(ended: Ended): string[] {
  const output = plain(`${ended.stdout}\n${ended.stderr}`);
  const deno = output.split(/^ ERRORS $/m)[1];
  if (deno !== undefined) {
    return deno.split(/^ FAILURES $/m)[0]!.trim().split(/\n(?=\S.* => \S+:\d+:\d+$)/m).map(cut);
  }
  const [found, lines]: [string[], string[]] = [[], []];
  for (const line of output.split("\n")) {
    if (/^\((pass|skip|todo)\)|^\S+_test\.ts:$/.test(line)) lines.length = 0;
    else lines.push(line);
    if (!line.startsWith("(fail)")) continue;
    // The list at the end names what was told before.
    if (lines.length > 1) found.push(cut(lines.join("\n").trim()));
    lines.length = 0;
  }
  return found.length === 0 && ended.code !== 0 ? [lastWords(ended)] : found;
}

/** What a run that was ended, or crashed, printed last. */
function lastWords({ code, stdout, stderr }: Ended): string {
  const last = [stdout, stderr].map((text) => tail(plain(text))).filter((text) => text !== "");
  return [`It ended with exit code ${code}. It printed last:`, ...last].join("\n");
}

function cut(text: string): string {
  const lines = text.split("\n");
  if (lines.length <= MOST_LINES) return text;
  return [...lines.slice(0, MOST_LINES - 1), "…", lines.at(-1)].join("\n");
}

/** A run that says it failed has failed, even when no test of it did. */
function withExit({ passed, failed }: Count, { code }: Ended): Count {
  return { passed, failed: failed === 0 && code !== 0 ? 1 : failed };
}

function plain(text: string): string {
  // deno-lint-ignore no-control-regex -- colours are control characters
  return text.replace(/\x1b\[[0-9;]*m/g, "");
}
