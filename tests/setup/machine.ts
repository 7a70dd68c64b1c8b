/**
 * A machine for the tests of the set-up: a cache, a checkout and a `PATH` of its own in a temporary
 * directory, with nothing installed until a test puts it there.
 *
 * @module
 */

import { chmodSync, mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { Context } from "../../tools/setup/context.ts";
import { silent } from "../../tools/setup/progress.ts";

/** The machine, and what a test changes on it. */
export interface Machine extends Context, Disposable {
  /** The temporary directory that holds all of it. */
  readonly directory: string;
  /** The machine's environment variables. */
  readonly env: Record<string, string | undefined>;
  /** The lines reported so far. */
  readonly lines: string[];
  /** Megabytes free on its disk. */
  freeMegabytes: number;
}

/** A fresh machine. */
export function machine(): Machine {
  const directory = realpathSync(mkdtempSync(join(tmpdir(), "flambeau-setup-")));
  const lines: string[] = [];
  return {
    directory,
    root: join(directory, "checkout"),
    home: join(directory, "home"),
    env: { PATH: join(directory, "bin") },
    lines,
    report: { ...silent, line: (text) => void lines.push(text) },
    freeMegabytes: 10_000,
    freeBytes(): Promise<number> {
      return Promise.resolve(this.freeMegabytes * 1e6);
    },
    pause: () => new Promise((resolve) => setTimeout(resolve, 5)),
    [Symbol.dispose]: () => rmSync(directory, { recursive: true, force: true }),
  };
}

/** Writes a file of the machine, and the directories that it is in. */
export function put(path: string, text: string | Uint8Array): string {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
  return path;
}

/** Puts a shell script on the machine's `PATH`. */
export function install({ directory }: Machine, name: string, script: string): string {
  const path = put(join(directory, "bin", name), `#!/bin/sh\n${script}\n`);
  chmodSync(path, 0o755);
  return path;
}

/** Puts what set-up takes for a LibTorch of that version into a directory. */
export function putLibtorch(directory: string, version: string): string {
  mkdirSync(join(directory, "lib"), { recursive: true });
  const parts = version.split(".");
  const names = ["MAJOR", "MINOR", "PATCH"];
  const header = names.map((name, i) => `#define TORCH_VERSION_${name} ${parts[i]}\n`).join("");
  put(join(directory, "include/torch/headeronly/version.h"), header);
  return directory;
}
