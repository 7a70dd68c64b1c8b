/**
 * A zip file onto disk, entry by entry, each held against its CRC.
 *
 * @module
 */

import { createWriteStream } from "node:fs";
import { chmod, type FileHandle, mkdir, open, symlink } from "node:fs/promises";
import { dirname, isAbsolute, join, relative, resolve, sep } from "node:path";
import { Writable } from "node:stream";
import {
  configure,
  type Entry,
  ERR_UNSAFE_FILENAME,
  type FileEntry,
  Reader,
  ZipReader,
} from "@zip.js/zip.js";
import type { Context } from "./context.ts";
import { errorCode, SetupError } from "./errors.ts";

configure({ useWebWorkers: false });

/** Unpacks `archive` into the existing directory `target`. */
export async function extract(
  context: Context,
  archive: string,
  target: string,
  title: string,
): Promise<void> {
  const file = await open(archive);
  const zip = new ZipReader(new FileReader(file), { checkSignature: true });
  try {
    await extractAll(context, zip, target, title);
  } catch (error) {
    throw asSetupError(archive, error);
  } finally {
    await zip.close();
    await file.close();
  }
}

async function extractAll(
  context: Context,
  zip: ZipReader<FileHandle>,
  target: string,
  title: string,
): Promise<void> {
  const entries = await zip.getEntries();
  const bytes = entries.reduce((sum, entry) => sum + entry.uncompressedSize, 0);
  const bar = context.report.bar(title, Math.ceil(bytes / 1e6), "MB");
  let done = 0;
  const links: [path: string, to: string][] = [];
  try {
    for (const entry of entries) {
      const path = inside(target, entry.filename);
      if (entry.directory) await mkdir(path, { recursive: true });
      else if (isLink(entry)) links.push([path, await linkTarget(entry, path, target)]);
      else await extractFile(entry, path);
      bar.update((done += entry.uncompressedSize) / 1e6);
    }
    // Last, so that no entry can be written through a link.
    for (const [path, to] of links) {
      await mkdir(dirname(path), { recursive: true });
      await symlink(to, path);
    }
  } catch (error) {
    bar.stop(false);
    throw error;
  }
  bar.stop(true);
}

async function extractFile(entry: FileEntry, path: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  const stream = Writable.toWeb(createWriteStream(path)) as WritableStream<Uint8Array>;
  await entry.getData(stream);
  const mode = modeOf(entry) & 0o777;
  if (mode !== 0) await chmod(path, mode);
}

async function linkTarget(entry: FileEntry, path: string, target: string): Promise<string> {
  let to = "";
  const decoder = new TextDecoder();
  await entry.getData(
    new WritableStream<Uint8Array>({ write: (chunk) => void (to += decoder.decode(chunk)) }),
  );
  if (isAbsolute(to)) throw escapes(entry.filename);
  inside(target, relative(target, resolve(dirname(path), to)));
  return to;
}

function modeOf(entry: Entry): number {
  return entry.externalFileAttributes >>> 16;
}

function isLink(entry: Entry): boolean {
  return (modeOf(entry) & 0o170000) === 0o120000;
}

/** The path of an entry below `target`; throws for one that would land elsewhere. */
function inside(target: string, name: string): string {
  const path = resolve(target, name);
  const within = path === resolve(target) || path.startsWith(resolve(target) + sep);
  if (isAbsolute(name) || name.includes("\\") || !within) throw escapes(name);
  return join(path);
}

function escapes(name: string): SetupError {
  return new SetupError(
    `The archive has an entry "${name}" that would be written outside of its directory, so nothing of it ` +
      "is used: check FLAMBEAU_LIBTORCH_URL, or unset it to use PyTorch's own archive.",
  );
}

function asSetupError(archive: string, error: unknown): SetupError {
  if (error instanceof SetupError) return error;
  // zip.js looks at the names too, before we see them.
  const { message, filename } = error as { message?: string; filename?: string };
  if (message === ERR_UNSAFE_FILENAME) return escapes(filename ?? "");
  if (errorCode(error) === "ENOSPC") {
    return new SetupError(
      "The disk filled up while LibTorch was unpacked: free some space, or set FLAMBEAU_HOME to a " +
        "directory on a larger disk, and run the set-up again.",
    );
  }
  const reason = error instanceof Error ? error.message : String(error);
  return new SetupError(
    `The archive ${archive} is damaged (${reason}) and has been deleted: run the set-up again to fetch it anew.`,
  );
}

/** Reads the parts of a file that zip.js asks for, so that the archive never lies in memory. */
class FileReader extends Reader<FileHandle> {
  readonly #file: FileHandle;

  constructor(file: FileHandle) {
    super(file);
    this.#file = file;
  }

  override async init(): Promise<void> {
    this.size = (await this.#file.stat()).size;
  }

  override async readUint8Array(index: number, length: number): Promise<Uint8Array> {
    const bytes = new Uint8Array(Math.max(0, Math.min(length, this.size - index)));
    let have = 0;
    while (have < bytes.length) {
      const { bytesRead } = await this.#file.read(bytes, have, bytes.length - have, index + have);
      if (bytesRead === 0) throw new Error("the file ends too soon");
      have += bytesRead;
    }
    return bytes;
  }
}
