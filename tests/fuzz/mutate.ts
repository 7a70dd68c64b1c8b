/**
 * Changes to archives: as an accident makes them, which must be noticed, and as somebody makes them who then mends the checksums,
 * which must do no harm.
 *
 * @module
 */

import { unzip, zip } from "../support/archive.ts";
import { pick, type Random } from "./random.ts";

/** Changes bytes in place, or to another length; what was done, in a word. */
export type Change = (bytes: Uint8Array, next: Random, other: Uint8Array) => Uint8Array;

function range(next: Random, length: number, most = 4096): [number, number] {
  const from = next(length);
  return [from, Math.min(length, from + 1 + next(most))];
}

function join(...parts: Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** Accidents, by name. */
export const changes: Readonly<Record<string, Change>> = {
  flip: (bytes, next) => {
    const copy = bytes.slice();
    for (let i = next(4); i >= 0; i--) copy[next(copy.length)]! ^= 1 << next(8);
    return copy;
  },
  byte: (bytes, next) => {
    const copy = bytes.slice();
    copy[next(copy.length)] = pick(next, [0, 1, 0x7f, 0x80, 0xff, next(256)]);
    return copy;
  },
  cut: (bytes, next) => bytes.slice(0, next(bytes.length)),
  behead: (bytes, next) => bytes.slice(1 + next(bytes.length - 1)),
  remove: (bytes, next) => {
    const [from, to] = range(next, bytes.length);
    return join(bytes.subarray(0, from), bytes.subarray(to));
  },
  zero: (bytes, next) => {
    const copy = bytes.slice();
    copy.fill(0, ...range(next, bytes.length, 512));
    return copy;
  },
  insert: (bytes, next) => {
    const at = next(bytes.length + 1);
    const noise = Uint8Array.from({ length: 1 + next(64) }, () => next(256));
    return join(bytes.subarray(0, at), noise, bytes.subarray(at));
  },
  repeat: (bytes, next) => {
    const [from, to] = range(next, bytes.length);
    return join(bytes.subarray(0, to), bytes.subarray(from));
  },
  splice: (bytes, next, other) => {
    const copy = bytes.slice();
    const [from, to] = range(next, other.length);
    const part = other.subarray(from, to);
    const at = next(copy.length);
    copy.set(part.subarray(0, copy.length - at), at);
    return copy;
  },
  swap: (bytes, next) => {
    const copy = bytes.slice();
    const length = Math.min(1 + next(256), copy.length >> 1);
    const [a, b] = [next(copy.length - length), next(copy.length - length)];
    copy.set(bytes.subarray(a, a + length), b);
    copy.set(bytes.subarray(b, b + length), a);
    return copy;
  },
  join: (bytes, next, other) => {
    const at = next(Math.min(bytes.length, other.length));
    return join(bytes.subarray(0, at), other.subarray(at));
  },
  // The end, where the directory is, is a small part of a file and the one with most meaning.
  directory: (bytes, next) => {
    const copy = bytes.slice();
    const from = Math.max(0, copy.length - 22 - 98 * (2 + next(12)));
    for (let i = next(3); i >= 0; i--) copy[from + next(copy.length - from)] = next(256);
    return copy;
  },
};

const words = [
  ..."( ) [ ] { } , : . = - + * ** if else for while def class return self x None True False int Tensor"
    .split(" "),
  "torch.",
  "ops.",
  "prim.",
  "aten.",
  "List[",
  "Dict[",
  "Tuple[",
  "Optional[",
  "unchecked_cast(",
  "annotate(",
  "CONSTANTS.c0",
  "uninitialized(",
  "fork(",
  "__torch__.",
  "99999999999",
  "-1",
  "1e400",
  "inf",
  "'",
  '"',
  "\n",
  "\n    ",
  "\\",
  "#",
];
const opcodes = "(.)0NKMJX}]tbRQcq hjueslde\x80\x81\x85\x86\x87\x88\x89\x8aG";

const text: Change = (bytes, next) => {
  const at = next(bytes.length + 1);
  const word = new TextEncoder().encode(pick(next, words));
  const gone = next(3) === 0 ? next(8) : 0;
  return join(bytes.subarray(0, at), word, bytes.subarray(at + gone));
};

const pickle: Change = (bytes, next) => {
  const copy = bytes.slice();
  const at = next(copy.length);
  copy[at] = next(2) === 0 ? opcodes.charCodeAt(next(opcodes.length)) : next(256);
  return next(4) === 0 ? join(copy.subarray(0, at), copy.subarray(at + 1)) : copy;
};

/** An archive with a record or more changed, and whole otherwise; the name of the record comes along. */
export function resealed(bytes: Uint8Array, next: Random, other: Uint8Array): [Uint8Array, string] {
  const records = unzip(bytes);
  records.delete(".data/serialization_id");
  const names = [...records.keys()];
  // Sources and pickles, where meaning is, more often than weights.
  const telling = names.filter((name) => /\.(py|pkl|debug_pkl)$/.test(name) || name === "version");
  const name = pick(next, next(8) === 0 ? names : telling);
  let content = records.get(name)!;
  for (let i = next(3); i >= 0; i--) {
    const own = name.endsWith(".py") ? text : name.endsWith("pkl") ? pickle : changes.byte!;
    const change = next(3) === 0 ? pick(next, Object.values(changes)) : own;
    if (content.length > 1) content = change(content, next, unzip(other).get("data.pkl")!);
  }
  records.set(name, content);
  return [zip(records), name];
}
