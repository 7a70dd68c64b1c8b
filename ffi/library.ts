/**
 * Finds the shim, opens it, and checks that it is the one this source was written against.
 *
 * @module
 */

import { fileURLToPath } from "node:url";
import { existsSync } from "node:fs";
import type { Buffers } from "./ballast.ts";
import type { WatchJobs } from "./jobs.ts";
import { LoadError } from "./errors.ts";
import { tryGetEnv } from "./home.ts";
import { linkPath, readLink } from "./link.ts";
import { runtimeName } from "./runtime.ts";
import {
  ABI_VERSION,
  type Callback,
  type Native,
  type NativeCallback,
  symbols,
} from "./symbols.ts";

const runtime = runtimeName() === "Deno" ? await import("./deno.ts") : await import("./bun.ts");
const { open, missingPermissions } = runtime;

const MEND = "Run `deno task setup` (or `bun run setup`) in the folder of Flambeau, " +
  "or `deno task doctor` to see what is missing";

/** Where the shim is, and how that was found. */
interface Place {
  path: string;
  found: string;
}

/** The folder that holds `mod.ts`: the key under which set-up noted its shim. */
export function projectRoot(): string {
  return fileURLToPath(new URL("..", import.meta.url));
}

function findShim(): Place {
  const given = tryGetEnv("FLAMBEAU_LIB");
  if (given) return { path: given, found: "the environment variable FLAMBEAU_LIB" };
  const root = projectRoot();
  const link = readLink(root);
  if (link) return { path: link.shim, found: `the set-up's note ${linkPath(root)}` };
  const denied = missingPermissions().join(" ");
  throw new LoadError(
    `The native library of Flambeau was not found. Tried: FLAMBEAU_LIB (not set), ` +
      `${linkPath(root)} (missing or not readable). ` +
      `${denied === "" ? MEND : `Run Deno with ${denied}, so that it can be found and opened`}. ` +
      "A bundled program finds it by FLAMBEAU_LIB, its path, which `deno task doctor` shows.",
    { op: "load", kind: "internal" },
  );
}

function loadFailure(place: Place, cause: unknown): LoadError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  const denied = missingPermissions().join(" ");
  const mend = denied !== "" && cause instanceof Error && cause.name === "NotCapable"
    ? `Run Deno with ${denied}, so that it can be opened`
    : existsSync(place.path)
    ? MEND
    : `That file does not exist. ${MEND}`;
  return new LoadError(
    `The native library of Flambeau could not be opened. Tried: ${place.path} ` +
      `(from ${place.found}): ${reason}. ${mend}.`,
    { op: "load", kind: "internal", cause },
  );
}

function showVersion(version: number): string {
  return `${Math.floor(version / 1e6)}.${Math.floor(version / 1000) % 1000}.${version % 1000}`;
}

function checkVersions(native: Native, place: Place): void {
  const abi = native.fb_abi_version();
  if (abi !== ABI_VERSION) {
    throw new LoadError(
      `The native library ${place.path} has ABI version ${abi}, but this Flambeau needs ` +
        `${ABI_VERSION}. ${MEND}.`,
      { op: "load", kind: "internal" },
    );
  }
  const compiled = native.fb_libtorch_compiled();
  const loaded = native.fb_libtorch_loaded();
  if (compiled !== loaded) {
    throw new LoadError(
      `The native library ${place.path} was compiled against LibTorch ${showVersion(compiled)}, ` +
        `but LibTorch ${showVersion(loaded)} was loaded. ${MEND}.`,
      { op: "load", kind: "internal" },
    );
  }
}

interface Loaded {
  native: Native;
  buffers: Buffers;
  watchJobs: WatchJobs;
}

function load(): Loaded {
  const place = findShim();
  let native: Native;
  try {
    native = open(place.path, symbols);
  } catch (cause) {
    throw loadFailure(place, cause);
  }
  checkVersions(native, place);
  return {
    native,
    buffers: runtime.openBuffers(place.path, native),
    watchJobs: runtime.watchJobs(place.path, native),
  };
}

/** Makes a function that native code can call. */
export const makeCallback: (callback: Callback) => NativeCallback = runtime.makeCallback;

const loaded = load();

/** The opened shim. Importing this module loads LibTorch, which takes about a third of a second. */
export const native: Native = loaded.native;

/** Makes the garbage collector feel native memory. */
export const ballast: Buffers["ballast"] = loaded.buffers.ballast;
/** A buffer over memory that was freed lately. */
export const newBuffer: Buffers["block"] = loaded.buffers.block;

/** A buffer over memory that a tensor shares. */
export const shareMemory: Buffers["share"] = loaded.buffers.share;

/** Waits for what native threads have done. */
export const watchJobs: WatchJobs = loaded.watchJobs;

/** The native memory at an address, which must stay. */
export const viewMemory: Buffers["view"] = loaded.buffers.view;

/** Whether the collector lets dead native memory grow to the size of the live. */
export const collectsLate: boolean = runtime.collectsLate;

/** How many times its size the ballast of a page of small tensors claims, so that the collector comes by in good time. */
export const smallWeight: number = runtime.smallWeight;

/** The same of a page of tensors with a graph behind them. */
export const graphWeight: number = runtime.graphWeight;

/** The same of a page of larger ones of those. */
export const mediumGraphWeight: number = runtime.mediumGraphWeight;

/** The same of a large tensor's own page. */
export const heavyWeight: number = runtime.heavyWeight;

/** What a program that trains, or forgets small tensors, should claim for good, so that the collector does not do too much. */
export const anchorBytes: () => number = runtime.anchorBytes;

/** Has the garbage collector look at what was made since it last ran; `null` where a program can't ask for that. */
export const collectYoung: (() => void) | null = runtime.collectYoung;

/** Has the garbage collector run, now: a last resort, since it takes as long as the heap is large. */
export const collectGarbage: () => void = runtime.collectGarbage;

/** The versions that `torch.version` shows. */
export const libtorchVersion: string = showVersion(native.fb_libtorch_loaded());
