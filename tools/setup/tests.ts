/**
 * What the tests need beside the library itself.
 *
 * @module
 */

import { join } from "node:path";
import type { Context } from "./context.ts";
import { SetupError } from "./errors.ts";
import { findLibtorch } from "./libtorch.ts";
import { withLock } from "./lock.ts";
import { run, tail } from "./process.ts";
import { ensureEnvironment, ensureTorch, type TestPython } from "./python.ts";
import { ensureRuntime, type Runtime } from "./runtimes.ts";
import { BUN, DENO } from "./versions.ts";

/** What the tests are run with. */
export interface TestTools {
  /** Deno. */
  readonly deno: Runtime;
  /** Bun. */
  readonly bun: Runtime;
  /** A Python with torch. */
  readonly python: TestPython;
}

/** Brings what the tests need; LibTorch is there already. */
export function setUpTests(context: Context): Promise<TestTools> {
  return withLock(context, async () => {
    const deno = await ensureRuntime(context, DENO);
    const bun = await ensureRuntime(context, BUN);
    await installForBun(context, bun);
    const environment = await ensureEnvironment(context);
    const libtorch = await findLibtorch(context);
    if (!libtorch) throw new SetupError('LibTorch is missing: run "deno task setup" first.');
    return { deno, bun, python: await ensureTorch(context, environment, libtorch) };
  });
}

/** `bun test`, unlike `bun run`, fetches no packages by itself. */
async function installForBun(context: Context, bun: Runtime): Promise<void> {
  // No lock file: package.json pins each version, and deno.lock holds the hashes.
  const args = ["install", "--no-save", "--silent"];
  const ended = await run(bun.exe, args, { cwd: context.root, env: context.env });
  if (ended.code === 0) return;
  throw new SetupError(
    `Bun could not install the packages of ${
      join(context.root, "package.json")
    }: connect this machine ` +
      `to the network and run the tests again.\n${tail(ended.stdout + ended.stderr)}`,
  );
}
