/**
 * The set-up: brings LibTorch and Zig to the cache, builds the shim there, and links this checkout to
 * it. Running it again does only what is missing.
 *
 *     deno task setup        bun run setup
 *     deno task setup --tests   also brings what the tests need
 *
 * @module
 */

import process from "node:process";
import { type Link, writeLink } from "../ffi/link.ts";
import { type Context, thisMachine } from "./setup/context.ts";
import { SetupError } from "./setup/errors.ts";
import { ensureLibtorch } from "./setup/libtorch.ts";
import { withLock } from "./setup/lock.ts";
import { ensureShim } from "./setup/shim.ts";
import { findStdcxx } from "./setup/stdcxx.ts";
import { setUpTests } from "./setup/tests.ts";
import { ensureZig } from "./setup/zig.ts";

/** Brings everything that the library needs, and answers what this checkout is linked to. */
export async function setUp(context: Context): Promise<Link> {
  requireLinux();
  return await withLock(context, async () => {
    // First what costs nothing to find missing.
    const stdcxx = await findStdcxx(context);
    const zig = await ensureZig(context);
    const libtorch = await ensureLibtorch(context);
    const shim = await ensureShim(context, { libtorch, zig, stdcxx });
    const link: Link = {
      root: context.root,
      shim: shim.path,
      libtorch: libtorch.directory,
      libtorchVersion: libtorch.version,
      key: shim.key,
    };
    writeLink(link, context.home);
    return link;
  });
}

function requireLinux(): void {
  if (process.platform === "linux") return;
  throw new SetupError(
    `The set-up builds the shim on Linux only so far, and this is ${process.platform}: use a Linux machine, ` +
      "a container, or WSL.",
  );
}

/** Runs a tool's work; ends the process with one sentence when the set-up cannot go on. */
export async function runTool(work: () => Promise<number>): Promise<never> {
  try {
    process.exit(await work());
  } catch (error) {
    if (!(error instanceof SetupError)) throw error;
    process.stderr.write(`error: ${error.message}\n`);
    process.exit(1);
  }
}

if (import.meta.main) {
  await runTool(async () => {
    const context = thisMachine();
    const link = await setUp(context);
    if (process.argv.includes("--tests")) await setUpTests(context);
    process.stdout.write(
      `LibTorch ${link.libtorchVersion}: ${link.libtorch}\nShim: ${link.shim}\n`,
    );
    return 0;
  });
}
