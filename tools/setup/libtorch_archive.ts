/**
 * LibTorch out of PyTorch's own archive, for machines without Python.
 *
 * @module
 */

import { existsSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import process from "node:process";
import type { Context } from "./context.ts";
import { download } from "./download.ts";
import { SetupError } from "./errors.ts";
import { putDirectory, requireSpace } from "./files.ts";
import { LIBTORCH_VERSION, LIBTORCH_ZIP } from "./versions.ts";

const NEEDED_MEGABYTES = 1200;

/** Brings the archive's LibTorch to `target`. */
export async function fetchArchive(context: Context, target: string): Promise<void> {
  const url = context.env.FLAMBEAU_LIBTORCH_URL ?? officialArchive();
  await requireSpace(context, NEEDED_MEGABYTES, `Fetching LibTorch ${LIBTORCH_VERSION}`);
  const archive = join(context.home, "downloads", `libtorch-${LIBTORCH_VERSION}.zip`);
  await download(context, url, archive);
  await putDirectory(context, target, (staging) => unpack(context, archive, staging));
  await rm(archive, { force: true });
}

function officialArchive(): string {
  if (process.arch === "x64") return LIBTORCH_ZIP;
  throw new SetupError(
    `Without pip, LibTorch comes from PyTorch's archive, which is for x64 only, and this is ${process.arch}: ` +
      "install Python 3 with pip, or set LIBTORCH to a LibTorch that is already here.",
  );
}

async function unpack(context: Context, archive: string, staging: string): Promise<string> {
  // Loaded here: only a machine without pip needs it.
  const { extract } = await import("./zip.ts");
  try {
    await extract(context, archive, staging, `Unpacking LibTorch ${LIBTORCH_VERSION}`);
  } catch (error) {
    // A damaged archive must not be found again by the next run.
    await rm(archive, { force: true });
    throw error;
  }
  const libtorch = join(staging, "libtorch");
  if (existsSync(libtorch)) return libtorch;
  await rm(archive, { force: true });
  throw new SetupError(
    `The archive that was fetched holds no libtorch/ directory: check FLAMBEAU_LIBTORCH_URL, or unset it ` +
      `to use PyTorch's own archive.`,
  );
}
