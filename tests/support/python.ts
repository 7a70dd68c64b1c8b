/**
 * Python with PyTorch, for tests that hold this library against it.
 *
 * @module
 */

import { fileURLToPath } from "node:url";
import process from "node:process";
import { run } from "../../tools/setup/process.ts";
import { pythonForTests } from "../../tools/setup/python.ts";

/** Runs a script of `tests/python` to its end. */
export async function python(script: string, ...args: string[]): Promise<void> {
  const { exe, env } = pythonForTests();
  const file = fileURLToPath(new URL(`../python/${script}`, import.meta.url));
  // Without files of compiled code beside the sources.
  const ended = await run(exe, ["-B", "-W", "ignore", file, ...args], {
    env: { ...process.env, ...env },
  });
  if (ended.code !== 0) throw new Error(`${script} failed:\n${ended.stderr}`);
}
