/**
 * Tensors, modules and functions from one Worker to another, without a copy.
 *
 * @module
 */

import { asOptions } from "../_arguments.ts";
import { check, context, native, nativeError, scratch } from "../../ffi/mod.ts";
import { describe, handleOf, isTensor, type Tensor } from "../tensor/tensor.ts";
import { takeValue } from "./decode.ts";
import { isScriptHandle, NativeHandle, scriptHandleOf } from "./handle.ts";
import { functionHandle, ScriptFunction } from "./script_function.ts";
import { seek } from "./words.ts";

/** Stands for something that is on its way: a plain object, which `postMessage` copies. */
export interface Ticket {
  /** The number under which it waits. */
  readonly flambeauTicket: number;
}

/** Options of {@linkcode transfer}. */
export interface TransferOptions {
  /**
   * Whether this thread keeps what it hands over, so that both use the same memory; default `false`: it is disposed here.
   * Who writes to memory that others read must see to the order.
   */
  share?: boolean;
}

const TENSOR = 0;
const OBJECT = 1;
const FUNCTION = 2;

/**
 * Hands tensors, script modules and script functions to another Worker of this process, without copying their memory.
 *
 * What this gives goes into `postMessage`, and {@linkcode receive} makes the objects of it there, once. They belong to the
 * receiver then, and are disposed here, unless `share` is set. A tensor that lies in a TypedArray's memory is copied, since
 * that memory goes with this thread.
 *
 * @param value A tensor, script module or script function, or arrays and plain objects of them; anything else in it stays as it is.
 * @throws {DisposedError} If one was disposed.
 *
 * @example
 * ```ts
 * import * as torch from "flambeau";
 * import { assertEquals } from "@std/assert";
 *
 * const x = torch.ones([2]);
 * const message = torch.transfer({ id: 7, x });
 * assertEquals(x.isDisposed, true);
 * // worker.postMessage(message), and in the Worker's onmessage:
 * const { id, x: there } = torch.receive<{ id: number; x: torch.Tensor }>(structuredClone(message));
 * assertEquals([id, there.toArray()], [7, [1, 1]]);
 * ```
 */
export function transfer(value: unknown, options: TransferOptions = {}): unknown {
  const { share = false } = asOptions(options, "transfer", "share");
  const leaves = new Map<object, Ticket>();
  const message = mapLeaves(value, (leaf) => {
    let ticket = leaves.get(leaf);
    if (ticket === undefined) leaves.set(leaf, ticket = { flambeauTicket: putOne(leaf) });
    return ticket;
  }, isTransferable);
  if (share !== true) {
    for (const leaf of leaves.keys()) (leaf as Disposable)[Symbol.dispose]();
  }
  return message;
}

/**
 * Makes the objects of what {@linkcode transfer} gave, in the Worker that received it.
 *
 * @throws {TorchError} If a part was received already, or comes from another process.
 */
export function receive<T = unknown>(message: unknown): T {
  const made = new Map<number, unknown>();
  return mapLeaves(message, (leaf) => {
    const number = (leaf as Ticket).flambeauTicket;
    if (!made.has(number)) made.set(number, takeOne(number));
    return made.get(number);
  }, isTicket) as T;
}

function isTransferable(value: object): boolean {
  return isTensor(value) || isScriptHandle(value) || value instanceof ScriptFunction;
}

function isTicket(value: object): boolean {
  return "flambeauTicket" in value && typeof value.flambeauTicket === "number";
}

function mapLeaves(
  value: unknown,
  map: (leaf: object) => unknown,
  isLeaf: (value: object) => boolean,
  seen: Set<object> = new Set(),
): unknown {
  if ((typeof value !== "object" && typeof value !== "function") || value === null) return value;
  if (isLeaf(value)) return map(value);
  const plain = Object.getPrototypeOf(value) === Object.prototype ||
    Object.getPrototypeOf(value) === null;
  if (!Array.isArray(value) && !plain) return value;
  if (seen.has(value)) throw new TypeError("transfer(): the value contains itself");
  seen.add(value);
  const deeper = (one: unknown) => mapLeaves(one, map, isLeaf, seen);
  const mapped = Array.isArray(value)
    ? value.map(deeper)
    : Object.fromEntries(Object.entries(value).map(([key, one]) => [key, deeper(one)]));
  seen.delete(value);
  return mapped;
}

function putOne(leaf: object): number {
  const [kind, handle] = isTensor(leaf)
    ? [TENSOR, handleOf(leaf as Tensor, "transfer", "value")]
    : leaf instanceof ScriptFunction
    ? [FUNCTION, functionHandle(leaf, "transfer")]
    : [OBJECT, scriptHandleOf(leaf, "transfer", "value")];
  const ticket = native.fb_transfer_put(kind, handle);
  if (ticket === 0) throw nativeError("transfer");
  return ticket;
}

function takeOne(ticket: number): unknown {
  if (!Number.isSafeInteger(ticket) || ticket <= 0) {
    throw new TypeError(`receive(): ${describe(ticket)} is no ticket of transfer()`);
  }
  scratch.receive(check(native.fb_transfer_take(context, ticket), "receive"));
  if (scratch.words[0] === FUNCTION) {
    return new ScriptFunction(new NativeHandle("callable", scratch.words[1]!));
  }
  seek(1);
  return takeValue();
}
