/**
 * Reading pickles. A pickle is a program for a small machine that can call anything in Python; this machine knows only the
 * instructions that data needs, and calls nothing: a name is looked up in a list of ours, or refused.
 *
 * The list of instructions is that of PyTorch's own restricted reader (`weights_only=True`), with those that newer pickle
 * protocols use for the same things.
 *
 * @module
 */

import {
  CutPickleError,
  Dict,
  type Global,
  isGlobal,
  nameOf,
  PickleError,
  Tuple,
} from "./python.ts";

/** What a pickle may refer to. */
export interface PickleWorld {
  /** What a name stands for; throws for one that is refused. */
  global(name: string): unknown;
  /** What an id of something outside of the pickle stands for. */
  persistent(id: unknown): unknown;
  /** A new instance of a class by `cls.__new__`, or of state by `__setstate__`; throws for what is refused. */
  build(instance: unknown, state: unknown): unknown;
}

const MARK = Symbol("mark");
const MAX_INSTRUCTIONS = 100_000_000;

/** Reads one pickle; returns its value and where it ended. */
export function readPickle(
  bytes: Uint8Array<ArrayBuffer>,
  world: PickleWorld,
  start = 0,
): { value: unknown; end: number } {
  const machine = new Machine(bytes, world, start);
  const value = machine.run();
  return { value, end: machine.position };
}

class Machine {
  readonly #bytes: Uint8Array<ArrayBuffer>;
  readonly #view: DataView;
  readonly #world: PickleWorld;
  readonly #memo = new Map<number, unknown>();
  readonly #stack: unknown[] = [];
  position: number;

