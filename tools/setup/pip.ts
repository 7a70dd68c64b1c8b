/**
 * Python's pip, which brings LibTorch, Zig and what the tests need.
 *
 * @module
 */

import type { Context } from "./context.ts";
import { SetupError } from "./errors.ts";
import { type Ended, run, tail, which } from "./process.ts";
import { directorySize } from "./files.ts";
import { join } from "node:path";
import { mkdir, rm } from "node:fs/promises";

/** A Python that has pip. */
export interface Pip {
  /** The Python. */
  readonly python: string;
  /** Its version, such as `3.11.7`. */
  readonly pythonVersion: string;
  /** pip's version. */
  readonly version: string;
}

/** The Python on `PATH` that has pip, or null. */
export async function findPip({ env }: Context): Promise<Pip | null> {
  for (const name of ["python3", "python"]) {
    const python = await which(name, env);
    if (!python) continue;
    const { code, stdout } = await run(python, ["-m", "pip", "--version"], { env });
    const [, version, pythonVersion] = stdout.match(/^pip (\S+) .*\(python ([^)]+)\)/) ?? [];
    if (code === 0 && version && pythonVersion) return { python, pythonVersion, version };
  }
  return null;
}

/** What {@linkcode pipInstall} shows and where it works. */
export interface PipInstall {
  /** pip's arguments after `install`. */
  readonly args: readonly string[];
  /** The directory of the cache that all goes to; pip's temporary files lie in its `tmp`. */
  readonly directory: string;
  /** What is brought, for the progress bar. */
  readonly title: string;
  /** About how many megabytes that directory comes to. */
  readonly megabytes: number;
}

/** Runs `pip install` with a progress bar fed by the size of what it has written. */
export async function pipInstall(
  context: Context,
  pip: Pip,
  { args, directory, title, megabytes }: PipInstall,
): Promise<Ended> {
  const temporary = join(directory, "tmp");
  await mkdir(temporary, { recursive: true });
  const bar = context.report.bar(title, megabytes, "MB");
  const timer = setInterval(async () => {
    bar.update(await directorySize(directory) / 1e6);
  }, 1000);
  const ended = await run(
    pip.python,
    ["-m", "pip", "install", "--no-input", "--disable-pip-version-check", "-q", ...args],
    // pip unpacks in TMPDIR: in the cache, both so that the bar sees it and so that /tmp need not hold it.
    { env: { ...context.env, TMPDIR: temporary, PIP_ROOT_USER_ACTION: "ignore" } },
  );
  clearInterval(timer);
  await rm(temporary, { recursive: true, force: true });
  bar.stop(ended.code === 0);
  return ended;
}

/** The error for a pip that failed to bring `what`. */
export function pipFailure(what: string, ended: Ended): SetupError {
  const output = ended.stderr + ended.stdout;
  if (/no space left/i.test(output)) {
    return new SetupError(
      `pip could not install ${what} because the disk is full: free some space, or set FLAMBEAU_HOME ` +
        `to a directory on a larger disk.`,
    );
  }
  if (/No matching distribution/i.test(output)) {
    const offline =
      /NewConnectionError|ConnectTimeout|Failed to establish|Name or service|resolve/i;
    return new SetupError(
      offline.test(output)
        ? `pip could not reach a package index to bring ${what}: connect this machine to the network, ` +
          `or point pip at a mirror (PIP_INDEX_URL), and run the set-up again.`
        : `pip found no ${what} for this Python and platform: use a 64-bit Python that PyTorch supports. ` +
          `pip said:\n${tail(output)}`,
    );
  }
  return new SetupError(
    `pip could not install ${what}: mend what it says below and run the set-up again.\n${
      tail(output)
    }`,
  );
}
