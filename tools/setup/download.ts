/**
 * A file over HTTP(S), resumed where it was broken off.
 *
 * @module
 */

import { createWriteStream, existsSync } from "node:fs";
import { mkdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { Context } from "./context.ts";
import { errorCode, SetupError } from "./errors.ts";
import type { Bar } from "./progress.ts";

/** How often a transfer that breaks off is taken up again before the set-up gives up. */
const ATTEMPTS = 5;

/** Brings `url` to the file `target`; what an earlier run left half done is taken up. */
export async function download(context: Context, url: string, target: string): Promise<void> {
  if (existsSync(target)) return;
  await mkdir(dirname(target), { recursive: true });
  const part = new Part(`${target}.part`);
  for (let attempt = 1, all = 1;; attempt++, all++) {
    const before = await part.size();
    try {
      await transfer(context, url, part);
      break;
    } catch (error) {
      if (error instanceof SetupError) throw error;
      // An attempt that brought something does not count against the rest.
      if (await part.size() > before) attempt = 0;
      if (attempt >= ATTEMPTS || all >= 20 * ATTEMPTS) {
        throw brokenOff(url, error, await part.size());
      }
      await context.pause(1000 * attempt);
    }
  }
  await rename(part.path, target);
  await part.forget();
}

/** A half-fetched file, and the tag by which the server knows that its own is still the same. */
class Part {
  readonly path: string;

  constructor(path: string) {
    this.path = path;
  }

  size(): Promise<number> {
    return stat(this.path).then((file) => file.size, () => 0);
  }

  tag(): Promise<string> {
    return readFile(`${this.path}.tag`, "utf8").catch(() => "");
  }

  async remember(response: Response): Promise<void> {
    const tag = response.headers.get("etag") ?? response.headers.get("last-modified") ?? "";
    // A weak tag cannot vouch for bytes.
    await writeFile(`${this.path}.tag`, tag.startsWith("W/") ? "" : tag);
  }

  async forget(): Promise<void> {
    await rm(`${this.path}.tag`, { force: true });
  }
}

async function transfer(context: Context, url: string, part: Part): Promise<void> {
  const [have, tag] = [await part.size(), await part.tag()];
  const resumed = have > 0 && tag !== "";
  const headers: HeadersInit = resumed ? { range: `bytes=${have}-`, "if-range": tag } : {};
  const response = await fetch(url, { headers });
  // The part is the whole file, or the server's file has changed: either way a fresh start settles it.
  if (response.status === 416) {
    await response.body?.cancel();
    await rm(part.path, { force: true });
    return await transfer(context, url, part);
  }
  if (!response.ok) throw await refused(url, response);

  const start = response.status === 206 ? have : 0;
  if (start === 0) await part.remember(response);
  const total = start + Number(response.headers.get("content-length") ?? 0);
  const bar = context.report.bar("LibTorch's archive", Math.ceil(total / 1e6), "MB");
  let done = false;
  try {
    await save(response, part, start, bar);
    const size = await part.size();
    if (total > start && size !== total) throw new Error(`${size} of ${total} bytes came`);
    done = true;
  } finally {
    bar.stop(done);
  }
}

async function save(response: Response, part: Part, start: number, bar: Bar): Promise<void> {
  let bytes = start;
  const body = Readable.fromWeb(response.body as Parameters<typeof Readable.fromWeb>[0]);
  body.on("data", (chunk: Uint8Array) => bar.update((bytes += chunk.length) / 1e6));
  await pipeline(body, createWriteStream(part.path, { flags: start > 0 ? "a" : "w" }));
}

async function refused(url: string, response: Response): Promise<Error> {
  await response.body?.cancel();
  const answer = `${url} answered ${response.status} ${response.statusText}`.trim();
  if (response.status >= 500) return new Error(answer);
  return new SetupError(
    `LibTorch could not be fetched because ${answer}: set FLAMBEAU_LIBTORCH_URL to a mirror of that ` +
      `archive, or LIBTORCH to a LibTorch that is already here, and run the set-up again.`,
  );
}

function brokenOff(url: string, error: unknown, size: number): SetupError {
  const cause = (error as Error).cause ?? error;
  if (errorCode(cause) === "ENOSPC") {
    return new SetupError(
      "The disk filled up while LibTorch was fetched: free some space, or set FLAMBEAU_HOME to a " +
        "directory on a larger disk, and run the set-up again.",
    );
  }
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new SetupError(
    size > 0
      ? `Fetching LibTorch from ${url} broke off after ${
        Math.floor(size / 1e6)
      } MB (${reason}): run the ` +
        `set-up again, which goes on from there.`
      : `LibTorch could not be fetched from ${url} (${reason}): connect this machine to the network, or ` +
        `set LIBTORCH to a LibTorch that is already here, and run the set-up again.`,
  );
}
