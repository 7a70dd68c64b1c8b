/**
 * The samples on disk, exported anew when the exporter has changed, and other processors to run them on.
 *
 * @module
 */

import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { pythonForTests } from "../../tools/setup/python.ts";

/** Kernels of other processors: the sample of CI is to pass on them too. */
export const OTHER_PROCESSORS: readonly Readonly<Record<string, string>>[] = ["default", "avx2"]
  .map((capability) => ({
    ATEN_CPU_CAPABILITY: capability,
    MKL_ENABLE_INSTRUCTIONS: "SSE4_2",
    ONEDNN_MAX_CPU_ISA: "SSE41",
  }));

/** Exports the samples, unless this version of the exporter did: `files` are its own first and what it imports. */
export function exportSamples(directory: string, files: readonly string[]): void {
  const paths = files.map((name) => fileURLToPath(new URL(name, import.meta.url)));
  const hash = createHash("sha256");
  for (const path of paths) hash.update(readFileSync(path));
  const version = hash.digest("hex");
  const mark = join(directory, "whole");
  if (existsSync(mark) && readFileSync(mark, "utf8") === version) return;
  const { exe, env } = pythonForTests();
  const { status } = spawnSync(exe, [paths[0]!, directory], {
    env: { ...process.env, ...env },
    stdio: "inherit",
  });
  if (status !== 0) throw new Error("The export of PyTorch's samples failed.");
  writeFileSync(mark, version);
}

/** Writes a file, and the folders that it lies in. */
export function write(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
}
