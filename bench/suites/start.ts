/**
 * From the start of a process to its first result.
 *
 * @module
 */

import { spawnSync } from "node:child_process";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { emit, here } from "../harness.ts";

const program = fileURLToPath(new URL("./start_program.ts", import.meta.url));
const args = "Deno" in globalThis ? ["run", "-A", "--no-check", program] : [program];
const times: number[] = [];
for (let i = 0; i < 12; i++) {
  const start = performance.now();
  const { status, stderr } = spawnSync(process.execPath, args, { encoding: "utf8" });
  if (status !== 0) throw new Error(stderr);
  // The first brings the files to the system's cache.
  if (i > 1) times.push((performance.now() - start) * 1e6);
}
emit("start", "a process to its first result", here, times);
