/**
 * A small LibTorch archive, and a server on this machine that serves it well or badly.
 *
 * @module
 */

import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { TextReader, Uint8ArrayWriter, ZipWriter } from "@zip.js/zip.js";

/** One entry: its name, its text, and its Unix mode (a link's target is its text). */
export type ArchiveEntry = readonly [name: string, text: string, mode?: number];

/** What PyTorch's archive has, in small. */
export const LIBTORCH_ENTRIES: readonly ArchiveEntry[] = [
  ["libtorch/build-version", "2.13.0+cpu\n"],
  ["libtorch/include/torch/torch.h", "#pragma once\n".repeat(4000)],
  ["libtorch/lib/libtorch_cpu.so", "the library ".repeat(20_000), 0o100755],
  ["libtorch/lib/libgomp.so", "libtorch_cpu.so", 0o120777],
];

/** The bytes of a zip file with these entries, stored as they are. */
export async function zip(entries: readonly ArchiveEntry[]): Promise<Uint8Array> {
  const writer = new ZipWriter(new Uint8ArrayWriter(), { level: 0, useWebWorkers: false });
  for (const [name, text, mode = 0o100644] of entries) {
    const externalFileAttributes = (mode << 16) >>> 0;
    await writer.add(name, new TextReader(text), { externalFileAttributes, versionMadeBy: 0x314 });
  }
  return await writer.close();
}

/** A server of one file. */
export interface FileServer extends AsyncDisposable {
  /** The file's address. */
  readonly url: string;
  /** The `Range` header of each request so far, empty where there was none. */
  readonly ranges: string[];
}

/** How a server answers, its best behaviour apart. */
export interface Behaviour {
  /** How many answers, from the first, break off half-way. */
  readonly breaks?: number;
  /** Answers with this status instead. */
  readonly status?: number;
}

/** Serves `bytes` on a free port of this machine. */
export async function serve(bytes: Uint8Array, behaviour: Behaviour = {}): Promise<FileServer> {
  const ranges: string[] = [];
  const server = createServer((request, response) => {
    ranges.push(request.headers.range ?? "");
    answer(bytes, request, response, behaviour, ranges.length <= (behaviour.breaks ?? 0));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/libtorch.zip`,
    ranges,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function answer(
  bytes: Uint8Array,
  request: IncomingMessage,
  response: ServerResponse,
  { status }: Behaviour,
  breaks: boolean,
): void {
  if (status !== undefined) return void response.writeHead(status).end();
  const start = Number(request.headers.range?.match(/^bytes=(\d+)-$/)?.[1] ?? 0);
  const rest = bytes.subarray(start);
  response.writeHead(start > 0 ? 206 : 200, { "content-length": rest.length, etag: '"one"' });
  if (!breaks) return void response.end(rest);
  response.write(rest.subarray(0, rest.length / 2));
  // Late enough for the half to arrive.
  setTimeout(() => response.socket?.destroy(), 50);
}
