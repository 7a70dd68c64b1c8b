/**
 * Saving what `torch.load` reads.
 *
 * @module
 */

import { encode } from "../../ffi/mod.ts";
import { bytesSink, CHUNK, type Sink, writeAtomically, ZipWriter } from "../files/mod.ts";
import { readStorage } from "../tensor/storage.ts";
import { type Described, describeValue, type SavedStorage } from "./describe_values.ts";

/**
 * Saves tensors, plain containers and plain values as PyTorch's `torch.save` does; `torch.load` reads the file, with
 * `weights_only=True` too. Tensors that share memory share it in the file, strides and `requiresGrad` are kept, and an
 * `nn.Parameter` is one in Python.
 *
 * An object becomes a dict with strings as keys, a `Map` a dict, an array a list, `null` and `undefined` None, a
 * whole number or bigint an int, any other number a float, `{ re, im }` a complex, a `Uint8Array` bytes. `jit.tuple([...])`,
 * `jit.float(1)` and their kin say what JavaScript cannot. Of a module or an optimizer, save the `stateDict()`.
 *
 * The file is written whole or not at all: to a temporary file in the same directory, which then takes the place of
 * `path`. A file that was there keeps its mode.
 *
 * @param value What to save.
 * @param path A path or a file URL.
 * @throws {TypeError} If the value holds what is no plain data, with the path to it.
 * @throws {TorchError} If the file cannot be written; nothing is left behind then.
 *
 * @example
 * ```ts
 * import * as torch from "flambeau";
 * import { assertEquals } from "@std/assert";
 * import { tmpdir } from "node:os";
 * import { join } from "node:path";
 *
 * const path = join(tmpdir(), "flambeau-checkpoint.pt");
 * const net = new torch.nn.Linear(2, 1);
 * torch.io.save({ epoch: 5, model: net.stateDict() }, path);
 * const checkpoint = torch.io.load(path);
 * net.loadStateDict(checkpoint.model);
 * assertEquals(checkpoint.epoch, 5);
 * ```
 */
export function save(value: unknown, path: string | URL): void {
  using described = describeValue(value);
  writeAtomically(path, "io.save", (sink) => writeArchive(sink, described));
}

/** What {@linkcode save} writes, as bytes. */
export function serialize(value: unknown): Uint8Array<ArrayBuffer> {
  using described = describeValue(value);
  return bytesSink((sink) => writeArchive(sink, described));
}

// The records in PyTorch's order; its reader takes "version" as the sign of the format.
function writeArchive(sink: Sink, { pickle, storages }: Described): void {
  const zip = new ZipWriter(sink);
  zip.addBytes("archive/data.pkl", pickle);
  zip.addBytes("archive/.format_version", encode("1"));
  zip.addBytes("archive/.storage_alignment", encode("64"));
  zip.addBytes("archive/byteorder", encode("little"));
  for (const storage of storages) {
    zip.add(`archive/data/${storage.key}`, storage.bytes, (write) => writeMemory(storage, write));
  }
  zip.addBytes("archive/version", encode("3\n"));
  zip.finish();
}

function writeMemory({ memory, bytes }: SavedStorage, write: (piece: Uint8Array) => void): void {
  const buffer = new Uint8Array(Math.min(CHUNK, Math.max(bytes, 64)));
  for (let offset = 0; offset < bytes; offset += CHUNK) {
    const piece = buffer.subarray(0, Math.min(CHUNK, bytes - offset));
    readStorage(memory, offset, piece, "io.save");
    write(piece);
  }
}
