/**
 * Files of PyTorch before 1.6: five pickles, one after the other, and then the storages' bytes.
 *
 * @module
 */

import type { Source } from "../files/mod.ts";
import { buildValue, bytesOf } from "./build_values.ts";
import { filledFrom } from "./memory.ts";
import { readPickle } from "./pickle_read.ts";
import { CutPickleError, Dict, PickleError } from "./python.ts";
import { built, lookUp, type StorageSpec, storageSpec } from "./torch_world.ts";

const MAGIC = 0x1950a86a20f9469cfc6cn;
const VERSION = 1001;
const FIRST_WINDOW = 1 << 20;

/** Whether bytes begin with the magic number, pickled by protocol 2 or later. */
export function isLegacy(source: Source): boolean {
  if (source.size < 16) return false;
  const start = new Uint8Array(16);
  source.read(0, start);
  if (start[0] !== 0x80) return false;
  try {
    return readPickle(start, world).value === MAGIC;
  } catch (error) {
    if (error instanceof PickleError) return false;
    throw error;
  }
}

const world = { global: lookUp, persistent: storageSpec, build: built };

/** Reads such a file. */
export function readLegacy(source: Source, device: string): unknown {
  const [parts, end] = readPickles(source, 5);
  const [, version, system, described, keys] = parts;
  if (version !== VERSION) throw new PickleError(`it is of the unknown version ${version}`);
  checkSystem(system);
  const starts = locate(source, keys, end, collectStorages(described));
  return buildValue(described, (spec, bytes) => {
    const start = starts.get(spec.storageKey);
    if (start === undefined) throw new PickleError(`its storage ${spec.storageKey} is missing`);
    return filledFrom(source, start, bytes, "io.load");
  }, device);
}

// Where the pickles end only reading them tells, so more of the file is read until they do.
function readPickles(source: Source, count: number): [values: unknown[], end: number] {
  for (let window = FIRST_WINDOW;; window *= 4) {
    const bytes = new Uint8Array(Math.min(window, source.size));
    source.read(0, bytes);
    try {
      const values: unknown[] = [];
      let end = 0;
      for (let i = 0; i < count; i++) {
        const read = readPickle(bytes, world, end);
        values.push(read.value);
        end = read.end;
      }
      return [values, end];
    } catch (error) {
      if (!(error instanceof CutPickleError) || bytes.length === source.size) throw error;
    }
  }
}

function checkSystem(system: unknown): void {
  const little = system instanceof Dict && system.entries.get("little_endian") === true;
  if (!little) throw new PickleError("it is of a machine that was not little-endian");
}

// The list of keys has no sizes: those are where the storages are used.
function collectStorages(described: unknown): Map<string, StorageSpec> {
  const found = new Map<string, StorageSpec>();
  const seen = new Set<unknown>();
  const pending = [described];
  while (pending.length > 0) {
    const value = pending.pop();
    if (typeof value !== "object" || value === null || seen.has(value)) continue;
    seen.add(value);
    if (Object.hasOwn(value, "storageKey")) {
      const spec = value as StorageSpec;
      found.set(spec.storageKey, spec);
    } else if (value instanceof Dict) {
      pending.push(...value.entries.keys(), ...value.entries.values(), value.attributes);
    } else if (value instanceof Set || Array.isArray(value)) {
      for (const item of value) pending.push(item);
    } else if (!(value instanceof Uint8Array)) {
      for (const item of Object.values(value)) pending.push(item);
    }
  }
  return found;
}

function locate(
  source: Source,
  keys: unknown,
  end: number,
  specs: ReadonlyMap<string, StorageSpec>,
): Map<string, number> {
  if (!Array.isArray(keys)) throw new PickleError("its list of storages is missing");
  const starts = new Map<string, number>();
  let at = end;
  for (const key of keys) {
    const spec = typeof key === "string" ? specs.get(key) : undefined;
    if (spec === undefined) throw new PickleError("it has a storage that no tensor uses");
    const head = new Uint8Array(8);
    source.read(at, head);
    const length = Number(new DataView(head.buffer).getBigInt64(0, true));
    if (length !== spec.length) {
      throw new PickleError(
        `its storage ${spec.storageKey} has ${length} elements, not ${spec.length}`,
      );
    }
    starts.set(spec.storageKey, at + 8);
    at += 8 + bytesOf(spec);
    if (at > source.size) throw new PickleError(`its storage ${spec.storageKey} is cut off`);
  }
  return starts;
}
