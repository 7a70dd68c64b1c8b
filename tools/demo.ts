/**
 * Sets up what is missing, then runs `examples/demo.ts` on the runtime that runs this.
 *
 * @module
 */

import process from "node:process";
import { join } from "node:path";
import { runTool, setUp } from "./setup.ts";
import { thisMachine } from "./setup/context.ts";
import { runShown } from "./setup/process.ts";

if (import.meta.main) {
  await runTool(async () => {
    const context = thisMachine();
    await setUp(context);
    const demo = join(context.root, "examples", "demo.ts");
    const run = process.versions.bun ? [demo] : ["run", "-A", demo];
    return await runShown(process.execPath, [...run, ...process.argv.slice(2)]);
  });
}
