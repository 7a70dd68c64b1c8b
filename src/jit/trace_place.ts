/**
 * Where the user's code calls the op that is being traced.
 *
 * @module
 */

import { encode, native } from "../../ffi/mod.ts";
import { applyMode } from "../tensor/call.ts";

// Few frames are cheap; a layer of this library's own may lie some deeper between the user's call and the op.
const DEPTHS = [4, 12, 100];

// This file is src/jit/trace_place.ts: frames below `src` are the library's own.
const own = new URL("..", import.meta.url).href;
const ownPath = own.replace(/^file:\/\//, "");

/** Tells the tracer the place of the call that is under way. Leaves the memory of arguments alone. */
export function notePlace(): void {
  const place = userPlace();
  if (place === null) return;
  const [file, line, column] = place;
  const text = encode(`${file}:${line}:${column}`);
  native.fb_trace_at(text, text.length, encode(file).length, line);
}

type Place = [file: string, line: number, column: number];

function userPlace(): Place | null {
  const before = Error.stackTraceLimit;
  try {
    for (const depth of DEPTHS) {
      Error.stackTraceLimit = depth;
      const here: { stack?: string } = {};
      Error.captureStackTrace(here, applyMode);
      const place = firstOfUser(here.stack ?? "");
      if (place !== null) return place;
    }
    return null;
  } finally {
    Error.stackTraceLimit = before;
  }
}

function firstOfUser(stack: string): Place | null {
  for (const frame of stack.split("\n")) {
    const found = /(?:\(|at (?:async )?)([^()]+):(\d+):(\d+)\)?$/.exec(frame);
    if (found === null) continue;
    const file = found[1]!;
    const isOwn = file.startsWith(own) || file.startsWith(ownPath);
    if (isOwn || /^(?:node|ext|bun|native):/.test(file)) continue;
    return [plainPath(file), Number(found[2]), Number(found[3])];
  }
  return null;
}

function plainPath(file: string): string {
  if (!file.startsWith("file://")) return file;
  try {
    return decodeURIComponent(new URL(file).pathname);
  } catch {
    return file;
  }
}
