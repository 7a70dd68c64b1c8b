/**
 * The link from a checkout to the shim that the set-up built for it, so that opening the library
 * neither hashes sources nor searches.
 *
 * @module
 */

import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import process from "node:process";
import { flambeauHome } from "./home.ts";

/** What the set-up built for one checkout. */
export interface Link {
  /** The checkout's directory. */
  readonly root: string;
  /** The shim's shared library. */
  readonly shim: string;
  /** The LibTorch directory that the shim loads, holding `include/` and `lib/`. */
  readonly libtorch: string;
  /** Its version. */
  readonly libtorchVersion: string;
  /** The hash of everything that the shim was built from. */
  readonly key: string;
}

const LONGEST_NAME = 120;

/** The file that links the checkout at `root` to its shim. */
export function linkPath(root: string, home: string = flambeauHome()): string {
  let name = resolve(root).replace(/[^A-Za-z0-9]/g, "-");
  if (name.length > LONGEST_NAME) name = `${name.slice(-LONGEST_NAME)}-${shortHash(resolve(root))}`;
  return join(home, "links", `${name}.json`);
}

/** The link of the checkout at `root`; null when there is none, or none that can be read. */
export function readLink(root: string, home: string = flambeauHome()): Link | null {
  try {
    const link: unknown = JSON.parse(readFileSync(linkPath(root, home), "utf8"));
    // Two roots can share a file name (`/a-b` and `/a/b`): the root inside decides.
    return isLink(link) && resolve(link.root) === resolve(root) ? link : null;
  } catch {
    return null;
  }
}

/** Links `link.root` to its shim, replacing what was there in one step. */
export function writeLink(link: Link, home: string = flambeauHome()): void {
  const path = linkPath(link.root, home);
  mkdirSync(dirname(path), { recursive: true });
  const staged = `${path}.${process.pid}`;
  writeFileSync(staged, JSON.stringify(link, null, 2) + "\n");
  renameSync(staged, path);
}

function isLink(value: unknown): value is Link {
  if (typeof value !== "object" || value === null) return false;
  const fields = ["root", "shim", "libtorch", "libtorchVersion", "key"];
  return fields.every((field) => typeof (value as Record<string, unknown>)[field] === "string");
}

/** FNV-1a: node:crypto would cost more to load than the link takes to read. */
function shortHash(text: string): string {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) {
    hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  }
  return (hash >>> 0).toString(16).padStart(8, "0");
}
