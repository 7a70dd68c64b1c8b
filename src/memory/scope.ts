/**
 * Scopes: what a function makes and does not return is freed when it is done.
 *
 * The scope that a tensor belongs to is the one of the asynchronous task that makes it (AsyncLocalStorage), so scopes that
 * run at the same time, in turns, never free each other's tensors.
 *
 * @module
 */

import { AsyncLocalStorage } from "node:async_hooks";
import { tensorsIn, type Tracked } from "./reach.ts";

const FIRST_SWEEP = 1024;

/** The tensors that were made while a function ran. */
export class Scope {
  readonly #parent: Scope | undefined;
  #tensors: Tracked[] = [];
  #sweepAt = FIRST_SWEEP;
  #ended = false;

  /** Opens a scope within another, or within none. */
  constructor(parent: Scope | undefined) {
    this.#parent = parent;
  }

  /** Takes on a tensor; one that is made after the scope has ended is left to the collector. */
  add(tensor: Tracked): void {
    if (this.#ended) return;
    this.#tensors.push(tensor);
    if (this.#tensors.length === this.#sweepAt) this.#sweep();
  }

  // What was disposed meanwhile need not be remembered: a scope may last as long as the program.
  #sweep(): void {
    this.#tensors = this.#tensors.filter((tensor) => !tensor.isDisposed);
    this.#sweepAt = Math.max(FIRST_SWEEP, this.#tensors.length * 2);
  }

  /** Frees all but what can be reached from `result` and what was kept. */
  end(result: unknown): void {
    this.#ended = true;
    const tensors = this.#tensors;
    this.#tensors = [];
    if (tensors.length === 0) return;
    let left = new Set<Tracked>();
    try {
      left = tensorsIn(result);
    } finally {
      // A Proxy may refuse to be looked through: nothing is left then, as where the function throws.
      for (const tensor of tensors) {
        if (kept.has(tensor)) continue;
        if (left.has(tensor)) this.#parent?.add(tensor);
        else tensor[Symbol.dispose]();
      }
    }
  }
}

const storage = new AsyncLocalStorage<Scope>();
const kept = new WeakSet<Tracked>();
// Asking for the task's scope costs a few nanoseconds, which are saved where there are no scopes.
let open = 0;

/** The scope of the task that is running. */
export function currentScope(): Scope | undefined {
  return open === 0 ? undefined : storage.getStore();
}

/** Notes a tensor that was just made. */
export function track(tensor: Tracked): void {
  if (open !== 0) storage.getStore()?.add(tensor);
}

/** Runs a function whose tensors belong to `scope`, if there is one that has not ended. */
export function within<R>(scope: Scope | undefined, fn: () => R): R {
  return scope === undefined ? fn() : storage.run(scope, fn);
}

/** Keeps tensors from every scope: see {@linkcode keep}. */
export function exempt(tensor: Tracked): void {
  kept.add(tensor);
}

/**
 * Runs a function, sync or async, and frees the tensors that were made in it, unless they are returned or kept.
 *
 * What the function returns survives at any depth: in arrays, objects, class instances (but not in their private fields),
 * Maps and Sets; it then belongs to the scope around, if there is one. Parameters and buffers of modules survive, and so
 * does what {@linkcode keep} was called with. Tensors made before, and script objects, are not touched. If the function
 * throws, all that it made is freed. Scopes nest, and async ones may run at the same time.
 *
 * @param fn The function. A tensor that it stores elsewhere must be kept.
 * @returns What the function returns.
 * @throws {TypeError} If `fn` is not a function.
 *
 * @example
 * ```ts
 * import * as torch from "flambeau";
 * import { assertEquals } from "@std/assert";
 *
 * const x = torch.ones([3]);
 * const before = torch.memory().tensors;
 * const y = torch.scope(() => x.mul(2).add(1).exp().log());
 * assertEquals(y.shape, [3]);
 * assertEquals(torch.memory().tensors, before + 1);
 * ```
 */
export function scope<R>(fn: () => R): R {
  if (typeof fn !== "function") {
    throw new TypeError(`scope(): argument 'fn' must be a function, but got ${typeof fn}`);
  }
  const made = new Scope(currentScope());
  open++;
  let result: R;
  try {
    result = storage.run(made, fn);
  } catch (error) {
    closeAfter(made, error);
    throw error;
  }
  if (result instanceof Promise) return settled(made, result) as R;
  close(made, result);
  return result;
}

function close(scope: Scope, result: unknown): void {
  open--;
  scope.end(result);
}

// What was thrown is what the caller is to hear of.
function closeAfter(scope: Scope, error: unknown): void {
  try {
    close(scope, error);
  } catch {
    // It cannot be looked through; all is freed.
  }
}

async function settled<T>(scope: Scope, result: Promise<T>): Promise<T> {
  let value: T;
  try {
    value = await result;
  } catch (error) {
    closeAfter(scope, error);
    throw error;
  }
  close(scope, value);
  return value;
}

/**
 * Keeps tensors from being freed by a {@linkcode scope}, at any depth of `value`: for those that are stored elsewhere than
 * in what the function returns.
 *
 * @returns The value.
 *
 * @example
 * ```ts
 * import * as torch from "flambeau";
 * import { assertEquals } from "@std/assert";
 *
 * let best: torch.Tensor | undefined;
 * torch.scope(() => {
 *   best = torch.keep(torch.ones([2]).mul(3));
 * });
 * assertEquals(best!.toArray(), [3, 3]);
 * ```
 */
export function keep<T>(value: T): T {
  for (const tensor of tensorsIn(value)) exempt(tensor);
  return value;
}
