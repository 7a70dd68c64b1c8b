/**
 * Collections that take no more than their share of the time.
 *
 * @module
 */

import { collectYoung, native } from "../../ffi/mod.ts";
import { collect } from "./pressure.ts";

// For a heap in which a collection takes longer than it should.
const SHARE = 0.1;

/** A kind of collection. */
class Turn {
  readonly #run: () => void;
  #next = -Infinity;

  constructor(run: () => void) {
    this.#run = run;
  }

  /** Collects, unless the last one is too near for what it took. Whether it did. */
  take(): boolean {
    const start = performance.now();
    if (start < this.#next) return false;
    this.#run();
    const end = performance.now();
    this.#next = end + (end - start) / SHARE;
    return true;
  }
}

const young = collectYoung === null ? null : new Turn(collectYoung);
const all = new Turn(collect);

// What outlives a collection by chance is old to the next, which leaves it alone: past this, all is looked at.
const GROWTH = 1.25;

/** Collects what is young among things that native code counts, where the runtime lets a program do so. */
export class Sweeper {
  readonly #what: number;
  readonly #slack: number;
  #floor = 0;

  /** Of what `fb_memory` says under `what`; so many bytes may outlive their time. */
  constructor(what: number, slack: number) {
    this.#what = what;
    this.#slack = slack;
  }

  /** Collects, if it is time. Whether it did. */
  sweep(): boolean {
    if (young === null || !young.take()) return false;
    native.fb_pages_free();
    const held = native.fb_memory(this.#what);
    this.#floor = Math.min(this.#floor, held);
    if (held > this.#floor * GROWTH + this.#slack && all.take()) {
      this.#floor = native.fb_memory(this.#what);
    }
    return true;
  }
}
