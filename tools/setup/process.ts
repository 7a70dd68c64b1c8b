/**
 * Running other programs.
 *
 * @module
 */

import { spawn } from "node:child_process";
import { access, constants } from "node:fs/promises";
import { delimiter, join } from "node:path";
import process from "node:process";
import { errorCode } from "./errors.ts";

/** The environment that programs are started with. */
export type Env = Readonly<Record<string, string | undefined>>;

/** How a program ended, and what it printed. */
export interface Ended {
  /** Its exit code; 127 when there is no such program, 128 and more when a signal ended it. */
  readonly code: number;
  /** What it printed on standard output. */
  readonly stdout: string;
  /** What it printed on standard error. */
  readonly stderr: string;
}

/** Options of {@linkcode run}. */
export interface RunOptions {
  /** The environment, whole. */
  readonly env?: Env;
  /** The working directory. */
  readonly cwd?: string;
  /** Whether the program's output is shown as it comes too. */
  readonly show?: boolean;
  /** Milliseconds after which it is ended. */
  readonly timeout?: number;
}

/** Runs a program to its end, and keeps what it printed. Never throws for what the program does. */
export function run(
  command: string,
  args: readonly string[],
  options: RunOptions = {},
): Promise<Ended> {
  const child = spawn(command, [...args], {
    cwd: options.cwd,
    env: (options.env ?? process.env) as NodeJS.ProcessEnv,
    stdio: ["ignore", "pipe", "pipe"],
    timeout: options.timeout,
  });
  let stdout = "";
  let stderr = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    stdout += text;
    if (options.show) process.stdout.write(text);
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    stderr += text;
    if (options.show) process.stderr.write(text);
  });
  return new Promise((resolve) => {
    child.on("error", (error) => {
      const code = errorCode(error) === "ENOENT" ? 127 : 126;
      resolve({ code, stdout, stderr: stderr + error.message });
    });
    child.on("close", (code, signal) => {
      resolve({
        code: code ?? 128,
        stdout,
        stderr: signal ? `${stderr}ended by ${signal}` : stderr,
      });
    });
  });
}

/** Runs a program with this process's own terminal, and answers its exit code. */
export function runShown(
  command: string,
  args: readonly string[],
  options: Omit<RunOptions, "show"> = {},
): Promise<number> {
  const child = spawn(command, [...args], {
    cwd: options.cwd,
    env: (options.env ?? process.env) as NodeJS.ProcessEnv,
    stdio: "inherit",
  });
  return new Promise((resolve) => {
    child.on("error", () => resolve(127));
    child.on("close", (code) => resolve(code ?? 128));
  });
}

/** The first program of that name on the `PATH` of `env`, or null. */
export async function which(name: string, env: Env): Promise<string | null> {
  const endings = process.platform === "win32" ? [".exe", ".cmd", ""] : [""];
  for (const directory of (env.PATH ?? "").split(delimiter).filter((entry) => entry !== "")) {
    for (const ending of endings) {
      const path = join(directory, name + ending);
      if (await canRun(path)) return path;
    }
  }
  return null;
}

async function canRun(path: string): Promise<boolean> {
  try {
    await access(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** The last lines of a program's output, for the end of a message. */
export function tail(text: string, lines = 12): string {
  return text.trim().split("\n").slice(-lines).join("\n");
}
