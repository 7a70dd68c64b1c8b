/**
 * Functions that a module calls around its own: in order, and removable.
 *
 * @module
 */

import { asOptions } from "../_arguments.ts";
import { describe } from "../tensor/tensor.ts";

/** Removes a hook when called; harmless when called again. */
export type RemoveHook = () => void;

/** Where a hook stands among the others. */
export interface HookOptions {
  /** Whether it is called before those that are there; default `false`. */
  prepend?: boolean;
}

/** Options of `registerForwardHook`. */
export interface ForwardHookOptions extends HookOptions {
  /** Whether it is called with the output `null` where `forward` or another hook throws; default `false`. */
  alwaysCall?: boolean;
}

interface Entry<H> {
  readonly hook: H;
  readonly always: boolean;
}

/** Hooks of one kind. A hook may add and remove others: those that are called are those of the beginning. */
export class HookList<H extends (...args: never[]) => unknown> {
  #entries: readonly Entry<H>[] = [];

  /** Adds a hook. */
  add(hook: H, options: ForwardHookOptions = {}): RemoveHook {
    if (typeof hook !== "function") {
      throw new TypeError(`A hook must be a function, but got ${describe(hook)}`);
    }
    const { alwaysCall = false, prepend = false } = asOptions(
      options,
      "A hook",
      "prepend, alwaysCall",
    );
    const entry = { hook, always: alwaysCall === true };
    this.#entries = prepend === true ? [entry, ...this.#entries] : [...this.#entries, entry];
    return () => {
      this.#entries = this.#entries.filter((one) => one !== entry);
    };
  }

  /** These hooks, and then those of another list. */
  with(other: HookList<H>): HookList<H> {
    const all = new HookList<H>();
    all.#entries = [...this.#entries, ...other.#entries];
    return all;
  }

  /** Whether there is none. */
  get isEmpty(): boolean {
    return this.#entries.length === 0;
  }

  /** The hooks, in order. */
  *[Symbol.iterator](): Generator<H> {
    for (const { hook } of this.#entries) yield hook;
  }

  /** The hooks that are to be called whatever happens. */
  get always(): H[] {
    return this.#entries.filter(({ always }) => always).map(({ hook }) => hook);
  }
}
