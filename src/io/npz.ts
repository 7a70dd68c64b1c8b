/**
 * Numpy's `.npz` files: zip archives of `.npy` files.
 *
 * @module
 */

import { asOptions } from "../_arguments.ts";
import { bytesSink, contentError, isZip, openSource, writeAtomically } from "../files/mod.ts";
import { ZipArchive, ZipWriter } from "../files/mod.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { type Elements, elementsOf, setKey, tensorEntries } from "./memory.ts";
import { npyHeader, NpyReader } from "./npy.ts";

/** Options of {@linkcode saveNpz}. */
export interface SaveNpzOptions {
  /** Whether to compress, as `numpy.savez_compressed` does; default `false`. */
  compressed?: boolean;
}

/**
 * Saves tensors by name as a `.npz` file, as `numpy.savez` does. The file is written whole or not at all.
 *
 * @param tensors An object or a `Map` of dense tensors of numpy's dtypes.
 * @param path A path or a file URL.
 * @param options `compressed`.
 * @throws {TypeError} If a value is no dense tensor, or of a dtype that numpy has not.
 * @throws {TorchError} If the file cannot be written; nothing is left behind then.
 *
 * @example
 * ```ts
 * import * as torch from "flambeau";
 * import { assertEquals } from "@std/assert";
 * import { tmpdir } from "node:os";
 * import { join } from "node:path";
 *
 * const path = join(tmpdir(), "flambeau-example.npz");
 * torch.io.saveNpz({ x: torch.tensor([1, 2]), y: torch.tensor(0.5) }, path);
 * const { x, y } = torch.io.loadNpz(path);
 * assertEquals([x!.toArray(), y!.item()], [[1, 2], 0.5]);
 * ```
 */
export function saveNpz(
  tensors: Record<string, Tensor> | ReadonlyMap<string, Tensor>,
  path: string | URL,
  options: SaveNpzOptions = {},
): void {
  const op = "io.saveNpz";
  const { compressed = false } = asOptions(options, op, "compressed");
  const entries = tensorEntries(tensors, op);
  const headers = entries.map(([name, tensor]) => npyHeader(tensor, op, `tensors["${name}"]`));
  const elements: Elements[] = [];
  try {
    for (const [, tensor] of entries) elements.push(elementsOf(tensor, op));
    writeAtomically(path, op, (sink) => {
      const zip = new ZipWriter(sink);
      entries.forEach(([name], i) => {
        addArray(zip, `${name}.npy`, headers[i]!, elements[i]!, compressed);
      });
      zip.finish();
    });
  } finally {
    for (const one of elements) one[Symbol.dispose]();
  }
}

function addArray(
  zip: ZipWriter,
  name: string,
  header: Uint8Array,
  elements: Elements,
  compressed: boolean,
): void {
  const fill = (write: (piece: Uint8Array) => void) => {
    write(header);
    elements.write(write);
  };
  if (!compressed) return zip.add(name, header.length + elements.bytes, fill);
  zip.addDeflated(name, bytesSink((sink) => fill((piece) => sink.write(piece))));
}

/**
 * Loads the arrays of a `.npz` file by name, compressed or not; each is held against its checksum.
 *
 * @param source A path, a file URL, or the bytes.
 * @throws {TorchError} If the file cannot be read, is damaged, or holds what no tensor can.
 */
export function loadNpz(source: string | URL | Uint8Array): Record<string, Tensor> {
  const op = "io.loadNpz";
  using bytes = openSource(source, op);
  if (!isZip(bytes)) {
    throw contentError(op, `${bytes.name} is no .npz file: it is not a zip archive`);
  }
  const archive = new ZipArchive(bytes, op);
  const result: Record<string, Tensor> = {};
  try {
    for (const [name, { size }] of archive.entries) {
      if (!name.endsWith(".npy")) {
        throw contentError(op, `${bytes.name} has a record '${name}', which is no array`);
      }
      using reader = new NpyReader(`the record '${name}'`, size, op);
      archive.visit(name, (piece, offset) => reader.push(piece, offset));
      setKey(result, name.slice(0, -".npy".length), reader.finish());
    }
    return result;
  } catch (error) {
    for (const tensor of Object.values(result)) tensor.dispose();
    throw error;
  }
}
