/**
 * Waits for what native threads have done, in the way of the runtime.
 *
 * @module
 */

/**
 * Wakes this thread when jobs are done: `ready` is called then, and says whether more are awaited. The watcher keeps the
 * process alive while they are, and no longer.
 */
export interface JobWatcher {
  /** To be called whenever a job was queued. */
  wake(): void;
  /** To be called when no more is awaited, if `ready` did not say so. */
  rest(): void;
}

/** Makes a watcher for the jobs of a context. */
export type WatchJobs = (context: number, ready: () => boolean) => JobWatcher;
