/**
 * Calls from native code: a hook, or the backward function of a custom function, while a native call of ours runs.
 *
 * One callback serves all, so that it is made once a thread, when it is first needed. What it is to do is a number, what
 * to run an id. Arguments and results travel in the scratch memory: the native call underneath has read its own arguments
 * by then, and writes its results afterwards.
 *
 * @module
 */

import { makeCallback, native } from "./library.ts";
import { context, scratch } from "./scratch.ts";

/** Runs what is registered under `id`; its arguments are in the scratch memory, where its results go. */
export type CallHandler = (id: number) => void;

// The words of HostError in csrc/host.cpp.
const THREW = "A JavaScript function that was called from native code threw";

const handlers: CallHandler[] = [];
let provided = false;
let thrown: { error: unknown } | null = null;

/** Sets what serves the calls of one kind: a number of `fb_call` in `csrc/flambeau.h`. */
export function onCall(what: number, handler: CallHandler): void {
  handlers[what] = handler;
}

/** Lets native code call: to be done before an id is handed over. */
export function provideCallback(): void {
  if (provided) return;
  native.fb_host_set(makeCallback(call), context);
  provided = true;
}

// Nothing may be thrown into native code: what is thrown is kept, and thrown again where the native call has failed.
function call(what: number, id: number, words: number): number {
  try {
    scratch.receive(words);
    handlers[what]!(id);
    return 0;
  } catch (error) {
    thrown = { error };
    return -1;
  }
}

/** Throws what a function that native code called threw, if `message` says that this is why native code failed. */
export function rethrow(message: string): void {
  if (thrown === null || !message.includes(THREW)) return;
  const { error } = thrown;
  thrown = null;
  throw error;
}
