/**
 * Generates the op wrappers from LibTorch's schemas. Writes them, or with `--check` names those that are stale.
 *
 * ```sh
 * deno run -A tools/generate.ts [--check]
 * ```
 *
 * @module
 */

import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { generatedFiles } from "./generate/files.ts";
import { readPlan } from "./generate/read.ts";

const root = fileURLToPath(new URL("..", import.meta.url));

/** Formats files as the project does, by writing them to a folder beside its configuration. */
function format(files: Map<string, string>): Map<string, string> {
  const folder = mkdtempSync(join(root, "src/ops/.generate-"));
  try {
    const names = [...files.keys()];
    names.forEach((name, i) => writeFileSync(join(folder, `${i}.ts`), files.get(name)!));
    const { status, stderr } = spawnSync(process.execPath, ["fmt", "--quiet", folder], {
      cwd: root,
      encoding: "utf8",
    });
    if (status !== 0) throw new Error(`deno fmt failed: ${stderr}`);
    return new Map(names.map((name, i) => [name, readFileSync(join(folder, `${i}.ts`), "utf8")]));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function read(path: string): string | null {
  try {
    return readFileSync(join(root, path), "utf8");
  } catch {
    return null;
  }
}

/** Generated files of an earlier version that are no longer made. */
function leftOver(files: Map<string, string>): string[] {
  const folder = "src/ops/generated";
  return readdirSync(join(root, folder)).map((name) => `${folder}/${name}`)
    .filter((path) => !files.has(path));
}

function main(): number {
  const files = format(generatedFiles(readPlan()));
  const stale = [...files].filter(([path, text]) => read(path) !== text).map(([path]) => path);
  const old = leftOver(files);
  if (process.argv.includes("--check")) {
    for (const path of [...stale, ...old]) process.stderr.write(`stale: ${path}\n`);
    return stale.length + old.length === 0 ? 0 : 1;
  }
  for (const path of stale) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), files.get(path)!);
  }
  for (const path of old) rmSync(join(root, path));
  process.stdout.write(`${files.size} files, ${stale.length} written, ${old.length} removed.\n`);
  return 0;
}

if (import.meta.main) process.exit(main());
