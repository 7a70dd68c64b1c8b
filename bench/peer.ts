/**
 * A process of PyTorch's Python, or of Node.js, that makes rounds when it is told to, so that rounds here and there take turns: what disturbs
 * the machine disturbs both.
 *
 * @module
 */

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import process from "node:process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

function python(): string {
  const found = process.env.FLAMBEAU_BENCH_PYTHON ?? process.env.FLAMBEAU_TEST_PYTHON;
  if (!found) throw new Error("Set FLAMBEAU_TEST_PYTHON to a Python that has torch 2.13");
  return found;
}

/** Node.js, if there is one, with the packages that are measured. */
export function node(): string | null {
  return process.env.FLAMBEAU_BENCH_NODE || null;
}

/** The other side. */
export class Peer {
  readonly #script: string;
  readonly #child: ChildProcess;
  readonly #lines: AsyncIterator<string>;

  /** Starts a script of `bench/peers`, in Python or for Node.js, whose kernels use `threads` threads. */
  constructor(script: string, args: readonly string[], threads: number) {
    const path = fileURLToPath(new URL(`./peers/${script}`, import.meta.url));
    const env = { ...process.env, FLAMBEAU_BENCH_THREADS: String(threads) };
    const [command, ...before] = script.endsWith(".py") ? [python(), "-W", "ignore"] : [node()!];
    this.#script = script;
    this.#child = spawn(command!, [...before, path, ...args], {
      stdio: ["pipe", "pipe", "inherit"],
      env,
    });
    this.#lines = createInterface({ input: this.#child.stdout! })[Symbol.asyncIterator]();
  }

  /** Sends a line; the numbers of the line that is answered. */
  async ask(line: string): Promise<number[]> {
    this.#child.stdin!.write(`${line}\n`);
    const { value, done } = await this.#lines.next();
    if (done) throw new Error(`${this.#script} has ended: it was asked for ${line}`);
    return String(value).split(" ").map(Number);
  }

  /** Ends it. */
  async end(): Promise<void> {
    this.#child.stdin!.end();
    if (this.#child.exitCode === null) await once(this.#child, "exit");
  }
}
