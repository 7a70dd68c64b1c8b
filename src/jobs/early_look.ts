/**
 * Looking for completions at the turns of the event loop.
 *
 * Waking a thread that waits, and this one by it, takes some 40 µs; many a job is done by then.
 *
 * @module
 */

import type { JobWatcher } from "../../ffi/mod.ts";

// Longer jobs are worth waking someone for.
const LOOK_MS = 0.1;
// After jobs that took longer, so many times at the most the waiting begins at once.
const MOST_SKIPPED = 64;

/** A watcher that looks by itself for a moment before it wakes `watcher`, as long as jobs are short. */
export class EarlyLook implements JobWatcher {
  readonly #watcher: JobWatcher;
  readonly #ready: () => boolean;
  #looking = false;
  #until = 0;
  // How often looking is left out after the next failure, and from now on.
  #penalty = 1;
  #skip = 0;

  /** `ready` takes what is done, and says whether more is awaited. */
  constructor(watcher: JobWatcher, ready: () => boolean) {
    this.#watcher = watcher;
    this.#ready = ready;
  }

  /** To be called when a job was queued; `alone`: no other is awaited, so nobody looks or waits yet. */
  wake(alone = false): void {
    if (this.#looking) return;
    if (!alone || this.#skip > 0) {
      if (alone) this.#skip--;
      this.#watcher.wake();
      return;
    }
    this.#looking = true;
    this.#until = performance.now() + LOOK_MS;
    setImmediate(this.#look);
  }

  /** To be called when no more is awaited. */
  rest(): void {
    this.#watcher.rest();
  }

  readonly #look = (): void => {
    if (!this.#ready()) {
      this.#looking = false;
      this.#penalty = 1;
    } else if (performance.now() < this.#until) {
      setImmediate(this.#look);
    } else {
      this.#looking = false;
      this.#skip = this.#penalty;
      this.#penalty = Math.min(2 * this.#penalty, MOST_SKIPPED);
      this.#watcher.wake();
    }
  };
}
