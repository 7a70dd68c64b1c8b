/**
 * One set-up at a time in one cache.
 *
 * @module
 */

import { mkdir, open, readFile, rename, rm } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
import process from "node:process";
import type { Context } from "./context.ts";
import { errorCode } from "./errors.ts";

/** Runs `work` while no other set-up works in this cache; waits for one that does. */
export async function withLock<T>(context: Context, work: () => Promise<T>): Promise<T> {
  await mkdir(context.home, { recursive: true });
  const path = join(context.home, "setup.lock");
  for (let tries = 0; !(await take(path)); tries++) {
    if (await removeIfAbandoned(path)) continue;
    if (tries === 0) {
      context.report.line(`Another set-up is at work in ${context.home}: waiting for it.`);
    }
    await context.pause(300);
  }
  try {
    // What a set-up that was killed had half done.
    await rm(join(context.home, "staging"), { recursive: true, force: true });
    return await work();
  } finally {
    await rm(path, { force: true });
  }
}

async function take(path: string): Promise<boolean> {
  try {
    const file = await open(path, "wx");
    await file.writeFile(`${process.pid} ${hostname()}`);
    await file.close();
    return true;
  } catch (error) {
    if (errorCode(error) === "EEXIST") return false;
    throw error;
  }
}

/** Clears the lock of a set-up on this machine that ended without clearing it. */
async function removeIfAbandoned(path: string): Promise<boolean> {
  const owner = await readFile(path, "utf8").catch(() => "");
  const [pid, host] = owner.split(" ");
  if (!pid || host !== hostname() || isAlive(Number(pid))) return false;
  // Should two that wait do this at once, both may go on: slower, but safe, since whatever set-up puts
  // into the cache is put there in one step.
  const aside = `${path}.${process.pid}`;
  await rename(path, aside).catch(() => {});
  await rm(aside, { force: true });
  return true;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return errorCode(error) !== "ESRCH";
  }
}