  constructor(bytes: Uint8Array<ArrayBuffer>, world: PickleWorld, start: number) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#world = world;
    this.position = start;
  }

  run(): unknown {
    for (let count = 0; count < MAX_INSTRUCTIONS; count++) {
      const at = this.position;
      const code = this.#byte();
      if (code === 0x2e) return this.#pop(); // STOP
      const instruction = instructions.get(code);
      if (instruction === undefined) {
        throw new PickleError(
          `its byte ${at} is the pickle instruction 0x${
            code.toString(16)
          }, which data of tensors does not need`,
        );
      }
      instruction(this);
    }
    throw new PickleError(`it has more than ${MAX_INSTRUCTIONS} instructions`);
  }

  // ---- Bytes ----

  #take(count: number): number {
    const at = this.position;
    if (!(count >= 0 && at + count <= this.#bytes.length)) {
      throw new CutPickleError(`it ends in the middle of a value, at byte ${this.#bytes.length}`);
    }
    this.position = at + count;
    return at;
  }

  #byte(): number {
    return this.#view.getUint8(this.#take(1));
  }

  uint(width: 1 | 2 | 4 | 8): number {
    const at = this.#take(width);
    if (width === 1) return this.#view.getUint8(at);
    if (width === 2) return this.#view.getUint16(at, true);
    if (width === 4) return this.#view.getUint32(at, true);
    return Number(this.#view.getBigUint64(at, true));
  }

  int32(): number {
    return this.#view.getInt32(this.#take(4), true);
  }

  float(): number {
    return this.#view.getFloat64(this.#take(8), false);
  }

  slice(length: number): Uint8Array<ArrayBuffer> {
    const at = this.#take(length);
    return this.#bytes.slice(at, at + length);
  }

  text(length: number): string {
    const at = this.#take(length);
    return decodeText(this.#bytes.subarray(at, at + length));
  }

  line(): string {
    const end = this.#bytes.indexOf(10, this.position);
    if (end < 0 && this.#bytes.length - this.position < 1000) {
      throw new CutPickleError("it ends in the middle of a name");
    }
    if (end < 0 || end - this.position > 1000) throw new PickleError("a name in it does not end");
    const text = this.text(end - this.position);
    this.position++;
    return text;
  }

  /** A whole number of any size, least byte first, the highest bit its sign. */
  long(length: number): number | bigint {
    const bytes = this.slice(length);
    let value = 0n;
    for (let i = length - 1; i >= 0; i--) value = (value << 8n) | BigInt(bytes[i]!);
    const signed = BigInt.asIntN(8 * length, value);
    const small = Number(signed);
    return Number.isSafeInteger(small) ? small : signed;
  }

  // ---- Stack and memo ----

  push(value: unknown): void {
    this.#stack.push(value);
  }

  #pop(): unknown {
    const value = this.#stack.pop();
    if (value !== undefined && value !== MARK) return value;
    throw new PickleError("it takes more values than it made");
  }

  pop(): unknown {
    return this.#pop();
  }

  top(): unknown {
    const value = this.#stack.at(-1);
    if (value !== undefined && value !== MARK) return value;
    throw new PickleError("it takes more values than it made");
  }

  mark(): void {
    this.#stack.push(MARK);
  }

  popMark(): unknown[] {
    const at = this.#stack.lastIndexOf(MARK);
    if (at < 0) throw new PickleError("it ends a list that it did not begin");
    const values = this.#stack.splice(at + 1);
    this.#stack.pop();
    return values;
  }

  remember(index: number): void {
    this.#memo.set(index, this.top());
  }

  memoize(): void {
    this.#memo.set(this.#memo.size, this.top());
  }

  recall(index: number): void {
    const value = this.#memo.get(index);
    if (value === undefined) {
      throw new PickleError(`it refers to a value ${index} that is not there`);
    }
    this.push(value);
  }

  // ---- What gives values a meaning ----

  global(module: unknown, name: unknown): void {
    if (typeof module !== "string" || typeof name !== "string") {
      throw new PickleError("it names something by what is no str");
    }
    this.push(this.#world.global(`${module}.${name}`));
  }

  persistent(): void {
    this.push(this.#world.persistent(this.#pop()));
  }

  reduce(): void {
    const args = this.#pop();
    this.push(calledWith(this.#pop(), args));
  }

  build(): void {
    const state = this.#pop();
    this.push(this.#world.build(this.#pop(), state));
  }

  append(values: readonly unknown[]): void {
    const list = this.top();
    if (!Array.isArray(list)) throw new PickleError(`it appends to ${nameOf(list)}`);
    for (const value of values) list.push(value);
  }

  addItems(values: readonly unknown[]): void {
    const set = this.top();
    if (!(set instanceof Set)) throw new PickleError(`it adds to ${nameOf(set)}`);
    for (const value of values) set.add(value);
  }

  setItems(values: readonly unknown[]): void {
    const dict = this.top();
    if (!(dict instanceof Dict)) throw new PickleError(`it puts keys to ${nameOf(dict)}`);
    if (values.length % 2 !== 0) throw new PickleError("a key in it has no value");
    for (let i = 0; i < values.length; i += 2) dict.entries.set(values[i], values[i + 1]);
  }
}

// Lone surrogates, which Python lets through, become the replacement character.
function decodeText(bytes: Uint8Array<ArrayBuffer>): string {
  return new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes);
}

function calledWith(callee: unknown, args: unknown): unknown {
  if (!isGlobal(callee) || (callee as Global).call === undefined) {
    throw new PickleError(`it calls ${nameOf(callee)}, which is refused`);
  }
  if (!(args instanceof Tuple)) throw new PickleError("it calls with what is no tuple");
  return callee.call!(args.items);
}

function popTuple(m: Machine, count: number): void {
  const items: unknown[] = [];
  for (let i = 0; i < count; i++) items.unshift(m.pop());
  m.push(new Tuple(items));
}

function protocol(m: Machine): void {
  const version = m.uint(1);
  if (version > 5) throw new PickleError(`it is of the unknown pickle protocol ${version}`);
}

/** What each instruction does. */
const byCode: Record<number, (m: Machine) => void> = {
  0x80: protocol,
  0x95: (m) => void m.uint(8), // FRAME: only a hint for streams
  0x28: (m) => m.mark(), // MARK
  0x30: (m) => void m.pop(), // POP
  0x4e: (m) => m.push(null), // NONE
  0x88: (m) => m.push(true), // NEWTRUE
  0x89: (m) => m.push(false), // NEWFALSE
  0x4a: (m) => m.push(m.int32()), // BININT
  0x4b: (m) => m.push(m.uint(1)), // BININT1
  0x4d: (m) => m.push(m.uint(2)), // BININT2
  0x8a: (m) => m.push(m.long(m.uint(1))), // LONG1
  0x47: (m) => m.push(m.float()), // BINFLOAT
  0x58: (m) => m.push(m.text(m.uint(4))), // BINUNICODE
  0x8c: (m) => m.push(m.text(m.uint(1))), // SHORT_BINUNICODE
  0x8d: (m) => m.push(m.text(m.uint(8))), // BINUNICODE8
  0x54: (m) => m.push(m.text(m.uint(4))), // BINSTRING, of Python 2
  0x55: (m) => m.push(m.text(m.uint(1))), // SHORT_BINSTRING, of Python 2
  0x42: (m) => m.push(m.slice(m.uint(4))), // BINBYTES
  0x43: (m) => m.push(m.slice(m.uint(1))), // SHORT_BINBYTES
  0x8e: (m) => m.push(m.slice(m.uint(8))), // BINBYTES8
  0x96: (m) => m.push(m.slice(m.uint(8))), // BYTEARRAY8
  0x5d: (m) => m.push([]), // EMPTY_LIST
  0x61: (m) => m.append([m.pop()]), // APPEND
  0x65: (m) => m.append(m.popMark()), // APPENDS
  0x29: (m) => m.push(new Tuple([])), // EMPTY_TUPLE
  0x85: (m) => popTuple(m, 1), // TUPLE1
  0x86: (m) => popTuple(m, 2), // TUPLE2
  0x87: (m) => popTuple(m, 3), // TUPLE3
  0x74: (m) => m.push(new Tuple(m.popMark())), // TUPLE
  0x7d: (m) => m.push(new Dict()), // EMPTY_DICT
  0x73: (m) => m.setItems([m.pop(), m.pop()].reverse()), // SETITEM
  0x75: (m) => m.setItems(m.popMark()), // SETITEMS
  0x8f: (m) => m.push(new Set()), // EMPTY_SET
  0x90: (m) => m.addItems(m.popMark()), // ADDITEMS
  0x71: (m) => m.remember(m.uint(1)), // BINPUT
  0x72: (m) => m.remember(m.uint(4)), // LONG_BINPUT
  0x94: (m) => m.memoize(), // MEMOIZE
  0x68: (m) => m.recall(m.uint(1)), // BINGET
  0x6a: (m) => m.recall(m.uint(4)), // LONG_BINGET
  0x63: (m) => m.global(m.line(), m.line()), // GLOBAL
  0x93: (m) => stackGlobal(m), // STACK_GLOBAL
  0x51: (m) => m.persistent(), // BINPERSID
  0x52: (m) => m.reduce(), // REDUCE
  0x81: (m) => m.reduce(), // NEWOBJ: of a class on the list, the same
  0x62: (m) => m.build(), // BUILD
};

const instructions: ReadonlyMap<number, (m: Machine) => void> = new Map(
  Object.entries(byCode).map(([code, run]) => [Number(code), run]),
);

function stackGlobal(m: Machine): void {
  const name = m.pop();
  m.global(m.pop(), name);
}
