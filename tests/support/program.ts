/**
 * Programs for tests that need a process of their own.
 *
 * @module
 */

import { mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { type Ended, type Env, run } from "../../tools/setup/process.ts";

/** Whether the tests run on Deno, else on Bun. */
export const isDeno: boolean = "Deno" in globalThis;

/** A temporary directory, removed at the end of the block. */
export interface Folder extends Disposable {
  /** Its path. */
  readonly path: string;
  /** The path of something in it. */
  file(name: string): string;
}

/** Makes a temporary directory. */
export function folder(): Folder {
  const path = realpathSync(mkdtempSync(join(tmpdir(), "flambeau-test-")));
  return {
    path,
    file: (name) => join(path, name),
    [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }),
  };
}

/** How a program is started. */
export interface ProgramOptions {
  /** Environment variables beside the inherited ones; `undefined` takes one away. */
  readonly env?: Env;
  /** Deno's permissions. */
  readonly permissions?: readonly string[];
}

/**
 * Runs a module's source on the runtime that the tests run on. `MOD` in it stands for the address of `mod.ts`.
 */
export async function program(source: string, options: ProgramOptions = {}): Promise<Ended> {
  using here = folder();
  const file = here.file("program.ts");
  const mod = new URL("../../mod.ts", import.meta.url).href;
  writeFileSync(file, source.replaceAll("MOD", JSON.stringify(mod)));
  const { env = {}, permissions = ["-A"] } = options;
  const args = isDeno ? ["run", "--no-check", "--no-prompt", ...permissions, file] : [file];
  return await run(process.execPath, args, { env: { ...process.env, NO_COLOR: "1", ...env } });
}
