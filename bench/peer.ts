/**
 * A process of PyTorch's Python that makes rounds when it is told to, so that rounds here and there take turns: what disturbs
 * the machine disturbs both.
 *
 * @module
 */

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import process from "node:process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

/** The other side. */
export class Peer {
  readonly #child: ChildProcess;
  readonly #lines: AsyncIterator<string>;

  /** Starts a script of `bench/peers`, whose kernels use `threads` threads. */
  constructor(script: string, args: readonly string[], threads: number) {
    const python = process.env.FLAMBEAU_BENCH_PYTHON ?? process.env.FLAMBEAU_TEST_PYTHON;
    if (!python) throw new Error("Set FLAMBEAU_TEST_PYTHON to a Python that has torch 2.13");
    const path = fileURLToPath(new URL(`./peers/${script}`, import.meta.url));
    const env = { ...process.env, FLAMBEAU_BENCH_THREADS: String(threads) };
    const stdio = ["pipe", "pipe", "inherit"] as const;
    this.#child = spawn(python, ["-W", "ignore", path, ...args], { stdio: [...stdio], env });
    this.#lines = createInterface({ input: this.#child.stdout! })[Symbol.asyncIterator]();
  }

  /** Sends a line; the numbers of the line that is answered. */
  async ask(line: string): Promise<number[]> {
    this.#child.stdin!.write(`${line}\n`);
    const { value, done } = await this.#lines.next();
    if (done) throw new Error(`PyTorch's side has ended: it was asked for ${line}`);
    return String(value).split(" ").map(Number);
  }

  /** Ends it. */
  async end(): Promise<void> {
    this.#child.stdin!.end();
    if (this.#child.exitCode === null) await once(this.#child, "exit");
  }
}
