/**
 * Finds LibTorch, or brings it.
 *
 * @module
 */

import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import type { Context } from "./context.ts";
import { SetupError } from "./errors.ts";
import { fetchWheel } from "./libtorch_wheel.ts";
import { fetchArchive } from "./libtorch_archive.ts";
import { run, which } from "./process.ts";
import { findPip } from "./pip.ts";
import { LIBTORCH_VERSION } from "./versions.ts";

/** Where a LibTorch came from. */
export type LibtorchSource = "LIBTORCH" | "LIBTORCH_USE_PYTORCH" | "cache";

/** A LibTorch of the right version. */
export interface Libtorch {
  /** The directory that holds `include/` and `lib/`. */
  readonly directory: string;
  /** Its version, without a `+cpu` or the like. */
  readonly version: string;
  /** What named it. */
  readonly source: LibtorchSource;
  /** When it is a wheel in the cache: the directory from which Python imports that same torch. */
  readonly pythonPath?: string;
}

/**
 * Finds a LibTorch without fetching anything: `LIBTORCH`, else the Python on `PATH` when
 * `LIBTORCH_USE_PYTORCH=1`, else the cache. Null when there is none.
 */
export async function findLibtorch(context: Context): Promise<Libtorch | null> {
  const { env } = context;
  if (env.LIBTORCH) return await checked(resolve(env.LIBTORCH), "LIBTORCH");
  if (env.LIBTORCH_USE_PYTORCH === "1") {
    return await checked(await askPython(context), "LIBTORCH_USE_PYTORCH");
  }
  const wheel = wheelDirectory(context);
  if (existsSync(wheel)) {
    return { ...await checked(join(wheel, "torch"), "cache"), pythonPath: wheel };
  }
  const archive = archiveDirectory(context);
  return existsSync(archive) ? await checked(archive, "cache") : null;
}

/** Finds LibTorch, else fetches it: the wheel where pip is, the archive where it is not. */
export async function ensureLibtorch(context: Context): Promise<Libtorch> {
  const found = await findLibtorch(context);
  if (found) return found;
  // The address is an explicit wish for the archive.
  const pip = context.env.FLAMBEAU_LIBTORCH_URL ? null : await findPip(context);
  if (pip) await fetchWheel(context, pip, wheelDirectory(context));
  else await fetchArchive(context, archiveDirectory(context));
  return (await findLibtorch(context))!;
}

function wheelDirectory({ home }: Context): string {
  return join(home, "libtorch", `wheel-${LIBTORCH_VERSION}`);
}

function archiveDirectory({ home }: Context): string {
  return join(home, "libtorch", `archive-${LIBTORCH_VERSION}`);
}

async function checked(directory: string, source: LibtorchSource): Promise<Libtorch> {
  const version = await libtorchVersion(directory);
  if (version === null) {
    throw new SetupError(
      `No LibTorch is in ${directory} (named by ${
        named(source)
      }): it should hold include/ and lib/. ` +
        mend(source),
    );
  }
  if (version !== LIBTORCH_VERSION) {
    throw new SetupError(
      `Flambeau needs LibTorch ${LIBTORCH_VERSION}, but ${directory} (named by ${named(source)}) ` +
        `holds LibTorch ${version}. ${mend(source)}`,
    );
  }
  return { directory, version, source };
}

function named(source: LibtorchSource): string {
  return source === "cache" ? "the cache" : source;
}

function mend(source: LibtorchSource): string {
  return source === "cache"
    ? "Delete that directory and run the set-up again."
    : `Correct ${source}, or unset it to let the set-up fetch LibTorch ${LIBTORCH_VERSION}.`;
}

/** The version of the LibTorch in `directory`, without its `+cpu` or the like; null when none is there. */
export async function libtorchVersion(directory: string): Promise<string | null> {
  if (!existsSync(join(directory, "include")) || !existsSync(join(directory, "lib"))) return null;
  return await headerVersion(directory) ?? await buildVersion(directory);
}

async function headerVersion(directory: string): Promise<string | null> {
  const headers = ["torch/headeronly/version.h", "torch/csrc/api/include/torch/version.h"];
  for (const header of headers) {
    const text = await readFile(join(directory, "include", header), "utf8").catch(() => "");
    const parts = ["MAJOR", "MINOR", "PATCH"]
      .map((part) => text.match(new RegExp(`#define TORCH_VERSION_${part} (\\d+)`))?.[1]);
    if (parts.every((part) => part !== undefined)) return parts.join(".");
  }
  return null;
}

async function buildVersion(directory: string): Promise<string | null> {
  for (const file of ["build-version", "version.txt"]) {
    const text = await readFile(join(directory, file), "utf8").catch(() => "");
    const version = text.trim().split("+")[0];
    if (version) return version;
  }
  return null;
}

async function askPython({ env }: Context): Promise<string> {
  const python = await which("python3", env) ?? await which("python", env);
  if (!python) {
    throw new SetupError(
      "LIBTORCH_USE_PYTORCH=1 asks Python where PyTorch is, but no python3 is on PATH: " +
        "install Python, or unset LIBTORCH_USE_PYTORCH.",
    );
  }
  // Found, not imported: the import takes seconds.
  const script =
    "import importlib.util as u; print(u.find_spec('torch').submodule_search_locations[0])";
  const { code, stdout } = await run(python, ["-c", script], { env });
  if (code === 0) return stdout.trim();
  throw new SetupError(
    `LIBTORCH_USE_PYTORCH=1 asks Python where PyTorch is, but ${python} has no torch: ` +
      `run "${python} -m pip install torch==${LIBTORCH_VERSION}", or unset LIBTORCH_USE_PYTORCH.`,
  );
}
