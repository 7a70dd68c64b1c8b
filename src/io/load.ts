/**
 * Loading what `torch.save` wrote.
 *
 * @module
 */

import { asOptions } from "../_arguments.ts";
import { contentError, isZip, openSource, type Source, ZipArchive } from "../files/mod.ts";
import { deviceCode } from "../tensor/device.ts";
import { writeStorage } from "../tensor/storage.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { buildValue, bytesOf } from "./build_values.ts";
import { isLegacy, readLegacy } from "./legacy.ts";
import { filled } from "./memory.ts";
import { readPickle } from "./pickle_read.ts";
import { PickleError } from "./python.ts";
import { built, lookUp, type StorageSpec, storageSpec } from "./torch_world.ts";

/** Options of {@linkcode load}. */
export interface LoadOptions {
  /** Where the tensors go; default `"cpu"`, wherever they were when the file was made. */
  device?: string;
}

/** A pickle of more bytes holds more than tensors and what names them. */
const MAX_PICKLE = 1 << 30;

/**
 * Loads what PyTorch's `torch.save` or {@linkcode save} wrote: tensors, and the plain containers and values that
 * `torch.load(weights_only=True)` reads. Nothing in the file is run; what is no data is refused by its name, and every
 * record is held against its checksum.
 *
 * Tensors that shared memory share it again, with their strides; parameters come as `nn.Parameter`. A dict whose keys
 * are all strings becomes an object, any other a `Map`; lists and tuples become arrays; `None` null; a `bytes` or
 * `bytearray` a `Uint8Array`; a whole number outside of the safe range a bigint; a dtype or a device its name.
 * An array that was a tuple, and an object that was an `OrderedDict`, are saved as such again.
 *
 * @param source A path, a file URL, or the bytes.
 * @param options `device`: where the tensors go.
 * @returns What was saved.
 * @throws {TorchError} If the file cannot be read, is damaged, or holds what is refused.
 *
 * @example
 * ```ts
 * import * as torch from "flambeau";
 * import { assertEquals } from "@std/assert";
 *
 * const bytes = torch.io.serialize({ step: 3, weight: torch.tensor([1, 2.5]) });
 * const { step, weight } = torch.io.load(bytes) as { step: number; weight: torch.Tensor };
 * assertEquals([step, weight.toArray()], [3, [1, 2.5]]);
 * ```
 */
// deno-lint-ignore no-explicit-any -- the file decides, which no type knows
export function load(source: string | URL | Uint8Array, options: LoadOptions = {}): any {
  const { device = "cpu" } = asOptions(options, "io.load", "device");
  deviceCode(device, "io.load", "device");
  using bytes = openSource(source, "io.load");
  try {
    if (isZip(bytes)) return readArchive(bytes, device);
    if (isLegacy(bytes)) return readLegacy(bytes, device);
  } catch (error) {
    if (!(error instanceof PickleError)) throw error;
    throw contentError("io.load", `${bytes.name} is refused: ${error.message}`);
  }
  throw contentError(
    "io.load",
    `${bytes.name} is no file of torch.save's: it is neither a zip archive nor a pickle`,
  );
}

function readArchive(source: Source, device: string): unknown {
  const archive = new ZipArchive(source, "io.load");
  const pickle = [...archive.entries.keys()].find((name) => /^[^/]+\/data\.pkl$/.test(name));
  if (pickle === undefined) {
    throw contentError("io.load", `${source.name} is no file of torch.save's: it has no data.pkl`);
  }
  const prefix = pickle.slice(0, -"data.pkl".length);
  if (archive.entries.has(`${prefix}constants.pkl`)) {
    throw contentError(
      "io.load",
      `${source.name} is a TorchScript program: load it with jit.load()`,
    );
  }
  checkByteOrder(archive, prefix, source.name);
  const { value } = readPickle(archive.bytes(pickle, MAX_PICKLE), {
    global: lookUp,
    persistent: storageSpec,
    build: built,
  });
  const read = (spec: StorageSpec) => readRecord(archive, `${prefix}data/${spec.storageKey}`, spec);
  return buildValue(value, read, device);
}

function checkByteOrder(archive: ZipArchive, prefix: string, name: string): void {
  if (!archive.entries.has(`${prefix}byteorder`)) return;
  const order = new TextDecoder().decode(archive.bytes(`${prefix}byteorder`, 64));
  if (order === "little") return;
  throw contentError(
    "io.load",
    `${name} is of the byte order ${JSON.stringify(order)}, and only "little" is read`,
  );
}

// Piece by piece into LibTorch's own memory: the content is never held twice.
function readRecord(archive: ZipArchive, record: string, spec: StorageSpec): Tensor {
  const bytes = bytesOf(spec);
  const size = archive.entries.get(record)?.size;
  if (size === undefined) throw new PickleError(`its record ${record} is missing`);
  if (size !== bytes) {
    throw new PickleError(`its record ${record} has ${size} bytes, and should have ${bytes}`);
  }
  return filled(bytes, (memory) => {
    archive.visit(record, (piece, offset) => writeStorage(memory, offset, piece, "io.load"));
  });
}
