/**
 * Everything that is checked without running the library: formatting, lint, types, documentation, and
 * that generated files are what the generator makes.
 *
 * @module
 */

import { existsSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import process from "node:process";
import { runTool, setUp } from "./setup.ts";
import { type Context, thisMachine } from "./setup/context.ts";
import { withLock } from "./setup/lock.ts";
import { run } from "./setup/process.ts";
import { ensureEnvironment } from "./setup/python.ts";
import { ensureRuntime } from "./setup/runtimes.ts";
import { DENO } from "./setup/versions.ts";
import { ensureZig } from "./setup/zig.ts";

/** A check: its name, and the command that fails when it does not hold. */
type Check = readonly [name: string, exe: string, ...args: string[]];

const GENERATOR = "tools/generate.ts";

if (import.meta.main) {
  await runTool(async () => {
    const context = thisMachine();
    const write = process.argv.includes("--fix");
    const failed = await failedChecks(context, await (write ? fixes : checks)(context));
    process.stdout.write(
      failed.length === 0 ? "All checks hold.\n" : `Failed: ${failed.join(", ")}.\n`,
    );
    return failed.length === 0 ? 0 : 1;
  });
}

async function checks(context: Context): Promise<Check[]> {
  const { deno, zig, clangFormat } = await tools(context);
  const list: Check[] = [
    ["format of TypeScript", deno, "fmt", "--check", "--quiet"],
    ["lint", deno, "lint", "--quiet"],
    ["types", deno, "check", "--quiet", ...await typed(context)],
    ["format of build.zig", zig, "fmt", "--check", "build.zig"],
  ];
  if (existsSync(join(context.root, "mod.ts"))) {
    list.push(["documentation", deno, "doc", "--lint", "--quiet", "mod.ts"]);
  }
  const code = await shimSources(context);
  if (code.length > 0) {
    list.push(["format of C++", clangFormat, "--dry-run", "-Werror", ...code]);
  }
  if (existsSync(join(context.root, GENERATOR))) {
    // It asks LibTorch itself for its schemas.
    await setUp(context);
    list.push(["generated files", deno, "run", "-A", GENERATOR, "--check"]);
  }
  return list;
}

async function fixes(context: Context): Promise<Check[]> {
  const { deno, zig, clangFormat } = await tools(context);
  const code = await shimSources(context);
  const list: Check[] = [
    ["TypeScript", deno, "fmt", "--quiet"],
    ["build.zig", zig, "fmt", "build.zig"],
  ];
  if (code.length > 0) list.push(["C++", clangFormat, "-i", ...code]);
  return list;
}

function tools(context: Context): Promise<{ deno: string; zig: string; clangFormat: string }> {
  return withLock(context, async () => {
    const deno = await ensureRuntime(context, DENO);
    const zig = await ensureZig(context);
    const { directory } = await ensureEnvironment(context);
    return { deno: deno.exe, zig: zig.exe, clangFormat: join(directory, "bin", "clang-format") };
  });
}

async function failedChecks(context: Context, list: readonly Check[]): Promise<string[]> {
  const failed: string[] = [];
  for (const [name, exe, ...args] of list) {
    const { code, stdout, stderr } = await run(exe, args, { cwd: context.root, env: context.env });
    process.stdout.write(`${code === 0 ? "ok    " : "FAILED"} ${name}\n`);
    if (code === 0) continue;
    failed.push(name);
    process.stdout.write(stdout + stderr);
  }
  return failed;
}

/** The TypeScript of the project, by directory where a directory holds any. */
async function typed({ root }: Context): Promise<string[]> {
  const directories = ["ffi", "src", "tools", "tests", "examples", "bench"];
  const files = existsSync(join(root, "mod.ts")) ? ["mod.ts"] : [];
  for (const directory of directories) {
    const names = await readdir(join(root, directory), { recursive: true }).catch(() => []);
    files.push(
      ...names.filter((name) => name.endsWith(".ts")).map((name) => `${directory}/${name}`),
    );
  }
  return files;
}

async function shimSources({ root }: Context): Promise<string[]> {
  const files: string[] = [];
  for (const directory of ["csrc", "tests/native"]) {
    const names = await readdir(join(root, directory)).catch(() => []);
    const code = names.filter((name) => /\.(cpp|h)$/.test(name));
    files.push(...code.map((name) => `${directory}/${name}`));
  }
  return files;
}
