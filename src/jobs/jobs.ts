/**
 * Jobs: work that runs on native threads, so that the event loop stays free and all cores are used.
 *
 * @module
 */

import {
  check,
  context,
  native,
  nativeError,
  scratch,
  TorchError,
  watchJobs,
} from "../../ffi/mod.ts";
import { after } from "../_timer.ts";
import { currentScope, type Scope, within } from "../memory/scope.ts";
import { applyMode } from "../tensor/call.ts";
import { EarlyLook } from "./early_look.ts";
import { RunOptions, type RunSettings } from "./run_options.ts";

/** A job to be queued. */
export interface JobRequest<T> {
  /** The name that errors show. */
  readonly name: string;
  /** Its settings. */
  readonly settings: Readonly<RunSettings>;
  /** Writes the arguments to the scratch memory. */
  write(): void;
  /** Queues it: `fb_job_…`. */
  submit(maxBytes: number): number;
  /** Reads the result, which begins at word `at` of the scratch memory. */
  take(at: number): T;
}

interface Pending {
  readonly name: string;
  readonly scope: Scope | undefined;
  readonly take: (at: number) => unknown;
  readonly resolve: (value: unknown) => void;
  readonly reject: (reason: unknown) => void;
  /** Takes down the timer and the listener of its settings. */
  readonly clear: () => void;
}

// How long the event loop may be kept by completions before others have their turn.
const SLICE_MS = 1;
// Where a completion's value begins.
const VALUE_AT = 2;

const pending = new Map<number, Pending>();
let watcher: EarlyLook | null = null;

/** Queues a job, and gives a promise of what it gives. */
export function startJob<T>(request: JobRequest<T>): Promise<T> {
  const { name, settings } = request;
  return new Promise<T>((resolve, reject) => {
    settings.signal?.throwIfAborted();
    request.write();
    applyMode();
    const id = request.submit(settings.maxBytes ?? 0);
    if (id === 0) throw nativeError(name);
    if (id < 0) throw queueFull(name);
    pending.set(id, {
      name,
      scope: currentScope(),
      take: request.take,
      resolve: resolve as (value: unknown) => void,
      reject,
      clear: heed(id, name, settings),
    });
    watcher ??= new EarlyLook(watchJobs(context, drain), drain);
    watcher.wake(pending.size === 1);
  });
}

/** Splits trailing settings from the arguments of a call. */
export function splitOptions(args: unknown[]): [unknown[], Readonly<RunSettings>] {
  const last = args.at(-1);
  return last instanceof RunOptions ? [args.slice(0, -1), last.settings] : [args, {}];
}

function queueFull(name: string): TorchError {
  return new TorchError(
    `${name}(): ${
      native.fb_jobs_setting(1, 0)
    } calls wait already: await some of them before the next, or raise ` +
      "the limit with asyncSettings({ queueLimit })",
    { op: name, kind: "value" },
  );
}

function heed(id: number, name: string, { signal, deadline }: Readonly<RunSettings>): () => void {
  if (signal === undefined && deadline === undefined) return () => {};
  const onAbort = () => {
    native.fb_job_cancel(id);
    end(id, signal!.reason);
  };
  const onDeadline = () => {
    native.fb_job_abandon(id);
    end(
      id,
      new TorchError(
        `${name}(): the deadline of ${deadline} ms has passed; if it was running already, it runs on, unheard`,
        { op: name, kind: "value" },
      ),
    );
  };
  const clearTimer = deadline === undefined ? () => {} : after(deadline, onDeadline);
  signal?.addEventListener("abort", onAbort, { once: true });
  return () => {
    clearTimer();
    signal?.removeEventListener("abort", onAbort);
  };
}

function end(id: number, reason: unknown): void {
  const job = pending.get(id);
  if (job === undefined) return;
  pending.delete(id);
  job.clear();
  job.reject(reason);
  restIfDone();
}

// Whoever waits would not hear of an end that no completion brought.
function restIfDone(): void {
  if (pending.size === 0) watcher?.rest();
}

let again = false;

// Settles the promises of what is done, in the order in which it was done. Whether more is awaited.
function drain(): boolean {
  const until = performance.now() + SLICE_MS;
  while (takeOne()) {
    if (performance.now() < until) continue;
    if (!again) {
      again = true;
      setImmediate(() => {
        again = false;
        drain();
        restIfDone();
      });
    }
    break;
  }
  return pending.size > 0;
}

function takeOne(): boolean {
  const count = check(native.fb_job_take(context), "runAsync");
  if (count === 0) return false;
  scratch.receive(count);
  const id = scratch.words[0]!;
  const failed = scratch.words[1] === 1;
  const job = pending.get(id);
  // Given up on after it was done and before it was heard of: what it gave is freed when it is forgotten here.
  if (job === undefined) return true;
  pending.delete(id);
  job.clear();
  if (failed) {
    job.reject(nativeError(job.name));
    return true;
  }
  try {
    job.resolve(within(job.scope, () => job.take(VALUE_AT)));
  } catch (error) {
    job.reject(error);
  }
  return true;
}
